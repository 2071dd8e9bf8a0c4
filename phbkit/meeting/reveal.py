"""The reveal: what the ratings of a round say, in figures, in words and as a picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from markupsafe import Markup

from phbkit.decision.ratings import agreement
from phbkit.meeting.decision_record import Mark, RatedItem
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.roles import FACILITATOR, PERSON_SIDE, ROLES, role_name

_WIDTH, _HEIGHT, _STEP = 324, 70, 36
_ELSEWHERE = 3  # marks between the person and the team


def rated_items(meeting: Meeting, number: int) -> tuple[RatedItem, ...]:
    """Measure each option and safeguard of a round that may be seen; empty before.

    The marks of the person, and of whoever speaks for them, are kept apart and are in no figure.
    """
    given = meeting.revealed(number)
    if not given:
        return ()
    team = [seat for seat in given if meeting.seats[seat].role not in PERSON_SIDE]
    person = [seat for seat in given if meeting.seats[seat].role in PERSON_SIDE]
    rows = [[_number(given[seat].get(thing.id)) for thing in meeting.things] for seat in team] or [
        [math.nan] * len(meeting.things)
    ]
    found = agreement(rows)
    verdicts = found.verdicts()

    def marks(of: Iterable[str], thing: str) -> tuple[Mark, ...]:
        """List marks by role, and within a role by size: not by who joined first."""
        roles = {seat: meeting.seats[seat].role for seat in of}
        order = [FACILITATOR, *ROLES]
        placed = sorted((order.index(roles[s]), given[s].get(thing) or 0) for s in roles)
        return tuple(Mark(role_name(order[place]), mark or None) for place, mark in placed)

    return tuple(
        RatedItem(
            title=thing.title,
            kind=thing.kind,
            round=number,
            team=marks(team, thing.id),
            person=marks(person, thing.id),
            median=_known(found.median[place]),
            low=_known(found.low[place]),
            high=_known(found.high[place]),
            index=_known(found.index[place]),
            disagreement=found.disagreement[place],
            verdict=verdicts[place],
            classical=_counted(str(found.classical[place])),
        )
        for place, thing in enumerate(meeting.things)
    )


def _counted(classical: str) -> str:
    return "" if classical == "not defined" else classical


def _number(rating: int | None) -> float:
    return math.nan if rating is None else float(rating)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 2)


def moved(meeting: Meeting) -> tuple[str, ...]:
    """Say what changed from the first round to the second, one sentence for each thing."""
    if meeting.rounds != (1, 2):
        return ()
    before, after = meeting.revealed(1), meeting.revealed(2)
    told = []
    for thing, first, second in zip(
        meeting.things, rated_items(meeting, 1), rated_items(meeting, 2), strict=True
    ):
        both = [seat for seat in before if seat in after]
        movers = [s for s in both if before[s].get(thing.id) != after[s].get(thing.id)]
        if first.median is None or second.median is None:
            medians = "too few rated for a median"
        elif first.median == second.median:
            medians = f"the team’s median stays at {first.median:g}"
        else:
            medians = f"the team’s median went from {first.median:g} to {second.median:g}"
        apart = {(True, False): "; they no longer disagree", (False, True): "; they now disagree"}
        change = apart.get((first.disagreement or False, second.disagreement or False), "")
        people = "1 person" if len(movers) == 1 else f"{len(movers) or 'no'} people"
        told.append(
            f"{thing.title}: {medians}; {people} of {len(both)} changed their mark{change}."
        )
    return tuple(told)


def spread(item: RatedItem) -> str:
    """Say in words where the marks of an item lie."""
    parts = [f"Team: {_told(item.team)}"]
    if item.person:
        marks = ", ".join("cannot say" if m.rating is None else str(m.rating) for m in item.person)
        parts.append(f"The person’s side: {marks}")
    return ". ".join(parts) + "."


def _told(marks: tuple[Mark, ...]) -> str:
    counts = Counter(mark.rating for mark in marks)
    silent = counts.pop(None, 0)
    ratings = sorted(rating for rating in counts if rating is not None)
    told = [f"{counts[rating]} gave {rating}" for rating in ratings]
    if silent:
        told.append(f"{silent} could not say")
    return ", ".join(told) or "nobody rated"


def picture(item: RatedItem) -> Markup:
    """Draw the marks on a line from 1 to 9: circles for the team, diamonds for the person."""
    shapes = [
        Markup('<rect class="phb-band-{}" x="{}" y="4" width="{}" height="52" rx="4"/>').format(
            band, start * _STEP, 3 * _STEP
        )
        for start, band in ((0, "low"), (3, "mid"), (6, "high"))
    ]
    numbers = [
        Markup('<text x="{}" y="68" class="phb-tick">{}</text>').format(_x(n), n)
        for n in range(1, 10)
    ]
    if item.median is not None:
        shapes.append(
            Markup('<line class="phb-median" x1="{0}" x2="{0}" y1="2" y2="58"/>').format(
                _x(item.median)
            )
        )
    seen: Counter[int] = Counter()
    for mark in item.team:
        if mark.rating is not None:
            x = _x(mark.rating) + 8 * _offset(seen[mark.rating])
            seen[mark.rating] += 1
            shapes.append(Markup('<circle class="phb-dot" cx="{}" cy="42" r="7"/>').format(x))
    apart: Counter[int] = Counter()
    for mark in item.person:
        if mark.rating is not None:
            x = _x(mark.rating) + 6 * _offset(apart[mark.rating])
            apart[mark.rating] += 1
            shapes.append(
                Markup('<path class="phb-diamond" d="M{0} 7l9 9l-9 9l-9 -9z"/>').format(x)
            )
    told = spread(item)
    if item.median is not None:
        told += f" Median of the team: {item.median:g}."
    return Markup(
        '<svg class="phb-spread" role="img" viewBox="0 0 {} {}" aria-label="{}">{}</svg>'
    ).format(_WIDTH, _HEIGHT, told, Markup("").join([*shapes, *numbers]))


def _x(rating: float) -> float:
    return round((rating - 0.5) * _STEP, 1)


def _offset(place: int) -> int:
    """Spread marks that fall together to both sides of their place: 0, 1, -1, 2, -2."""
    return (place + 1) // 2 * (1 if place % 2 else -1)


def to_discuss(items: tuple[RatedItem, ...]) -> tuple[RatedItem, ...]:
    """List what to talk about first: where the team is split, or the person stands elsewhere."""
    apart = [item for item in items if is_split(item) or _gap(item) >= _ELSEWHERE]
    return tuple(sorted(apart, key=lambda item: (-(item.index or 0), -_gap(item))))


def is_split(item: RatedItem) -> bool:
    """Say whether the team disagrees; where too few rated to measure it, look at its ends."""
    if item.disagreement is not None:
        return item.disagreement
    given = [mark.rating for mark in item.team if mark.rating is not None]
    return bool(given) and min(given) <= 3 and max(given) >= 7


def _gap(item: RatedItem) -> float:
    """Measure how far the person's side stands from the team.

    That is from the team's median or, where too few rated to have one, from the farthest mark: in
    a small room each one may be the one who says no.
    """
    given = [mark.rating for mark in item.team if mark.rating is not None]
    team = given if item.median is None else [item.median]
    person = [mark.rating for mark in item.person if mark.rating is not None]
    return max((abs(own - each) for own in person for each in team), default=0)
