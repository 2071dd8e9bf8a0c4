"""Setting one person's budget: four ways to a first estimate, and what the plan really costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from phbkit.money.pence import pence

WEEKS = 52
_HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Line:
    """One part of a cost, whole pence a year, and how it was worked out."""

    title: str
    cost: int
    how: str


@dataclass(frozen=True)
class Employment:
    """What it takes to employ personal assistants: hours a week, pounds, weeks and per cent a year.

    `holiday` and `sickness` are weeks in which somebody else is paid for the same hours. In weeks
    of sickness each assistant has statutory sick pay from the first day: `sick_share` per cent of
    pay, at most `sick_most` a week. Whoever covers earns holiday too, `accrual` per cent of what
    covering is paid. National Insurance is `ni` per cent of what each is paid above
    `ni_from`; with the Employment Allowance, up to `allowance` of it is not paid. `pension` is per
    cent of what each is paid between `pension_from` and `pension_to`, for those who are paid
    more than `pension_trigger`; others may ask to join.
    """

    hours: Decimal
    rate: Decimal
    assistants: int
    holiday: Decimal
    sickness: Decimal
    accrual: Decimal
    ni: Decimal
    ni_from: Decimal
    allowance: Decimal
    pension: Decimal
    pension_trigger: Decimal
    pension_from: Decimal
    pension_to: Decimal
    sick_share: Decimal
    sick_most: Decimal
    insurance: Decimal
    payroll: Decimal
    training: Decimal
    other_items: Decimal
    contingency: Decimal

    @property
    def pay(self) -> int:
        """All pay, that of cover and in sickness included, pence a year."""
        return self._worked + self.sick_pay + self._cover + self.cover_holiday

    @property
    def cover_holiday(self) -> int:
        """The holiday that whoever covers earns, pence a year."""
        return pence(Decimal(self._cover) * self.accrual / _HUNDRED / 100)

    @property
    def sick_pay(self) -> int:
        """Statutory sick pay for the weeks of sickness, pence a year."""
        weekly = self.hours * self.rate / self.assistants * self.sick_share / _HUNDRED
        return pence(min(weekly, self.sick_most) * self.sickness * self.assistants)

    @property
    def pension_due(self) -> int:
        """Employer's pension contributions that are due unasked, pence a year."""
        each = Decimal(self.pay) / self.assistants / 100
        if each <= self.pension_trigger:
            return 0
        above = min(each, self.pension_to) - self.pension_from
        return pence(above * self.assistants * self.pension / _HUNDRED)

    @property
    def ni_due(self) -> int:
        """Employer's National Insurance before any allowance, pence a year."""
        above = Decimal(self.pay) / self.assistants - self.ni_from * 100
        return pence(max(above, Decimal(0)) * self.assistants * self.ni / _HUNDRED / 100)

    def lines(self) -> tuple[Line, ...]:
        """Every part of the plan's cost, in order; contingency is not among them."""
        ni = max(self.ni_due - pence(self.allowance), 0)
        claimed = " The allowance takes it away." if self.ni_due and not ni else ""
        hours = f"{self.hours} hours a week at £{self.rate}"
        sick = f"{self.sickness} weeks, from the first day: {self.sick_share} % of pay"
        pension = f"{self.pension} % of each one’s pay above £{self.pension_from:,}"
        if not self.pension_due:
            pension = f"Nobody is paid more than £{self.pension_trigger:,}, when it starts unasked"
        return (
            Line("Pay for the hours", self._worked, f"{hours}, {WEEKS - self.sickness} weeks"),
            Line("Cover for holidays", self._pay(self.holiday), f"{self.holiday} weeks more"),
            Line("Sick pay", self.sick_pay, f"{sick}, at most £{self.sick_most} a week"),
            Line("Cover for sickness", self._pay(self.sickness), f"{self.sickness} weeks more"),
            Line(
                "Holiday of the cover", self.cover_holiday, f"{self.accrual} % of the cover’s pay"
            ),
            Line(
                "Employer’s National Insurance",
                ni,
                f"{self.ni} % of each one’s pay above £{self.ni_from:,}.{claimed}",
            ),
            Line("Employer’s pension", self.pension_due, pension),
            Line("Insurance", pence(self.insurance), "a year"),
            Line("Payroll", pence(self.payroll), "a year"),
            Line("Training", pence(self.training), "a year"),
            Line("Other things in the plan", pence(self.other_items), "a year"),
        )

    @property
    def plan_cost(self) -> int:
        """What the agreed plan costs, pence a year: what the final sum has to cover."""
        return sum(line.cost for line in self.lines())

    @property
    def held_back(self) -> int:
        """Contingency beside the plan, pence a year."""
        return pence(Decimal(self.plan_cost) * self.contingency / _HUNDRED / 100)

    @property
    def _worked(self) -> int:
        return self._pay(WEEKS - self.sickness)

    @property
    def _cover(self) -> int:
        return self._pay(self.holiday) + self._pay(self.sickness)

    def _pay(self, weeks: Decimal) -> int:
        return pence(self.hours * self.rate * weeks)


@dataclass(frozen=True)
class Methods:
    """Four ways to an indicative budget for the same person, pounds a year."""

    hours: Decimal
    rate: Decimal
    past_cost: Decimal
    points: Decimal
    point_value: Decimal
    fixed_sum: Decimal

    def lines(self) -> tuple[Line, ...]:
        """Give each way's estimate, whole pence a year."""
        return (
            Line(
                "Hours × rate",
                pence(self.hours * self.rate * WEEKS),
                "bare pay: nothing that an employer pays beside it",
            ),
            Line(
                "Past service cost",
                pence(self.past_cost),
                "an average cost: it holds buildings, management and training",
            ),
            Line(
                "Points",
                pence(self.points * self.point_value),
                f"{self.points} points at £{self.point_value}",
            ),
            Line("Fixed sum", pence(self.fixed_sum), "the same for everybody on the pathway"),
        )
