"""The reveal: what the ratings of a round say, in figures and in words, and where marks lie."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping

from phbkit.meeting.decision_record import Mark, RatedItem
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.ratings import agreement
from phbkit.meeting.roles import FACILITATOR, PERSON_SIDE, ROLES, role_name

_STEP = 36  # of a picture, from one mark to the next
_ELSEWHERE = 3  # marks between the person and the team
_ORDER = [FACILITATOR, *ROLES]


def rated_items(meeting: Meeting, number: int) -> tuple[RatedItem, ...]:
    """Measure each option and safeguard of a round that may be seen; empty before.

    The marks of the person, and of whoever speaks for them, are kept apart and are in no figure.
    """
    given = meeting.revealed(number)
    if not given:
        return ()
    roles = {seat: meeting.seats[seat].role for seat in given}
    team = {seat: role for seat, role in roles.items() if role not in PERSON_SIDE}
    person = {seat: role for seat, role in roles.items() if role in PERSON_SIDE}
    rows = [[given[seat].get(thing.id) for thing in meeting.things] for seat in team]
    measured = agreement(rows or [[None] * len(meeting.things)])
    verdicts = measured.verdicts()
    return tuple(
        RatedItem(
            title=thing.title,
            kind=thing.kind,
            round=number,
            team=_marks(team, given, thing.id),
            person=_marks(person, given, thing.id),
            median=_known(measured.median[place]),
            low=_known(measured.low[place]),
            high=_known(measured.high[place]),
            index=_known(measured.index[place]),
            disagreement=measured.disagreement[place],
            verdict=verdicts[place],
            classical=str(measured.classical[place]).replace("not defined", ""),
        )
        for place, thing in enumerate(meeting.things)
    )


def _marks(
    roles: Mapping[str, str], given: Mapping[str, Mapping[str, int | None]], thing: str
) -> tuple[Mark, ...]:
    """List marks by role, and within a role by size: not by who joined first."""
    placed = sorted(
        (_ORDER.index(role), given[seat].get(thing) or 0) for seat, role in roles.items()
    )
    return tuple(Mark(role_name(_ORDER[place]), mark or None) for place, mark in placed)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 2)


def moved(meeting: Meeting) -> tuple[str, ...]:
    """Say what changed from the first round to the second, one sentence for each thing."""
    if meeting.rounds != (1, 2):
        return ()
    before, after = meeting.revealed(1), meeting.revealed(2)
    both = [seat for seat in before if seat in after]
    sentences = []
    for thing, first, second in zip(
        meeting.things, rated_items(meeting, 1), rated_items(meeting, 2), strict=True
    ):
        movers = sum(before[seat].get(thing.id) != after[seat].get(thing.id) for seat in both)
        if first.median is None or second.median is None:
            medians = "too few rated for a median"
        elif first.median == second.median:
            medians = f"the team’s median stays at {first.median:g}"
        else:
            medians = f"the team’s median went from {first.median:g} to {second.median:g}"
        change = ""
        if bool(first.disagreement) != bool(second.disagreement):
            change = f"; they {'now' if second.disagreement else 'no longer'} disagree"
        people = "1 person" if movers == 1 else f"{movers or 'no'} people"
        sentences.append(
            f"{thing.title}: {medians}; {people} of {len(both)} changed their mark{change}."
        )
    return tuple(sentences)


def spread(item: RatedItem) -> str:
    """Say in words where the marks of an item lie."""
    counts = Counter(mark.rating for mark in item.team)
    parts = [f"{counts[rating]} gave {rating}" for rating in sorted(_ratings(counts))]
    if counts[None]:
        parts.append(f"{counts[None]} could not say")
    words = f"Team: {', '.join(parts) or 'nobody rated'}."
    marks = ", ".join(str(mark.rating or "cannot say") for mark in item.person)
    return f"{words} The person’s side: {marks}." if marks else words


def _ratings(given: Collection[int | None]) -> list[int]:
    return [rating for rating in given if rating is not None]


def across(rating: float) -> float:
    """Give the place of a mark in a picture, from the left."""
    return round((rating - 0.5) * _STEP, 1)


def places(marks: Collection[Mark], apart: int) -> list[float]:
    """Give the places of marks; those that fall together spread to both sides, `apart` apart."""
    seen: Counter[int] = Counter()
    across_all = []
    for rating in _ratings([mark.rating for mark in marks]):
        side = 1 if seen[rating] % 2 else -1
        across_all.append(across(rating) + apart * ((seen[rating] + 1) // 2 * side))
        seen[rating] += 1
    return across_all


def to_discuss(items: tuple[RatedItem, ...]) -> tuple[RatedItem, ...]:
    """List what to talk about first: where the team is split, or the person stands elsewhere."""
    chosen = [item for item in items if is_split(item) or _gap(item) >= _ELSEWHERE]
    return tuple(sorted(chosen, key=lambda item: (-(item.index or 0), -_gap(item))))


def is_split(item: RatedItem) -> bool:
    """Say whether the team disagrees; where too few rated to measure it, look at its ends."""
    if item.disagreement is not None:
        return item.disagreement
    given = _ratings([mark.rating for mark in item.team])
    return bool(given) and min(given) <= 3 and max(given) >= 7


def _gap(item: RatedItem) -> float:
    """Measure how far the person's side stands from the team.

    That is from the team's median or, where too few rated to have one, from the farthest mark: in
    a small room each one may be the one who says no.
    """
    team = _ratings([mark.rating for mark in item.team]) if item.median is None else [item.median]
    person = _ratings([mark.rating for mark in item.person])
    return max((abs(one - other) for one in person for other in team), default=0)
