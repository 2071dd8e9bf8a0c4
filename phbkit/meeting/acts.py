"""Acts: who may do what at which stage, and what is kept of it. Everything typed is hostile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, get_args

from phbkit.casebank.models import Says
from phbkit.decision.plan import MOST_TIMES
from phbkit.decision.risk_ledger import HOLDERS, TEXTS
from phbkit.meeting.meeting import (
    NEXT,
    ROUNDS,
    STAGE_TITLES,
    STAGES,
    Meeting,
    Stage,
    Thing,
    ThingKind,
)
from phbkit.meeting.request import Request, need_name, refusal
from phbkit.meeting.roles import FACILITATOR, PARTIES, PERSON_SIDE, ROLES, party_of, role_name
from phbkit.meeting.shared_plan import RISK_FACTS, SharedPlan
from phbkit.meeting.subject import candidates
from phbkit.workbook.asks import HELD

CANNOT_SAY = "cannot-say"
MOST_THINGS = 16
MOST_SEATS = 31
OWN_THINGS = 3
OWN_RISKS = 4
SHORT = 600
OUTCOMES = {
    "made": "A decision is made",
    "deferred": "The decision is deferred",
    "not reached": "No decision was reached",
}
AUTHORITIES = {
    "asked": "the person asked them to",
    "appointed": "as attorney or deputy",
    "best-interests": "in a best-interests decision",
    "unsettled": "it is not settled by what authority",
}
_THING_KINDS: tuple[ThingKind, ...] = get_args(ThingKind)
_MARKS: dict[str, int | None] = {CANNOT_SAY: None, **{str(mark): mark for mark in range(1, 10)}}
_Read = Callable[[Request], dict[str, Any]]


_KINDS: dict[str, tuple[_Read, tuple[Stage, ...], bool]] = {}
"""How each act is read, at which stages it belongs, and whether to the facilitator only."""


def _act(*stages: Stage, facilitator: bool = False) -> Callable[[_Read], _Read]:
    """Register a function that reads an act, named after it; without `stages`, of every stage."""

    def register(read: _Read) -> _Read:
        _KINDS[read.__name__.removeprefix("_")] = (read, stages or STAGES, facilitator)
        return read

    return register


def check(act: str, request: Request) -> dict[str, Any]:
    """Return what is kept of an act.

    Raises
    ------
    RefusedError
        Says why it cannot be done: whose it is, at which stage, or what is wrong in which field.
    """
    if act not in _KINDS:
        raise refusal("This page cannot ask for that.")
    (read, stages, facilitator), stage = _KINDS[act], request.meeting.stage
    if request.meeting.ended:
        raise refusal("The meeting has ended and its record is closed.")
    if facilitator and not request.facilitates:
        raise refusal("Only the facilitator can do that.")
    if stage not in stages:
        wanted = " or ".join(f"“{STAGE_TITLES[each]}”" for each in stages)
        raise refusal(f"The meeting is at “{STAGE_TITLES[stage]}”; this belongs to {wanted}.")
    data = read(request)
    request.raise_problems()
    return data


@_act(facilitator=True)
def _stage(request: Request) -> dict[str, Any]:
    meeting, to = request.meeting, request.text("to")
    if request.text("from") != meeting.stage:
        raise refusal(f"The meeting is already at “{STAGE_TITLES[meeting.stage]}”.")
    if to not in NEXT[meeting.stage]:
        raise refusal(f"There is no way from “{STAGE_TITLES[meeting.stage]}” to there.")
    if to == "person" and not meeting.things:
        raise refusal("Choose what to rate first.")
    if to == "rate" and not meeting.heard:
        raise refusal("The person goes first: their words are not here yet.")
    if to in {"reveal", "reveal-again"}:
        _need_ratings(request)
    return {"to": to}


def _need_ratings(request: Request) -> None:
    """Refuse to show no ratings, and to show some unseen that others have not rated."""
    rated = request.meeting.rated(request.meeting.round)
    if not rated:
        raise refusal("Nobody has rated yet, so there is nothing to show.")
    waiting = [seat.title for seat in request.meeting.raters if seat.id not in rated]
    if waiting and "yes" not in request.values.get("without", []):
        problem = f"is not ticked, and these have not rated: {'; '.join(waiting)}."
        request.wrong("without", problem)


@_act("gather", "person", facilitator=True)
def _things(request: Request) -> dict[str, Any]:
    request.need_seen("things")
    known = {thing.id: thing for thing in candidates(request.case)}
    things = [known[each] for each in request.chosen("things", known)]
    for name in (f"own.{number}" for number in range(OWN_THINGS)):
        title = request.text(name, longest=120)
        if title:
            kind = request.one_of(f"{name}.kind", _THING_KINDS) or "option"
            things.append(Thing(name, kind, title))
    if not any(thing.kind == "option" for thing in things):
        request.wrong("things", "needs at least one option.")
    if len(things) > MOST_THINGS:
        request.wrong("things", f"may be at most {MOST_THINGS}; people tire after ten.")
    return {"things": [asdict(thing) for thing in things]}


@_act("gather", "person", "reveal", "reveal-again", "agree")
def _person(request: Request) -> dict[str, Any]:
    person_side = request.seat.role in PERSON_SIDE
    if not person_side and not request.facilitates:
        raise refusal("These words are the person’s, or those of whoever speaks for them.")
    if not person_side and request.meeting.has_person:
        raise refusal("The person’s seat is taken: these words are theirs to write.")
    request.need_seen("person", of_seat=True)
    words = {name: request.text(name) for name in ("matters", "worries")}
    spoken = any(words.values())
    if person_side:
        if not spoken:
            request.wrong("matters", "is not answered yet.")
        return words
    not_asked = request.text("not_asked")
    if not spoken and not not_asked:
        request.wrong("matters", "needs what the person said, or why nobody has asked them.")
    if spoken and not_asked:
        problem = "cannot stand beside their words. Leave one of the two empty."
        request.wrong("not_asked", problem)
    return words | {"not_asked": not_asked, "told_for": "the person, told by the facilitator"}


@_act("rate", "rate-again")
def _rate(request: Request) -> dict[str, Any]:
    if not request.seat.rates:
        raise refusal("The facilitator does not rate.")
    if "seat" in request.values or "role" in request.values:
        raise refusal("You can rate for your own seat only.")
    number = ROUNDS[request.meeting.stage]
    if request.text("round") != str(number):
        raise refusal(f"Those were ratings of another round; this is round {number}.")
    names = {f"r.{place}": thing.id for place, thing in enumerate(request.meeting.things)}
    for name in request.values:
        if name.startswith("r.") and name not in names:
            request.wrong(name, "is not rated here.")
    for name in names:
        given = request.values.get(name, "")
        if given == "":
            request.wrong(name, "is not rated yet.")
        elif given not in list(_MARKS):
            problem = f"must be a whole number from 1 to 9, or “cannot say”; got {given!r}."
            request.wrong(name, problem)
    request.raise_problems()
    return {
        "round": number,
        "ratings": {thing: _MARKS[request.text(name)] for name, thing in names.items()},
    }


@_act("person", "reveal", "reveal-again", "agree", facilitator=True)
def _note(request: Request) -> dict[str, Any]:
    return {"text": request.text("note", required=True)}


@_act("reveal", "rate-again", "reveal-again", "agree")
def _dissent(request: Request) -> dict[str, Any]:
    if request.facilitates:
        raise refusal("The facilitator keeps the record and does not dissent in it.")
    request.need_seen("dissent", of_seat=True)
    return {"text": request.text("dissent", longest=2000)}


@_act(facilitator=True)
def _away(request: Request) -> dict[str, Any]:
    raters = [seat.id for seat in request.meeting.seats.values() if seat.rates]
    seat = request.one_of("seat", raters)
    away = request.one_of("away", ("yes", "no", "replaced"))
    if seat and away == "replaced":
        _need_replaced(request, seat)
    return {"seat": seat, "away": away != "no", "drop": away == "replaced"}


def _need_replaced(request: Request, seat_id: str) -> None:
    """Refuse to drop the marks of somebody who did not come back, or gave none."""
    meeting = request.meeting
    order = list(meeting.seats.values())
    seat = meeting.seats[seat_id]
    later = order[order.index(seat) + 1 :]
    if meeting.stage not in ROUNDS:
        request.wrong("away", "can drop marks only while a round is open.")
    elif seat_id not in meeting.rated(meeting.round):
        request.wrong("away", "drops marks, and this place has given none in this round.")
    elif not any(other.role == seat.role and not other.away for other in later):
        request.wrong("away", "needs somebody of the same role who joined later and is here.")


@_act("agree", facilitator=True)
def _plan(request: Request) -> dict[str, Any]:
    request.need_seen("plan")
    held, lead = request.text("held"), request.text("lead")
    if held and held not in HELD:
        request.wrong("held", f"must be one of {', '.join(HELD)}.")
    seats = request.meeting.seats
    if lead and (lead not in seats or party_of(seats[lead].role) != "professional"):
        request.wrong("lead", "must be a healthcare professional in this meeting.")
    known = SharedPlan(request.case, request.meeting).safeguards
    return {
        "items": plan_items(request),
        "safeguards": request.chosen("safeguards", known),
        "held": held,
        "lead": lead,
        "review_on": request.day("review_on", after_today=True),
        **{name: request.text(name) for name in ("coordinator", "triggers", "stop_rule")},
    }


def plan_items(request: Request) -> dict[str, Any]:
    """Read the items of a plan form, by id, with times, start and end."""
    known = {item.id: (place, item) for place, item in enumerate(request.case.about.items)}
    items = {}
    for item_id in request.chosen("items", known):
        place, item = known[item_id]
        times = request.text(f"times.{place}") or str(item.times)
        number = int(times) if times.isascii() and times.isdigit() and len(times) <= 3 else 0
        if not 1 <= number <= MOST_TIMES:
            problem = f"must be a whole number from 1 to {MOST_TIMES}; got {times!r}."
            request.wrong(f"times.{place}", problem)
        starts, ends = (request.day(f"{name}.{place}") for name in ("starts", "ends"))
        if starts and ends and ends < starts:
            request.wrong(f"ends.{place}", "is before it starts.")
        items[item_id] = {"times": number, "starts": starts, "ends": ends}
    return items


@_act("agree", facilitator=True)
def _ledger(request: Request) -> dict[str, Any]:
    request.need_seen("ledger")
    brought = SharedPlan(request.case, request.meeting).plan.risks
    risks: dict[str, dict[str, Any]] = {}
    for place, risk in enumerate(request.case.about.risks):
        if risk in brought:
            facts = {name: getattr(risk, name) for name in RISK_FACTS}
            risks[risk.id] = facts | _held_risk(request, f"risk.{place}")
    for name in (f"own.{number}" for number in range(OWN_RISKS)):
        consequence = request.text(f"{name}.consequence", longest=SHORT)
        if consequence:
            facts = {
                "of": request.one_of(f"{name}.of", ("doing", "not doing")),
                "consequence": consequence,
                "affects": request.text(f"{name}.affects", longest=SHORT),
            }
            risks[name] = facts | _held_risk(request, name)
    return {"risks": risks}


def _held_risk(request: Request, name: str) -> dict[str, Any]:
    texts = {part: request.text(f"{name}.{part}", longest=SHORT) for part in TEXTS}
    return {"holders": request.chosen(f"{name}.holders", HOLDERS), **texts}


@_act("agree")
def _agreement(request: Request) -> dict[str, Any]:
    if not request.meeting.changed_by("plan"):
        raise refusal("There is no plan to agree to yet.")
    if request.text("seen") != str(request.meeting.agreed_to):
        raise refusal(
            "The plan or the shared risk has just changed. Read it again, then choose again."
        )
    party = _party_told_of(request) if request.facilitates else _own_party(request)
    says = request.one_of("says", get_args(Says))
    parts = SharedPlan(request.case, request.meeting).parts
    not_to = request.chosen("not_to", parts)
    if says != "agrees in part":
        not_to = []
    elif not 0 < len(not_to) < len(parts):
        request.wrong("not_to", "must name at least one part, and not all of them.")
    needs_reason = says != "agrees" or request.seat.role == "speaks-for"
    reason = request.text("reason", required=needs_reason)
    return {**party, "says": says, "not_to": [parts[part] for part in not_to], "reason": reason}


def _own_party(request: Request) -> dict[str, str]:
    role = request.seat.role
    if not request.meeting.may_agree(request.seat):
        raise refusal(
            "The agreement is asked of the person, one healthcare professional and the "
            "commissioner."
        )
    answers = {"party": str(party_of(role)), "who": role_name(role)}
    if role != "speaks-for":
        return answers
    authority = request.one_of("authority", AUTHORITIES)
    who = f"{answers['who']}: {AUTHORITIES[authority or 'unsettled']}"
    return answers | {"who": who, "authority": authority or ""}


def _party_told_of(request: Request) -> dict[str, str]:
    meeting, party = request.meeting, request.one_of("party", PARTIES)
    if party:
        seat, answer = meeting.signer(party), meeting.standing(party)
        if seat:
            request.wrong("party", f"is here and answers for themselves: {seat.title}.")
        elif answer and meeting.seats[answer.seat].role != FACILITATOR:
            request.wrong("party", "has answered from their own seat, and that answer stands.")
    return {"party": party or "", "who": request.text("who", required=True, longest=120)}


@_act("person", "reveal", "reveal-again", "agree", facilitator=True)
def _outcome(request: Request) -> dict[str, Any]:
    what = request.one_of("what", OUTCOMES)
    for problem in _undecided(request) if what == "made" else ():
        request.wrong("what", f"cannot be “made”{problem}")
    again = request.day("again_on", after_today=True)
    planned = request.meeting.plan.get("review_on", "")
    if what == "made" and again not in {"", planned}:
        problem = "is not the day in the plan, to which all three have agreed."
        request.wrong("again_on", problem)
    if what == "made" or (what == "deferred" and not again):
        again = planned
    if not again and what == "deferred":
        request.wrong("again_on", "is not answered yet.")
    return {"what": what, "review_on": again, "reasons": request.text("reasons", required=True)}


def _undecided(request: Request) -> Iterator[str]:
    """Say why a decision is not made: without a watched plan, risks held and three agreements."""
    shared = SharedPlan(request.case, request.meeting)
    if not request.meeting.changed_by("plan"):
        yield ": there is no plan."
    if shared.unwatched:
        missing = ", ".join(shared.unwatched)
        yield (
            f" yet. The plan does not say {missing}. Put it into the plan, so that all three agree "
            "to it."
        )
    if not shared.risks:
        yield (
            " yet: no risk is written down. Say what could happen if you do this, or if you do "
            "not, and who holds it."
        )
    if shared.unheld:
        yield f" yet: nobody holds {shared.unheld} of the {len(shared.risks)} risks."
    disagreeing = "; ".join(_not_agreed(request.meeting))
    if disagreeing:
        yield (
            f" yet: {disagreeing}. Ask again, change the plan, or record that the decision is "
            "deferred or not reached."
        )


def _not_agreed(meeting: Meeting) -> Iterator[str]:
    """Say of each party that has not agreed to this plan what is missing."""
    for party, title in PARTIES.items():
        answer, name = meeting.standing(party), title.lower()
        if answer is None:
            again = " about the plan as it is now" if meeting.lapsed(party) else ""
            yield f"{name} has not answered{again}"
        elif answer.says != "agrees":
            yield f"{name} {answer.says}{' only' if answer.says == 'agrees in part' else ''}"
        elif not answer.settled:
            yield "it is not settled by what authority somebody speaks for the person"


def check_join(meeting: Meeting, role: object, name: object) -> dict[str, str]:
    """Return what is kept of somebody who joins, or refuse it with the reason."""
    if not isinstance(role, str) or role not in ROLES:
        raise refusal(f"must be one of {', '.join(ROLES)}.", "role")
    called = need_name({"name": name})
    here = [seat for seat in meeting.seats.values() if not seat.away]
    if len(here) >= MOST_SEATS:
        raise refusal(f"The meeting is full: {MOST_SEATS - 1} people have joined.")
    if called.casefold() in [seat.name.casefold() for seat in here]:
        raise refusal(
            f"{called!r} sits here already. If that is you on another device, give your return "
            "code; if not, add a letter.",
            "name",
        )
    if role == "person" and any(seat.role == "person" for seat in here):
        raise refusal(
            "is taken: the person sits here already. If that is you on another device, give your "
            "return code.",
            "role",
        )
    return {"role": role, "name": called}
