"""Charts as SVG that a page can hold as it is: text stays text, and a stylesheet may recolour it.

Each gives its words as well; the table behind it is for the page to show. They are drawn without
Matplotlib because they answer while somebody moves a slider, and follow the page's dark mode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from phbkit.documents.blocks import Picture

_LEAST = 1e-9  # of what is drawn: nothing that anybody could see
WIDTH = 330
_LEFT, _RIGHT, _TOP, _BOTTOM, _ROW = 50, 10, 8, 40, 17
_LONGEST = 48
_COLOURS = ("#0b5957", "#b35900", "#0a4a82", "#46565f")
_DASHES = ("", "7 4", "2 3", "9 3 2 3")
_STEPS = (1, 2, 3, 6, 12, 24, 48, 120, 240, 600, 1200, 6000)
_INK, _HAIR = "#17252d", "#d9d4c9"


@dataclass(frozen=True)
class Series:
    """Values along an axis, and a band around them where there is one."""

    name: str
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


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
    named = [each.name for each in series] + [name for _, name in (*levels, *moments)]
    legend = _ROW * len(named)
    plot = _Plot(series, levels, top=_TOP + legend)
    parts = [plot.axes(across, up)]
    for place, each in enumerate(series):
        if each.low:
            parts.append(plot.band(each, place))
    parts += [plot.line(each, place) for place, each in enumerate(series)]
    keys = [_key(place, each.name, place) for place, each in enumerate(series)]
    for height, name in levels:
        parts.append(plot.level(height))
        keys.append(_marker(len(keys), name, "phb-level", "5 3"))
    for month, name in moments:
        parts.append(plot.moment(month))
        keys.append(_marker(len(keys), name, "phb-moment", "1 3"))
    return Picture(_svg(plot.height, words, (*keys, *parts)), words)


def bars(
    rows: Sequence[tuple[str, float, float]], words: str, *, up: str, start: float | None = None
) -> Picture:
    """Draw each row as a bar between two values, with a mark at `start`; amounts are pounds."""
    reach = [value for _, low, high in rows for value in (low, high)]
    reach += [] if start is None else [start]
    low, high, ticks = _scale(min(reach), max(reach))
    height = _TOP + 40 * len(rows) + _BOTTOM

    def place(value: float) -> float:
        return 26 + (value - low) / (high - low) * (WIDTH - 52)

    parts = [
        _mark(f'<line x1="{place(tick):.1f}" x2="{place(tick):.1f}" y1="{_TOP}" '
              f'y2="{height - _BOTTOM}" stroke="{_HAIR}" class="phb-grid"/>')
        + _text(place(tick), height - 24, _money(tick), "middle")
        for tick in ticks
    ]  # fmt: skip
    for row, (name, one, other) in enumerate(rows):
        top = _TOP + 40 * row
        left, right = sorted((place(one), place(other)))
        shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        parts.append(_text(12, top + 13, shown, "start"))
        parts.append(
            _mark(f'<rect x="{left:.1f}" y="{top + 18}" width="{max(right - left, 1.5):.1f}" '
                  f'height="14" fill="{_COLOURS[0]}" class="phb-c0"/>')
        )  # fmt: skip
        if start is not None:
            parts.append(
                _mark(f'<line x1="{place(start):.1f}" x2="{place(start):.1f}" y1="{top + 15}" '
                      f'y2="{top + 35}" stroke="{_INK}" stroke-width="2" class="phb-axis"/>')
            )  # fmt: skip
    parts.append(_text(WIDTH / 2, height - 6, up, "middle"))
    return Picture(_svg(height, words, parts), words)


class _Plot:
    """A frame with two axes, and what is drawn in it."""

    def __init__(
        self, series: Sequence[Series], levels: Sequence[tuple[float, str]], top: float
    ) -> None:
        reach = [value for each in series for value in (*each.values, *each.low, *each.high)]
        reach += [0.0, *(height for height, _ in levels)]
        self.low, self.high, self.ticks = _scale(min(reach), max(reach))
        self.count = max(len(each.values) for each in series)
        self.top, self.height = top, top + 190 + _BOTTOM

    def x(self, month: float) -> float:
        """Place a month, from 1."""
        return _LEFT + (month - 1) / max(self.count - 1, 1) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """Place a value."""
        share = (value - self.low) / (self.high - self.low)
        return self.height - _BOTTOM - share * (self.height - _BOTTOM - self.top - 8)

    def axes(self, across: str, up: str) -> Markup:
        """Draw the ticks, the line at nothing and the axes' names."""
        made = Markup("")
        for tick in self.ticks:
            heavy = tick == 0
            made += _mark(
                f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{self.y(tick):.1f}" '
                f'y2="{self.y(tick):.1f}" stroke="{_INK if heavy else _HAIR}" '
                f'class="{"phb-axis" if heavy else "phb-grid"}"/>'
            ) + _text(_LEFT - 5, self.y(tick) + 4, _money(tick), "end")
        step = next(each for each in _STEPS if self.count / each <= 7)
        for month in sorted({1, *range(step, self.count + 1, step)} - ({1} if step > 2 else set())):
            made += _text(self.x(month), self.height - 24, str(month), "middle")
        made += _text(WIDTH / 2, self.height - 6, f"{up}, by {across}", "middle")
        return made

    def line(self, each: Series, place: int) -> Markup:
        """Draw a series."""
        points = " ".join(
            f"{self.x(m):.1f},{self.y(v):.1f}" for m, v in enumerate(each.values, start=1)
        )
        return _mark(f'<polyline points="{points}" {_stroke(place)}/>')

    def band(self, each: Series, place: int) -> Markup:
        """Draw the band around a series."""
        ahead = [f"{self.x(m):.1f},{self.y(v):.1f}" for m, v in enumerate(each.high, start=1)]
        back = [f"{self.x(m):.1f},{self.y(v):.1f}" for m, v in enumerate(each.low, start=1)]
        return _mark(
            f'<polygon points="{" ".join([*ahead, *reversed(back)])}" fill="{_COLOURS[place]}" '
            f'fill-opacity="0.18" class="phb-b{place}"/>'
        )

    def level(self, height: float) -> Markup:
        """Draw a line across."""
        return _mark(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{self.y(height):.1f}" '
            f'y2="{self.y(height):.1f}" stroke="{_INK}" stroke-dasharray="5 3" class="phb-level"/>'
        )

    def moment(self, month: float) -> Markup:
        """Draw a line up."""
        return _mark(
            f'<line x1="{self.x(month):.1f}" x2="{self.x(month):.1f}" y1="{self.top}" '
            f'y2="{self.height - _BOTTOM}" stroke="{_INK}" stroke-dasharray="1 3" '
            f'class="phb-moment"/>'
        )


def _stroke(place: int) -> str:
    dash = f' stroke-dasharray="{_DASHES[place]}"' if _DASHES[place] else ""
    colour = f'stroke="{_COLOURS[place]}" class="phb-s{place}"'
    return f'fill="none" stroke-width="2.5"{dash} {colour}'


def _key(row: int, name: str, place: int) -> Markup:
    y = _TOP + _ROW * row + 6
    line = _mark(f'<line x1="{_LEFT}" x2="{_LEFT + 34}" y1="{y}" y2="{y}" {_stroke(place)}/>')
    return line + _text(_LEFT + 42, y + 4, name, "start")


def _marker(row: int, name: str, kind: str, dash: str) -> Markup:
    y = _TOP + _ROW * row + 6
    line = _mark(
        f'<line x1="{_LEFT}" x2="{_LEFT + 34}" y1="{y}" y2="{y}" stroke="{_INK}" '
        f'stroke-dasharray="{dash}" class="{kind}"/>'
    )
    return line + _text(_LEFT + 42, y + 4, name, "start")


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup(
        '<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="{}" class="phb-ct">{}</text>'
    ).format(x, y, anchor, _INK, words)


def _mark(svg: str) -> Markup:
    """Take SVG that was made of numbers and our own names alone."""
    return Markup(svg)


def _svg(height: float, words: str, parts: Sequence[Markup]) -> str:
    svg = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="phb-chart" role="img" aria-label="{0}" '
        'width="{1}" viewBox="0 0 {1} {2:.0f}" font-family="system-ui, sans-serif" '
        'font-size="12">{3}</svg>'
    )
    return str(svg.format(words, WIDTH, height, Markup("").join(parts)))


def _scale(low: float, high: float) -> tuple[float, float, list[float]]:
    """Choose round ticks that hold all values, four to seven of them."""
    if high - low < _LEAST:
        high = low + 1
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * each for each in (1, 2, 2.5, 5, 10) if power * each >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [step * n for n in range(first, last + 1)]
    return ticks[0], ticks[-1], ticks


def _money(value: float) -> str:
    """Write pounds in short: £250k, £1.5m."""
    sign, size = "−" if value < 0 else "", abs(value)
    for unit, name in ((1e6, "m"), (1e3, "k")):
        if size >= unit:
            return f"{sign}£{size / unit:g}{name}"
    return f"{sign}£{size:g}"
