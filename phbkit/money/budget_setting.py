"""Setting one person's budget: what the plan really costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from phbkit.money.pence import pence

WEEKS = 52


@dataclass(frozen=True)
class Employment:
    """What it takes to employ personal assistants: hours a week, pounds, weeks and per cent a year.

    `holiday` and `sickness` are weeks in which somebody else is paid for the same hours. In weeks
    of sickness each assistant has statutory sick pay from the first day: `sick_pay_share` per cent
    of pay, at most `sick_pay_most` a week. Whoever covers earns holiday too, `cover_holiday` per
    cent of what covering is paid. National Insurance is `employer_ni` per cent of what each is paid
    above `employer_ni_from`; with the Employment Allowance, up to `employment_allowance` of it is
    not paid. `pension` is per cent of what each is paid between `pension_from` and `pension_to`,
    for those who are paid more than `pension_trigger`; others may ask to join.
    """

    hours: Decimal
    rate: Decimal
    assistants: int
    holiday: Decimal
    sickness: Decimal
    pension: Decimal
    insurance: Decimal
    payroll: Decimal
    training: Decimal
    other_items: Decimal
    contingency: Decimal
    cover_holiday: Decimal = Decimal(0)
    employer_ni: Decimal = Decimal(0)
    employer_ni_from: Decimal = Decimal(0)
    employment_allowance: Decimal = Decimal(0)
    pension_trigger: Decimal = Decimal(0)
    pension_from: Decimal = Decimal(0)
    pension_to: Decimal = Decimal(0)
    sick_pay_share: Decimal = Decimal(0)
    sick_pay_most: Decimal = Decimal(0)

    @property
    def pay(self) -> int:
        """All pay, that of cover and in sickness included, pence a year."""
        return self._worked + self.sick_pay + self._cover + self.holiday_of_cover

    @property
    def holiday_of_cover(self) -> int:
        """The holiday that whoever covers earns, pence a year."""
        return pence(Decimal(self._cover) * self.cover_holiday / 100 / 100)

    @property
    def sick_pay(self) -> int:
        """Statutory sick pay for the weeks of sickness, pence a year."""
        weekly = self.hours * self.rate / self.assistants * self.sick_pay_share / 100
        return pence(min(weekly, self.sick_pay_most) * self.sickness * self.assistants)

    @property
    def pension_due(self) -> int:
        """Employer's pension contributions that are due unasked, pence a year."""
        each = Decimal(self.pay) / self.assistants / 100
        if each <= self.pension_trigger:
            return 0
        above = min(each, self.pension_to) - self.pension_from
        return pence(above * self.assistants * self.pension / 100)

    @property
    def ni_due(self) -> int:
        """Employer's National Insurance before any allowance, pence a year."""
        above = Decimal(self.pay) / self.assistants - self.employer_ni_from * 100
        return pence(max(above, Decimal(0)) * self.assistants * self.employer_ni / 100 / 100)

    @property
    def costs(self) -> dict[str, int]:
        """Every part of the plan's cost, pence a year; contingency is not among them."""
        return {
            "hours": self._worked,
            "holidays": self._pay(self.holiday),
            "sick_pay": self.sick_pay,
            "sickness": self._pay(self.sickness),
            "holiday_of_cover": self.holiday_of_cover,
            "ni": max(self.ni_due - pence(self.employment_allowance), 0),
            "pension": self.pension_due,
            "insurance": pence(self.insurance),
            "payroll": pence(self.payroll),
            "training": pence(self.training),
            "other_items": pence(self.other_items),
        }

    @property
    def plan_cost(self) -> int:
        """What the agreed plan costs, pence a year: what the final sum has to cover."""
        return sum(self.costs.values())

    @property
    def held_back(self) -> int:
        """Contingency beside the plan, pence a year."""
        return pence(Decimal(self.plan_cost) * self.contingency / 100 / 100)

    @property
    def _worked(self) -> int:
        return self._pay(WEEKS - self.sickness)

    @property
    def _cover(self) -> int:
        return self._pay(self.holiday) + self._pay(self.sickness)

    def _pay(self, weeks: Decimal) -> int:
        return pence(self.hours * self.rate * weeks)
