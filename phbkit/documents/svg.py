"""Pictures as SVG that a page can hold as it is: text stays text, and a stylesheet may recolour it.

Each gives its words as well; the table behind it is for the page to show. They are drawn without
Matplotlib because they answer while somebody moves a slider, and follow the page's dark mode.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from phbkit.documents.document import Picture

_LEAST = 1e-9  # of what is drawn: nothing that anybody could see
WIDTH = 330
_LEFT, _RIGHT, _TOP, _BOTTOM, _ROW = 50, 10, 8, 40, 17
_LONGEST = 48
_COLOURS = ("#0b5957", "#b35900", "#0a4a82", "#46565f")
_DASHES = ("", "7 4", "2 3", "9 3 2 3")
_STEPS = (1, 2, 3, 6, 12, 24, 48, 120, 240, 600, 1200, 6000)
_INK, _HAIR = "#17252d", "#d9d4c9"
Style = dict[str, object]
_GRID: Style = {"stroke": _HAIR, "class_": "phb-grid"}
_AXIS: Style = {"stroke": _INK, "class_": "phb-axis"}
_LEVEL: Style = {"stroke": _INK, "stroke_dasharray": "5 3", "class_": "phb-level"}
_MOMENT: Style = {"stroke": _INK, "stroke_dasharray": "1 3", "class_": "phb-moment"}
_SHAPES = {
    "circle": "M{0:.1f} {1:.1f}m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    "diamond": "M{0:.1f} {1:.1f}m0 -6l6 6l-6 6l-6 -6z",
    "square": "M{0:.1f} {1:.1f}m-5 -5h10v10h-10z",
    "triangle": "M{0:.1f} {1:.1f}m0 -6l6 10h-12z",
}


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


def element(name: str, *children: str, **attributes: object) -> Markup:
    """Write an element; every text is escaped unless it is Markup.

    Parameters
    ----------
    attributes
        By name, with `_` for `-`; a number that is no whole one is rounded to a tenth, and None
        leaves an attribute out.
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(
            key.rstrip("_").replace("_", "-"),
            f"{value:.1f}" if isinstance(value, float) else value,
        )
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        return Markup("<{}{}/>").format(name, written)
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, Markup("").join(children))


def line(x1: float, x2: float, y1: float, y2: float, **style: object) -> Markup:
    """Draw a straight line."""
    return element("line", x1=x1, x2=x2, y1=y1, y2=y2, **style)


def text(x: float, y: float, words: str, anchor: str = "middle") -> Markup:
    """Write words at a place, cut where they are too long for a picture."""
    shown = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    place = {"x": float(x), "y": float(y), "text_anchor": anchor}
    return element("text", shown, **place, fill=_INK, class_="phb-ct")


def mark(shape: str, x: float, y: float, place: int) -> Markup:
    """Draw one of four shapes around a point, in the colour of a series."""
    outline = _SHAPES[shape].format(x, y)
    return element("path", d=outline, fill=_COLOURS[place], class_=f"phb-c{place}")


def picture(height: float, words: str, parts: Sequence[Markup]) -> Picture:
    """Put parts together as a picture with its words."""
    svg = element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        class_="phb-chart",
        role="img",
        aria_label=words,
        width=WIDTH,
        viewBox=f"0 0 {WIDTH} {height:.0f}",
        font_family="system-ui, sans-serif",
        font_size="12",
    )
    return Picture(str(svg), words)


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
    top = _TOP + _ROW * (len(series) + len(levels) + len(moments))
    foot = top + 190
    reach = [value for one in series for value in (*one.values, *one.low, *one.high)]
    low, high, ticks = _ticks([*reach, 0.0, *(height for height, _ in levels)])
    count = max(len(one.values) for one in series)
    x = Scale(1, max(count, 2), _LEFT, WIDTH - _RIGHT)
    y = Scale(low, high, foot, top + 8)

    def points(values: Sequence[float]) -> list[str]:
        return [f"{x(month):.1f},{y(value):.1f}" for month, value in enumerate(values, start=1)]

    axes = [
        line(_LEFT, WIDTH - _RIGHT, y(tick), y(tick), **(_GRID if tick else _AXIS))
        + text(_LEFT - 5, y(tick) + 4, _money(tick), "end")
        for tick in ticks
    ]
    step = next(months for months in _STEPS if count / months <= 7)
    months = {*range(step, count + 1, step)} | ({1} if step <= 2 else set())
    axes += [text(x(month), foot + 16, str(month)) for month in sorted(months)]
    axes.append(text(WIDTH / 2, foot + 34, f"{up}, by {across}"))
    bands = [
        element(
            "polygon",
            points=" ".join([*points(one.high), *reversed(points(one.low))]),
            fill=_COLOURS[place],
            fill_opacity="0.18",
            class_=f"phb-b{place}",
        )
        for place, one in enumerate(series)
        if one.low
    ]
    drawn = [
        element("polyline", points=" ".join(points(one.values)), **_stroke(place))
        for place, one in enumerate(series)
    ]
    drawn += [line(_LEFT, WIDTH - _RIGHT, y(height), y(height), **_LEVEL) for height, _ in levels]
    drawn += [line(x(month), x(month), top, foot, **_MOMENT) for month, _ in moments]
    styles = [(one.name, _stroke(place)) for place, one in enumerate(series)]
    styles += [(name, _LEVEL) for _, name in levels] + [(name, _MOMENT) for _, name in moments]
    keys = [_key(row, name, style) for row, (name, style) in enumerate(styles)]
    return picture(foot + _BOTTOM, words, (*keys, *axes, *bands, *drawn))


def bars(
    rows: Sequence[tuple[str, float, float]], words: str, *, up: str, start: float | None = None
) -> Picture:
    """Draw each row as a bar between two values, with a mark at `start`; amounts are pounds."""
    reach = [value for _, *ends in rows for value in ends] + ([] if start is None else [start])
    low, high, ticks = _ticks(reach)
    foot = _TOP + 40 * len(rows)
    x = Scale(low, high, 26, WIDTH - 26)
    parts = [
        line(x(tick), x(tick), _TOP, foot, **_GRID) + text(x(tick), foot + 16, _money(tick))
        for tick in ticks
    ]
    for row, (name, one, other) in enumerate(rows):
        top = _TOP + 40 * row
        left, right = sorted((x(one), x(other)))
        parts.append(text(12, top + 13, name, "start"))
        parts.append(_bar(left, top + 18, max(right - left, 1.5), 14))
        if start is not None:
            ends = (x(start), x(start), top + 15, top + 35)
            parts.append(line(*ends, stroke=_INK, stroke_width=2, class_="phb-axis"))
    parts.append(text(WIDTH / 2, foot + 34, up))
    return picture(foot + _BOTTOM, words, parts)


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    words: str,
    *,
    across: str,
    cut: tuple[float, str] | None = None,
) -> Picture:
    """Draw how many there are between each edge and the next, with a dashed line at a cut.

    Parameters
    ----------
    edges
        One more than there are counts, in order.
    words
        What the picture shows, for whoever does not see it.
    across
        What is counted along the axis.
    cut
        A value and its name, such as a pass mark.
    """
    top, foot = _TOP + 2 * _ROW, _TOP + 2 * _ROW + 150
    x = Scale(edges[0], edges[-1], 26, WIDTH - 26)
    y = Scale(0, max([*counts, 1]), foot, top)
    parts = []
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        parts.append(_bar(x(low) + 0.5, y(count), x(high) - x(low) - 1, foot - y(count)))
        parts.append(text((x(low) + x(high)) / 2, y(count) - 3, str(count) if count else ""))
    parts += [text(x(edge), foot + 16, f"{edge:g}") for edge in edges]
    parts += [line(26, WIDTH - 26, foot, foot, **_AXIS), text(WIDTH / 2, foot + 34, across)]
    if cut:
        parts.append(line(x(cut[0]), x(cut[0]), _TOP + _ROW, foot, **_LEVEL))
        parts.append(text(min(max(x(cut[0]), 70), WIDTH - 70), _TOP + 10, cut[1]))
    return picture(foot + _BOTTOM, words, parts)


def dots(
    rows: Sequence[str],
    series: Mapping[str, Sequence[float]],
    words: str,
    *,
    ticks: Sequence[float],
    across: str,
) -> Picture:
    """Draw a mark for each series in every row, joined where there are several.

    Parameters
    ----------
    rows
        The name of each row.
    series
        By name, a value for each row; at most four, each with a shape and a colour of its own.
    words
        What the picture shows, for whoever does not see it.
    ticks
        The values that the axis names, from its lowest to its highest.
    across
        What the axis is.
    """
    top = _TOP + _ROW * len(series)
    foot = top + 34 * len(rows)
    x = Scale(ticks[0], ticks[-1], 26, WIDTH - 26)
    parts = [
        line(x(tick), x(tick), top, foot, **_GRID) + text(x(tick), foot + 16, f"{tick:g}")
        for tick in ticks
    ]
    shapes = dict(zip(series, _SHAPES, strict=False))
    for place, (name, shape) in enumerate(shapes.items()):
        y = _TOP + _ROW * place + 6
        parts.append(mark(shape, 26, y, place) + text(40, y + 4, name, "start"))
    for row, name in enumerate(rows):
        y = top + 34 * row + 24
        values = [x(series[key][row]) for key in shapes]
        parts.append(text(12, y - 10, name, "start"))
        parts.append(line(min(values), max(values), y, y, stroke=_HAIR, stroke_width=4))
        parts += [mark(shapes[key], x(series[key][row]), y, n) for n, key in enumerate(shapes)]
    parts.append(text(WIDTH / 2, foot + 34, across))
    return picture(foot + _BOTTOM, words, parts)


def _stroke(place: int) -> Style:
    return {
        "fill": "none",
        "stroke_width": 2.5,
        "stroke_dasharray": _DASHES[place] or None,
        "stroke": _COLOURS[place],
        "class_": f"phb-s{place}",
    }


def _key(row: int, name: str, style: Style) -> Markup:
    """Draw one line of a legend."""
    y = _TOP + _ROW * row + 6
    return line(_LEFT, _LEFT + 34, y, y, **style) + text(_LEFT + 42, y + 4, name, "start")


def _bar(x: float, y: float, width: float, height: float) -> Markup:
    colour = {"fill": _COLOURS[0], "class_": "phb-c0"}
    return element("rect", x=x, y=y, width=width, height=height, **colour)


def _ticks(values: Sequence[float]) -> tuple[float, float, list[float]]:
    """Choose round ticks that hold all values, four to seven of them: the ends, and all."""
    low, high = min(values), max(values)
    if high - low < _LEAST:
        high = low + 1
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * share for share in (1, 2, 2.5, 5, 10) if power * share >= rough)
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
