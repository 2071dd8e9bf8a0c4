"""Charts: well-formed, worded, inside their frame, and nothing in a name is obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from phbkit.documents.document import Picture
from phbkit.documents.svg import WIDTH, Series, bars, dots, histogram, lines

values = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40)


def drawn(picture: Picture) -> etree._Element:
    return etree.fromstring(picture.svg.encode())


def points(svg: etree._Element) -> list[tuple[float, float]]:
    pairs = svg.xpath("string(//*[local-name()='polyline']/@points)").split()
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in pairs)]


def texts(svg: etree._Element) -> list[str]:
    return svg.xpath("//*[local-name()='text']/text()")


@given(values)
def test_every_value_lies_in_the_frame(given_values: list[float]) -> None:
    svg = drawn(lines([Series("a", given_values)], "What it shows.", across="month", up="Cost"))
    height = float(svg.get("viewBox").split()[3])
    for x, y in points(svg):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= height


def test_a_chart_has_its_words_and_names_every_line_in_its_legend() -> None:
    svg = drawn(
        lines(
            [Series("gradual", [1, 2, 3], [0, 1, 2], [2, 3, 4]), Series("fast", [3, 2, 1])],
            "Two lines.",
            across="month",
            up="Cost",
            levels=[(2, "bridging money")],
            moments=[(2, "let again")],
        )
    )
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "Two lines."
    texts = svg.xpath("//*[local-name()='text']/text()")
    assert {"gradual", "fast", "bridging money", "let again", "Cost, by month"} <= set(texts)
    assert len(svg.xpath("//*[local-name()='polygon']")) == 1


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '" onload="alert(1)', "x" * 200])
def test_nothing_in_a_name_is_obeyed_or_runs_out_of_the_picture(name: str) -> None:
    for picture in (
        lines([Series(name, [1, 2])], name, across=name, up=name),
        bars([(name, 1.0, 2.0)], name, start=0.0, up="Cost"),
        histogram((0, 50, 100), (1, 2), name, across=name, cut=(60.0, name)),
        dots([name], {name: [0.5]}, name, ticks=(-2, 2), across=name),
    ):
        svg = drawn(picture)
        assert not svg.xpath("//*[local-name()='script']")
        assert not svg.xpath("//@onload")
        assert svg.get("aria-label") == name
        assert all(len(text) <= 48 for text in texts(svg))


def test_amounts_on_an_axis_are_short_and_a_minus_is_read_as_one() -> None:
    svg = drawn(lines([Series("a", [-1_500_000, 0])], "w", across="m", up="c"))
    texts = svg.xpath("//*[local-name()='text']/text()")
    assert "−£1.5m" in texts
    assert "£0" in texts


@given(counts=st.lists(st.integers(0, 10_000), min_size=2, max_size=12), cut=st.floats(0, 1))
def test_a_histogram_says_every_count_and_marks_the_cut(counts: list[int], cut: float) -> None:
    edges = range(0, 10 * len(counts) + 1, 10)
    at = cut * edges[-1]
    svg = drawn(histogram(edges, counts, "w", across="Score", cut=(at, "pass mark")))
    bars_drawn = svg.xpath("//*[local-name()='rect']")
    heights = [float(bar.get("height")) for bar in bars_drawn]
    assert [height > 0 for height in heights] == [150 * n / max(*counts, 1) >= 0.05 for n in counts]
    assert {str(count) for count in counts if count} <= set(texts(svg))
    [line] = svg.xpath("//*[@class='phb-level']")
    assert float(line.get("x1")) == pytest.approx(26 + cut * (WIDTH - 52), abs=0.06)
    assert "pass mark" in texts(svg)


def test_a_dot_chart_gives_each_series_a_shape_and_a_colour_in_every_row() -> None:
    series = {"clinicians": [-1.5, 0.25], "holders": [1.0, 0.25]}
    svg = drawn(dots(["one", "two"], series, "w", ticks=range(-2, 3), across="Mean judgement"))
    marks = svg.xpath("//*[local-name()='path']")
    styles = [(mark.get("fill"), mark.get("d").split("m")[1]) for mark in marks]
    assert len(set(styles)) == 2  # one of each in the legend and in both rows
    assert [styles.count(style) for style in set(styles)] == [3, 3]
    places = [float(mark.get("d").split("m")[0].split()[0][1:]) for mark in marks[2:]]
    middle, unit = WIDTH / 2, (WIDTH - 52) / 4
    expected = [middle + unit * value for value in (-1.5, 1.0, 0.25, 0.25)]
    assert places == pytest.approx(expected, abs=0.06)
    assert {"one", "two", "clinicians", "holders", "-2", "2"} <= set(texts(svg))
