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


@contextmanager
def csv_file(
    file: Path, header: Iterable[object], *, encoding: str = "utf-8", end: str = "\n"
) -> Iterator[Write]:
    """Write a CSV file whole, or not at all: give what writes a row; None is an empty cell."""
    with part_of(file) as part, Path(part).open("w", encoding=encoding, newline="") as out:
        yield rows_to(out, header, end=end)


def rows_to(out: TextIO, header: Iterable[object], *, end: str = "\n") -> Write:
    """Write the header of a CSV table, and return what writes a row; None is an empty cell."""
    table = csv.writer(out, lineterminator=end)
    table.writerow(map(_neutral, header))
    return lambda cells: table.writerow(map(_neutral, cells))


def _neutral(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
