"""Records: what learners answered. Nothing is acknowledged before it is on disk.

What needs SQLAlchemy is imported from its module, so that a case can be played without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phbkit.records.journal import Journal, MemoryJournal, StaleError

if TYPE_CHECKING:
    from phbkit.records.attempts import Store
    from phbkit.records.learners import Learners

__all__ = ["Journal", "MemoryJournal", "StaleError", "open_learners", "open_store"]


def open_store(address: str) -> Store:
    """Open the attempts at a SQLAlchemy address, bringing its tables up to date."""
    from phbkit.records.attempts import Store
    from phbkit.records.database import open_database

    return Store(open_database(address))


def open_learners(address: str) -> Learners:
    """Open the learners at a SQLAlchemy address, bringing its tables up to date."""
    from phbkit.records.database import open_database
    from phbkit.records.learners import Learners

    return Learners(open_database(address))
