"""From a meeting to its decision record."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from phbkit.casebank import Case
from phbkit.casebank.case import DRAFT, FICTION
from phbkit.decision import Finding, Plan, Proposal, findings
from phbkit.decision.ratings import METHOD
from phbkit.decision.risk_ledger import HOLDERS
from phbkit.meeting.agreeing import left_out, plan_of, risks_now, safeguards_of
from phbkit.meeting.decision_record import DecisionRecord, HeldRisk, PartyAgreement, PlanLine, Said
from phbkit.meeting.meeting import ROUNDS, Agreed, Meeting, Stage, Words
from phbkit.meeting.reveal import moved, rated_items
from phbkit.meeting.roles import FACILITATOR, PARTIES, party_of, role_inside, role_name
from phbkit.workbook.asks import HELD

_PAID_BY = {"bought": "budget", "nhs": "usual care", "own-money": "own money"}
SAFETY_NOTICE = (
    "This tool has not been through clinical safety assurance. Using it on a real person’s care "
    "may bring it under the NHS clinical risk standards: DCB0129 for whoever makes a health IT "
    "system, and DCB0160 for the organisation that uses it. Ask your clinical safety officer "
    "before you do."
)
PRIVACY_NOTICE = (
    "Leave out names, dates of birth, NHS numbers, addresses and anything else that says who the "
    "person is. The record belongs in the person’s own file, kept as your organisation keeps it."
)


def called(meeting: Meeting, case: Case) -> str:
    """Say what the person is called in the meeting: a first name, or whatever a live one uses."""
    name = case.person.name
    return name if meeting.mode == "live" else name.split()[0]


def notices(meeting: Meeting, case: Case) -> tuple[str, ...]:
    """Say what must be said of a record: invented, or real with duties."""
    told: tuple[str, ...] = (
        (SAFETY_NOTICE, PRIVACY_NOTICE) if meeting.mode == "live" else (FICTION,)
    )
    if meeting.mode == "training" and case.draft:
        told += (DRAFT,)
    if meeting.not_asked:
        told += (f"The person was not asked before the meeting: {meeting.not_asked}",)
    told += tuple(
        f"{role_name(meeting.seats[seat].role)}: the facilitator noted that they came back under "
        "another name, and dropped the marks given under the first before anybody saw them."
        for seat in meeting.dropped
    )
    return told


def proposal(meeting: Meeting, case: Case, plan: Plan | None = None) -> Proposal:
    """Put the plan, and what is agreed about watching it, before the deal."""
    review = meeting.plan.get("review_on")
    weeks = None
    if review and meeting.opened:
        weeks = max(1, (dt.date.fromisoformat(review) - meeting.opened.date()).days // 7)
    stop_rules = [risk["stop_rule"] for risk in risks_now(case, meeting).values()]
    return Proposal(
        plan or plan_of(case, meeting.plan),
        review_weeks=weeks,
        stop_rule=meeting.plan.get("stop_rule", "") or " ".join(stop_rules),
        held=meeting.plan.get("held") or None,
    )


def decision_record(session: str, meeting: Meeting, case: Case) -> DecisionRecord:
    """Make the decision record of a meeting as it stands."""
    plan, watched = plan_of(case, meeting.plan), meeting.plan
    outcome = meeting.outcome
    review = outcome["review_on"] if outcome else watched.get("review_on")
    told = {} if meeting.mode == "live" else {"served": plan.served, "unserved": plan.unserved}
    assert meeting.opened  # noqa: S101  the first act opens a meeting
    return DecisionRecord(
        session=session,
        mode=meeting.mode,
        title=meeting.title,
        about=called(meeting, case),
        held_on=meeting.opened.astimezone().date(),
        present=_people(meeting, away=False),
        away=_people(meeting, away=True),
        matters=tuple(_said(meeting, words) for words in meeting.matters),
        worries=tuple(_said(meeting, words) for words in meeting.worries),
        rated=tuple(item for number in meeting.rounds for item in rated_items(meeting, number)),
        moved=moved(meeting),
        notes=tuple(_said(meeting, words) for words in meeting.notes),
        lines=_lines(plan, meeting),
        indicative=case.budget.indicative,
        contingency=None if meeting.mode == "live" else case.budget.contingency,
        cost=plan.cost,
        held=HELD.get(watched.get("held", ""), ""),
        served=tuple(each.title for each in told.get("served", ())),
        unserved=tuple(each.title for each in told.get("unserved", ())),
        findings=tuple(_finding(each) for each in findings(proposal(meeting, case))),
        risks=tuple(_risk(each) for each in risks_now(case, meeting).values()),
        agreements=_agreements(meeting),
        dissent=tuple(_said(meeting, words) for words in meeting.dissent.values()),
        outcome=outcome.get("what", "not reached"),
        reasons=outcome.get("reasons", ""),
        coordinator=watched.get("coordinator", ""),
        stop_rule=watched.get("stop_rule", ""),
        review_on=dt.date.fromisoformat(review) if review else None,
        review_triggers=watched.get("triggers", ""),
        method=METHOD,
        notices=notices(meeting, case),
        not_asked=meeting.not_asked,
        closed=meeting.ended,
        safeguards=_safeguards(meeting, case),
        earlier=tuple(_earlier(each) for each in meeting.earlier_refusals),
        wants=tuple(each.title for each in case.about.outcomes if meeting.mode == "live"),
        left_out=left_out(case, meeting) if meeting.changed_by("plan") else (),
    )


def _people(meeting: Meeting, *, away: bool) -> tuple[str, ...]:
    """Count who sits here, or is away, by role: names are for the room, not for the file."""
    roles = Counter(role_name(seat.role) for seat in meeting.seats.values() if seat.away == away)
    return tuple(role if count == 1 else f"{role} ({count})" for role, count in roles.items())


def _safeguards(meeting: Meeting, case: Case) -> tuple[str, ...]:
    known = safeguards_of(case, meeting)
    return tuple(known[each] for each in meeting.plan.get("safeguards", ()) if each in known)


def _earlier(said: Agreed) -> PartyAgreement:
    return PartyAgreement(said.party, said.who, said.says, said.not_to, said.reason, "", said.at)  # type: ignore[arg-type]


def _said(meeting: Meeting, words: Words) -> Said:
    role = meeting.seats[words.seat].role
    who = words.told_for or ("facilitator’s note" if role == FACILITATOR else role_inside(role))
    return Said(who[0].upper() + who[1:], words.text, _round(words.stage))


def _round(stage: Stage) -> int:
    return {"reveal": 1, "reveal-again": 2, **ROUNDS}.get(stage, 0)


def _lines(plan: Plan, meeting: Meeting) -> tuple[PlanLine, ...]:
    outcomes = {each.id: each.title for each in plan.case.about.outcomes}
    terms: dict[str, Any] = meeting.plan.get("items", {})
    return tuple(
        PlanLine(
            title=item.title,
            provider=item.provider,
            price=item.price,
            per=item.per,
            times=plan.times(item),
            cost=plan.cost_of(item),
            own=plan.own_cost_of(item),
            paid_by=_PAID_BY[item.how],  # type: ignore[arg-type]
            starts=_day(terms[item.id]["starts"]),
            ends=_day(terms[item.id]["ends"]),
            serves=tuple(outcomes[each] for each in item.serves if each in outcomes),
        )
        for item in plan.items
    )


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _finding(finding: Finding) -> tuple[str, str, str]:
    return finding.level, finding.rule.title, finding.about


def _risk(data: dict[str, Any]) -> HeldRisk:
    holders = tuple(HOLDERS[each] for each in data["holders"])
    return HeldRisk(**{**data, "holders": holders})


def _agreements(meeting: Meeting) -> tuple[PartyAgreement, ...]:
    made = []
    for party in PARTIES:
        said = meeting.standing(party)
        if said is None:
            reason = (
                "Something changed after the answer, and they were not asked again."
                if meeting.lapsed(party)
                else ""
            )
            made.append(PartyAgreement(party, "", "not given", (), reason, ""))
            continue
        told = ""
        by = meeting.seats[said.seat].role
        if by == "speaks-for":
            told = "somebody who speaks for the person, from a seat in the meeting"
        if by == FACILITATOR:
            told = "the facilitator"
            if any(party_of(seat.role) == party for seat in meeting.seats.values()):
                told += ", while whoever sat here for them was marked as away"
        made.append(
            PartyAgreement(
                party,
                said.who,
                said.says,  # type: ignore[arg-type]
                said.not_to,
                said.reason,
                told,
                said.at,
            )
        )
    return tuple(made)
