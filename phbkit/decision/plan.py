"""A costed plan: which items, what they cost a year, which outcomes they serve."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from phbkit.casebank import Case, PlanItem
from phbkit.casebank.case import table
from phbkit.casebank.models import Outcome, Risk
from phbkit.text import pounds, shown

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = {"title": "item", "how": "how", "price": "price", "per": "per", "times": "times a year",
            "budget_cost": "cost a year", "own_cost": "own cost a year", "serves": "serves",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The items somebody has put together for one case, in the order of the case.

    An item's `times` may differ from the case's.
    """

    case: Case
    items: tuple[PlanItem, ...]

    @classmethod
    def of(cls, case: Case, chosen: Iterable[str]) -> Plan:
        """Make a plan from item ids; the order they come in makes no difference.

        Raises
        ------
        UnknownNameError
            An id is not a plan item of the case.
        """
        wanted = {case.item(item_id).id for item_id in chosen}
        return cls(case, tuple(item for item in case.about.items if item.id in wanted))

    def without(self, ids: Collection[str]) -> Plan:
        """Make the plan that is left when some items are taken out."""
        return Plan(self.case, tuple(item for item in self.items if item.id not in ids))

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the items in the plan."""
        return frozenset(item.id for item in self.items)

    @property
    def cost(self) -> Decimal:
        """What the budget would pay, pounds a year."""
        return sum((item.budget_cost for item in self.items), Decimal(0))

    @property
    def own_cost(self) -> Decimal:
        """What the person would pay, pounds a year."""
        return sum((item.own_cost for item in self.items), Decimal(0))

    @property
    def one_off(self) -> Decimal:
        """The part of the cost that comes once, in pounds."""
        return sum((item.budget_cost for item in self.items if item.times == 1), Decimal(0))

    @property
    def recurring(self) -> Decimal:
        """The part of the cost that comes again and again, pounds a year."""
        return self.cost - self.one_off

    @property
    def left(self) -> Decimal:
        """Indicative budget less cost, pounds a year; below zero when the plan costs more."""
        return self.case.budget.indicative - self.cost

    @property
    def served(self) -> tuple[Outcome, ...]:
        """Outcomes that at least one item serves."""
        covered = {outcome for item in self.items for outcome in item.serves}
        return tuple(outcome for outcome in self.case.about.outcomes if outcome.id in covered)

    @property
    def unserved(self) -> tuple[Outcome, ...]:
        """Outcomes that nothing in the plan serves yet."""
        return tuple(o for o in self.case.about.outcomes if o not in self.served)

    @property
    def risks(self) -> tuple[Risk, ...]:
        """Risks of doing and of not doing that this plan brings."""
        return tuple(r for r in self.case.about.risks if r.when.holds(self.ids))

    def frame(self) -> pd.DataFrame:
        """Give the plan as a table of items with what the budget would pay, pounds a year."""
        return table(self.items, _COLUMNS)

    def __repr__(self) -> str:
        names = ", ".join(item.id for item in self.items) or "nothing yet"
        return f"<Plan {self.case.id}: {names}; {pounds(self.cost)} a year>"

    def _repr_html_(self) -> str:
        return shown(__file__, plan=self)
