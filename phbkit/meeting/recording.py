"""From a meeting to its decision record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from phbkit.casebank import Case
from phbkit.casebank.case import DRAFT, FICTION
from phbkit.decision.risk_ledger import HOLDERS
from phbkit.meeting.decision_record import (
    DecisionRecord,
    HeldRisk,
    Party,
    PartyAgreement,
    PlanLine,
    Statement,
    Teller,
)
from phbkit.meeting.meeting import ROUNDS, Agreed, Meeting, Stage, Words
from phbkit.meeting.ratings import METHOD
from phbkit.meeting.reveal import moved, rated_items
from phbkit.meeting.roles import FACILITATOR, PARTIES, party_of, role_inside, role_name
from phbkit.meeting.shared_plan import SharedPlan, day_of

_PAID_BY: dict[str, Literal["budget", "usual care", "own money"]] = {
    "bought": "budget",
    "nhs": "usual care",
    "own-money": "own money",
}
_ROUND_OF: dict[Stage, int] = {"reveal": 1, "reveal-again": 2, **ROUNDS}
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
    texts = [SAFETY_NOTICE, PRIVACY_NOTICE] if meeting.mode == "live" else [FICTION]
    if meeting.mode == "training" and case.draft:
        texts.append(DRAFT)
    if meeting.not_asked:
        texts.append(f"The person was not asked before the meeting: {meeting.not_asked}")
    texts += [
        f"{role_name(meeting.seats[seat].role)}: the facilitator noted that they came back under "
        "another name, and dropped the marks given under the first before anybody saw them."
        for seat in meeting.dropped
    ]
    return tuple(texts)


def decision_record(session: str, meeting: Meeting, case: Case) -> DecisionRecord:
    """Make the decision record of a meeting as it stands."""
    shared, kept, outcome = SharedPlan(case, meeting), meeting.plan, meeting.outcome
    live = meeting.mode == "live"  # where no case says what an item is for
    assert meeting.opened  # noqa: S101  the first act opens a meeting
    return DecisionRecord(
        session=session,
        mode=meeting.mode,
        title=meeting.title,
        about=called(meeting, case),
        held_on=meeting.opened.astimezone().date(),
        present=_people(meeting, away=False),
        away=_people(meeting, away=True),
        matters=_said(meeting, meeting.matters),
        worries=_said(meeting, meeting.worries),
        rated=tuple(item for number in meeting.rounds for item in rated_items(meeting, number)),
        moved=moved(meeting),
        notes=_said(meeting, meeting.notes),
        lines=_lines(shared),
        indicative=case.budget.indicative,
        contingency=None if live else case.budget.contingency,
        cost=shared.plan.cost,
        held=kept.get("held", ""),
        served=() if live else tuple(each.title for each in shared.plan.served),
        unserved=() if live else tuple(each.title for each in shared.plan.unserved),
        findings=tuple((each.level, each.rule.title, each.about) for each in shared.findings()),
        risks=tuple(_risk(risk) for risk in shared.risks.values()),
        agreements=tuple(_agreement(meeting, party) for party in PARTIES),
        dissent=_said(meeting, meeting.dissent.values()),
        outcome=outcome.get("what", "not reached"),
        reasons=outcome.get("reasons", ""),
        coordinator=kept.get("coordinator", ""),
        stop_rule=kept.get("stop_rule", ""),
        review_on=day_of((outcome or kept).get("review_on", "")),
        review_triggers=kept.get("triggers", ""),
        method=METHOD,
        notices=notices(meeting, case),
        not_asked=meeting.not_asked,
        closed=meeting.ended,
        safeguards=tuple(shared.chosen_safeguards.values()),
        earlier=tuple(_given(each) for each in meeting.earlier_refusals),
        wants=tuple(each.title for each in case.about.outcomes if live),
        left_out=shared.left_out if meeting.changed_by("plan") else (),
    )


def _people(meeting: Meeting, *, away: bool) -> tuple[str, ...]:
    """Count who sits here, or is away, by role: names are for the room, not for the file."""
    roles = Counter(role_name(seat.role) for seat in meeting.seats.values() if seat.away == away)
    return tuple(role if count == 1 else f"{role} ({count})" for role, count in roles.items())


def _said(meeting: Meeting, words: Iterable[Words]) -> tuple[Statement, ...]:
    return tuple(Statement(_writer(meeting, w), w.text, _ROUND_OF.get(w.stage, 0)) for w in words)


def _writer(meeting: Meeting, words: Words) -> str:
    role = meeting.seats[words.seat].role
    who = words.told_for or ("facilitator’s note" if role == FACILITATOR else role_inside(role))
    return who[0].upper() + who[1:]


def _lines(shared: SharedPlan) -> tuple[PlanLine, ...]:
    plan, kept = shared.plan, shared.meeting.plan.get("items", {})
    outcomes = {each.id: each.title for each in plan.case.about.outcomes}
    return tuple(
        PlanLine(
            title=item.title,
            provider=item.provider,
            price=item.price,
            per=item.per,
            times=plan.times(item),
            cost=plan.cost_of(item),
            own=plan.own_cost_of(item),
            paid_by=_PAID_BY[item.how],
            starts=day_of(kept[item.id]["starts"]),
            ends=day_of(kept[item.id]["ends"]),
            serves=tuple(outcomes[each] for each in item.serves if each in outcomes),
        )
        for item in plan.items
    )


def _risk(data: dict[str, Any]) -> HeldRisk:
    return HeldRisk(**{**data, "holders": tuple(HOLDERS[each] for each in data["holders"])})


def _agreement(meeting: Meeting, party: Party) -> PartyAgreement:
    answer = meeting.standing(party)
    if answer:
        return _given(answer, _teller(meeting, answer))
    changed = "Something changed after the answer, and they were not asked again."
    reason = changed if meeting.lapsed(party) else ""
    return PartyAgreement(party, "", "not given", (), reason, "")


def _given(answer: Agreed, told_by: Teller = "") -> PartyAgreement:
    return PartyAgreement(
        answer.party, answer.who, answer.says, answer.not_to, answer.reason, told_by, answer.at
    )


def _teller(meeting: Meeting, answer: Agreed) -> Teller:
    """Say who gave an answer for its party."""
    role = meeting.seats[answer.seat].role
    if role == "speaks-for":
        return "speaks-for"
    if role != FACILITATOR:
        return ""
    had_seat = any(party_of(seat.role) == answer.party for seat in meeting.seats.values())
    return "facilitator-while-away" if had_seat else "facilitator"
