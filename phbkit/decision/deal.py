"""The deal: what the rules of `deal.yaml` find in a plan, by the marks of its items or a function.

A rule advises. It names what it found and what would put it right; people decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from phbkit.casebank import PlanItem, Rule
from phbkit.casebank.models import RuleException, Unproven
from phbkit.decision.plan import Plan
from phbkit.errors import UnknownNameError

Level = Literal["stop", "discuss", "note"]
_LEVELS = get_args(Level)
_UNPROVEN = get_args(Unproven)
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
    def unproven(self) -> list[PlanItem]:
        """Items with no good evidence that are not known to be unsafe."""
        safe = (item for item in self.plan.items if item.safety.grade != "unsafe")
        return [item for item in safe if item.evidence.grade in _UNPROVEN]

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


def _decided_to_spend(proposal: Proposal) -> bool:
    return proposal.choice is not None and proposal.spends


RULES: dict[str, Callable[[Proposal], Found]] = {
    "must-cover-plan": lambda p: p.plan.left < 0,
    "no-top-up": lambda p: [item for item in p.plan.items if item.own_cost],
    "not-paid-twice": lambda p: [
        i for i in p.plan.items if not p.plan.ids.isdisjoint(i.instead_of)
    ],
    "unproven-is-not-unsafe": lambda p: p.unproven,
    "try-with-review": lambda p: [] if p.review_weeks else p.unproven,
    "unsafe-item": lambda p: [i for i in p.plan.items if i.safety.grade == "unsafe"],
    "checks-before-start": lambda p: p.needing_checks,
    "serves-an-outcome": lambda p: [item for item in p.plan.items if not item.serves],
    "unserved-outcome": lambda p: bool(p.plan.items) and bool(p.plan.unserved),
    "three-agreements": lambda p: p.spends,
    "first-review": lambda p: (p.review_weeks or 0) > _FIRST_REVIEW_WEEKS,
    "risk-procedure": lambda p: [] if p.stop_rule.strip() else p.needing_checks,
    "direct-payment-barred": lambda p: p.held == "direct-payment",
    "body-decides-how-held": lambda p: p.held is not None and p.spends,
    "review-triggers": lambda p: p.review_weeks is not None and p.spends,
    "refusal-reasons": lambda p: p.choice in _WITH_REASONS or p.held == "direct-payment",
    "named-coordinator": _decided_to_spend,
    "help-and-brokerage": _decided_to_spend,
    "contingency-outside": _decided_to_spend,
    "unused-money": lambda p: _decided_to_spend(p) and p.plan.left > 0,
}
"""What a rule of `deal.yaml` finds beside the items with its mark, by its id."""


def findings(proposal: Proposal) -> tuple[Finding, ...]:
    """Hold a proposal against every rule in force on the day of the case, gravest first."""
    case = proposal.plan.case
    exceptions = {exception.rule: exception for exception in case.about.exceptions}
    found = []
    for rule in case.rules.values():
        speaks = rule.case_mark is None or rule.case_mark in case.about.marks
        if speaks and rule.applies_on(case.about.as_of):
            hit = _found(rule, proposal)
            items = () if isinstance(hit, bool) else tuple(hit)
            if items or hit is True:
                found.append(Finding(rule, items, exceptions.get(rule.id)))
    return tuple(sorted(found, key=lambda finding: _LEVELS.index(finding.level)))


def _found(rule: Rule, proposal: Proposal) -> Found:
    if rule.mark is None and rule.id not in RULES:
        raise UnknownNameError.among("rule of the deal", rule.id, list(RULES), "deal.yaml")
    hit = RULES[rule.id](proposal) if rule.id in RULES else ()
    marked = [i for i in proposal.plan.items if rule.mark in i.marks and i.how != "nhs"]
    return hit if isinstance(hit, bool) else [*marked, *hit]
