"""An area's figures: a block contract, what budgets cost and how many will want one, from a CSV.

One line an item: `item,month,value,low,high,unit,year,source`. Amounts are pounds in the prices of
one year; `month` is for the lines of `uptake` alone, which say what share of the people in the
contract has moved to a budget by then.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from phbkit.errors import Fault
from phbkit.text import plain, pounds

COLUMNS = ("item", "month", "value", "low", "high", "unit", "year", "source")
LARGEST_AREA = 100_000
MOST_MONTHS = 120
UPTAKE = "uptake"
YEAR = re.compile(r"20(\d\d)/(\d\d)")
_MOST_POUNDS = Decimal(10) ** 10
_PARTS = ("fixed", "semi-variable", "variable")
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?")
_DECORATED = re.compile(
    r"(?P<sign>-?)\s*(£|GBP|\$|€)?\s*(?P<digits>\d[\d ,]{0,20}(\.\d{1,6})?)\s*%?", re.IGNORECASE
)


@dataclass(frozen=True)
class Kind:
    """What a value must be: its unit, its bounds, and whether it is a whole number."""

    unit: str
    low: Decimal = Decimal(0)
    high: Decimal = _MOST_POUNDS
    whole: bool = False

    @property
    def money(self) -> bool:
        """Whether it is an amount, which means nothing without the year of its prices."""
        return self.unit.startswith("pounds")


_YEARLY = Kind("pounds a year")
_EACH = Kind("pounds a year each")
_SHARE = Kind("per cent", high=Decimal(100))
_PEOPLE = Kind("people", Decimal(1), Decimal(1_000_000), whole=True)
_MONTHS = Kind("months", high=Decimal(MOST_MONTHS), whole=True)
ITEMS: dict[str, Kind] = {
    "contract": _YEARLY,
    "fixed": _YEARLY,
    "semi-variable": _YEARLY,
    "variable": _YEARLY,
    "people": _PEOPLE,
    "step-people": _PEOPLE,
    "variable-notice": _MONTHS,
    "step-notice": _MONTHS,
    "contract-end": _MONTHS,
    "fixed-released": _SHARE,
    "plan-cost": _EACH,
    "need": Kind("per cent", Decimal(10), Decimal(1000)),
    "set-up": Kind("pounds each"),
    "support": _EACH,
    "team": _YEARLY,
    "newcomers": _SHARE,
    "backfill": _SHARE,
    "covered": _SHARE,
    "drop-out": Kind("per cent a year", high=Decimal(100)),
    "price-rise": Kind("per cent a year", Decimal(-20), Decimal(50)),
    "bridging": Kind("pounds"),
    "commissioner-share": _SHARE,
    "months": Kind("months", Decimal(1), Decimal(MOST_MONTHS), whole=True),
}


@dataclass(frozen=True)
class Figure:
    """One value, how far it might be out where somebody said so, and where it is from."""

    value: Decimal
    low: Decimal
    high: Decimal
    source: str


@dataclass(frozen=True)
class Area:
    """What a CSV of an area says, without a fault.

    `figures` has every item but the uptake; `uptake` pairs a month with the per cent of the people
    in the contract who have moved by then; `year` is that of every price.
    """

    figures: Mapping[str, Figure]
    uptake: tuple[tuple[int, Decimal], ...]
    spread: tuple[Decimal, Decimal]
    year: str

    def __getitem__(self, item: str) -> Decimal:
        """Return the value of an item."""
        return self.figures[item].value

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Where its figures are from, each once."""
        return tuple(dict.fromkeys(figure.source for figure in self.figures.values()))


@dataclass(frozen=True)
class _Row:
    """A line of the file, and what was read of it."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column].strip()

    @property
    def item(self) -> str:
        return self["item"]


def read_area(file: Path, text: str | None = None) -> Area | list[Fault]:
    """Read an area's figures, or find everything that is wrong with them.

    Parameters
    ----------
    file
        The CSV file, or what to call `text` where that is given.
    text
        The content, where it does not come from a file.
    """
    if text is None:
        try:
            text = (
                file.read_text(encoding="utf-8-sig") if file.stat().st_size < LARGEST_AREA else ""
            )
        except (OSError, UnicodeDecodeError) as error:
            return [Fault(file, 0, "", f"cannot be read: {error}.", "Give a UTF-8 CSV file.")]
    text = text.removeprefix("\ufeff")
    if not text.strip() or len(text) > LARGEST_AREA:
        problem = "is empty, or longer than 100,000 characters."
        return [Fault(file, 0, "", problem, "Give a CSV file with one line an item.")]
    try:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_between(text))
        read = [(lines.line_num, cells) for cells in lines if any(map(str.strip, cells))]
    except csv.Error as error:
        return [Fault(file, lines.line_num, "", f"is no CSV: {error}.", "Mend this line.")]
    header = [cell.strip().lower() for cell in read[0][1]] if read else []
    faults = list(_header_faults(file, read[0][0] if read else 1, header))
    if faults:
        return faults
    rows = [
        _Row(line, dict(zip(header, cells, strict=True)))
        for line, cells in read[1:]
        if len(cells) == len(header)
    ]
    odd = [(line, cells) for line, cells in read[1:] if len(cells) != len(header)]
    faults += [_uneven(file, line, cells, header) for line, cells in odd]
    spoilt = {cells[0].strip() for _, cells in odd}
    faults += _Checks(file, header, rows, spoilt).all()
    if faults:
        return sorted(faults)
    return _area(rows)


def _between(text: str) -> str:
    """Say what stands between cells: a comma, or a tab where a spreadsheet copied them."""
    heading = text.lstrip().partition("\n")[0]
    return "\t" if "\t" in heading and "," not in heading else ","


def _header_faults(file: Path, line: int, header: Sequence[str]) -> Iterator[Fault]:
    for name in COLUMNS:
        if name not in header:
            yield Fault(file, line, name, "has no column.", f"Begin with: {','.join(COLUMNS)}")
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            yield Fault(file, line, name, "is no column known here.", "Take it out.")
        if header.count(name) > 1:
            yield Fault(file, line, name, "has two columns.", "Keep one.")


def _uneven(file: Path, line: int, cells: Sequence[str], header: Sequence[str]) -> Fault:
    problem = f"has {len(cells)} cells for {len(header)} columns."
    cure = "Give each column one cell; leave it empty where there is nothing."
    if len(cells) > len(header):
        cure = "A comma between thousands splits a number: write 1248000, not 1,248,000."
    return Fault(file, line, cells[0].strip()[:40], problem, cure)


class _Checks:
    """Everything that must hold of the lines of a file."""

    def __init__(
        self, file: Path, header: Sequence[str], rows: Sequence[_Row], spoilt: set[str]
    ) -> None:
        self.file, self.header, self.rows, self.spoilt = file, header, rows, spoilt
        self.values: dict[tuple[int, str], Decimal] = {}

    def all(self) -> Iterator[Fault]:
        """Find every fault: of each line, and then between lines."""
        for row in self.rows:
            yield from self._line(row)
        yield from self._presence()
        yield from self._years()
        yield from self._parts()
        yield from self._months()
        yield from self._steps()

    def fault(self, row: _Row, column: str, problem: str, cure: str) -> Fault:
        """Make a fault that names the item, and the column with its place."""
        place = f"{row.item[:40] or 'item'}, column {self.header.index(column) + 1} ({column})"
        return Fault(self.file, row.line, place, problem, cure)

    def _line(self, row: _Row) -> Iterator[Fault]:
        kind = _SHARE if row.item == UPTAKE else ITEMS.get(row.item)
        if kind is None:
            near = get_close_matches(row.item, [*ITEMS, UPTAKE], n=1)
            cure = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(ITEMS)}, {UPTAKE}."
            yield self.fault(row, "item", f"{row.item[:40]!r} is no item known here.", cure)
            return
        for column in ("value", "low", "high"):
            if row[column] or column == "value":
                yield from self._number(row, column, kind)
        yield from self._ends(row)
        if row["unit"] != kind.unit:
            problem = f"is {row['unit'][:40] or 'empty'}."
            yield self.fault(row, "unit", problem, f"Convert the value, and write: {kind.unit}")
        if kind.money:
            yield from self._year(row)
        if not row["source"]:
            yield self.fault(row, "source", "is empty.", "Say where it is from, or: made up")
        if row.item == UPTAKE:
            month = Kind("months", Decimal(1), Decimal(MOST_MONTHS), whole=True)
            yield from self._number(row, "month", month)
        elif row["month"]:
            yield self.fault(row, "month", "is only for uptake.", "Leave it empty.")

    def _ends(self, row: _Row) -> Iterator[Fault]:
        """Find a lowest above the value, a highest below it, and a need that is not 100."""
        low, value, high = (self.values.get((row.line, name)) for name in ("low", "value", "high"))
        if value is None:
            return
        if low is not None and low > value:
            yield self.fault(row, "low", "is above the value.", f"Give {value} or less.")
        if high is not None and high < value:
            yield self.fault(row, "high", "is below the value.", f"Give {value} or more.")
        if row.item == "need" and value != 100:
            cure = "Put it into plan-cost, and give 100."
            yield self.fault(row, "value", "is measured against plan-cost.", cure)

    def _number(self, row: _Row, column: str, kind: Kind) -> Iterator[Fault]:
        text = row[column].replace("−", "-")
        if not _NUMBER.fullmatch(text):
            yield self.fault(row, column, *_not_a_number(text))
            return
        try:
            value = Decimal(text)
        except InvalidOperation:  # pragma: no cover  the pattern allows none
            return
        if not kind.low <= value <= kind.high:
            bounds = f"{plain(kind.low)} or more"
            if kind.high < _MOST_POUNDS:
                bounds = f"from {plain(kind.low)} to {plain(kind.high)}"
            yield self.fault(row, column, f"is {text} {kind.unit}.", f"Give {bounds}.")
        elif kind.whole and value != value.to_integral_value():
            yield self.fault(row, column, f"is {text}.", "Give a whole number.")
        elif kind.money and value != round(value, 2):
            yield self.fault(row, column, f"is {text}: parts of a penny.", "Give pence at most.")
        else:
            self.values[row.line, column] = value

    def _year(self, row: _Row) -> Iterator[Fault]:
        found = YEAR.fullmatch(row["year"])
        if not row["year"]:
            yield self.fault(row, "year", "is empty.", "Give the year of the price, like 2026/27.")
        elif not found or (int(found[1]) + 1) % 100 != int(found[2]):
            yield self.fault(row, "year", f"is {row['year'][:20]!r}.", "Write it like 2026/27.")

    def _presence(self) -> Iterator[Fault]:
        seen: dict[str, int] = {}
        for row in self.rows:
            if row.item in seen and row.item != UPTAKE:
                problem = f"is on line {seen[row.item]} already."
                yield self.fault(row, "item", problem, "Keep one.")
            seen.setdefault(row.item, row.line)
        last = self.rows[-1].line if self.rows else 1
        for item in (*ITEMS, UPTAKE):
            if item not in seen and item not in self.spoilt:
                unit = ITEMS[item].unit if item in ITEMS else "per cent"
                cure = f"Add a line for it, in {unit}."
                yield Fault(self.file, last, item, "is missing.", cure)

    def _years(self) -> Iterator[Fault]:
        priced = [row for row in self.rows if row.item in ITEMS and ITEMS[row.item].money]
        dated = [row for row in priced if YEAR.fullmatch(row["year"])]
        first = next((row for row in dated if row.item == "contract"), dated[0] if dated else None)
        for row in dated:
            if first and row["year"] != first["year"]:
                problem = f"is {row['year']}, and that of {first.item} is {first['year']}."
                cure = f"Bring the price to {first['year']} first."
                yield self.fault(row, "year", problem, cure)

    def _parts(self) -> Iterator[Fault]:
        found = {row.item: (row, self.values.get((row.line, "value"))) for row in self.rows}
        whole, total = found.get("contract", (None, None))
        parts = [found[name][1] if name in found else None for name in _PARTS]
        if whole is None or total is None or None in parts:
            return
        together = sum((part for part in parts if part is not None), Decimal(0))
        if together != total:
            problem = f"is {pounds(total)}, and {', '.join(_PARTS)} add up to {pounds(together)}."
            cure = f"Find the missing {pounds(total - together)}."
            if together > total:
                cure = f"Find what is counted twice: {pounds(together - total)}."
            yield self.fault(whole, "value", problem, cure)

    def _months(self) -> Iterator[Fault]:
        before: _Row | None = None
        for row in (row for row in self.rows if row.item == UPTAKE):
            if before is not None:
                earlier, month = (self.values.get((r.line, "month")) for r in (before, row))
                had, has = (self.values.get((r.line, "value")) for r in (before, row))
                if earlier is not None and month is not None and month <= earlier:
                    problem = f"is {month}, after month {earlier}."
                    yield self.fault(row, "month", problem, "Put the months in order, each once.")
                if had is not None and has is not None and has < had:
                    problem = f"falls from {had} to {has}; it counts everybody who has moved."
                    cure = f"Give {had} or more; who goes back is counted under drop-out."
                    yield self.fault(row, "value", problem, cure)
            before = row

    def _steps(self) -> Iterator[Fault]:
        found = {row.item: (row, self.values.get((row.line, "value"))) for row in self.rows}
        people = found["people"][1] if "people" in found else None
        row, size = found.get("step-people", (None, None))
        if row is not None and size is not None and people is not None and size > people:
            problem = f"is {size}, more than the {people} people in the contract."
            yield self.fault(row, "value", problem, f"Give {people} or fewer.")


def _not_a_number(text: str) -> tuple[str, str]:
    if not text:
        return "is empty.", "Give a number, 0 where there is nothing."
    shown = repr(text if len(text) <= 30 else text[:29] + "…")
    found = _DECORATED.fullmatch(text)
    if found:
        digits = re.sub(r"[\s,]", "", found["digits"])
        return f"is {shown}.", f"Write {found['sign']}{digits}: no currency, commas or signs."
    return f"is {shown}, which is no number.", "Give a number such as 1248000 or 12.50."


def _area(rows: Sequence[_Row]) -> Area:
    def number(row: _Row, column: str) -> Decimal:
        return Decimal((row[column] or row["value"]).replace("−", "-"))

    figures = {
        row.item: Figure(
            number(row, "value"), number(row, "low"), number(row, "high"), row["source"]
        )
        for row in rows
        if row.item != UPTAKE
    }
    moved = [row for row in rows if row.item == UPTAKE]
    return Area(
        figures,
        tuple((int(row["month"]), number(row, "value")) for row in moved),
        (number(moved[-1], "low"), number(moved[-1], "high")),
        next(row["year"] for row in rows if row.item == "contract"),
    )
