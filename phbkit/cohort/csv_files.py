"""CSV files, written whole, in which no text is taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from phbkit.files import part_of

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Write = Callable[[Iterable[object]], None]


def csv_writer(out: TextIO, header: Iterable[object], end: str = "\n") -> Write:
    """Return what writes a row: None as an empty cell, and no text that is taken for a formula."""
    table = csv.writer(out, lineterminator=end)

    def write(cells: Iterable[object]) -> None:
        table.writerow([_neutral(cell) if isinstance(cell, str) else cell for cell in cells])

    write(header)
    return write


@contextmanager
def csv_file(file: Path, header: Iterable[object]) -> Iterator[Write]:
    """Write a CSV file whole, or not at all: give what writes a row."""
    with part_of(file) as part, Path(part).open("w", encoding="utf-8", newline="") as out:
        yield csv_writer(out, header)


def _neutral(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
