"""From frames of numbers to a document's blocks: Jinja templates and one writer of tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment

from phbkit.cohort.report.results import KEY
from phbkit.documents.document import Block, Bullets, Fields, Heading, Paragraph, Table
from phbkit.text import templates

MOST_ROWS = 200
"""Most learners a table of the report names; a file in the run's folder has them all."""
Row = Mapping[Any, Any]
Words = Callable[[Row], str]
Column = tuple[str, Words, float]
"""A column of a table: its heading, what it says of a row, and its share of the page's width."""
_TEMPLATES = Path(__file__).with_name("templates")
_BLOCK = re.compile(r"\n\s*\n")
_LINE = re.compile(r"\s*\n\s*")
_MARK = "\x00"


def number(value: float, places: int = 2, none: str = "not known", unit: str = "") -> str:
    """Write a number, rounded half to even, with a minus sign that is read as one."""
    if isnan(value):
        return none
    return f"{np.round(value, places) + 0.0:.{places}f}{unit}".replace("-", "−")


percent = partial(number, places=1, unit=" %")


def counted(count: int, what: str) -> str:
    """Write `1 learner`, `2 learners`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def column(header: str, source: str | Words, *, width: float = 0, **how: Any) -> Column:
    """Say how one column of a table is written.

    Parameters
    ----------
    source
        A column of the frame, or a function that words a row.
    width
        Share of the page's width; without it the first column is twice as wide as each other.
    how
        Of a number: `places`, `none` and `unit` as for `number`, and `interval`, the columns with
        its low and its high end. Without them the value is written as it is.
    """
    ends = how.pop("interval", ())

    def write(row: Row) -> str:
        if not isinstance(source, str):
            return source(row).strip()
        if not ends:
            return number(row[source], **how) if how else str(row[source])
        figure, low, high = (number(row[name], **how) for name in (source, *ends))
        return "none" if isnan(row[source]) else f"{figure} ({low} to {high})"

    return header, write, width


class _Mark(str):
    """Where a block stands in a template's text; no text of anybody's is one."""

    __slots__ = ()


def render(name: str, **values: Any) -> tuple[tuple[Block, ...], tuple[pd.DataFrame, ...]]:
    """Render a template: paragraphs between blank lines, and the blocks it places among them.

    Returns
    -------
    tuple
        The blocks, and the frames behind their tables, both in order.
    """
    placed: list[Block] = []
    frames: list[pd.DataFrame] = []

    def place(block: Block) -> str:
        placed.append(block)
        return _Mark(f"\n\n{_MARK}{len(placed) - 1}\n\n")

    def table(caption: str, frame: pd.DataFrame, columns: Sequence[Column]) -> str:
        frames.append(frame)
        headers, writers, shares = zip(*columns, strict=True)
        widths = tuple(share or (1.0 if at else 2.0) for at, share in enumerate(shares))
        rows = (tuple(write(row) for write in writers) for row in frame.to_dict("records"))
        return place(Table(caption, headers, widths, tuple(rows)))

    writers = {
        "place": place,
        "table": table,
        "heading": lambda text, level=3: place(Heading(text, level)),
        "bullets": lambda items: place(Bullets(tuple(items))),
        "fields": lambda *pairs: place(Fields(pairs)),
    }
    text = _environment().get_template(name).render(writers | values)
    parts = (part.strip() for part in _BLOCK.split(text) if part.strip())
    blocks = (
        placed[int(part[1:])] if part[0] == _MARK else Paragraph(_LINE.sub(" ", part))
        for part in parts
    )
    return tuple(blocks), tuple(frames)


def _inline(value: Any) -> str:
    """Keep what a template tells of in its paragraph."""
    return value if isinstance(value, _Mark) else _LINE.sub(" ", str(value).replace(_MARK, ""))


@cache
def _environment() -> Environment:
    """Return the templates; what they make is text, escaped where it becomes HTML."""
    environment = templates(_TEMPLATES).overlay(
        autoescape=False, finalize=_inline, extensions=["jinja2.ext.do"]
    )
    environment.tests["nan"] = isnan
    environment.filters["one_line"] = lambda text: " ".join(text.split())
    environment.globals.update(column=column, counted=counted, number=number, percent=percent)
    environment.globals.update(partial=partial, KEY=KEY, MOST_ROWS=MOST_ROWS)
    words = environment.get_template("words.j2").module
    for name in ("first_of", "key_name", "listed", "sentence"):
        environment.globals[name] = environment.filters[name] = getattr(words, name)
    return environment
