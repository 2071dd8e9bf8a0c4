"""The case review: a team, and the person, decide together on devices of their own."""

from phbkit.meeting.meeting import Meeting
from phbkit.meeting.room import Review

__all__ = ["Meeting", "Review"]
