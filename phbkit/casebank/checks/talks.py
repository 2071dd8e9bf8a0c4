"""Checks of conversations: names, and every way to talk one through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from phbkit.casebank.case import case_steps
from phbkit.casebank.checks.registry import Context, Found, check, unknown
from phbkit.casebank.conversation import Conversation
from phbkit.casebank.models import TALK_STEPS, Identified
from phbkit.casebank.talk import HIGHEST_RATING, Talk, TalkLine

_FEWEST, _MOST = 2, 4  # lines beside the closing one
_MOST_STATES = 25_000


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
    parts: tuple[Identified, ...] = (*case.outcomes, *case.items, *case.risks)
    lines = list(_lines(talk))
    named = [name for line in lines for name in (*line.needs, *line.unless, *line.hears)]
    named += [name for thought in talk.thoughts for name in (*thought.needs, *thought.unless)]
    named += [each.id for each in talk.unheard]
    leads = [line.to for line in lines if line.to]
    of = [thing.of for thing in talk.heard if thing.of]
    rated = {part for line in (*lines, *talk.unheard) for part in line.rates}
    times = Counter(line.id for line in lines)
    return {
        "unknown-name": [
            *unknown([talk.voice], {voice.id for voice in case.voices}, "voice", "voice"),
            *unknown(named, heard, "thing that is heard by then", "turns"),
            *unknown(leads, talk.turns, "turn", "turns"),
            *unknown(of, {part.id for part in parts}, "outcome, plan item or risk", "heard"),
            *unknown(rated, talk.begins, "rating with a beginning", "begins"),
        ],
        "repeated-id": [("turns", name) for name, n in times.items() if n > 1],
    }


@check("talk.talks.*", needs="functions")
def check_ways(talk: Talk, _: Context) -> Found:
    """Find, by talking it through in every way, what cannot be said, heard or rated."""
    if any(line.to and line.to not in talk.turns for line in _lines(talk)):
        return {}
    ways, cut_short = _ways(talk)
    choices = {(("opening", *way.said)[-1], len(way.sayable) - 1) for way in ways if not way.ended}
    found: dict[str, object] = {
        "talk-too-wide": cut_short and _MOST_STATES,
        "too-little-to-say": sorted({after for after, count in choices if count < _FEWEST}),
        "too-much-to-say": sorted({after for after, count in choices if count > _MOST}),
    }
    if cut_short:
        return found
    said = {line.id for way in ways for line in way.sayable}
    heard = {name for way in ways for name in way.heard}
    rated = [way.ratings for way in ways if way.ended]
    points = {part: [ratings[part] for ratings in rated] for part in talk.begins}
    ranges = [(part, min(given), max(given)) for part, given in points.items()]
    return found | {
        "never-said": sorted({line.id for line in _lines(talk)} - said),
        "never-heard": [thing.id for thing in talk.heard if thing.id not in heard],
        "never-rated": [each for each in ranges if each[1] > 0 or each[2] < HIGHEST_RATING],
    }


def _lines(talk: Talk) -> Iterator[TalkLine]:
    for turn in talk.turns.values():
        yield from turn
    yield talk.closing


def _ways(talk: Talk) -> tuple[list[Conversation], bool]:
    """Talk a conversation through in every way, and say whether there were too many to go on.

    That is as who heard nothing before, and as who heard all that this talk needs.
    """
    left = [Conversation(talk, before=each) for each in {frozenset(), _before(talk)}]
    seen = {(each.turn, frozenset[str](), each.before) for each in left}
    ways = []
    while left and len(seen) <= _MOST_STATES:
        ways.append(left.pop())
        for following in map(ways[-1].after, ways[-1].sayable):
            state = (following.turn, frozenset(following.said), following.before)
            if state not in seen:
                seen.add(state)
                left.append(following)
    return ways, bool(left)


def _before(talk: Talk) -> frozenset[str]:
    """Take what was heard in earlier conversations as heard where this one asks for it."""
    own = {thing.id for thing in talk.heard}
    needed = {name for line in _lines(talk) for name in line.needs}
    return frozenset(needed - own)
