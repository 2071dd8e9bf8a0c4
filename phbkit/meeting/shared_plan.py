"""The plan of a meeting as it stands: what is in it, what it brings, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from phbkit.casebank import Case
from phbkit.decision import Finding, Plan, Proposal, findings
from phbkit.decision.risk_ledger import HOLDERS
from phbkit.meeting.acts import HeldRisk, ItemTerms
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.roles import PARTIES, SIGNATORIES, WORDS, Party
from phbkit.meeting.subject import candidates


def plan_of(case: Case, items: Mapping[str, ItemTerms]) -> Plan:
    """Make the plan that a meeting keeps: its items by id, as often as it wants them."""
    plan = Plan.of(case, items)
    own = (item.model_copy(update={"times": items[item.id].times}) for item in plan.items)
    return replace(plan, items=tuple(own))


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
    def sole_holder(self) -> str:
        """Who alone holds every risk, in words; nobody where risks are shared or not held."""
        held = {risk.holders for risk in self.risks.values()}
        [holders] = held if len(held) == 1 else [()]
        return HOLDERS[holders[0]] if len(holders) == 1 else ""

    @property
    def to_confirm(self) -> str:
        """Who has to sign in a live meeting and only somebody else said yes for, in words."""
        answers = map(self.meeting.standing, SIGNATORIES if self.meeting.mode == "live" else ())
        told = [PARTIES[said.party].lower() for said in answers if said and said.told_by]
        return " and ".join(told)

    @cached_property
    def safeguards(self) -> dict[str, str]:
        """What would make the plan safer, by id: what was rated, and what the case has."""
        things = (*self.meeting.things, *candidates(self.case))
        return {thing.id: thing.title for thing in things if thing.kind == "safeguard"}

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
    def is_asked(self) -> bool:
        """Whether the three are asked to agree: there is a plan, and somebody holds each risk.

        Whoever answers before does so unasked: what they answered lapses with the next change.
        """
        return bool(self.meeting.agreed_to and self.risks and not self.unheld)

    def missing(self) -> Iterator[tuple[str, str]]:
        """Say why no decision is made yet: a watched plan, risks held and three agreements.

        Gives the section of the page, plan, ledger or agree, and what is missing there.
        """
        if not self.meeting.changed_by("plan"):
            yield "plan", "there is no plan"
        kept = self.meeting.plan
        unwatched = [words for name, words in WORDS["watched"].items() if not getattr(kept, name)]
        if unwatched:
            yield "plan", f"the plan does not say {', '.join(unwatched)}"
        if not self.risks:
            yield "ledger", "no risk is written down, of doing it or of not doing it"
        if self.unheld:
            yield "ledger", f"nobody holds {self.unheld} of the {len(self.risks)} risks"
        disagreeing = [words for party in PARTIES for words in self._not_agreed(party)]
        if disagreeing:
            yield "agree", "; ".join(disagreeing)

    def _not_agreed(self, party: Party) -> Iterator[str]:
        answer, name = self.meeting.standing(party), PARTIES[party].lower()
        if answer is None:
            again = " about the plan as it is now" if self.meeting.lapsed(party) else ""
            yield f"{name} has not answered{again}"
        elif answer.says != "agrees":
            yield f"{name} {answer.says}{' only' if answer.says == 'agrees in part' else ''}"
        elif not answer.settled:
            yield "it is not settled by what authority somebody speaks for the person"

    def findings(self, plan: Plan | None = None) -> tuple[Finding, ...]:
        """Hold the plan, or another in its place, and how it is watched against the deal."""
        kept, opened, weeks = self.meeting.plan, self.meeting.opened, None
        if kept.review_on and opened:
            weeks = max(1, (kept.review_on - opened.date()).days // 7)
        stop_rule = kept.stop_rule or " ".join(risk.stop_rule for risk in self.risks.values())
        held = kept.held or None
        proposal = Proposal(plan or self.plan, review_weeks=weeks, stop_rule=stop_rule, held=held)
        return findings(proposal)
