"""The decision record of a meeting: what was decided or not, by whom, and who did not agree.

Plain data, so that documents can be made of it without knowing cases or sessions.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, TypeAdapter

from phbkit.casebank import Case
from phbkit.casebank.case import DRAFT, FICTION
from phbkit.casebank.models import Held
from phbkit.decision.risk_ledger import HOLDERS
from phbkit.meeting.acts import HeldRisk, MeetingOutcome
from phbkit.meeting.meeting import Agreement, Meeting, Statement
from phbkit.meeting.ratings import METHOD, RatedItem
from phbkit.meeting.reveal import moved, rated_items
from phbkit.meeting.roles import PARTIES, ROLES, WORDS, Party
from phbkit.meeting.shared_plan import SharedPlan
from phbkit.workbook.plan_steps import HELD

Payer = Literal["budget", "usual care", "own money"]
_PAID_BY: dict[str, Payer] = {"bought": "budget", "nhs": "usual care", "own-money": "own money"}
Pounds = Annotated[Decimal, PlainSerializer(lambda amount: f"{amount:.2f}")]


@dataclass(frozen=True)
class PlanLine:
    """One thing agreed or proposed: price in pounds, times from `starts` until `ends`.

    `cost` is what the budget pays in all, and `own` what the person does, in pounds.
    """

    title: str
    provider: str
    price: Pounds
    per: str
    times: int
    cost: Pounds
    paid_by: Payer
    starts: dt.date | None
    ends: dt.date | None
    serves: tuple[str, ...]
    own: Pounds = Decimal(0)


@dataclass(frozen=True)
class DecisionRecord:
    """Everything that goes on file, and what the person's own copy is made of.

    `earlier` holds refusals of earlier plans, and conditions, which stay on the record; `wants`
    what somebody wants where no case says which part of a plan is for it; `left_out` what was rated
    and is not in the plan. Whoever holds a risk, or has to confirm the decision, is named in words.
    """

    session: str
    mode: Literal["training", "live"]
    title: str
    about: str
    held_on: dt.date
    present: tuple[str, ...]
    away: tuple[str, ...]
    matters: tuple[Statement, ...]
    worries: tuple[Statement, ...]
    rated: tuple[RatedItem, ...]
    moved: tuple[str, ...]
    notes: tuple[Statement, ...]
    lines: tuple[PlanLine, ...]
    indicative: Pounds | None
    contingency: Pounds | None
    cost: Pounds
    held: Annotated[Literal[Held, ""], PlainSerializer(lambda held: HELD.get(held, ""))]
    served: tuple[str, ...]
    unserved: tuple[str, ...]
    findings: tuple[tuple[str, str, str], ...]
    risks: tuple[HeldRisk, ...]
    agreements: tuple[Agreement, ...]
    dissent: tuple[Statement, ...]
    outcome: MeetingOutcome
    reasons: str
    coordinator: str
    stop_rule: str
    review_on: dt.date | None
    review_triggers: str
    method: str
    notices: tuple[str, ...]
    not_asked: str = ""
    closed: bool = True
    safeguards: tuple[str, ...] = ()
    earlier: tuple[Agreement, ...] = ()
    wants: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    to_confirm: str = ""
    sole_holder: str = ""
    sole_reason: str = ""

    @property
    def own(self) -> Decimal:
        """What the person pays in all, in pounds."""
        return sum((line.own for line in self.lines), Decimal(0))

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values: dates as ISO texts, money as texts of pounds and pence."""
        values: dict[str, Any] = _RECORD.dump_python(self, mode="json")
        return values


_RECORD = TypeAdapter(DecisionRecord)


def called(meeting: Meeting, case: Case) -> str:
    """Say what the person is called in the meeting: a first name, or whatever a live one uses."""
    name = case.person.name
    return name if meeting.mode == "live" else name.split()[0]


def notices(meeting: Meeting, case: Case) -> tuple[str, ...]:
    """Say what must be said of a record: invented, or real with duties."""
    texts = [*WORDS["notices"].values()] if meeting.mode == "live" else [FICTION]
    if meeting.mode == "training" and case.draft:
        texts.append(DRAFT)
    if meeting.not_asked:
        texts.append(f"The person was not asked before the meeting: {meeting.not_asked}")
    if meeting.quorum:
        needed = ", ".join(ROLES[role] for role in meeting.quorum)
        absent = ", ".join(ROLES[role] for role in meeting.absent) or "nobody"
        texts.append(f"Who had to be there for a decision: {needed}. Not there: {absent}.")
    texts += [
        f"{PARTIES[said.party]}: the answer was given by {WORDS['told_by'][said.told_by]}."
        for said in map(meeting.standing, PARTIES)
        if said and said.told_by
    ]
    texts += [
        f"{ROLES[meeting.seats[seat].role]}: the facilitator noted that they came back under "
        "another name, and dropped the marks given under the first before anybody saw them."
        for seat in meeting.dropped
    ]
    return tuple(texts)


def decision_record(session: str, meeting: Meeting, case: Case) -> DecisionRecord:
    """Make the decision record of a meeting as it stands."""
    shared, plan, ending = SharedPlan(case, meeting), meeting.plan, meeting.outcome
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
        matters=meeting.matters,
        worries=meeting.worries,
        rated=tuple(item for number in meeting.rounds for item in rated_items(meeting, number)),
        moved=moved(meeting),
        notes=meeting.notes,
        lines=_lines(shared),
        indicative=case.budget.indicative,
        contingency=None if live else case.budget.contingency,
        cost=shared.plan.cost,
        held=plan.held,
        served=() if live else tuple(each.title for each in shared.plan.served),
        unserved=() if live else tuple(each.title for each in shared.plan.unserved),
        findings=tuple((each.level, each.rule.title, each.about) for each in shared.findings()),
        risks=tuple(
            replace(risk, holders=tuple(HOLDERS[each] for each in risk.holders))
            for risk in shared.risks.values()
        ),
        agreements=tuple(_agreement(meeting, party) for party in PARTIES),
        dissent=tuple(meeting.dissent.values()),
        outcome=ending.what if ending else "not reached",
        reasons=ending.reasons if ending else "",
        coordinator=plan.coordinator,
        stop_rule=plan.stop_rule,
        review_on=(ending or plan).review_on,
        review_triggers=plan.triggers,
        method=METHOD,
        notices=notices(meeting, case),
        not_asked=meeting.not_asked,
        closed=meeting.ended,
        safeguards=tuple(shared.chosen_safeguards.values()),
        earlier=tuple(replace(each, told_by="") for each in meeting.earlier_refusals),
        wants=tuple(each.title for each in case.about.outcomes if live),
        left_out=shared.left_out if meeting.changed_by("plan") else (),
        to_confirm=shared.to_confirm if ending and ending.what == "to confirm" else "",
        sole_holder=shared.sole_holder,
        sole_reason=ending.sole if ending else "",
    )


def _people(meeting: Meeting, *, away: bool) -> tuple[str, ...]:
    """Count who sits here, or is away, by role: names are for the room, not for the file."""
    roles = Counter(ROLES[seat.role] for seat in meeting.seats.values() if seat.away == away)
    return tuple(role if count == 1 else f"{role} ({count})" for role, count in roles.items())


def _lines(shared: SharedPlan) -> tuple[PlanLine, ...]:
    plan, kept = shared.plan, shared.meeting.plan.items
    outcomes = {each.id: each.title for each in plan.case.about.outcomes}
    return tuple(
        PlanLine(
            title=item.title,
            provider=item.provider,
            price=item.price,
            per=item.per,
            times=item.times,
            cost=item.budget_cost,
            own=item.own_cost,
            paid_by=_PAID_BY[item.how],
            starts=kept[item.id].starts,
            ends=kept[item.id].ends,
            serves=tuple(outcomes[each] for each in item.serves if each in outcomes),
        )
        for item in plan.items
    )


def _agreement(meeting: Meeting, party: Party) -> Agreement:
    changed = "Something changed after the answer, and they were not asked again."
    reason = changed if meeting.lapsed(party) else ""
    return meeting.standing(party) or Agreement(party, "", "not given", (), reason)
