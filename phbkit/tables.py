"""Tables as CSV, read as models with every fault at its line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TextIO, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from phbkit.errors import Fault, did_you_mean
from phbkit.text import caseless

PRINTABLE = r"^([^\p{C}\p{Z}]| )*$"
"""A pattern for pydantic of what `str.isprintable` takes."""
_WRONG = "wrong"


def wrong(problem: str) -> PydanticCustomError:
    """Make the error of a cell whose problem is told as it stands; for validators of a row."""
    return PydanticCustomError(_WRONG, "{problem}", {"problem": problem})


class Row(BaseModel):
    """One row of a table; a subclass has a field for each column, required where it has no default.

    The description of a field says what a cell must be, and is the problem of a fault; `{0!r}` in
    it is the cell, and `{cells[name]}` another one. With `extra="allow"` other columns are kept,
    and `OTHERS` describes their cells. `FIELD` is how a fault names a cell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    FIELD: ClassVar[str] = "{column}"
    OTHERS: ClassVar[str] = ""
    CURE: ClassVar[str] = ""
    UNIQUE: ClassVar[str] = ""
    MAY_REPEAT: ClassVar[frozenset[str]] = frozenset({""})
    DELIMITERS: ClassVar[str] = ","
    FILLED_UP: ClassVar[bool] = False


RowT = TypeVar("RowT", bound=Row)


class Line(NamedTuple, Generic[RowT]):
    """A row without a fault of its own: its line in the file, its cells as written, its model."""

    number: int
    cells: dict[str, str]
    row: RowT


class CsvTable(Generic[RowT]):
    """A table whose rows are read one by one; `faults` is complete once all of them were read.

    Headings are known at once, also in capitals. Where they have faults no row is read, and the
    table is not `whole`, as where the file cannot be read to its end. Lines with nothing in them
    are passed over, and rows with faults are left out.

    Parameters
    ----------
    file
        A UTF-8 CSV file, or what to call `text` where that is given.
    row
        The model of a row.
    needed, allowed
        Columns beside the fields of `row` that must, and that may be there. Where neither is
        given, a row with `extra="allow"` takes any.
    """

    def __init__(
        self,
        file: Path,
        row: type[RowT],
        text: str | None = None,
        *,
        needed: Collection[str] = (),
        allowed: Collection[str] = (),
    ) -> None:
        self.file, self.row, self._text = file, row, text
        self.faults: list[Fault] = []
        self.whole = True
        self._known = [*row.model_fields, *needed, *allowed]
        self._open_to_others = row.model_config.get("extra") == "allow" and not (needed or allowed)
        line, cells = next(self._records(), (1, []))
        lower = [(cell.strip(), cell.strip().lower()) for cell in cells]
        self.headings = [low if low in self._known else name for name, low in lower]
        if not self.faults:
            required = [name for name, of in row.model_fields.items() if of.is_required()]
            self._check_headings(line, [*required, *needed])

    def __iter__(self) -> Iterator[Line[RowT]]:
        if not self.whole:
            return
        first: dict[str, int] = {}
        for line, values in islice(self._records(), 1, None):
            cells = self._cells(line, values)
            if cells is None:
                continue
            unique = cells.get(self.row.UNIQUE, "").strip()
            there = first.setdefault(caseless(unique), line)
            if there != line and unique not in self.row.MAY_REPEAT:
                problem = f"{unique!r} is on line {there} already."
                self.fault(line, cells, self.row.UNIQUE, problem, "Keep one.")
                continue
            try:
                row = self.row.model_validate(cells)
            except ValidationError as error:
                for detail in error.errors(include_url=False):
                    column = str(detail["loc"][0])
                    self.fault(line, cells, column, self._problem(cells, detail), self.row.CURE)
            else:
                yield Line(line, cells, row)

    def fault(
        self, line: int, cells: Mapping[str, str], column: str, problem: str, cure: str = ""
    ) -> None:
        """Note what is wrong with a cell."""
        place = self.headings.index(column) + 1
        field = self.row.FIELD.format(column=column, place=place, cells=cells).lstrip(", ")
        self._fault(line, problem, cure, field)

    def _fault(self, line: int, problem: str, cure: str, field: str = "") -> None:
        self.faults.append(Fault(self.file, line, field, problem, cure))

    def _problem(self, cells: Mapping[str, str], detail: Any) -> str:
        if detail["type"] == _WRONG:
            return str(detail["msg"])
        field = self.row.model_fields.get(detail["loc"][0])
        words = (field.description if field else self.row.OTHERS) or f"{detail['msg']}: {{0!r}}."
        return words.format(detail["input"], cells=cells)

    def _check_headings(self, line: int, required: Sequence[str]) -> None:
        listed = ", ".join(self.headings)
        if not listed:
            self._fault(line, "is empty.", "Give a line of headings, and rows.")
        for name in required:
            if name not in self.headings:
                self._fault(line, f"has no column {name!r}.", f"Its columns: {listed or 'none'}.")
        for place, name in enumerate(self.headings, start=1):
            if name not in self._known and not self._open_to_others:
                cure = did_you_mean(name, self._known).lstrip() or "Take it out."
                self._fault(line, f"has a column {name!r}, which is not known here.", cure)
            if self.headings.index(name) + 1 < place:
                self._fault(line, f"has two columns {name!r}.", "Keep one.")
        self.whole = not self.faults

    def _cells(self, line: int, values: list[str]) -> dict[str, str] | None:
        columns, cells = len(self.headings), len(values)
        if self.row.FILLED_UP:
            values = [*values, *[""] * (columns - cells)][:columns]
        if len(values) == columns:
            return dict(zip(self.headings, values, strict=True))
        cure = "Give each column one cell; leave it empty where there is nothing."
        if cells > columns:
            cure = "A comma between thousands splits a number: write 1248000, not 1,248,000."
        begins = values[0].strip()[:40]
        self._fault(line, f"has {cells} cells for {columns} columns.", cure, begins)
        return None

    def _open(self) -> TextIO:
        if self._text is not None:
            return io.StringIO(self._text.removeprefix("\ufeff"), newline="")
        return self.file.open(encoding="utf-8-sig", newline="")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Read the lines that hold anything, each with its number; what stops this is a fault."""
        line, problem, cure = 0, "", "Give a UTF-8 CSV file."
        try:
            with self._open() as content:
                heading = next(filter(str.strip, content), "")
                content.seek(0)
                delimiter = max(self.row.DELIMITERS, key=heading.count)
                reader = csv.reader(content, strict=True, delimiter=delimiter)
                for cells in reader:
                    if any(map(str.strip, cells)):
                        yield reader.line_num, cells
        except FileNotFoundError:
            problem = "cannot be read: there is no such file."
        except UnicodeDecodeError as error:
            problem, cure = f"cannot be read: it is not UTF-8 text: {error}.", "Save it as UTF-8."
        except OSError as error:
            problem = f"cannot be read: {error}."
        except csv.Error as error:
            line, problem, cure = reader.line_num, f"{error}.", "It cannot be read as CSV."
        if problem:
            self.whole = False
            self._fault(line, problem, cure)
