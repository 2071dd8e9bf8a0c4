"""Pictures of a report: well-formed, worded, true to their numbers; nothing in a name is obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from phbkit.cohort.report.pictures import histogram, panels_beside
from phbkit.documents.document import Picture
from phbkit.money.charts import WIDTH

LABELS = [f"{low} to {low + 10}" for low in range(0, 100, 10)]


def drawn(picture: Picture) -> etree._Element:
    return etree.fromstring(picture.svg.encode())


def texts(svg: etree._Element) -> list[str]:
    return svg.xpath("//*[local-name()='text']/text()")


@given(
    counts=st.lists(st.integers(0, 10_000), min_size=10, max_size=10),
    cut=st.just(float("nan")) | st.floats(0, 100),
)
def test_a_histogram_says_every_count_and_marks_the_pass_mark(
    counts: list[int], cut: float
) -> None:
    picture = histogram(LABELS, counts, "Scores", cut)
    svg = drawn(picture)
    heights = [float(bar.get("height")) for bar in svg.xpath("//*[local-name()='rect']")]
    assert [height > 0 for height in heights] == [150 * n / max(*counts, 1) >= 0.05 for n in counts]
    assert {str(count) for count in counts if count} <= set(texts(svg))
    lines = svg.xpath("//*[@class='phb-level']")
    assert [float(line.get("x1")) for line in lines] == [
        pytest.approx(26 + cut / 100 * (WIDTH - 52), abs=0.06) for _ in lines
    ]
    assert len(lines) == (cut == cut) == (f"pass mark {cut:.2f}" in texts(svg))  # noqa: PLR0124
    assert ("pass mark" in picture.words) == bool(lines)


def test_the_pass_mark_crosses_no_number() -> None:
    svg = drawn(histogram(LABELS, range(10, 110, 10), "Scores", 55))
    [line] = svg.xpath("//*[@class='phb-level']")
    [crossed] = svg.xpath("//*[local-name()='text'][.='60' and @text-anchor='start']")
    assert float(crossed.get("x")) > float(line.get("x1"))


def test_a_dot_chart_gives_each_panel_a_shape_and_a_colour_in_every_row() -> None:
    means = {"clinicians": [-1.5, 0.25], "holders": [1.0, 0.25]}
    svg = drawn(panels_beside(["one", "two"], means, "A case"))
    marks = svg.xpath("//*[local-name()='path']")
    styles = [(mark.get("fill"), mark.get("d").split("m")[1]) for mark in marks]
    assert len(set(styles)) == 2  # one of each in the legend and in both rows
    assert [styles.count(style) for style in set(styles)] == [3, 3]
    places = [float(mark.get("d").split("m")[0].split()[0][1:]) for mark in marks[2:]]
    middle, unit = WIDTH / 2, (WIDTH - 52) / 4
    expected = [middle + unit * value for value in (-1.5, 1.0, 0.25, 0.25)]
    assert places == pytest.approx(expected, abs=0.06)
    assert {"one", "two", "clinicians", "holders", "−2", "2"} <= set(texts(svg))


def test_more_panels_than_there_are_shapes_are_all_drawn() -> None:
    svg = drawn(panels_beside(["one"], {f"panel {n}": [n / 5] for n in range(6)}, "A case"))
    assert len(svg.xpath("//*[local-name()='path']")) == 12


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '" onload="alert(1)', "x" * 200])
def test_nothing_in_a_name_is_obeyed(name: str) -> None:
    for picture in (
        histogram(LABELS, range(10), name),
        panels_beside([name], {name: [0.5]}, name),
    ):
        svg = drawn(picture)
        assert not svg.xpath("//*[local-name()='script']")
        assert not svg.xpath("//@onload")
        assert name in svg.get("aria-label")
        assert all(len(text) <= 48 for text in texts(svg))
