"""Who may do what at which stage. A refusal says why."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from phbkit.meeting import acts
from phbkit.meeting.meeting import NEXT, ROUNDS, STAGE_TITLES, STAGES, Meeting, Stage
from phbkit.meeting.request import Request, need_name, refusal
from phbkit.meeting.roles import FACILITATOR, ORDER, PERSON_SIDE, ROLES, WORDS
from phbkit.meeting.shared_plan import SharedPlan
from phbkit.meeting.subject import candidates
from phbkit.workbook.formats import NOT_ANSWERED

MOST_THINGS = 16
MOST_SEATS = 31
OWN_THINGS = tuple(map(str, range(3)))
OWN_RISKS = tuple(f"own.{number}" for number in range(4))
_Read = Callable[[Request], BaseModel | dict[str, Any]]


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
    if request.meeting.ended and act != "strike":
        raise refusal("The meeting has ended and its record is closed.")
    if facilitator and not request.facilitates:
        raise refusal("Only the facilitator can do that.")
    if stage not in stages:
        wanted = " or ".join(f"“{STAGE_TITLES[each]}”" for each in stages)
        raise refusal(f"The meeting is at “{STAGE_TITLES[stage]}”; this belongs to {wanted}.")
    kept = read(request)
    return kept.model_dump(mode="json", by_alias=True) if isinstance(kept, BaseModel) else kept


@_act(facilitator=True)
def _stage(request: Request) -> dict[str, Any]:
    meeting, to = request.meeting, request.values.get("to")
    if request.values.get("from") != meeting.stage:
        raise refusal(f"The meeting is already at “{STAGE_TITLES[meeting.stage]}”.")
    if to not in NEXT.get(meeting.stage, ()):
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
        raise refusal(problem, "without")


@_act("gather", "person", facilitator=True)
def _things(request: Request) -> dict[str, Any]:
    request.need_seen("things")
    rows = request.table("own")
    own = {name: rows[name] | {"id": f"own.{name}"} for name in OWN_THINGS
           if rows.get(name, {}).get("title")}  # fmt: skip
    chosen = request.read(acts.Things, own=own)
    things = [thing for thing in candidates(request.case) if thing.id in chosen.things]
    things += chosen.own.values()
    if not any(thing.kind == "option" for thing in things):
        raise refusal("needs at least one option.", "things")
    if len(things) > MOST_THINGS:
        raise refusal(f"may be at most {MOST_THINGS}; people tire after ten.", "things")
    return {"things": [asdict(thing) for thing in things]}


@_act("gather", "person", "reveal", "reveal-again", "agree")
def _person(request: Request) -> dict[str, Any]:
    person_side = request.seat.role in PERSON_SIDE
    if not person_side and not request.facilitates:
        raise refusal("These words are the person’s, or those of whoever speaks for them.")
    if not person_side and request.meeting.has_person:
        raise refusal("The person’s seat is taken: these words are theirs to write.")
    request.need_seen("person")
    words = {name: request.text(name) for name in ("matters", "worries")}
    spoken, not_asked = any(words.values()), request.text("not_asked")
    if person_side and not spoken:
        raise refusal(NOT_ANSWERED, "matters")
    if person_side:
        return words
    if not spoken and not not_asked:
        raise refusal("needs what the person said, or why nobody has asked them.", "matters")
    if spoken and not_asked:
        problem = "cannot stand beside their words. Leave one of the two empty."
        raise refusal(problem, "not_asked")
    return words | {"not_asked": not_asked, "told_for": "the person, told by the facilitator"}


@_act("rate", "rate-again")
def _rate(request: Request) -> acts.SeatRatings:
    if not request.seat.rates:
        raise refusal("The facilitator does not rate.")
    if "seat" in request.values or "role" in request.values:
        raise refusal("You can rate for your own seat only.")
    number = ROUNDS[request.meeting.stage]
    if request.values.get("round") != str(number):
        raise refusal(f"Those were ratings of another round; this is round {number}.")
    known = [f"ratings.{thing.id}" for thing in request.meeting.things]
    for name in request.values:
        if name.startswith("ratings.") and name not in known:
            raise refusal("is not rated here.", name)
    given = {name.removeprefix("ratings."): request.values.get(name, "") for name in known}
    return request.read(acts.SeatRatings, round=number, ratings=given)


@_act("person", "reveal", "reveal-again", "agree", facilitator=True)
def _note(request: Request) -> dict[str, Any]:
    return {"text": request.text("note", required=True)}


@_act("reveal", "rate-again", "reveal-again", "agree")
def _dissent(request: Request) -> dict[str, Any]:
    if request.facilitates:
        raise refusal("The facilitator keeps the record and does not dissent in it.")
    request.need_seen("dissent")
    return {"text": request.text("dissent")}


@_act(facilitator=True)
def _away(request: Request) -> dict[str, Any]:
    noted = request.read(acts.Absence)
    if noted.away == "replaced":
        _need_replaced(request.meeting, noted.seat)
    return {"seat": noted.seat, "away": noted.away != "no", "drop": noted.away == "replaced"}


def _need_replaced(meeting: Meeting, seat_id: str) -> None:
    """Refuse to drop the marks of somebody who did not come back, or gave none."""
    order = list(meeting.seats.values())
    seat = meeting.seats[seat_id]
    later = order[order.index(seat) + 1 :]
    if meeting.stage not in ROUNDS:
        raise refusal("can drop marks only while a round is open.", "away")
    if seat_id not in meeting.rated(meeting.round):
        raise refusal("drops marks, and this place has given none in this round.", "away")
    if not any(other.role == seat.role and not other.away for other in later):
        raise refusal("needs somebody of the same role who joined later and is here.", "away")


@_act("agree", facilitator=True)
def _plan(request: Request) -> acts.CarePlan:
    request.need_seen("plan")
    return request.read(acts.CarePlan)


@_act("agree", facilitator=True)
def _ledger(request: Request) -> acts.SharedRisk:
    request.need_seen("ledger")
    rows = request.table("risks")
    own = {name: rows[name] for name in OWN_RISKS if rows.get(name, {}).get("consequence")}
    facts = {"of", "consequence", "affects"}
    brought = {
        risk.id: rows.get(risk.id, {}) | risk.model_dump(include=facts)
        for risk in request.shared.plan.risks
    }
    return request.read(acts.SharedRisk, risks=brought | own)


@_act("agree")
def _agreement(request: Request) -> dict[str, Any]:
    if not request.meeting.changed_by("plan"):
        raise refusal("There is no plan to agree to yet.")
    if request.values.get("seen") != str(request.meeting.agreed_to):
        raise refusal(
            "The plan or the shared risk has just changed. Read it again, then choose again."
        )
    answer, parts = request.read(acts.AgreementAnswer), request.shared.parts
    party = _party_told_of(request, answer) if request.facilitates else _own_party(request, answer)
    refused = [parts[part] for part in answer.not_to if answer.says == "agrees in part"]
    if answer.says == "agrees in part" and not 0 < len(refused) < len(parts):
        raise refusal("must name at least one part, and not all of them.", "not_to")
    if not answer.reason and (answer.says != "agrees" or request.seat.role == "speaks-for"):
        raise refusal(NOT_ANSWERED, "reason")
    return {**party, "says": answer.says, "not_to": refused, "reason": answer.reason}


def _own_party(request: Request, answer: acts.AgreementAnswer) -> dict[str, Any]:
    role, party = request.seat.role, request.meeting.answers_for(request.seat)
    if party is None:
        raise refusal(
            "The agreement is asked of the person, one healthcare professional and the "
            "commissioner."
        )
    if role != "speaks-for":
        return {"party": party, "who": ROLES[role]}
    if not answer.authority:
        raise refusal(NOT_ANSWERED, "authority")
    who = f"{ROLES[role]}: {WORDS['authorities'][answer.authority]}"
    return {"party": party, "who": who, "authority": answer.authority}


def _party_told_of(request: Request, answer: acts.AgreementAnswer) -> dict[str, Any]:
    meeting, party = request.meeting, answer.party
    if not party or not answer.who:
        raise refusal(NOT_ANSWERED, "who" if party else "party")
    seat, standing = meeting.signer(party), meeting.standing(party)
    if seat:
        raise refusal(f"is here and answers for themselves: {seat.title}.", "party")
    if standing and meeting.seats[standing.seat].role != FACILITATOR:
        raise refusal("has answered from their own seat, and that answer stands.", "party")
    return {"party": party, "who": answer.who}


@_act()
def _strike(request: Request) -> dict[str, Any]:
    return {"words": request.text("words", required=True)}


@_act("person", "reveal", "reveal-again", "agree", facilitator=True)
def _outcome(request: Request) -> acts.Ending:
    ending, planned = request.read(acts.Ending), request.meeting.plan.review_on
    again = ending.review_on
    if ending.what in {"made", "to confirm"}:
        _need_decided(request.shared, ending)
        if again not in {None, planned}:
            problem = "is not the day in the plan, to which all three have agreed."
            raise refusal(problem, "again_on")
    if ending.what != "not reached":
        again = again or planned
    if ending.what == "deferred" and not again:
        raise refusal(NOT_ANSWERED, "again_on")
    return ending.model_copy(update={"review_on": again})


def _need_decided(shared: SharedPlan, ending: acts.Ending) -> None:
    """Refuse a decision that lacks something, or the word of whoever has to sign for it."""
    missing, cure = "; ".join(words for _, words in shared.missing()), "Put it right"
    if ending.what == "made" and not missing and shared.to_confirm:
        missing = f"{shared.to_confirm} said yes from no seat of their own"
        cure = "Have them join and answer, record that it is made subject to their confirmation"
    if missing:
        cure = f"{cure}, or record that the decision is deferred or not reached."
        raise refusal(f"cannot be “made” yet: {missing}. {cure}", "what")
    if ending.what == "to confirm" and not shared.to_confirm:
        raise refusal("leaves nothing to confirm. Choose “A decision is made”.", "what")
    if shared.sole_holder and not ending.sole:
        problem = "is not answered yet. Share the risks, or say why one party holds them all."
        raise refusal(problem, "sole")


def check_join(meeting: Meeting, role: object, name: object) -> dict[str, str]:
    """Return what is kept of somebody who joins, or refuse it with the reason."""
    if not isinstance(role, str) or role not in ORDER[1:]:
        raise refusal(f"must be one of {', '.join(ORDER[1:])}.", "role")
    called = need_name(name)
    here = [seat for seat in meeting.seats.values() if not seat.away]
    if len(here) >= MOST_SEATS:
        raise refusal(f"The meeting is full: {MOST_SEATS - 1} people have joined.")
    if _as_heard(called) in [_as_heard(seat.name) for seat in here]:
        raise refusal(
            f"{called!r} sits here already. If that is you, give your return code, or have the "
            "facilitator mark that place as away; if not, add a letter.",
            "name",
        )
    if role == "person" and any(seat.role == "person" for seat in here):
        raise refusal(
            "is taken: the person sits here already. If that is you, give your return code, or "
            "have the facilitator mark that place as away.",
            "role",
        )
    return {"role": role, "name": called}


def _as_heard(name: str) -> str:
    """Write a name so that those which only look different are the same: Fac and full-width fac."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
