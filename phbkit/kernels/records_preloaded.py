"""What the template of a server holds besides: its records, opened and read once.

A page's kernel then connects and reads; what it needs for that is made, and shared.
"""

from __future__ import annotations

from contextlib import suppress

from phbkit.errors import PhbError
from phbkit.kernels.preloaded import play_each
from phbkit.records.attempts import Store
from phbkit.records.database import Database, keep_ready
from phbkit.settings import settings


def _read_nobody(database: Database) -> None:
    """Read of nobody what a page reads of its learner."""
    store = Store(database)
    store.latest("", "")
    journal = store.journal("")
    journal.events()
    journal.draft("")


with suppress(PhbError):  # what is wrong with the records, the server says when it opens them
    keep_ready(settings().database_url, _read_nobody)
play_each(lambda _: {})
