"""The case review: a team, and the person, decide together on devices of their own."""

from phbkit.review.meeting import Meeting
from phbkit.review.room import Review

__all__ = ["Meeting", "Review"]
