"""Whole pence, and pounds as people write them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def pence(amount: Decimal) -> int:
    """Round an amount in pounds to whole pence, half a penny up."""
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def in_pounds(amount: int) -> Decimal:
    """Give whole pence as pounds."""
    return Decimal(int(amount)) / 100
