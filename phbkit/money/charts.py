"""Charts as SVG that a page can hold as it is: text stays text, and a stylesheet may recolour it.

Each gives its words as well; the table behind it is for the page to show. A chart is a Jinja
template that places values by the scales it is given, which is quick enough for a slider.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from phbkit.documents.document import Picture
from phbkit.text import templates

WIDTH, ROW = 330, 17
TOP, FOOT = 8, 40
TEMPLATES = Path(__file__).parent / "templates/charts"
_LEAST = 1e-9  # of what is drawn: nothing that anybody could see
_STEPS = (1, 2, 3, 6, 12, 24, 48, 120, 240, 600, 1200, 6000)


@dataclass(frozen=True)
class Series:
    """Values along an axis, and a band around them where there is one."""

    name: str
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True)
class Scale:
    """Places values from `low` to `high` between two ends of a picture, in its units."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Place a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


@cache
def environment(folder: Path = TEMPLATES) -> Environment:
    """Return the templates of charts in a folder, which may use the shapes that are here."""
    made = templates(folder, TEMPLATES)
    made.filters["short_money"] = _short_money
    made.globals.update(width=WIDTH, legend=lambda row: TOP + ROW * row + 6)
    return made


def draw(chart: str, height: float, words: str, folder: Path = TEMPLATES, **shown: Any) -> Picture:
    """Draw a chart from its template.

    Parameters
    ----------
    height
        In units of which the picture is `WIDTH` wide.
    words
        What the picture shows, for whoever does not see it.
    """
    template = environment(folder).get_template(f"{chart}.svg.j2")
    return Picture(Markup(template.render(shown, height=height, words=words)), words)


def lines(  # noqa: PLR0913  what a chart has
    series: Sequence[Series],
    words: str,
    *,
    across: str,
    up: str,
    levels: Sequence[tuple[float, str]] = (),
    moments: Sequence[tuple[float, str]] = (),
) -> Picture:
    """Draw values at 1, 2, 3 … as lines, with bands where a series has one.

    Parameters
    ----------
    words
        What the picture shows, for whoever does not see it.
    across, up
        What the axes are; amounts are pounds.
    levels, moments
        Lines across at a height and lines up at a place, each with its name in the legend.
    """
    marked = [(level, "level") for level in levels] + [(moment, "moment") for moment in moments]
    top = TOP + ROW * (len(series) + len(marked))
    ends = [value for one in series for value in (*one.values, *one.low, *one.high)]
    ticks = _ticks([*ends, 0.0, *(height for height, _ in levels)])
    count = max(len(one.values) for one in series)
    step = next(months for months in _STEPS if count / months <= 7)
    return draw(
        "lines",
        top + 190 + FOOT,
        words,
        series=series,
        marked=marked,
        ticks=ticks,
        months=sorted({*range(step, count + 1, step)} | ({1} if step <= 2 else set())),
        x=Scale(1, max(count, 2), 50, WIDTH - 10),
        y=Scale(ticks[0], ticks[-1], top + 190, top + 8),
        title=f"{up}, by {across}",
    )


def bars(
    rows: Sequence[tuple[str, float, float]], words: str, *, up: str, start: float | None = None
) -> Picture:
    """Draw each row as a bar between two values, with a mark at `start`; amounts are pounds."""
    ends = [value for _, *pair in rows for value in pair]
    ticks = _ticks(ends if start is None else [*ends, start])
    foot = TOP + 40 * len(rows)
    return draw(
        "bars",
        foot + FOOT,
        words,
        rows=rows,
        start=start,
        ticks=ticks,
        x=Scale(ticks[0], ticks[-1], 26, WIDTH - 26),
        foot=foot,
        title=up,
    )


def _ticks(values: Sequence[float]) -> list[float]:
    """Choose round ticks that hold all values, four to seven of them."""
    low, high = min(values), max(values)
    if high - low < _LEAST:
        high = low + 1
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * share for share in (1, 2, 2.5, 5, 10) if power * share >= rough)
    return [step * n for n in range(math.floor(low / step), math.ceil(high / step) + 1)]


def _short_money(value: float) -> str:
    """Write pounds in short: £250k, £1.5m."""
    sign, size = "−" if value < 0 else "", abs(value)
    for unit, name in ((1e6, "m"), (1e3, "k")):
        if size >= unit:
            return f"{sign}£{size / unit:g}{name}"
    return f"{sign}£{size:g}"
