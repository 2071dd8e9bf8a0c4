"""Whole pence, and pounds as people write them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def pence(amount: Decimal) -> int:
    """Round an amount in pounds to whole pence, half a penny up."""
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def in_pounds(amount: int) -> Decimal:
    """Give whole pence as pounds."""
    return Decimal(int(amount)) / 100


def whole_months(monthly: NDArray[Any]) -> NDArray[np.int64]:
    """Round monthly amounts in pence so that their sum so far is never out by more than half one.

    Months are along the first axis; twelve equal ones add up to the year's sum.
    """
    import numpy as np

    so_far = np.rint(monthly.cumsum(axis=0)).astype(np.int64)
    made: NDArray[np.int64] = so_far.copy()
    made[1:] -= so_far[:-1]
    return made
