"""A roll-out, month by month: what it costs, what it releases and who carries the difference.

Every array is whole pence, months along the first axis and draws along the second. Months are
looped over; draws never are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phbkit.money.contract import Contract, whole_months
from phbkit.money.pence import Pence, Share

Amounts = NDArray[np.int64]


@dataclass(frozen=True)
class UptakeCurve:
    """How uptake comes: within `over` months, along `shape`, watched for `months`.

    `shape` pairs shares of the time with shares of the full uptake, both rising to 1; a straight
    line by default.
    """

    over: int
    months: int
    shape: tuple[tuple[float, float], ...] = ((1.0, 1.0),)

    @classmethod
    def of(cls, uptake: Sequence[tuple[int, Decimal]], over: int, months: int) -> UptakeCurve:
        """Take the shape of an area's planned uptake, and stretch it over other months."""
        last, full = uptake[-1]
        if not full:
            return cls(over, months)
        shape = tuple((month / last, float(percent / full)) for month, percent in uptake)
        return cls(over, months, shape)

    def curve(self) -> NDArray[Any]:
        """Give the share of the full uptake that is reached by the end of each month."""
        times, shares = zip((0.0, 0.0), *self.shape, strict=True)
        made: NDArray[Any] = np.interp(np.arange(1, self.months + 1) / self.over, times, shares)
        return made


@dataclass(frozen=True)
class Terms:
    """What budgets and their support cost, and who is to carry what.

    Pence: `plan_cost` and `support` a year for each person, `set_up` once for each, `team` a year,
    `bridging` once. Shares: `newcomers` of budget holders were not in the contract, so they release
    nothing; `backfill` of freed places are filled again; `covered` of a plan's cost is paid; and
    `commissioner` of what bridging money does not meet is carried by the commissioner.
    """

    plan_cost: Pence
    set_up: Pence = 0
    support: Pence = 0
    team: Pence = 0
    newcomers: Share = 0.0
    backfill: Share = 0.0
    covered: Share = 1.0
    bridging: Pence = 0
    commissioner: Share = 1.0


@dataclass(frozen=True)
class Parameters:
    """What nobody knows beforehand: numbers, or arrays with one number for each draw.

    `uptake` is the share of the people in the contract who move in the end, `need` what a plan
    costs beside what was thought (1: the same), `price_rise` a year beyond the contract's own, and
    `drop_out` the share of budget holders who go back in a year.
    """

    uptake: Any
    need: Any = 1.0
    price_rise: Any = 0.0
    drop_out: Any = 0.0


@dataclass(frozen=True)
class Flows:
    """What happens in each month. People are fractional: the draws are of rates, not of persons.

    `plans` is what the agreed plans cost and `paid` what the budgets pay; `running` is support,
    set-up and the team; `released` is what the provider no longer spends. `bridged`, `commissioner`
    and `provider` carry what is left of the extra cost after `person`; they are negative in months
    in which more is released than spent.
    """

    holders: NDArray[Any]
    leavers: NDArray[Any]
    plans: Amounts
    paid: Amounts
    running: Amounts
    released: Amounts
    bridged: Amounts
    commissioner: Amounts

    @cached_property
    def extra(self) -> Amounts:
        """What both services cost together, beyond the contract alone."""
        return self.plans + self.running - self.released

    @property
    def person(self) -> Amounts:
        """What agreed plans cost and budgets do not pay: care not bought, or bought by people."""
        return self.plans - self.paid

    @property
    def provider(self) -> Amounts:
        """What the provider spends and is no longer paid for."""
        return self.extra - self.person - self.bridged - self.commissioner

    @cached_property
    def cumulative_net_cost(self) -> Amounts:
        """The extra cost since the beginning: above nothing is a hole, below it a gain."""
        return self.extra.cumsum(axis=0)

    @cached_property
    def peak_deficit(self) -> Amounts:
        """The deepest hole; nothing where there is none."""
        return _deepest(self.cumulative_net_cost)

    @cached_property
    def bridging_need(self) -> Amounts:
        """The deepest hole that is not left with people: what bridging money is held against."""
        return _deepest(self.cumulative_net_cost - self.person.cumsum(axis=0))

    @property
    def peak_deficit_month(self) -> Amounts:
        """The month, from 1, in which the hole is deepest."""
        month: Amounts = self.cumulative_net_cost.argmax(axis=0) + 1
        return month

    @property
    def carriers(self) -> dict[str, Amounts]:
        """Who carries the extra cost, by month: the four add up to it."""
        return {
            "bridging": self.bridged,
            "commissioner": self.commissioner,
            "provider": self.provider,
            "person": self.person,
        }

    def carried(self, until: int | None = None) -> dict[str, int]:
        """Add up what each carries of one draw, to the end or until a month."""
        return {name: int(each[:until].sum()) for name, each in self.carriers.items()}

    @property
    def break_even_month(self) -> Amounts:
        """The month from which no month costs more than before, to the end; 0 where none is."""
        return _from_when(self.extra <= 0)

    @property
    def payback_month(self) -> Amounts:
        """The month from which the hole is filled, to the end; 0 where it is not in this time."""
        return _from_when(self.cumulative_net_cost <= 0)


def _deepest(hole: Amounts) -> Amounts:
    deepest: Amounts = hole.max(axis=0).clip(min=0)
    return deepest


def _from_when(good: NDArray[np.bool_]) -> Amounts:
    """Find the month, from 1, from which something holds to the end; 0 where it does not."""
    last_bad = len(good) - np.argmin(good[::-1], axis=0)
    month = np.where(good.all(axis=0), 1, last_bad + 1)
    return np.where(good[-1], month, 0)


def roll_out(contract: Contract, terms: Terms, pace: UptakeCurve, beliefs: Parameters) -> Flows:
    """Play a roll-out month by month.

    Returns
    -------
    Flows
        Arrays of months; of months by draws where a belief is an array of draws.
    """
    uptake, need, rise, back = np.broadcast_arrays(*vars(beliefs).values())

    def down(values: NDArray[Any]) -> NDArray[Any]:
        """Stand a value for each month beside the draws."""
        return values.reshape(-1, *(1 for _ in uptake.shape))

    new = down(np.diff(pace.curve(), prepend=0.0)) * (contract.people * uptake)
    holders = _staying(new, 1 - (1 - back) ** (1 / 12))
    years = (1 + rise) ** down(np.arange(-(-pace.months // 12))) * (need * terms.plan_cost / 12)
    plans = whole_months(holders * years.repeat(12, axis=0)[: pace.months])
    paid = plans if terms.covered == 1 else whole_months(plans * terms.covered)
    running = whole_months(new * terms.set_up + holders * (terms.support / 12) + terms.team / 12)
    leavers = holders * ((1 - terms.newcomers) * (1 - terms.backfill))
    released = contract.released(leavers)
    bridged, commissioner = _carried(paid + running - released, terms)
    return Flows(holders, leavers, plans, paid, running, released, bridged, commissioner)


def _staying(new: NDArray[Any], leaves: NDArray[Any]) -> NDArray[Any]:
    """Count budget holders by month, of whom some go back each month after the one they came in."""
    holders, stay = new.copy(), 1 - leaves
    for month in range(1, len(new)):
        holders[month] += holders[month - 1] * stay
    return holders


def _carried(extra: Amounts, terms: Terms) -> tuple[Amounts, Amounts]:
    """Split what budgets and support cost beyond what is released: bridged, commissioner's share.

    Bridging money fills the hole as far as it reaches, and is paid back first as the hole fills.
    The provider carries what the commissioner does not.
    """
    met = extra.cumsum(axis=0).clip(0, terms.bridging)
    bridged = met.copy()
    bridged[1:] -= met[:-1]
    left = extra - bridged
    if terms.commissioner in {0.0, 1.0}:
        return bridged, left * int(terms.commissioner)
    return bridged, whole_months(left * terms.commissioner)
