"""How numbers and names are written in a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any

from phbkit.cohort.report.results import KEY
from phbkit.documents.document import Table

MOST_ROWS = 200
"""Most learners a table of the report names; a file in the run's folder has them all."""
NAMES = {
    "aggregate": "Aggregate",
    "modal": "Modal",
    "three_point": "Three-point",
    "distance": "Distance",
    "all_middle": "always the middle",
    "never_extreme": "never an extreme",
    "random": "at random",
}


def key_name(key: str) -> str:
    """Say what a key measures by."""
    return "Questions with a right answer" if key == KEY else f"Beside the panel: {key}"


def number(value: float, places: int = 2, none: str = "not known") -> str:
    """Write a number with a minus sign that is read as one."""
    if isnan(value):
        return none
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", "−")


def percent(value: float, places: int = 1, none: str = "not known") -> str:
    """Write a percentage."""
    return none if isnan(value) else f"{number(value, places)} %"


def between(value: float, low: float, high: float, places: int = 2) -> str:
    """Write a figure with its interval."""
    if isnan(value):
        return "none"
    return f"{number(value, places)} ({number(low, places)} to {number(high, places)})"


def counted(count: int, what: str) -> str:
    """Write `1 learner`, `2 learners`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def listed(names: Iterable[str]) -> str:
    """Join names as a sentence does."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    widths: Sequence[float] = (),
) -> Table:
    """Make a table; its first column, the row headings, is twice as wide as each other one."""
    shares = tuple(widths) or (2.0, *(1.0 for _ in header[1:]))
    return Table(caption, tuple(header), shares, tuple(tuple(map(str, row)) for row in rows))
