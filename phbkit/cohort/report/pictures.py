"""Pictures of a cohort as SVG, each with its words and the table that is behind it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from math import isnan, nan
from typing import TYPE_CHECKING, Any

from phbkit.documents.document import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BINS = range(0, 101, 10)
_INK, _BRAND, _SOFT, _HAIR = "#17252d", "#0b5957", "#46565f", "#d9d4c9"
_SECOND = "#b35900"
_PROLOGUE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>", re.DOTALL)


def histogram(labels: Sequence[str], counts: Sequence[int], what: str, cut: float = nan) -> Picture:
    """Draw how scores are spread, by tens of per cent, and the pass mark where there is one."""
    figure, axes = _drawing(2.6)
    bars = axes.bar(_BINS[:-1], counts, width=10, align="edge", color=_BRAND, edgecolor="white")
    axes.bar_label(bars, labels=[str(count) if count else "" for count in counts], fontsize=8)
    axes.set_xlim(0, 100)
    axes.set_xticks(_BINS)
    axes.set_ylim(0, max([*counts, 1]) * 1.15)
    axes.set_xlabel("Score, per cent")
    axes.set_ylabel("Learners")
    axes.locator_params(axis="y", integer=True)
    line = ""
    if not isnan(cut):
        axes.axvline(cut, color=_SECOND, linestyle="--", linewidth=1.6)
        axes.text(cut, 1.01, f"pass mark {cut:.2f}", transform=axes.get_xaxis_transform(),
                  ha="center", va="bottom", fontsize=8, color=_INK)  # fmt: skip
        line = f" A dashed line stands at the pass mark, {cut:.2f}."
    most = max(counts, default=0)
    commonest = " and ".join(name for name, n in zip(labels, counts, strict=True) if n == most > 0)
    words = f"Bar chart: {what}, {sum(counts)} learners. Commonest: {commonest} per cent, {most}."
    words += f"{line} The table below the charts has every number."
    return Picture(_svg(figure), words)


def panels_beside(items: Sequence[str], means: Mapping[str, Sequence[float]], what: str) -> Picture:
    """Draw the mean judgement of each panel, item by item, on the scale from -2 to 2."""
    figure, axes = _drawing(0.9 + 0.36 * len(items))
    rows = range(len(items))
    shapes = [("o", _BRAND), ("D", _SECOND), ("s", _INK), ("^", _SOFT)]
    if len(means) == 2:
        first, second = means.values()
        axes.hlines(rows, first, second, color=_HAIR, linewidth=5, zorder=1)
    for (name, values), (shape, colour) in zip(means.items(), shapes, strict=False):
        axes.scatter(values, rows, marker=shape, color=colour, label=name, s=42, zorder=2)
    axes.set_xlim(-2.15, 2.15)
    axes.set_xticks(range(-2, 3))
    axes.set_yticks(list(rows), items)
    axes.invert_yaxis()
    axes.grid(axis="x", color=_HAIR, linewidth=0.6)
    axes.set_xlabel("Mean judgement, −2 to 2")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False, fontsize=9)
    names = " and ".join(means)
    words = f"Dot chart: {what}. For each question the mean judgement of {names}."
    return Picture(_svg(figure), f"{words} The table below has every number.")


def _drawing(height: float) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.8, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_SOFT)
    axes.tick_params(colors=_INK, labelsize=9)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Figure) -> str:
    """Write a figure as SVG that is the same each time; letters are drawn, so it needs no font."""
    import matplotlib as mpl

    file = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context({"svg.hashsalt": "phbkit", "svg.fonttype": "path"}):
        figure.savefig(file, format="svg", metadata=nothing)
    return _PROLOGUE.sub("", file.getvalue()).strip()
