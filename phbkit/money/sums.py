"""The sums of a case: its area and what a learner typed, as budget, contract and scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import TypeAdapter

from phbkit.casebank import Case
from phbkit.casebank.models import Rate
from phbkit.money.area import Area, read_area
from phbkit.money.budget_setting import WEEKS, Employment
from phbkit.money.contract import Contract
from phbkit.money.fields import CSV, PASTED, SPREADS, defaults
from phbkit.money.pence import is_money, pence, share, written
from phbkit.money.quantities import FIELDS
from phbkit.money.roll_out import Parameters, Terms, UptakeCurve
from phbkit.money.scenario import Scenario, Triangular, outcome
from phbkit.money.words import OUTCOMES
from phbkit.text import shown

if TYPE_CHECKING:
    import pandas as pd

PaceName = Literal["gradual", "fast"]
PACES: tuple[PaceName, ...] = get_args(PaceName)
MONTHS: dict[PaceName, str] = {"gradual": "months", "fast": "fast"}
"""The field that says over how many months a pace goes."""
_CONTRACT, _TERMS, _EMPLOYMENT = TypeAdapter(Contract), TypeAdapter(Terms), TypeAdapter(Employment)


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
        given = {
            step: {name: text.replace("−", "-") for name, text in answers[step].items()}
            for step in FIELDS
            if step in answers
        }
        return cls(case, shipped, given)

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

    def _typed(self, *steps: str) -> dict[str, Any]:
        """Give the figures of some steps by names that a model's fields can have."""
        typed = (pair for step in steps for pair in self.figures[step].items())
        return {name.replace("-", "_"): text for name, text in typed}

    def number(self, step: str, name: str) -> Decimal:
        """Return one figure."""
        return Decimal(self.figures[step][name])

    def rates(self, year: str) -> dict[str, Rate]:
        """Return the rates of a year, by id."""
        return {rate.id: rate for rate in self.case.money.rates if rate.year == year}

    @property
    def rates_of(self) -> str:
        """The year whose National Insurance is used: the one typed, or the latest that is known."""
        year = self.figures["setting"]["year"]
        return year if "employer-ni" in self.rates(year) else self.case.money.rates[0].year

    @property
    def employment(self) -> Employment:
        """What it takes to employ the person's assistants."""
        known = self.rates(self.rates_of)
        rates = {name.replace("-", "_"): rate.value for name, rate in known.items()}
        if self.figures["setting"]["claims"] != "yes":
            rates["employment_allowance"] = Decimal(0)
        return _EMPLOYMENT.validate_python(self._typed("setting") | rates)

    @property
    def estimates(self) -> dict[str, int]:
        """Four ways to a first estimate of the same person's budget, whole pence a year."""
        of = partial(self.number, "setting")
        return {
            "hours": pence(of("hours") * of("rate") * WEEKS),
            "past": pence(of("past-cost")),
            "points": pence(of("points") * of("point-value")),
            "fixed": pence(of("fixed-sum")),
        }

    @property
    def contract(self) -> Contract:
        """The block contract."""
        return _CONTRACT.validate_python(self._typed("block", "running"))

    @property
    def terms(self) -> Terms:
        """What budgets cost and who is to carry what."""
        return _TERMS.validate_python(self._typed("running"))

    def scenario(self, pace: PaceName) -> Scenario:
        """Make the roll-out at one pace, with every belief's spread."""
        over = int(self.number("running", MONTHS[pace]))
        ends, running = self.figures["bands"], self.figures["running"]
        spreads = (
            Triangular(share(ends[low]), share(running.get(likely, "100")), share(ends[high]))
            for likely, low, high in SPREADS.values()
        )
        watched = UptakeCurve.of(self.area.uptake, over, int(self.area["months"]))
        return Scenario(self.contract, self.terms, watched, Parameters(*spreads))

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

        found = pd.DataFrame({pace: self.outcome(pace) for pace in PACES}, dtype=float)
        return found.div([100 if is_money(name) else 1 for name in found.index], axis=0)

    def __repr__(self) -> str:
        found = ", ".join(f"{pace} {self.outcome(pace)['deepest'] / 100:,.2f}" for pace in PACES)
        return f"<Sums {self.case.id}: deepest hole, pounds: {found}>"

    def _repr_html_(self) -> str:
        both = [self.outcome(pace) for pace in PACES]
        rows = [(OUTCOMES[name], *(written(name, each[name]) for each in both)) for name in both[0]]
        return shown(__file__, sums=self, paces=map(str.capitalize, PACES), rows=rows)
