"""A block contract in parts, and what of it can be released when people leave."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phbkit.money.pence import Pence, Share, pence

_ALMOST = 1e-9


@dataclass(frozen=True)
class Released:
    """What some leavers mean, pence a year: four figures, because no single one is the saving.

    Attributes
    ----------
    average
        Their share of the whole contract on paper. It is never released by their leaving.
    at_once
        Variable cost: it stops because they are not there.
    after_notice
        That, and the semi-fixed steps that so many leavers make up, once notice is served.
    in_full_steps
        What it would be as part of leavers who make up whole steps.
    """

    average: int
    at_once: int
    after_notice: int
    in_full_steps: int


@dataclass(frozen=True)
class Contract:
    """A block contract: pence a year, people, months.

    `fixed` stays whoever leaves (buildings, management); `semi` goes in steps of `step_people`
    leavers, after `step_notice` months (a post, a session); `variable` goes with each person, after
    `variable_notice` months. At the end of month `end` (0: not in sight) the contract is let again,
    and `fixed_released` of the fixed cost goes in proportion to leavers.
    """

    people: int
    fixed: Pence
    semi: Pence
    variable: Pence
    step_people: int
    variable_notice: int = 0
    step_notice: int = 0
    end: int = 0
    fixed_released: Share = 0.0

    @property
    def total(self) -> int:
        """What the contract costs, pence a year."""
        return self.fixed + self.semi + self.variable

    @property
    def step_cost(self) -> Decimal:
        """What one semi-fixed step costs, pence a year."""
        return Decimal(self.semi) * self.step_people / self.people

    def released_by(self, leavers: int) -> Released:
        """Say what so many leavers mean, from 1 to everybody."""
        variable = Decimal(self.variable) * leavers / self.people
        steps = self.step_cost * (leavers // self.step_people)
        whole = Decimal(self.total) * leavers / self.people
        full = Decimal(self.variable + self.semi) * leavers / self.people
        found = (whole, variable, variable + steps, full)
        return Released(*(pence(each / 100) for each in found))

    def released(self, leavers: NDArray[Any]) -> NDArray[Any]:
        """Say what the provider no longer spends, month by month, whole pence.

        Parameters
        ----------
        leavers
            People who have left and whose place stays empty, by month along the first axis. Cost is
            released for those who were gone through the whole of the notice.
        """
        months = len(leavers)
        steps = np.floor(_gone_for(leavers, self.step_notice) / self.step_people + _ALMOST)
        each = self.variable / self.people / 12
        released = _gone_for(leavers, self.variable_notice) * each
        released += steps * (float(self.step_cost) / 12)
        if 0 < self.end < months and self.fixed_released:
            let_again = leavers[self.end :] * (self.fixed * self.fixed_released)
            released[self.end :] += let_again / self.people / 12
        return whole_months(released)


def _gone_for(leavers: NDArray[Any], notice: int) -> NDArray[Any]:
    """Count who was gone in this month and in every one of the `notice` months before it."""
    gone = leavers.copy()
    for month in range(1, notice + 1):
        gone[month:] = np.minimum(gone[month:], leavers[:-month])
    gone[:notice] = 0
    return gone


def whole_months(monthly: NDArray[Any]) -> NDArray[np.int64]:
    """Round monthly amounts in pence so that their sum so far is never out by more than half one.

    Months are along the first axis; twelve equal ones add up to the year's sum.
    """
    so_far = np.rint(monthly.cumsum(axis=0)).astype(np.int64)
    made: NDArray[np.int64] = np.diff(so_far, axis=0, prepend=0)
    return made
