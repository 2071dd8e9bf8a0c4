"""Whole pence, pounds as people write them, and the types of figures that were typed."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator

from phbkit.text import pounds


def pence(amount: Decimal) -> int:
    """Round an amount in pounds to whole pence, half a penny up."""
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def in_pounds(amount: int) -> Decimal:
    """Give whole pence as pounds."""
    return Decimal(int(amount)) / 100


def share(typed: str) -> float:
    """Give a text in per cent as a share of 1."""
    return float(Decimal(typed) / 100)


Pence = Annotated[int, BeforeValidator(lambda typed: pence(Decimal(typed)))]
"""Whole pence, typed in pounds."""
Share = Annotated[float, BeforeValidator(share)]
"""A share of 1, typed in per cent."""


def exact(amount: int) -> str:
    """Write whole pence to the penny, with a minus sign that is read as one."""
    return pounds(in_pounds(amount)).replace("-", "−")


def roughly(amount: int) -> str:
    """Write whole pence as a sum nobody takes for exact: three figures, or the pound below £1,000.

    What was rounded away is less than half of the last figure shown.
    """
    whole = in_pounds(abs(int(amount))).quantize(Decimal(1), ROUND_HALF_UP)
    unit = Decimal(10) ** max(len(str(whole)) - 3, 0)
    rounded = (whole / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit
    return f"{'−' if amount < 0 and rounded else ''}£{rounded:,.0f}"


def is_money(name: str) -> bool:
    """Say whether a figure of an outcome is pence, and not a month or a chance."""
    return not name.startswith("chance") and name not in {"balances", "repaid"}


def written(name: str, value: Any) -> str:
    """Write one figure of an outcome for people."""
    if is_money(name):
        return exact(value)
    if name.startswith("chance"):
        return f"{100 * value:.0f}"
    return f"month {value}" if value else "not in this time"
