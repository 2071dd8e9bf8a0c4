"""The reveal: what the ratings of a round say, in figures and in words, and what to discuss."""

from __future__ import annotations

from collections import Counter

from phbkit.meeting.meeting import Meeting
from phbkit.meeting.ratings import RatedItem, RoleRating, measured, ratings_of
from phbkit.meeting.roles import ORDER, PERSON_SIDE, ROLES
from phbkit.meeting.subject import Thing

_ELSEWHERE = 3  # marks between the person and the team


def rated_items(meeting: Meeting, number: int) -> tuple[RatedItem, ...]:
    """Measure each option and safeguard of a round that may be seen; empty before.

    The marks of the person, and of whoever speaks for them, are kept apart and are in no figure.
    """
    things = meeting.things if meeting.is_revealed(number) else ()
    return tuple(_rated_item(meeting, number, thing) for thing in things)


def _rated_item(meeting: Meeting, number: int, thing: Thing) -> RatedItem:
    """List marks by role, and within a role by size: not by who joined first."""
    placed = sorted(
        (ORDER.index(meeting.seats[seat].role), given.get(thing.id) or 0)
        for seat, given in meeting.revealed(number).items()
    )
    marks = [(ORDER[place], mark or None) for place, mark in placed]
    team = tuple(RoleRating(ROLES[role], mark) for role, mark in marks if role not in PERSON_SIDE)
    person = tuple(RoleRating(ROLES[role], mark) for role, mark in marks if role in PERSON_SIDE)
    return measured(RatedItem(thing.title, thing.kind, number, team, person))


def moved(meeting: Meeting) -> tuple[str, ...]:
    """Say what changed from the first round to the second, one sentence for each thing."""
    before, after = meeting.revealed(1), meeting.revealed(2)
    both = before.keys() & after.keys()
    rounds = zip(meeting.things, rated_items(meeting, 1), rated_items(meeting, 2), strict=False)
    sentences = []
    for thing, first, second in rounds:
        movers = sum(before[seat].get(thing.id) != after[seat].get(thing.id) for seat in both)
        people = "1 person" if movers == 1 else f"{movers or 'no'} people"
        if first.median is None or second.median is None:
            medians = "too few rated for a median"
        elif first.median == second.median:
            medians = f"the team’s median stays at {first.median:g}"
        else:
            medians = f"the team’s median went from {first.median:g} to {second.median:g}"
        change = ""
        if bool(first.disagreement) != bool(second.disagreement):
            change = f"; they {'now' if second.disagreement else 'no longer'} disagree"
        sentences.append(
            f"{thing.title}: {medians}; {people} of {len(both)} changed their mark{change}."
        )
    return tuple(sentences)


def spread(item: RatedItem) -> str:
    """Say in words where the marks of an item lie."""
    given = ratings_of(item.team)
    parts = [f"{count} gave {rating}" for rating, count in sorted(Counter(given).items())]
    if len(given) < len(item.team):
        parts.append(f"{len(item.team) - len(given)} could not say")
    words = f"Team: {', '.join(parts) or 'nobody rated'}."
    marks = ", ".join(str(mark.rating or "cannot say") for mark in item.person)
    return f"{words} The person’s side: {marks}." if marks else words


def to_discuss(items: tuple[RatedItem, ...]) -> tuple[RatedItem, ...]:
    """List what to talk about first: where the team is split, or the person stands elsewhere."""
    chosen = [item for item in items if is_split(item) or _gap(item) >= _ELSEWHERE]
    return tuple(sorted(chosen, key=lambda item: (-(item.index or 0), -_gap(item))))


def is_split(item: RatedItem) -> bool:
    """Say whether the team disagrees; where too few rated to measure it, look at its ends."""
    if item.disagreement is not None:
        return item.disagreement
    given = ratings_of(item.team)
    return bool(given) and min(given) <= 3 and max(given) >= 7


def _gap(item: RatedItem) -> float:
    """Measure how far the person's side stands from the team.

    That is from the team's median or, where too few rated to have one, from the farthest mark: in
    a small room each one may be the one who says no.
    """
    team = ratings_of(item.team) if item.median is None else [item.median]
    return max((abs(one - other) for one in ratings_of(item.person) for other in team), default=0)
