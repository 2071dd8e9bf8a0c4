"""A costed plan: which items, what they cost a year, which outcomes they serve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from phbkit.casebank import Case, PlanItem
from phbkit.casebank.models import Outcome, Risk
from phbkit.text import pounds, table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Plan:
    """The items somebody has put together for one case, in the order of the case."""

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

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the items in the plan."""
        return frozenset(item.id for item in self.items)

    @property
    def cost(self) -> Decimal:
        """What the budget would pay, pounds a year."""
        return sum((item.cost for item in self.items if item.how == "bought"), Decimal(0))

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
        """Give the plan as a table of items with cost in pounds a year."""
        import pandas as pd

        columns = ["item", "how", "price", "per", "times a year", "cost a year", "serves"]
        rows = [
            (
                item.title,
                item.how,
                float(item.price),
                item.per,
                item.times,
                float(item.cost),
                ", ".join(item.serves),
            )
            for item in self.items
        ]
        return pd.DataFrame(rows, columns=columns).set_index("item")

    def __repr__(self) -> str:
        names = ", ".join(item.id for item in self.items) or "nothing yet"
        return f"<Plan {self.case.id}: {names}; {pounds(self.cost)} a year>"

    def _repr_html_(self) -> str:
        if self.case.about.budget is None:
            return "<p>This case makes no plan.</p>"
        year = self.case.budget.price_year
        rows = [
            (item.title, pounds(item.cost) if item.how == "bought" else "not from the budget")
            for item in self.items
        ]
        rows += [("Cost", pounds(self.cost)), ("Left of the indicative budget", pounds(self.left))]
        return str(table(f"Plan, pounds a year at {year} prices, made up for teaching", rows))
