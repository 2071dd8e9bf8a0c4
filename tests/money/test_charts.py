"""Charts: well-formed, worded, inside their frame, and nothing in a name is obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from phbkit.documents.document import Picture
from phbkit.money.charts import WIDTH, Series, bars, lines

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
