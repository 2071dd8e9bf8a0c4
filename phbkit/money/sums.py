"""The sums of a case: its area and what a learner typed, as budget, contract and scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from phbkit.casebank import Case
from phbkit.casebank.models import Rate
from phbkit.money.area import Area, read_area
from phbkit.money.bands import Triangular
from phbkit.money.budget_setting import Employment, Methods
from phbkit.money.contract import Contract
from phbkit.money.fields import CSV, PASTED, SPREADS, defaults
from phbkit.money.pence import in_pounds, pence
from phbkit.money.roll_out import Terms, UptakeCurve
from phbkit.money.sensitivity import Scenario, outcome
from phbkit.text import pounds, table

if TYPE_CHECKING:
    import pandas as pd

LABELS = {
    "deepest": "Deepest hole, everything likeliest",
    "balances": "Months cost no more than before, from",
    "repaid": "The hole is filled",
    "extra": "Extra cost at the end",
    "carried by bridging": "Carried to the end by: bridging money",
    "carried by commissioner": "Carried to the end by: commissioner",
    "carried by provider": "Carried to the end by: provider",
    "carried by person": "Carried to the end by: the people themselves",
    "deepest, 1 in 10 below": "Deepest hole, 1 draw in 10 below",
    "deepest, half below": "Deepest hole, half the draws below",
    "deepest, 9 in 10 below": "Deepest hole, 9 draws in 10 below",
    "chance balances": "Months balance by the end, of 100 draws",
    "chance repaid": "The hole is filled by the end, of 100 draws",
    "chance bridging is enough": "Bridging money is enough, of 100 draws",
}
PaceName = Literal["gradual", "fast"]
PACES: tuple[PaceName, ...] = ("gradual", "fast")
LEGAL_MINIMUM = "legal-minimum"
NI = "employer-ni"
RATES = {
    "ni": NI,
    "ni_from": "employer-ni-from",
    "allowance": "employment-allowance",
    "pension_trigger": "pension-trigger",
    "pension_from": "pension-from",
    "pension_to": "pension-to",
    "sick_share": "sick-pay-share",
    "sick_most": "sick-pay-most",
    "accrual": "cover-holiday",
}


@dataclass(frozen=True)
class Sums:
    """The figures of an area, with those that somebody typed in their place.

    `given` maps a step to the fields that were typed there; they have been checked.
    """

    case: Case
    shipped: Area
    given: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, case: Case, answers: Mapping[str, Any], area: Area | None = None) -> Sums:
        """Make the sums of a case from kept answers, and an area in place of the case's own."""
        shipped = area or case.area
        assert shipped  # noqa: S101  checked when the case was loaded
        return cls(case, shipped, {step: answers[step] for step in _STEPS if step in answers})

    @cached_property
    def area(self) -> Area:
        """The area's figures: those pasted on the page, or else those the case came with."""
        pasted = self.given.get("block", {}).get(CSV, "").strip()
        found = read_area(PASTED, pasted) if pasted else self.shipped
        return self.shipped if isinstance(found, list) else found

    @property
    def made_up(self) -> bool:
        """Whether the area is the one that the case ships, which nobody lives in."""
        return self.area is self.case.area

    @cached_property
    def figures(self) -> dict[str, dict[str, str]]:
        """Every field of every step, as text."""
        plain = defaults(self.case, self.area, self.given.get("running", {}))
        made = {step: plain[step] | dict(self.given.get(step, {})) for step in plain}
        if made["block"].pop(CSV, ""):  # what was pasted stands in place of the page's own fields
            made["block"] = plain["block"] | {"leavers": made["block"]["leavers"]}
        return made

    def number(self, step: str, name: str) -> Decimal:
        """Return one figure."""
        return Decimal(self.figures[step][name].replace("−", "-"))

    def share(self, step: str, name: str) -> float:
        """Return a figure in per cent as a share of 1."""
        return float(self.number(step, name) / 100)

    def rate(self, rate_id: str, year: str) -> Rate | None:
        """Find a rate of a year; None where the case has none."""
        found = (r for r in self.case.money.rates if r.id == rate_id and r.year == year)
        return next(found, None)

    @property
    def rates_of(self) -> str:
        """The year whose National Insurance is used: the one typed, or the latest that is known."""
        year = self.figures["setting"]["year"]
        return year if self.rate(NI, year) else self.case.money.rates[0].year

    @property
    def employment(self) -> Employment:
        """What it takes to employ the person's assistants."""
        known = {field: self.rate(name, self.rates_of) for field, name in RATES.items()}
        rates = {field: rate.value if rate else Decimal(0) for field, rate in known.items()}
        if self.figures["setting"]["claims"] != "yes":
            rates["allowance"] = Decimal(0)
        numbers = "hours rate holiday sickness pension insurance payroll training contingency"
        return Employment(
            assistants=int(self.number("setting", "assistants")),
            other_items=self.number("setting", "other-items"),
            **{name: self.number("setting", name) for name in numbers.split()},
            **rates,
        )

    @property
    def methods(self) -> Methods:
        """The four ways to a first estimate."""
        names = ("hours", "rate", "past-cost", "points", "point-value", "fixed-sum")
        return Methods(*(self.number("setting", name) for name in names))

    @property
    def contract(self) -> Contract:
        """The block contract."""
        return Contract(
            people=int(self.number("block", "people")),
            fixed=pence(self.number("block", "fixed")),
            semi=pence(self.number("block", "semi")),
            variable=pence(self.number("block", "variable")),
            step_people=int(self.number("block", "step-people")),
            variable_notice=int(self.number("running", "variable-notice")),
            step_notice=int(self.number("running", "step-notice")),
            end=int(self.number("running", "end")),
            fixed_released=self.share("running", "fixed-released"),
        )

    @property
    def terms(self) -> Terms:
        """What budgets cost and who is to carry what."""
        costs = ("plan-cost", "set-up", "support", "team", "bridging")
        plan, set_up, support, team, bridging = (
            pence(self.number("running", name)) for name in costs
        )
        shares = ("newcomers", "backfill", "covered", "commissioner")
        newcomers, backfill, covered, carries = (self.share("running", name) for name in shares)
        return Terms(plan, set_up, support, team, newcomers, backfill, covered, bridging, carries)

    def scenario(self, pace: PaceName) -> Scenario:
        """Make the roll-out at one pace, with every belief's spread."""
        over = int(self.number("running", "months" if pace == "gradual" else "fast"))
        spreads = {
            name: Triangular(
                self.share("bands", low),
                self.share("running", likely) if likely else 1.0,
                self.share("bands", high),
            )
            for name, (likely, low, high) in SPREADS.items()
        }
        watched = UptakeCurve.of(self.area.uptake, over, int(self.area["months"]))
        return Scenario(self.contract, self.terms, watched, **spreads)

    @property
    def draws(self) -> tuple[int, int]:
        """How many draws, and the seed."""
        return int(self.number("bands", "draws")), int(self.number("bands", "seed"))

    def outcome(self, pace: PaceName) -> dict[str, Any]:
        """Give the figures of one pace that are compared: pence, months, chances."""
        return outcome(self.scenario(pace), *self.draws)

    def frame(self) -> pd.DataFrame:
        """Give both paces as a table: pounds, months, and chances from 0 to 1."""
        import pandas as pd

        columns = {pace: _in_pounds(self.outcome(pace)) for pace in PACES}
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        found = ", ".join(f"{pace} {self.outcome(pace)['deepest'] / 100:,.2f}" for pace in PACES)
        return f"<Sums {self.case.id}: deepest hole, pounds: {found}>"

    def _repr_html_(self) -> str:
        both = [self.outcome(pace) for pace in PACES]
        rows = [("", *(pace.capitalize() for pace in PACES))]
        rows += [(LABELS[name], *(written(name, each[name]) for each in both)) for name in both[0]]
        which = "a made-up area" if self.made_up else "figures of your own"
        caption = f"{which.capitalize()}, {self.area.year} prices; {self.draws[0]:,} draws"
        return str(table(caption, rows))


_STEPS = ("setting", "block", "running", "bands")


def written(name: str, value: Any) -> str:
    """Write one compared figure for people."""
    if name.startswith("chance"):
        return f"{100 * value:.0f}"
    if name in {"balances", "repaid"}:
        return f"month {value}" if value else "not in this time"
    return pounds(in_pounds(value)).replace("-", "−")


def _in_pounds(found: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the amounts of an outcome into pounds."""
    plain = {"balances", "repaid"}
    return {
        name: value if name in plain or name.startswith("chance") else value / 100
        for name, value in found.items()
    }
