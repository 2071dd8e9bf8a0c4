"""Records: what learners answered. Nothing is acknowledged before it is on disk.

What needs SQLAlchemy is imported from its module, so that a case can be played without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phbkit.records.journal import Journal, MemoryJournal, StaleError

if TYPE_CHECKING:
    from phbkit.records.attempts import Store

__all__ = ["Journal", "MemoryJournal", "StaleError", "open_store"]


def open_store(address: str) -> Store:
    """Open the attempts at a SQLAlchemy address, bringing its tables up to date."""
    from phbkit.records.attempts import Store
    from phbkit.records.database import open_database

    return Store(open_database(address))
