"""Records: what learners answered. Nothing is acknowledged before it is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phbkit.records.journal import Act, Event, Journal, MemoryJournal, StaleError

if TYPE_CHECKING:
    from phbkit.meeting.sessions import ReviewSession, Seated, Sessions
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
    "ReviewSession",
    "Seated",
    "Sessions",
    "StaleError",
    "Store",
    "open_learners",
    "open_sessions",
    "open_store",
]


def open_store(address: str) -> Store:
    """Open the records at a SQLAlchemy address, bringing their tables up to date."""
    from phbkit.records.attempts import Store
    from phbkit.records.database import open_database

    return Store(open_database(address))


def open_sessions(address: str) -> Sessions:
    """Open the review sessions at a SQLAlchemy address, bringing their tables up to date."""
    from phbkit.meeting.sessions import Sessions
    from phbkit.records.database import open_database

    return Sessions(open_database(address))


def open_learners(address: str) -> Learners:
    """Open the learners at a SQLAlchemy address, bringing their tables up to date."""
    from phbkit.records.database import open_database
    from phbkit.records.learners import Learners

    return Learners(open_database(address))


def __getattr__(name: str) -> Any:
    if name in {"Attempt", "Store"}:
        from phbkit.records import attempts

        return getattr(attempts, name)
    if name in {"ReviewSession", "Seated", "Sessions"}:
        from phbkit.meeting import sessions

        return getattr(sessions, name)
    if name in {"Learner", "Learners"}:
        from phbkit.records import learners

        return getattr(learners, name)
    raise AttributeError(name)
