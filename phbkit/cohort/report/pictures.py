"""Pictures of a cohort, each with its words and the table that is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan, nan
from pathlib import Path

from phbkit.casebank import SCALE
from phbkit.documents.document import Picture
from phbkit.money.charts import FOOT, ROW, TOP, WIDTH, Scale, draw

_TEMPLATES = Path(__file__).parent / "templates"
_EDGES = range(0, 101, 10)
_MARGIN = 26


def histogram(labels: Sequence[str], counts: Sequence[int], what: str, cut: float = nan) -> Picture:
    """Draw how scores are spread, by tens of per cent, and the pass mark where there is one."""
    most = max(counts, default=0)
    commonest = " and ".join(name for name, n in zip(labels, counts, strict=True) if n == most > 0)
    words = f"Bar chart: {what}, {sum(counts)} learners. Commonest: {commonest} per cent, {most}."
    if not isnan(cut):
        words += f" A dashed line stands at the pass mark, {cut:.2f}."
    top = TOP + 2 * ROW
    return draw(
        "histogram",
        top + 150 + FOOT,
        f"{words} The table below the charts has every number.",
        _TEMPLATES,
        edges=_EDGES,
        counts=counts,
        x=Scale(_EDGES[0], _EDGES[-1], _MARGIN, WIDTH - _MARGIN),
        y=Scale(0, max(most, 1), top + 150, top),
        title="Learners, by score in per cent",
        cut=None if isnan(cut) else cut,
        cut_name=f"pass mark {cut:.2f}",
    )


def panels_beside(items: Sequence[str], means: Mapping[str, Sequence[float]], what: str) -> Picture:
    """Draw the mean judgement of each panel, item by item, on the scale from -2 to 2."""
    names = " and ".join(means)
    words = f"Dot chart: {what}. For each question the mean judgement of {names}."
    x, top = Scale(SCALE[0], SCALE[-1], _MARGIN, WIDTH - _MARGIN), TOP + ROW * len(means)
    foot = top + 34 * len(items)
    return draw(
        "dots",
        foot + FOOT,
        f"{words} The table below has every number.",
        _TEMPLATES,
        rows=items,
        series=list(means),
        places=[list(map(x, row)) for row in zip(*means.values(), strict=True)],
        ticks=SCALE,
        x=x,
        top=top,
        foot=foot,
        title="Mean judgement, −2 to 2",
    )
