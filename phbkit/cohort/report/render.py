"""From frames of numbers to a document's blocks: Jinja templates and one writer of tables."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cache, partial
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from phbkit.cohort.report.results import KEY
from phbkit.documents.document import Block, Bullets, Fields, Heading, Paragraph, Table
from phbkit.files import part_of

MOST_ROWS = 200
"""Most learners a table of the report names; a file in the run's folder has them all."""
Row = Mapping[Any, Any]
_TEMPLATES = Path(__file__).with_name("templates")
_BLOCK = re.compile(r"\n\s*\n")
_LINE = re.compile(r"\s*\n\s*")
_MARK = "\x00"


def number(value: float, places: int = 2, none: str = "not known") -> str:
    """Write a number, rounded half to even, with a minus sign that is read as one."""
    if isnan(value):
        return none
    return f"{np.round(value, places) + 0.0:.{places}f}".replace("-", "−")


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


def key_name(key: str) -> str:
    """Say what a key measures by."""
    return "Questions with a right answer" if key == KEY else f"Beside the panel: {key}"


def first_of(rows: Sized) -> str:
    """Say in a caption how many rows are shown, where not all are."""
    return "" if len(rows) <= MOST_ROWS else f", the first {MOST_ROWS} of {len(rows)}"


def sentence(words: str) -> str:
    """Begin with a capital and end with a full stop."""
    return f"{words[:1].upper()}{words[1:]}."


def shortened(text: str) -> str:
    """Put a text on one line of at most 300 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:299]}…"


@dataclass(frozen=True)
class Column:
    """A column of a written table: its heading, what it says of a row, and its share of a page."""

    header: str
    write: Callable[[Row], str]
    width: float = 0


def column(  # noqa: PLR0913  how a number may be written
    header: str,
    source: str | Callable[[Row], str],
    *,
    places: int | None = None,
    per_cent: bool = False,
    interval: tuple[str, str] | None = None,
    none: str = "not known",
    width: float = 0,
) -> Column:
    """Say how one column is written.

    Parameters
    ----------
    source
        A column of the frame, or a function that words a row.
    places
        Decimal places of a number; without them the value is written as it is.
    per_cent
        Whether a sign follows the number.
    interval
        Columns of the frame with the low and the high end of the number's interval.
    none
        What stands for NaN.
    width
        Share of the page's width; without it the first column is twice as wide as each other.
    """

    def write(row: Row) -> str:
        if not isinstance(source, str):
            return source(row).strip()
        if places is None:
            return str(row[source])
        if interval:
            return between(row[source], row[interval[0]], row[interval[1]], places)
        return (percent if per_cent else number)(row[source], places, none)

    return Column(header, write, width)


def write_csv(file: Path, frame: pd.DataFrame, columns: Sequence[Column]) -> None:
    """Write a frame as a CSV file, whole or not at all."""
    with part_of(file) as part, Path(part).open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, lineterminator="\n")
        table.writerow([column.header for column in columns])
        table.writerows([c.write(row) for c in columns] for row in frame.to_dict("records"))


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
        widths = tuple(c.width or (1.0 if at else 2.0) for at, c in enumerate(columns))
        rows = (tuple(c.write(row) for c in columns) for row in frame.to_dict("records"))
        return place(Table(caption, tuple(c.header for c in columns), widths, tuple(rows)))

    writers = {
        "place": place,
        "table": table,
        "heading": lambda text: place(Heading(text, 3)),
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
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        finalize=_inline,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    environment.tests["nan"] = isnan
    environment.filters |= {"sentence": sentence, "shortened": shortened}
    functions = (column, counted, first_of, key_name, listed, number, partial, percent)
    environment.globals |= {function.__name__: function for function in functions}
    environment.globals["MOST_ROWS"] = MOST_ROWS
    return environment
