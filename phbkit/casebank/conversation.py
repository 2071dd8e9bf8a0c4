"""A conversation: what may be said now, what was heard, and what the other makes of it.

All of it follows from the talk and from what was said, in order; nothing here asks for a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from phbkit.casebank.talk import HIGHEST_RATING, Change, Heard, Rated, Talk, TalkLine, Thought

MOST_THOUGHTS = 3


@dataclass(frozen=True)
class Conversation:
    """A talk, and the lines that were said, in order.

    Parameters
    ----------
    before
        What was heard in earlier conversations.
    """

    talk: Talk
    lines: tuple[TalkLine, ...] = ()
    before: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, talk: Talk, said: Iterable[str], before: frozenset[str] = frozenset()
    ) -> Conversation:
        """Make a conversation of the ids of lines, up to the first that could not be said."""
        conversation = cls(talk, before=before)
        for name in said:
            line = next((line for line in conversation.sayable if line.id == name), None)
            if line is None:
                break
            conversation = conversation.after(line)
        return conversation

    def after(self, line: TalkLine) -> Conversation:
        """Return the conversation with one more line said."""
        return Conversation(self.talk, (*self.lines, line), self.before)

    @cached_property
    def said(self) -> tuple[str, ...]:
        """The ids of the lines that were said."""
        return tuple(line.id for line in self.lines)

    @cached_property
    def turn(self) -> str:
        """The turn that it is at."""
        leads = (line.to for line in reversed(self.lines) if line.to)
        return next(leads, next(iter(self.talk.turns)))

    @cached_property
    def sayable(self) -> tuple[TalkLine, ...]:
        """What may be said now, the closing last; nothing once it has ended."""
        said = self.said
        if self.minutes_left == 0 or self.talk.closing.id in said:
            return ()
        here = (line for line in self.talk.turns[self.turn] if line.id not in said)
        return (*(line for line in here if _fits(line, self.heard)), self.talk.closing)

    @property
    def minutes_left(self) -> int:
        """What is left on the clock, in minutes; never less than none."""
        return max(0, self.talk.minutes - sum(line.minutes for line in self.lines))

    @property
    def ended(self) -> bool:
        """Whether it was closed, or its time is over."""
        return not self.sayable

    @cached_property
    def heard(self) -> frozenset[str]:
        """What was heard, here or before."""
        return self.before.union(*(line.hears for line in self.lines))

    @property
    def missed(self) -> tuple[Heard, ...]:
        """What could have been heard here and was not: what moved the ratings first."""
        moved = {each.id for each in self.talk.unheard}
        missed = (thing for thing in self.talk.heard if thing.id not in self.heard)
        return tuple(sorted(missed, key=lambda thing: thing.id not in moved))

    @property
    def changes(self) -> tuple[tuple[TalkLine | None, Change], ...]:
        """What moved the ratings: a line, or None where something was never heard."""
        never = (each for each in self.talk.unheard if each.id not in self.heard)
        spoken = ((line, line) for line in self.lines if line.rates)
        return (*spoken, *((None, each) for each in never))

    @property
    def ratings(self) -> dict[Rated, int]:
        """How whoever was talked with rates it, from 0 to 9: the points of all changes together."""
        totals = dict(self.talk.begins)
        for _, change in self.changes:
            for part, points in change.rates.items():
                totals[part] += points
        return {part: min(max(points, 0), HIGHEST_RATING) for part, points in totals.items()}

    @property
    def thoughts(self) -> tuple[str, ...]:
        """What goes through their mind on the way home."""
        fits = (each.words for each in self.talk.thoughts if _fits(each, self.heard))
        return tuple(fits)[:MOST_THOUGHTS]


def _fits(wanted: TalkLine | Thought, heard: frozenset[str]) -> bool:
    return heard.issuperset(wanted.needs) and heard.isdisjoint(wanted.unless)
