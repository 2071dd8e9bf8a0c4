"""A costed plan: which items, what they cost a year, which outcomes they serve."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from phbkit.casebank import Case, PlanItem
from phbkit.casebank.models import Outcome, Risk
from phbkit.errors import AnswersError
from phbkit.text import pounds, table

if TYPE_CHECKING:
    import pandas as pd

MOST_TIMES = 400


@dataclass(frozen=True)
class ItemTerms:
    """How often an item happens in the year, and from when to when, where a plan says so.

    `times` is None for as often as the case says.
    """

    times: int | None = None
    starts: dt.date | None = None
    ends: dt.date | None = None

    def __post_init__(self) -> None:
        """Raise AnswersError for terms that nobody can keep."""
        if self.times is not None and not 1 <= self.times <= MOST_TIMES:
            problem = f"must be a whole number from 1 to {MOST_TIMES}; got {self.times!r}."
            raise AnswersError(problem, key="times")
        if self.starts and self.ends and self.ends < self.starts:
            raise AnswersError("is before the start.", key="ends")


@dataclass(frozen=True)
class Plan:
    """The items somebody has put together for one case, in the order of the case."""

    case: Case
    items: tuple[PlanItem, ...]
    terms: Mapping[str, ItemTerms] = field(default_factory=dict)

    @classmethod
    def of(
        cls, case: Case, chosen: Iterable[str], terms: Mapping[str, ItemTerms] | None = None
    ) -> Plan:
        """Make a plan from item ids; the order they come in makes no difference.

        Parameters
        ----------
        terms
            By item id, where they differ from the case's. Those of items not chosen count for
            nothing.

        Raises
        ------
        UnknownNameError
            An id is not a plan item of the case.
        """
        wanted = {case.item(item_id).id for item_id in chosen}
        items = tuple(item for item in case.about.items if item.id in wanted)
        own = {case.item(item_id).id: its for item_id, its in (terms or {}).items()}
        kept = {
            item.id: own[item.id] for item in items if own.get(item.id, ItemTerms()) != ItemTerms()
        }
        return cls(case, items, kept)

    def without(self, ids: Collection[str]) -> Plan:
        """Make the plan that is left when some items are taken out."""
        return Plan.of(self.case, self.ids.difference(ids), self.terms)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the items in the plan."""
        return frozenset(item.id for item in self.items)

    def times(self, item: PlanItem) -> int:
        """How many times an item happens in the year."""
        own = self.terms.get(item.id, ItemTerms()).times
        return item.times if own is None else own

    def cost_of(self, item: PlanItem) -> Decimal:
        """Cost an item to the budget, in pounds a year."""
        return item.budget_share * self.times(item)

    def own_cost_of(self, item: PlanItem) -> Decimal:
        """Cost an item to the person, in pounds a year."""
        return item.persons_share * self.times(item)

    @property
    def cost(self) -> Decimal:
        """What the budget would pay, pounds a year."""
        return sum((self.cost_of(item) for item in self.items), Decimal(0))

    @property
    def own_cost(self) -> Decimal:
        """What the person would pay, pounds a year."""
        return sum((self.own_cost_of(item) for item in self.items), Decimal(0))

    @property
    def one_off(self) -> Decimal:
        """The part of the cost that comes once, in pounds."""
        return sum((self.cost_of(i) for i in self.items if self.times(i) == 1), Decimal(0))

    @property
    def recurring(self) -> Decimal:
        """The part of the cost that comes again and again, pounds a year."""
        return sum((self.cost_of(i) for i in self.items if self.times(i) != 1), Decimal(0))

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
        import pandas as pd

        columns = ["item", "how", "price", "per", "times a year", "cost a year", "own cost a year"]
        columns.append("serves")
        rows = [
            (
                item.title,
                item.how,
                float(item.price),
                item.per,
                self.times(item),
                float(self.cost_of(item)),
                float(self.own_cost_of(item)),
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
            (
                item.title,
                pounds(self.cost_of(item)) if item.how == "bought" else "not from the budget",
            )
            for item in self.items
        ]
        if self.one_off and self.recurring:
            rows += [("Once", pounds(self.one_off)), ("Through the year", pounds(self.recurring))]
        rows += [("Cost", pounds(self.cost)), ("Left of the indicative budget", pounds(self.left))]
        rows += [("The person’s own money", pounds(self.own_cost))] if self.own_cost else []
        return str(table(f"Plan, pounds a year at {year} prices, made up for teaching", rows))
