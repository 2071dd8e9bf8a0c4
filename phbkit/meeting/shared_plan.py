"""The plan of a meeting as it stands: what is in it, what it brings, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from phbkit.casebank import Case
from phbkit.decision import Finding, ItemTerms, Plan, Proposal, findings
from phbkit.meeting.acts import HeldRisk, Terms
from phbkit.meeting.meeting import Meeting

TO_WATCH = {
    "coordinator": "who co-ordinates",
    "review_on": "when it is reviewed",
    "triggers": "what would bring the review forward",
    "stop_rule": "what would stop it",
}


def plan_of(case: Case, items: Mapping[str, Terms]) -> Plan:
    """Make the plan that a meeting keeps: its items by id, with times, start and end."""
    terms = {item: ItemTerms(each.times, each.starts, each.ends) for item, each in items.items()}
    return Plan.of(case, items, terms)


@dataclass(frozen=True)
class SharedPlan:
    """What a meeting's `plan` and `ledger` acts come to on its case."""

    case: Case
    meeting: Meeting

    @cached_property
    def plan(self) -> Plan:
        """The costed plan; empty before there is one."""
        return plan_of(self.case, self.meeting.plan.items)

    @cached_property
    def risks(self) -> dict[str, HeldRisk]:
        """The risks of the plan as it is now, by id, with what was kept of each.

        A risk that the plan brings and that nobody has looked at yet is there, with nobody who
        holds it; one that the plan no longer brings is not. What the facilitator added stays.
        """
        ledger = self.meeting.ledger
        brought = {
            risk.id: ledger.get(risk.id, HeldRisk(risk.of, risk.consequence, risk.affects))
            for risk in self.plan.risks
        }
        return brought | {name: risk for name, risk in ledger.items() if name.startswith("own.")}

    @cached_property
    def unheld(self) -> int:
        """How many of the risks nobody holds."""
        return sum(not risk.holders for risk in self.risks.values())

    @cached_property
    def safeguards(self) -> dict[str, str]:
        """What would make the plan safer, by id: what was rated, and what the case has."""
        things = self.meeting.things
        rated = {thing.id: thing.title for thing in things if thing.kind == "safeguard"}
        return rated | {f"s.{each.id}": each.title for each in self.case.about.safeguards}

    @cached_property
    def chosen_safeguards(self) -> dict[str, str]:
        """The safeguards in the plan, by id."""
        chosen = self.meeting.plan.safeguards
        return {each: self.safeguards[each] for each in chosen if each in self.safeguards}

    @cached_property
    def parts(self) -> dict[str, str]:
        """What somebody can refuse of the plan, by id: its items, and what makes it safer."""
        return {item.id: item.title for item in self.plan.items} | self.chosen_safeguards

    @property
    def left_out(self) -> tuple[str, ...]:
        """The titles of what was rated and is not in the plan."""
        rated = self.meeting.things if self.meeting.rounds else ()
        return tuple(thing.title for thing in rated if thing.id not in self.parts)

    @property
    def unwatched(self) -> list[str]:
        """What the plan does not say of how it is watched."""
        return [words for name, words in TO_WATCH.items() if not getattr(self.meeting.plan, name)]

    @property
    def is_asked(self) -> bool:
        """Whether the three are asked to agree: there is a plan, and somebody holds each risk.

        Whoever answers before does so unasked: what they answered lapses with the next change.
        """
        return bool(self.meeting.agreed_to and self.risks and not self.unheld)

    def findings(self, plan: Plan | None = None) -> tuple[Finding, ...]:
        """Hold the plan, or another in its place, and how it is watched against the deal."""
        kept, opened, weeks = self.meeting.plan, self.meeting.opened, None
        if kept.review_on and opened:
            weeks = max(1, (kept.review_on - opened.date()).days // 7)
        stop_rules = " ".join(risk.stop_rule for risk in self.risks.values())
        return findings(
            Proposal(
                plan or self.plan,
                review_weeks=weeks,
                stop_rule=kept.stop_rule or stop_rules,
                held=kept.held or None,
            )
        )
