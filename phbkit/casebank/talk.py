"""What a conversation is: `talk.yaml`, who may say what at which turn, and what comes of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from phbkit.casebank.models import Id, Identified, Line, Named, Shape, TalkStep, Text

Rated = Literal["listening", "choosing", "clarity"]
"""What both rate from 0 to 9: listening for what matters, putting that into the choice, making
risks clear and usable."""
HIGHEST_RATING = 9


class Change(Shape):
    """What something does to the ratings, in points, and why: in the words of whoever rates."""

    rates: dict[Rated, Annotated[int, Field(ge=-4, le=4)]] = Field(default_factory=dict)
    because: Line | None = None

    @model_validator(mode="after")
    def _has_a_reason(self) -> Change:
        if self.rates and not self.because:
            raise ValueError("must say `because` where it `rates`")
        return self


class Heard(Identified):
    """One thing that can be heard, in the words of whoever says it.

    `of` is the outcome, the plan item or the risk of the case that it is, where it is one; that is
    not in the plan builder before it is heard. `missed` is what the page says of it until then,
    without giving it away.
    """

    kind: Literal["outcome", "worry", "fact", "option", "limit"]
    words: Text
    missed: Line
    of: Id | None = None


class TalkLine(Change):
    """One thing to say, how many minutes it takes, and the reply.

    `needs` and `unless` are things heard: all of the first, and none of the second, for the line to
    be there. `to` is the turn that follows; the same one again where it is left out, without the
    lines that were said. Sources where either states a fact about the world.
    """

    id: Id
    say: Line
    minutes: Annotated[int, Field(ge=1, le=4)] = 1
    reply: Text
    hears: tuple[Id, ...] = ()
    needs: tuple[Id, ...] = ()
    unless: tuple[Id, ...] = ()
    to: Id | None = None
    sources: tuple[Id, ...] = ()


class Unheard(Change):
    """What it does to the ratings that something was never heard."""

    id: Id


class Thought(Shape):
    """A sentence on the way home: where all of `needs` was heard, and none of `unless`."""

    needs: tuple[Id, ...] = ()
    unless: tuple[Id, ...] = ()
    words: Text


class Talk(Named):
    """One conversation, at one step: a clock, turns with what may be said, and what is made of it.

    The first of `turns` comes first. `closing` can be said at any turn and ends it; `out_of_time`
    is what is said when the minutes are over. `begins` has the points with which the ratings of
    whoever is talked with begin; without them nobody rates.
    """

    id: TalkStep
    voice: Id
    minutes: Annotated[int, Field(ge=3, le=12)]
    opening: Text
    turns: Annotated[
        dict[Id, Annotated[tuple[TalkLine, ...], Field(min_length=1)]], Field(min_length=1)
    ]
    closing: TalkLine
    out_of_time: Text
    heard: tuple[Heard, ...] = ()
    begins: dict[Rated, Annotated[int, Field(ge=0, le=9)]] = Field(default_factory=dict)
    unheard: tuple[Unheard, ...] = ()
    thoughts: tuple[Thought, ...] = ()


class TalkFile(Shape):
    """`talk.yaml`."""

    talks: Annotated[tuple[Talk, ...], Field(min_length=1)]
