"""The deal: one line for each rule in `deal.yaml`, and what they find in a plan.

A rule advises. It names what it found and what would put it right; people decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from phbkit.casebank import PlanItem, Rule
from phbkit.casebank.models import RuleException
from phbkit.decision.plan import Plan
from phbkit.errors import UnknownNameError

Level = Literal["stop", "discuss", "note"]
_ORDER: dict[Level, int] = {"stop": 0, "discuss": 1, "note": 2}
_UNPROVEN = {"low quality", "no recommendation", "none found"}
_FIRST_REVIEW_WEEKS = 13
_WITH_REASONS = {"decline", "agree-part"}


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
    def barred(self) -> bool:
        """Whether a court's requirement bars the person from a direct payment."""
        return "court-requirement" in self.plan.case.about.marks

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
"""The items that a rule finds, or whether it finds anything in the proposal as a whole."""
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


def _marked(mark: str) -> Callable[[Proposal], list[PlanItem]]:
    return lambda proposal: [i for i in proposal.plan.items if mark in i.marks and i.how != "nhs"]


def _paid_twice(proposal: Proposal) -> list[PlanItem]:
    plan = proposal.plan
    twice = [item for item in plan.items if not plan.ids.isdisjoint(item.instead_of)]
    return [*_marked("already-provided")(proposal), *twice]


def _decided_to_spend(proposal: Proposal) -> bool:
    return proposal.choice is not None and proposal.spends


RULES: dict[str, Callable[[Proposal], Found]] = {
    **{rule: _marked(mark) for rule, mark in _MARKED.items()},
    **dict.fromkeys(_ONCE_DECIDED, _decided_to_spend),
    "must-cover-plan": lambda p: p.plan.left < 0,
    "no-top-up": lambda p: [item for item in p.plan.items if item.own_cost],
    "not-paid-twice": _paid_twice,
    "unproven-is-not-unsafe": lambda p: p.unproven,
    "try-with-review": lambda p: [] if p.review_weeks else p.unproven,
    "unsafe-item": lambda p: [i for i in p.plan.items if i.safety.grade == "unsafe"],
    "checks-before-start": lambda p: p.needing_checks,
    "serves-an-outcome": lambda p: [item for item in p.plan.items if not item.serves],
    "unserved-outcome": lambda p: bool(p.plan.items) and bool(p.plan.unserved),
    "three-agreements": lambda p: p.spends,
    "first-review": lambda p: (p.review_weeks or 0) > _FIRST_REVIEW_WEEKS,
    "risk-procedure": lambda p: [] if p.stop_rule.strip() else p.needing_checks,
    "direct-payment-barred": lambda p: p.barred and p.held == "direct-payment",
    "body-decides-how-held": lambda p: p.held is not None and p.spends,
    "review-triggers": lambda p: p.review_weeks is not None and p.spends,
    "refusal-reasons": lambda p: p.choice in _WITH_REASONS or p.held == "direct-payment",
    "unused-money": lambda p: _decided_to_spend(p) and p.plan.left > 0,
}
"""What each rule of `deal.yaml` finds, by its id."""


def findings(proposal: Proposal) -> tuple[Finding, ...]:
    """Hold a proposal against every rule in force on the day of the case, gravest first."""
    case = proposal.plan.case
    found = []
    exceptions = {exception.rule: exception for exception in case.about.exceptions}
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
