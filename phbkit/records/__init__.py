"""Records: what learners answered. Nothing is acknowledged before it is on disk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from phbkit.records.journal import Act, Event, Journal, MemoryJournal, StaleError

if TYPE_CHECKING:
    from phbkit.records.attempts import Attempt, Store
    from phbkit.records.learners import Learner, Learners

__all__ = [
    "Act",
    "Attempt",
    "Event",
    "Journal",
    "Learner",
    "Learners",
    "MemoryJournal",
    "StaleError",
    "Store",
    "open_learners",
    "open_store",
]
_NEED_SQLALCHEMY = {
    "Attempt": "attempts",
    "Store": "attempts",
    "Learner": "learners",
    "Learners": "learners",
}


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


def __getattr__(name: str) -> Any:
    if name not in _NEED_SQLALCHEMY:
        raise AttributeError(name)
    return getattr(import_module(f"phbkit.records.{_NEED_SQLALCHEMY[name]}"), name)
