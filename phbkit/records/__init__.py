"""Records: what learners answered. Nothing is acknowledged before it is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phbkit.records.journal import Event, Journal, MemoryJournal, StaleError

if TYPE_CHECKING:
    from phbkit.records.store import Attempt, Store

__all__ = ["Attempt", "Event", "Journal", "MemoryJournal", "StaleError", "Store", "open_store"]


def open_store(address: str) -> Store:
    """Open the records at a SQLAlchemy address, bringing their tables up to date."""
    from phbkit.records.database import open_database
    from phbkit.records.store import Store

    return Store(open_database(address))


def __getattr__(name: str) -> Any:
    if name in {"Attempt", "Store"}:
        from phbkit.records import store

        return getattr(store, name)
    raise AttributeError(name)
