"""The last stage: plan, shared risk, the three agreements, and how the meeting ends."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, get_args

from phbkit.casebank import Case
from phbkit.casebank.models import Says
from phbkit.decision import Plan, Terms
from phbkit.decision.risk_ledger import HOLDERS
from phbkit.errors import RefusedError
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.request import Asked, need_facilitator, need_seen, need_stage
from phbkit.meeting.roles import FACILITATOR, PARTIES, party_of, role_name
from phbkit.workbook.asks import HELD

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
AUTHORITIES = {
    "asked": "the person asked them to",
    "appointed": "as attorney or deputy",
    "best-interests": "in a best-interests decision",
    "unsettled": "it is not settled by what authority",
}


def plan_of(case: Case, data: Mapping[str, Any]) -> Plan:
    """Make the plan that a meeting's `plan` act describes; empty before there is one."""
    items: Mapping[str, Mapping[str, Any]] = data.get("items", {})
    terms = {
        item: Terms(each["times"], _iso(each["starts"]), _iso(each["ends"]))
        for item, each in items.items()
    }
    return Plan.of(case, items, terms)


def risks_now(case: Case, meeting: Meeting) -> dict[str, dict[str, Any]]:
    """Give the risks of the plan as it is now, by id, with what was kept of each.

    A risk that the plan brings and that nobody has looked at yet is there, with nobody who holds
    it; one that the plan no longer brings is not. What the facilitator added stays.
    """
    plan = plan_of(case, meeting.plan)
    nobody = {"holders": [], "mitigation": "", "stop_rule": "", "review": ""}
    brought = {
        risk.id: {"of": risk.of, "consequence": risk.consequence, "affects": risk.affects} | nobody
        for risk in plan.risks
    }
    own = {name: risk for name, risk in meeting.ledger.items() if name.startswith("own.")}
    kept = {name: meeting.ledger.get(name, risk) for name, risk in brought.items()}
    return kept | own


def parts_of(case: Case, meeting: Meeting) -> dict[str, str]:
    """Give what somebody can refuse of the plan, by id: its items, and what makes it safer."""
    safer, chosen = safeguards_of(case, meeting), meeting.plan.get("safeguards", ())
    items = {item.id: item.title for item in plan_of(case, meeting.plan).items}
    return items | {each: safer[each] for each in chosen if each in safer}


def left_out(case: Case, meeting: Meeting) -> tuple[str, ...]:
    """Name what was rated and is not in the plan."""
    taken = parts_of(case, meeting)
    rated = meeting.things if meeting.rounds else ()
    return tuple(thing.title for thing in rated if thing.id not in taken)


def is_asked(meeting: Meeting, case: Case) -> bool:
    """Say whether the three are asked to agree: there is a plan, and somebody holds each risk.

    Whoever answers before does so unasked: what they answered lapses with the next change.
    """
    risks = risks_now(case, meeting)
    return bool(meeting.agreed_to and risks and all(risk["holders"] for risk in risks.values()))


def safeguards_of(case: Case, meeting: Meeting) -> dict[str, str]:
    """Give what would make the plan safer, by id: what was rated, and what the case has."""
    rated = {thing.id: thing.title for thing in meeting.things if thing.kind == "safeguard"}
    return rated | {f"s.{each.id}": each.title for each in case.about.safeguards}


def _iso(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def check_plan(asked: Asked) -> dict[str, Any]:
    """Return what is kept of a plan, or refuse it."""
    need_facilitator(asked)
    need_stage(asked, "agree")
    need_seen(asked, "plan")
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
    safer = asked.chosen("safeguards", safeguards_of(asked.case, asked.meeting))
    return {"items": plan_items(asked), "safeguards": safer, **kept}


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


def check_ledger(asked: Asked) -> dict[str, Any]:
    """Return what is kept of who holds which risk, or refuse it."""
    need_facilitator(asked)
    need_stage(asked, "agree")
    need_seen(asked, "ledger")
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


def check_agreement(asked: Asked) -> dict[str, Any]:
    """Return what is kept of one party's answer, or refuse it."""
    need_stage(asked, "agree")
    meeting = asked.meeting
    if not meeting.changed_by("plan"):
        raise RefusedError({"": "There is no plan to agree to yet."})
    if asked.text("seen") != str(meeting.agreed_to):
        problem = "The plan or the shared risk has just changed. Read it again, then choose again."
        raise RefusedError({"": problem})
    says = asked.one_of("says", get_args(Says))
    parts = parts_of(asked.case, meeting)
    not_to = asked.chosen("not_to", parts)
    if says == "agrees in part" and not 0 < len(not_to) < len(parts):
        raise RefusedError({"not_to": "must name at least one part, and not all of them."})
    not_to = [parts[part] for part in not_to] if says == "agrees in part" else []
    speaks_for = asked.seat.role == "speaks-for"
    reason = asked.text("reason", required=says != "agrees" or speaks_for)
    return {**_party(asked), "says": says, "not_to": not_to, "reason": reason}


def _party(asked: Asked) -> dict[str, str]:
    meeting = asked.meeting
    if not asked.facilitates:
        if not meeting.may_agree(asked.seat):
            raise RefusedError({"": "The agreement is asked of the person, one healthcare "
                                "professional and the commissioner."})  # fmt: skip
        who = role_name(asked.seat.role)
        if asked.seat.role == "speaks-for":
            who += f": {AUTHORITIES[asked.one_of('authority', AUTHORITIES)]}"
        return {"party": str(party_of(asked.seat.role)), "who": who}
    party = asked.one_of("party", tuple(PARTIES))
    seat = meeting.signer(next(each for each in PARTIES if each == party))
    if seat:
        raise RefusedError({"party": f"is here and answers for themselves: {seat.title}."})
    own = meeting.standing(next(each for each in PARTIES if each == party))
    if own and meeting.seats[own.seat].role != FACILITATOR:
        raise RefusedError({"party": "has answered from their own seat, and that answer stands."})
    return {"party": party, "who": asked.text("who", required=True, longest=120)}


def check_outcome(asked: Asked) -> dict[str, Any]:
    """Return what is kept of how the meeting ends, or refuse it."""
    need_facilitator(asked)
    need_stage(asked, "person", "reveal", "reveal-again", "agree")
    what = asked.one_of("what", OUTCOMES)
    if what == "made":
        _need_plan_to_watch(asked)
        _need_risks_held(asked)
        _need_agreements(asked)
    problems: dict[str, str] = {}
    again, planned = _later(asked, "again_on", problems), asked.meeting.plan.get("review_on", "")
    if what == "made" and again not in {"", planned}:
        problems["again_on"] = "is not the day in the plan, to which all three have agreed."
    if what == "made" or (what == "deferred" and not again):
        again = planned
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
    if not asked.meeting.changed_by("plan"):
        raise RefusedError({"what": "cannot be “made”: there is no plan."})
    missing = [words for name, words in TO_WATCH.items() if not plan.get(name)]
    if missing:
        raise RefusedError(
            {"what": f"cannot be “made” yet. The plan does not say {', '.join(missing)}. Put it "
             "into the plan, so that all three agree to it."}
        )  # fmt: skip


def _need_risks_held(asked: Asked) -> None:
    """Refuse to call a decision made while no risk is written down, or nobody holds one."""
    risks = risks_now(asked.case, asked.meeting)
    if not risks:
        problem = (
            "cannot be “made” yet: no risk is written down. Say what could happen if you do this, "
            "or if you do not, and who holds it."
        )
        raise RefusedError({"what": problem})
    unheld = sum(not risk["holders"] for risk in risks.values())
    if unheld:
        problem = f"cannot be “made” yet: nobody holds {unheld} of the {len(risks)} risks."
        raise RefusedError({"what": problem})


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
            missing.append(f"{title.lower()} agrees in part only")
        elif said.says == "does not agree":
            missing.append(f"{title.lower()} does not agree")
        elif said.who.endswith(AUTHORITIES["unsettled"]):
            missing.append("it is not settled by what authority somebody speaks for the person")
    if missing:
        raise RefusedError(
            {"what": f"cannot be “made” yet: {'; '.join(missing)}. Ask again, change the plan, or "
             "record that the decision is deferred or not reached."}
        )  # fmt: skip
