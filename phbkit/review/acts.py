"""Acts: who may do what at which stage, and what is kept of it. Everything typed is hostile."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from phbkit.casebank import Case
from phbkit.casebank.models import Says
from phbkit.deciding import Plan, Terms
from phbkit.deciding.ledger import HOLDERS
from phbkit.review.meeting import NEXT, ROUNDS, STAGE_TITLES, Meeting, Seat, Stage, Thing
from phbkit.review.roles import FACILITATOR, PARTIES, PERSON_SIDE, ROLES, party_of, role_name
from phbkit.review.subject import candidates
from phbkit.workbook.answers import HELD, LONGEST_TEXT
from phbkit.workbook.module import RefusedError

CANNOT_SAY = "cannot-say"
MOST_THINGS = 16
MOST_SEATS = 31
OWN_THINGS = 3
OWN_RISKS = 4
SHORT = 600
PLAN_TEXTS = ("coordinator", "triggers", "stop_rule")
TO_WATCH = {
    "coordinator": "who co-ordinates",
    "review_on": "when it is reviewed",
    "triggers": "what would bring the review forward",
    "stop_rule": "what would stop it",
}
OUTCOMES = {
    "made": "A decision is made",
    "deferred": "The decision is deferred",
    "not reached": "No decision was reached",
}

Values = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Asked:
    """One act that somebody asks for: in which meeting, on which case, from which seat, when."""

    meeting: Meeting
    case: Case
    seat: Seat
    values: Values
    today: dt.date

    @property
    def facilitates(self) -> bool:
        """Whether the facilitator asks."""
        return self.seat.role == FACILITATOR

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> str:
        """Return a text field, or refuse it."""
        value = self.values.get(name, "")
        if not isinstance(value, str):
            raise RefusedError({name: "must be one text."})
        kept = value.strip()
        if required and not kept:
            raise RefusedError({name: "is not answered yet."})
        if len(kept) > longest:
            raise RefusedError({name: f"must be at most {longest} characters; got {len(kept)}."})
        return kept

    def chosen(self, name: str, allowed: Mapping[str, Any] | set[str]) -> list[str]:
        """Return the ticked boxes of a field, or refuse what is not on the list."""
        value = self.values.get(name, [])
        ticked = [value] if isinstance(value, str) else value
        for each in ticked:
            if each not in allowed:
                raise RefusedError({name: f"has no {each!r}."})
        return [each for each in allowed if each in ticked]

    def one_of(self, name: str, allowed: Mapping[str, Any] | tuple[str, ...]) -> str:
        """Return the chosen one of a list, or refuse."""
        value = self.text(name, required=True)
        if value not in allowed:
            raise RefusedError({name: f"must be one of {', '.join(allowed)}; got {value!r}."})
        return value


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


def plan_of(case: Case, data: Mapping[str, Any]) -> Plan:
    """Make the plan that a meeting's `plan` act describes; empty before there is one."""
    items: Mapping[str, Mapping[str, Any]] = data.get("items", {})
    terms = {
        item: Terms(each["times"], _iso(each["starts"]), _iso(each["ends"]))
        for item, each in items.items()
    }
    return Plan.of(case, items, terms)


def _iso(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _need_facilitator(asked: Asked) -> None:
    if not asked.facilitates:
        raise RefusedError({"": "Only the facilitator can do that."})


def _need_stage(asked: Asked, *stages: Stage) -> None:
    if asked.meeting.stage not in stages:
        where = STAGE_TITLES[asked.meeting.stage]
        wanted = " or ".join(f"“{STAGE_TITLES[stage]}”" for stage in stages)
        raise RefusedError({"": f"The meeting is at “{where}”; this belongs to {wanted}."})


def _need_seen(asked: Asked, part: str) -> None:
    """Refuse an edit made on an older state of a part than the one that is kept now."""
    now = asked.meeting.changed.get(part, 0)
    if asked.values.get("seen") != str(now):
        raise RefusedError(
            {"": "Another window changed this part since you opened it. What it says now is on "
             "this page; what you typed is kept. Look at both, then save again."}
        )  # fmt: skip


def _stage(asked: Asked) -> dict[str, Any]:
    _need_facilitator(asked)
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
    if to in {"reveal", "reveal-again"} and not meeting.rated(meeting.round):
        raise RefusedError({"": "Nobody has rated yet, so there is nothing to show."})
    return {"to": to}


def _things(asked: Asked) -> dict[str, Any]:
    _need_facilitator(asked)
    _need_stage(asked, "gather", "person")
    _need_seen(asked, "things")
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
    _need_stage(asked, "gather", "person", "reveal", "reveal-again", "agree")
    own = asked.seat.role in PERSON_SIDE
    if not own and not asked.facilitates:
        raise RefusedError(
            {"": "These words are the person’s, or those of whoever speaks for them."}
        )
    matters, worries = asked.text("matters"), asked.text("worries")
    if own:
        if not matters and not worries:
            raise RefusedError({"matters": "is not answered yet."})
        return {"matters": matters, "worries": worries}
    if asked.meeting.has_person:
        raise RefusedError({"": "The person’s seat is taken: these words are theirs to write."})
    not_asked = asked.text("not_asked")
    if not (matters or worries or not_asked):
        problem = "needs what the person said, or why nobody has asked them."
        raise RefusedError({"matters": problem})
    told = "the person, told by the facilitator"
    return {"matters": matters, "worries": worries, "not_asked": not_asked, "told_for": told}


def _rate(asked: Asked) -> dict[str, Any]:
    _need_stage(asked, "rate", "rate-again")
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
    _need_facilitator(asked)
    _need_stage(asked, "person", "reveal", "reveal-again", "agree")
    return {"text": asked.text("note", required=True)}


def _dissent(asked: Asked) -> dict[str, Any]:
    _need_stage(asked, "reveal", "rate-again", "reveal-again", "agree")
    if asked.facilitates:
        raise RefusedError({"": "The facilitator keeps the record and does not dissent in it."})
    return {"text": asked.text("dissent", longest=2000)}


def _away(asked: Asked) -> dict[str, Any]:
    _need_facilitator(asked)
    seats = {seat.id: seat for seat in asked.meeting.seats.values() if seat.rates}
    seat = asked.one_of("seat", seats)
    away = asked.one_of("away", ("yes", "no", "replaced"))
    if away == "replaced" and asked.meeting.stage not in ROUNDS:
        raise RefusedError({"away": "can drop marks only while a round is open."})
    return {"seat": seat, "away": away != "no", "drop": away == "replaced"}


def _plan(asked: Asked) -> dict[str, Any]:
    _need_facilitator(asked)
    _need_stage(asked, "agree")
    _need_seen(asked, "plan")
    held = asked.text("held")
    if held and held not in HELD:
        raise RefusedError({"held": f"must be one of {', '.join(HELD)}."})
    clinical = {s.id for s in asked.meeting.seats.values() if party_of(s.role) == "professional"}
    lead = asked.text("lead")
    if lead and lead not in clinical:
        raise RefusedError({"lead": "must be a healthcare professional in this meeting."})
    problems: dict[str, str] = {}
    kept = {"held": held, "lead": lead, "review_on": _later(asked, "review_on", problems)}
    if problems:
        raise RefusedError(problems)
    for name in PLAN_TEXTS:
        kept[name] = asked.text(name)
    return {"items": plan_items(asked), **kept}


def _later(asked: Asked, name: str, problems: dict[str, str]) -> str:
    day = _day(asked, name, problems)
    if day and day <= asked.today.isoformat():
        problems[name] = "must be after today."
    return day


def plan_items(asked: Asked) -> dict[str, Any]:
    """Read the items of a plan form, with times, start and end, or refuse."""
    known = {item.id: (place, item) for place, item in enumerate(asked.case.about.items)}
    items, problems = {}, {}
    for item_id in asked.chosen("items", known):
        place, item = known[item_id]
        times = str(asked.values.get(f"times.{place}", "") or item.times)
        if not re.fullmatch("[0-9]{1,3}", times) or not 1 <= int(times) <= 400:
            problems[f"times.{place}"] = f"must be a whole number from 1 to 400; got {times!r}."
            continue
        starts, ends = (_day(asked, f"{name}.{place}", problems) for name in ("starts", "ends"))
        if starts and ends and ends < starts:
            problems[f"ends.{place}"] = "is before it starts."
        items[item_id] = {"times": int(times), "starts": starts, "ends": ends}
    if problems:
        raise RefusedError(problems)
    return items


def _day(asked: Asked, name: str, problems: dict[str, str]) -> str:
    text = asked.text(name)
    if not text:
        return ""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        problems[name] = f"must be a day like {asked.today.isoformat()}; got {text!r}."
        return ""
    if abs((day - asked.today).days) > 3 * 366:
        problems[name] = "must be within three years of today."
    return day.isoformat()


def _ledger(asked: Asked) -> dict[str, Any]:
    _need_facilitator(asked)
    _need_stage(asked, "agree")
    _need_seen(asked, "ledger")
    risks = {}
    brought = {risk.id for risk in plan_of(asked.case, asked.meeting.plan).risks}
    for place, risk in enumerate(asked.case.about.risks):
        if risk.id in brought:
            told = {"of": risk.of, "consequence": risk.consequence, "affects": risk.affects}
            risks[risk.id] = told | _held_risk(asked, f"risk.{place}")
    for number in range(OWN_RISKS):
        name = f"own.{number}"
        consequence = asked.text(f"{name}.consequence", longest=SHORT)
        if consequence:
            told = {
                "of": asked.one_of(f"{name}.of", ("doing", "not doing")),
                "consequence": consequence,
                "affects": asked.text(f"{name}.affects", longest=SHORT),
            }
            risks[name] = told | _held_risk(asked, name)
    return {"risks": risks}


def _held_risk(asked: Asked, name: str) -> dict[str, Any]:
    texts = {part: asked.text(f"{name}.{part}", longest=SHORT) for part in
             ("mitigation", "stop_rule", "review")}  # fmt: skip
    return {"holders": asked.chosen(f"{name}.holders", HOLDERS), **texts}


def _agreement(asked: Asked) -> dict[str, Any]:
    _need_stage(asked, "agree")
    meeting = asked.meeting
    if "plan" not in meeting.changed:
        raise RefusedError({"": "There is no plan to agree to yet."})
    if asked.text("seen") != str(meeting.agreed_to):
        problem = "The plan or the shared risk has just changed. Read it again, then choose again."
        raise RefusedError({"": problem})
    says = asked.one_of("says", get_args(Says))
    plan = plan_of(asked.case, meeting.plan)
    not_to = asked.chosen("not_to", {item.id: item for item in plan.items})
    if says == "agrees in part" and not 0 < len(not_to) < len(plan.items):
        raise RefusedError({"not_to": "must name at least one item, and not all of them."})
    if says != "agrees in part":
        not_to = []
    speaks_for = asked.seat.role == "speaks-for"
    reason = asked.text("reason", required=says != "agrees" or speaks_for)
    return {**_party(asked), "says": says, "not_to": not_to, "reason": reason}


def _party(asked: Asked) -> dict[str, str]:
    meeting = asked.meeting
    if not asked.facilitates:
        if not meeting.may_agree(asked.seat):
            raise RefusedError({"": "The agreement is asked of the person, one healthcare "
                                "professional and the commissioner."})  # fmt: skip
        return {"party": str(party_of(asked.seat.role)), "who": role_name(asked.seat.role)}
    party = asked.one_of("party", tuple(PARTIES))
    seat = meeting.signer(next(each for each in PARTIES if each == party))
    if seat:
        raise RefusedError({"party": f"is here and answers for themselves: {seat.title}."})
    own = meeting.standing(next(each for each in PARTIES if each == party))
    if own and meeting.seats[own.seat].role != FACILITATOR:
        raise RefusedError({"party": "has answered from their own seat, and that answer stands."})
    return {"party": party, "who": asked.text("who", required=True, longest=120)}


def _outcome(asked: Asked) -> dict[str, Any]:
    _need_facilitator(asked)
    _need_stage(asked, "person", "reveal", "reveal-again", "agree")
    what = asked.one_of("what", OUTCOMES)
    if what == "made":
        _need_plan_to_watch(asked)
        _need_agreements(asked)
    problems: dict[str, str] = {}
    again = _later(asked, "again_on", problems) or asked.meeting.plan.get("review_on", "")
    if not again and what == "deferred":
        problems["again_on"] = "is not answered yet."
    try:
        reasons = asked.text("reasons", required=True)
    except RefusedError as error:
        problems |= error.problems
    if problems:
        raise RefusedError(problems)
    return {"what": what, "review_on": again, "reasons": reasons}


def _need_plan_to_watch(asked: Asked) -> None:
    """Refuse to call a decision made while the plan does not say who watches it, how and when."""
    plan = asked.meeting.plan
    if "plan" not in asked.meeting.changed:
        raise RefusedError({"what": "cannot be “made”: there is no plan."})
    missing = [words for name, words in TO_WATCH.items() if not plan.get(name)]
    if missing:
        raise RefusedError(
            {"what": f"cannot be “made” yet. The plan does not say {', '.join(missing)}. Put it "
             "into the plan, so that all three agree to it."}
        )  # fmt: skip


def _need_agreements(asked: Asked) -> None:
    """Refuse to call a decision made while one of the three has not agreed to this plan."""
    meeting = asked.meeting
    missing = []
    for party, title in PARTIES.items():
        said = meeting.standing(party)
        if said is None:
            again = " about the plan as it is now" if meeting.lapsed(party) else ""
            missing.append(f"{title.lower()} has not answered{again}")
        elif said.says == "agrees in part":
            missing.append(f"{title.lower()} agrees in part only: take out what they refuse")
        elif said.says == "does not agree":
            missing.append(f"{title.lower()} does not agree")
    if missing:
        raise RefusedError(
            {"what": f"cannot be “made” yet: {'; '.join(missing)}. Ask again, change the plan, or "
             "record that the decision is deferred or not reached."}
        )  # fmt: skip


_CHECKS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "stage": _stage,
    "things": _things,
    "person": _person,
    "rate": _rate,
    "note": _note,
    "dissent": _dissent,
    "away": _away,
    "plan": _plan,
    "ledger": _ledger,
    "agreement": _agreement,
    "outcome": _outcome,
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
    for seat in meeting.seats.values():
        if seat.name.casefold() == called.casefold():
            raise RefusedError(
                {"name": f"{called!r} sits here already. If that is you on another device, give "
                 "your return code; if not, add a letter."}
            )  # fmt: skip
        if role == seat.role == "person":
            raise RefusedError({"role": "is taken: the person sits here already. If that is you on "
                                "another device, give your return code."})  # fmt: skip
    return {"role": role, "name": called}
