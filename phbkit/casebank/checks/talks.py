"""Checks of conversations: names, and every way to talk one through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from phbkit.casebank.case import case_steps
from phbkit.casebank.checks.registry import Context, Found, check, unknown
from phbkit.casebank.conversation import Conversation
from phbkit.casebank.models import TALK_STEPS, Named, Risk
from phbkit.casebank.talk import HIGHEST_RATING, Talk, TalkLine

_FEWEST, _MOST = 2, 4  # lines beside the closing one
_MOST_STATES = 20_000


@check("talk.talks", needs="case")
def check_talks(talks: Sequence[Talk], context: Context) -> Found:
    """Find conversations at no step of the case, steps without one, and ids that two share."""
    ids, steps = [talk.id for talk in talks], case_steps(context.case)
    of = [thing.id for talk in talks for thing in talk.heard]
    return {
        "repeated-id": [("", name) for name, n in Counter([*ids, *of]).items() if n > 1],
        "talk-not-held": [name for name in ids if name not in steps],
        "step-without-talk": [name for name in TALK_STEPS if name in steps and name not in ids],
    }


@check("talk.talks.*", needs="case")
def check_names(talk: Talk, context: Context) -> Found:
    """Find names in a conversation that lead nowhere."""
    talks = context.talk.talks
    before = talks[: talks.index(talk) + 1]
    heard = {thing.id for each in before for thing in each.heard}
    case = context.case
    named_parts: tuple[Named | Risk, ...] = (*case.outcomes, *case.items, *case.risks)
    parts = {part.id for part in named_parts}
    lines = list(_lines(talk))
    named = [name for line in lines for name in (*line.needs, *line.unless, *line.hears)]
    named += [name for thought in talk.thoughts for name in (*thought.needs, *thought.unless)]
    named += [each.id for each in talk.unheard]
    leads = [line.to for line in lines if line.to]
    of = [thing.of for thing in talk.heard if thing.of]
    rated = {part for line in (*lines, *talk.unheard) for part in line.rates}
    return {
        "unknown-name": [
            *unknown([talk.voice], {voice.id for voice in case.voices}, "voice", "voice"),
            *unknown(named, heard, "thing that is heard by then", "turns"),
            *unknown(leads, talk.turns, "turn", "turns"),
            *unknown(of, parts, "outcome, plan item or risk", "heard"),
            *unknown(rated, talk.begins, "rating with a beginning", "begins"),
        ],
        "repeated-id": [
            ("turns", name) for name, n in Counter(line.id for line in lines).items() if n > 1
        ],
    }


@check("talk.talks.*", needs="functions")
def check_ways(talk: Talk, _: Context) -> Found:
    """Find, by talking it through in every way, what cannot be said, heard or rated."""
    if any(line.to and line.to not in talk.turns for line in _lines(talk)):
        return {}
    ways = _Ways.of(talk)
    listed = {line.id for line in _lines(talk)}
    return {
        "talk-too-wide": ways.cut_short and _MOST_STATES,
        "too-little-to-say": sorted(ways.narrow),
        "too-much-to-say": sorted(ways.wide),
        "never-said": [] if ways.cut_short else sorted(listed - ways.said),
        "never-heard": [t.id for t in talk.heard if not ways.cut_short and t.id not in ways.heard],
        "never-rated": [
            (part, low, high)
            for part, (low, high) in ways.ratings.items()
            if not ways.cut_short and (low > 0 or high < HIGHEST_RATING)
        ],
    }


def _lines(talk: Talk) -> Iterator[TalkLine]:
    for turn in talk.turns.values():
        yield from turn
    yield talk.closing


@dataclass
class _Ways:
    """What comes of talking a conversation through in every way."""

    said: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)
    narrow: set[str] = field(default_factory=set)  # lines after which there is too little to say
    wide: set[str] = field(default_factory=set)
    ratings: dict[str, tuple[int, int]] = field(default_factory=dict)
    cut_short: bool = False

    @classmethod
    def of(cls, talk: Talk) -> _Ways:
        ways = cls()  # of who heard nothing before, and of who heard all that this talk needs
        open_ways = [Conversation(talk, before=each) for each in {frozenset(), _before(talk)}]
        seen = {(each.turn, frozenset[str](), each.before) for each in open_ways}
        while open_ways:
            conversation = open_ways.pop()
            ways.look(conversation)
            for line in conversation.sayable:
                following = conversation.after(line)
                place = (following.turn, frozenset(following.said), following.before)
                if place not in seen:
                    seen.add(place)
                    open_ways.append(following)
            if len(seen) > _MOST_STATES:
                ways.cut_short = True
                break
        return ways

    def look(self, conversation: Conversation) -> None:
        """Note what can be said now, or what came of it in the end."""
        last = conversation.said[-1] if conversation.said else "opening"
        choices = len(conversation.sayable) - 1
        self.said.update(line.id for line in conversation.sayable)
        self.heard |= conversation.heard
        if conversation.ended:
            for part, points in conversation.ratings.items():
                low, high = self.ratings.get(part, (points, points))
                self.ratings[part] = min(low, points), max(high, points)
        elif choices < _FEWEST:
            self.narrow.add(last)
        elif choices > _MOST:
            self.wide.add(last)


def _before(talk: Talk) -> frozenset[str]:
    """Take what was heard in earlier conversations as heard where this one asks for it."""
    own = {thing.id for thing in talk.heard}
    needed = {name for line in _lines(talk) for name in line.needs}
    return frozenset(needed - own)
