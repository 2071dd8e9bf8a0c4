"""Medians of interleaved runs: noise hits both sides alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

Measure = Callable[[], float]


def interleave(runs: int, *measures: Measure) -> list[list[float]]:
    """Run each measure in turn, `runs` times over, and return the values of each."""
    values: list[list[float]] = [[] for _ in measures]
    for _ in range(runs):
        for place, measure in enumerate(measures):
            values[place].append(measure())
    return values


def most_memory() -> float:
    """Return the most memory, in mebibytes, that this process has had since its program began.

    The `ru_maxrss` of the resource module would be that of whoever started it, if larger.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [high] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(high) / 1024


def row(
    what: str, ours: list[float], stock: list[float] | None = None, unit: str = "s"
) -> tuple[str, str, str, str, str]:
    """Write a row of the table: medians, and ours over stock."""
    middle = statistics.median(ours)
    if stock is None:
        return what, _write(middle, unit), "", "", str(len(ours))
    other = statistics.median(stock)
    ratio = f"{middle / other:.2f}"
    return what, _write(middle, unit), _write(other, unit), ratio, str(len(ours))


def _write(value: float, unit: str) -> str:
    return f"{value:,.0f}" if unit == "" else f"{value:.3f} {unit}"
