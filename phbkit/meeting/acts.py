"""Acts: who may do what at which stage, and what is kept of it. Everything typed is hostile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phbkit.errors import RefusedError
from phbkit.meeting import agreeing
from phbkit.meeting.meeting import NEXT, ROUNDS, STAGE_TITLES, Meeting, Thing
from phbkit.meeting.request import Asked, need_facilitator, need_seen, need_stage
from phbkit.meeting.roles import PERSON_SIDE, ROLES
from phbkit.meeting.subject import candidates

CANNOT_SAY = "cannot-say"
MOST_THINGS = 16
MOST_SEATS = 31
OWN_THINGS = 3


def check(act: str, asked: Asked) -> dict[str, Any]:
    """Return what is kept of an act.

    Raises
    ------
    RefusedError
        Says why it cannot be done: whose it is, at which stage, or what is wrong in which field.
    """
    if act not in _CHECKS:
        raise RefusedError({"": "This page cannot ask for that."})
    if asked.meeting.ended:
        raise RefusedError({"": "The meeting has ended and its record is closed."})
    return _CHECKS[act](asked)


def _stage(asked: Asked) -> dict[str, Any]:
    need_facilitator(asked)
    meeting = asked.meeting
    to = asked.text("to", required=True)
    if asked.text("from") != meeting.stage:
        raise RefusedError({"": f"The meeting is already at “{STAGE_TITLES[meeting.stage]}”."})
    if to not in NEXT[meeting.stage]:
        raise RefusedError({"": f"There is no way from “{STAGE_TITLES[meeting.stage]}” to there."})
    if to == "person" and not meeting.things:
        raise RefusedError({"": "Choose what to rate first."})
    if to == "rate" and not meeting.heard:
        raise RefusedError({"": "The person goes first: their words are not here yet."})
    if to in {"reveal", "reveal-again"}:
        _need_ratings(asked)
    return {"to": to}


def _need_ratings(asked: Asked) -> None:
    """Refuse to show no ratings, and to show some unseen that others have not rated."""
    meeting = asked.meeting
    rated = meeting.rated(meeting.round)
    if not rated:
        raise RefusedError({"": "Nobody has rated yet, so there is nothing to show."})
    waiting = [seat.title for seat in meeting.raters if seat.id not in rated]
    if waiting and "yes" not in asked.values.get("without", []):
        problem = f"is not ticked, and these have not rated: {'; '.join(waiting)}."
        raise RefusedError({"without": problem})


def _things(asked: Asked) -> dict[str, Any]:
    need_facilitator(asked)
    need_stage(asked, "gather", "person")
    need_seen(asked, "things")
    known = {thing.id: thing for thing in candidates(asked.case)}
    things = [known[each] for each in asked.chosen("things", known)]
    for number in range(OWN_THINGS):
        title = asked.text(f"own.{number}", longest=120)
        if title:
            kind = asked.one_of(f"own.{number}.kind", ("option", "safeguard"))
            things.append(
                Thing(f"own.{number}", "option" if kind == "option" else "safeguard", title)
            )
    if not any(thing.kind == "option" for thing in things):
        raise RefusedError({"things": "needs at least one option."})
    if len(things) > MOST_THINGS:
        raise RefusedError({"things": f"may be at most {MOST_THINGS}; people tire after ten."})
    return {"things": [thing.__dict__ for thing in things]}


def _person(asked: Asked) -> dict[str, Any]:
    need_stage(asked, "gather", "person", "reveal", "reveal-again", "agree")
    own = asked.seat.role in PERSON_SIDE
    if not own and not asked.facilitates:
        raise RefusedError(
            {"": "These words are the person’s, or those of whoever speaks for them."}
        )
    matters, worries = asked.text("matters"), asked.text("worries")
    if own:
        need_seen(asked, "person", own=True)
        if not matters and not worries:
            raise RefusedError({"matters": "is not answered yet."})
        return {"matters": matters, "worries": worries}
    if asked.meeting.has_person:
        raise RefusedError({"": "The person’s seat is taken: these words are theirs to write."})
    need_seen(asked, "person", own=True)
    not_asked = asked.text("not_asked")
    if not (matters or worries or not_asked):
        problem = "needs what the person said, or why nobody has asked them."
        raise RefusedError({"matters": problem})
    if (matters or worries) and not_asked:
        problem = "cannot stand beside their words. Leave one of the two empty."
        raise RefusedError({"not_asked": problem})
    told = "the person, told by the facilitator"
    return {"matters": matters, "worries": worries, "not_asked": not_asked, "told_for": told}


def _rate(asked: Asked) -> dict[str, Any]:
    need_stage(asked, "rate", "rate-again")
    if not asked.seat.rates:
        raise RefusedError({"": "The facilitator does not rate."})
    if "seat" in asked.values or "role" in asked.values:
        raise RefusedError({"": "You can rate for your own seat only."})
    number = ROUNDS[asked.meeting.stage]
    if asked.text("round") != str(number):
        raise RefusedError({"": f"Those were ratings of another round; this is round {number}."})
    names = {f"r.{place}": thing for place, thing in enumerate(asked.meeting.things)}
    problems = {name: "is not rated here." for name in asked.values
                if name.startswith("r.") and name not in names}  # fmt: skip
    ratings: dict[str, int | None] = {}
    for name, thing in names.items():
        given = asked.values.get(name, "")
        if given == CANNOT_SAY:
            ratings[thing.id] = None
        elif isinstance(given, str) and given in {"1", "2", "3", "4", "5", "6", "7", "8", "9"}:
            ratings[thing.id] = int(given)
        elif given == "":
            problems[name] = "is not rated yet."
        else:
            problems[name] = f"must be a whole number from 1 to 9, or “cannot say”; got {given!r}."
    if problems:
        raise RefusedError(problems)
    return {"round": number, "ratings": ratings}


def _note(asked: Asked) -> dict[str, Any]:
    need_facilitator(asked)
    need_stage(asked, "person", "reveal", "reveal-again", "agree")
    return {"text": asked.text("note", required=True)}


def _dissent(asked: Asked) -> dict[str, Any]:
    need_stage(asked, "reveal", "rate-again", "reveal-again", "agree")
    if asked.facilitates:
        raise RefusedError({"": "The facilitator keeps the record and does not dissent in it."})
    need_seen(asked, "dissent", own=True)
    return {"text": asked.text("dissent", longest=2000)}


def _away(asked: Asked) -> dict[str, Any]:
    need_facilitator(asked)
    seats = {seat.id: seat for seat in asked.meeting.seats.values() if seat.rates}
    seat = asked.one_of("seat", seats)
    away = asked.one_of("away", ("yes", "no", "replaced"))
    if away == "replaced":
        _need_replaced(asked.meeting, seat)
    return {"seat": seat, "away": away != "no", "drop": away == "replaced"}


def _need_replaced(meeting: Meeting, seat_id: str) -> None:
    """Refuse to drop the marks of somebody who did not come back, or gave none."""
    old, order = meeting.seats[seat_id], list(meeting.seats)
    later = [meeting.seats[each] for each in order[order.index(seat_id) + 1 :]]
    problem = ""
    if meeting.stage not in ROUNDS:
        problem = "can drop marks only while a round is open."
    elif seat_id not in meeting.rated(meeting.round):
        problem = "drops marks, and this place has given none in this round."
    elif not any(seat.role == old.role and not seat.away for seat in later):
        problem = "needs somebody of the same role who joined later and is here."
    if problem:
        raise RefusedError({"away": problem})


_CHECKS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "stage": _stage,
    "things": _things,
    "person": _person,
    "rate": _rate,
    "note": _note,
    "dissent": _dissent,
    "away": _away,
    "plan": agreeing.check_plan,
    "ledger": agreeing.check_ledger,
    "agreement": agreeing.check_agreement,
    "outcome": agreeing.check_outcome,
}


def check_join(meeting: Meeting, role: object, name: object) -> dict[str, str]:
    """Return what is kept of somebody who joins, or refuse it with the reason."""
    called = str(name).strip() if isinstance(name, str) else ""
    if not isinstance(role, str) or role not in ROLES:
        raise RefusedError({"role": f"must be one of {', '.join(ROLES)}."})
    if not called or len(called) > 40 or not called.isprintable():
        raise RefusedError({"name": "must be what the room calls you, in at most 40 characters."})
    if sum(not seat.away for seat in meeting.seats.values()) >= MOST_SEATS:
        raise RefusedError({"": f"The meeting is full: {MOST_SEATS - 1} people have joined."})
    for seat in (seat for seat in meeting.seats.values() if not seat.away):
        if seat.name.casefold() == called.casefold():
            raise RefusedError(
                {"name": f"{called!r} sits here already. If that is you on another device, give "
                 "your return code; if not, add a letter."}
            )  # fmt: skip
        if role == seat.role == "person":
            raise RefusedError({"role": "is taken: the person sits here already. If that is you on "
                                "another device, give your return code."})  # fmt: skip
    return {"role": role, "name": called}
