"""The deal: one small function for each rule in `deal.yaml`, and what they find in a plan.

A rule advises. It names what it found and what would put it right; people decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from phbkit.casebank import PlanItem, Rule
from phbkit.casebank.models import RuleException
from phbkit.decision.plan import Plan
from phbkit.errors import UnknownNameError

Level = Literal["stop", "discuss", "note"]
_ORDER: dict[Level, int] = {"stop": 0, "discuss": 1, "note": 2}
_UNPROVEN = {"low quality", "no recommendation", "none found"}
_FIRST_REVIEW_WEEKS = 13


@dataclass(frozen=True)
class Proposal:
    """A plan with what has been agreed about watching it.

    `review_weeks` counts from the day the plan starts; `held` is how the money is held; `choice`
    is the decision. Each is `None` while there is none.
    """

    plan: Plan
    review_weeks: int | None = None
    stop_rule: str = ""
    held: str | None = None
    choice: str | None = None

    @property
    def spends(self) -> bool:
        """Whether the budget would pay for anything."""
        return any(item.how == "bought" for item in self.plan.items)

    @property
    def unproven(self) -> list[PlanItem]:
        """Items with no good evidence that are not known to be unsafe."""
        return [
            item
            for item in self.plan.items
            if item.evidence.grade in _UNPROVEN and item.safety.grade != "unsafe"
        ]

    @property
    def needing_checks(self) -> list[PlanItem]:
        """Items that are safe only with checks."""
        return [i for i in self.plan.items if i.safety.grade in {"needs checks", "could harm"}]


@dataclass(frozen=True)
class Finding:
    """What one rule says of one proposal, and of which items; `excepted` where it does not bind."""

    rule: Rule
    items: tuple[PlanItem, ...]
    excepted: RuleException | None = None

    @property
    def level(self) -> Level:
        """`stop`, `discuss` or `note`; a rule that does not bind here is a note."""
        return "note" if self.excepted else self.rule.finding

    @property
    def about(self) -> str:
        """The titles of the items concerned."""
        return "; ".join(item.title for item in self.items)


Found = Iterable[PlanItem] | bool
_MARKED = {
    "no-gp-services": "gp-services",
    "no-bargain-over-medicines": "bargain-medicines",
    "household-carer": "household-carer",
    "practitioner-check": "unregulated",
    "no-alcohol-itself": "alcohol-itself",
    "no-gambling": "gambling",
    "no-debt-repayment": "debt",
    "nothing-illegal": "illegal",
    "no-emergency-care": "emergency-care",
    "no-inpatient-nhs-care": "inpatient-nhs",
    "legal-minimum-pay": "low-pay",
    "employer-duties": "employs-staff",
}
"""Rules that find the items with one mark, unless usual care gives them."""
_ONCE_DECIDED = ("named-coordinator", "help-and-brokerage", "contingency-outside")
"""Rules that say something of every decision on a plan that spends."""
ITEM_MARKS = frozenset({"already-provided", *_MARKED.values()})
CASE_MARKS = frozenset({"court-requirement"})
RULES: dict[str, Callable[[Proposal], Found]] = {}


def _rule(function: Callable[[Proposal], Found]) -> Callable[[Proposal], Found]:
    RULES[function.__name__.replace("_", "-")] = function
    return function


def findings(proposal: Proposal) -> tuple[Finding, ...]:
    """Hold a proposal against every rule in force on the day of the case, gravest first."""
    case = proposal.plan.case
    found = []
    exceptions = {each.rule: each for each in case.about.exceptions}
    for rule in case.rules.values():
        if not rule.applies_on(case.about.as_of):
            continue
        if rule.id not in RULES:
            raise UnknownNameError.among("rule of the deal", rule.id, list(RULES), "deal.yaml")
        hit = RULES[rule.id](proposal)
        items = () if isinstance(hit, bool) else tuple(hit)
        if items or hit is True:
            found.append(Finding(rule, items, exceptions.get(rule.id)))
    return tuple(sorted(found, key=lambda finding: _ORDER[finding.level]))


def _marked(proposal: Proposal, mark: str) -> list[PlanItem]:
    return [i for i in proposal.plan.items if mark in i.marks and i.how != "nhs"]


@_rule
def must_cover_plan(proposal: Proposal) -> Found:
    return proposal.plan.left < 0


@_rule
def no_top_up(proposal: Proposal) -> Found:
    return [item for item in proposal.plan.items if item.persons_share]


@_rule
def not_paid_twice(proposal: Proposal) -> Found:
    chosen = proposal.plan.ids
    twice = [item for item in proposal.plan.items if not chosen.isdisjoint(item.instead_of)]
    return [*_marked(proposal, "already-provided"), *twice]


@_rule
def unproven_is_not_unsafe(proposal: Proposal) -> Found:
    return proposal.unproven


@_rule
def try_with_review(proposal: Proposal) -> Found:
    return [] if proposal.review_weeks else proposal.unproven


@_rule
def unsafe_item(proposal: Proposal) -> Found:
    return [item for item in proposal.plan.items if item.safety.grade == "unsafe"]


@_rule
def checks_before_start(proposal: Proposal) -> Found:
    return proposal.needing_checks


@_rule
def serves_an_outcome(proposal: Proposal) -> Found:
    return [item for item in proposal.plan.items if not item.serves]


@_rule
def unserved_outcome(proposal: Proposal) -> Found:
    return bool(proposal.plan.items) and bool(proposal.plan.unserved)


@_rule
def three_agreements(proposal: Proposal) -> Found:
    return proposal.spends


@_rule
def first_review(proposal: Proposal) -> Found:
    return proposal.review_weeks is not None and proposal.review_weeks > _FIRST_REVIEW_WEEKS


@_rule
def risk_procedure(proposal: Proposal) -> Found:
    return [] if proposal.stop_rule.strip() else proposal.needing_checks


@_rule
def direct_payment_barred(proposal: Proposal) -> Found:
    marks = proposal.plan.case.about.marks
    return "court-requirement" in marks and proposal.held == "direct-payment"


@_rule
def body_decides_how_held(proposal: Proposal) -> Found:
    return proposal.held is not None and proposal.spends


@_rule
def review_triggers(proposal: Proposal) -> Found:
    return proposal.review_weeks is not None and proposal.spends


@_rule
def refusal_reasons(proposal: Proposal) -> Found:
    return proposal.choice in {"decline", "agree-part"} or proposal.held == "direct-payment"


@_rule
def unused_money(proposal: Proposal) -> Found:
    return proposal.choice is not None and proposal.spends and proposal.plan.left > 0


def _decided_to_spend(proposal: Proposal) -> Found:
    return proposal.choice is not None and proposal.spends


RULES |= {rule: partial(_marked, mark=mark) for rule, mark in _MARKED.items()}
RULES |= dict.fromkeys(_ONCE_DECIDED, _decided_to_spend)
