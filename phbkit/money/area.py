"""An area's figures: a block contract, what budgets cost and how many will want one, from a CSV.

One line an item: `item,month,value,low,high,unit,year,source`. Amounts are pounds in the prices of
one year; `month` is for the lines of `uptake` alone, which say what share of the people in the
contract has moved to a budget by then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from phbkit.errors import Fault
from phbkit.tables import Line, Row, Table, read_table
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
KINDS = ITEMS | {UPTAKE: _SHARE}


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


class _Item(Row):
    """A line of the file."""

    MISSING = ("{name}", "has no column.", f"Begin with: {','.join(COLUMNS)}")
    UNEVEN = ("{first}", "has {cells} cells for {columns} columns.", "{cure}")
    FIELD = "{cells[item]:.40}, column {place} ({column})"
    UNIQUE, MAY_REPEAT, DELIMITERS = "item", frozenset({"", UPTAKE}), ",\t"

    item: str
    month: str
    value: str
    low: str
    high: str
    unit: str
    year: str
    source: str


def read_area(file: Path, text: str | None = None) -> Area | list[Fault]:
    """Read an area's figures, or find everything that is wrong with them.

    Parameters
    ----------
    file
        The CSV file, or what to call `text` where that is given.
    text
        The content, where it does not come from a file.
    """
    size = len(text) if text is not None else file.stat().st_size if file.is_file() else 1
    if not 0 < size < LARGEST_AREA:
        problem = "is empty, or longer than 100,000 characters."
        return [Fault(file, 0, "", problem, "Give a CSV file with one line an item.")]
    table, lines = read_table(file, _Item, text)
    if not table.whole:
        return table.faults
    checks = _Checks(table, lines)
    checks.check()
    return sorted(table.faults) or _area(lines)


class _Checks:
    """Everything that must hold of the lines of a file."""

    def __init__(self, table: Table[_Item], lines: Sequence[Line[_Item]]) -> None:
        self.table, self.lines = table, lines
        self.values: dict[tuple[int, str], Decimal] = {}

    def check(self) -> None:
        """Find every fault: of each line, and then between lines."""
        uneven = {fault.field for fault in self.table.faults}
        for line in self.lines:
            self._check_line(line)
        last = self.lines[-1].number if self.lines else 1
        there = {line.row.item for line in self.lines} | uneven
        for item, kind in KINDS.items():
            if item not in there:
                cure = f"Add a line for it, in {kind.unit}."
                self.table.faults.append(Fault(self.table.file, last, item, "is missing.", cure))
        self._check_years()
        self._check_sums()
        self._check_months()

    def _fault(self, line: Line[_Item], column: str, problem: str, cure: str) -> None:
        self.table.fault(line.number, line.cells, column, problem, cure)

    def _check_line(self, line: Line[_Item]) -> None:
        row, kind = line.row, KINDS.get(line.row.item)
        if kind is None:
            near = get_close_matches(row.item, KINDS, n=1)
            cure = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(KINDS)}."
            self._fault(line, "item", f"{row.item[:40]!r} is no item known here.", cure)
            return
        self._read_number(line, "value", row.value, kind)
        for column, text in (("low", row.low), ("high", row.high)):
            if text:
                self._read_number(line, column, text, kind)
        self._check_ends(line)
        if row.unit != kind.unit:
            problem = f"is {row.unit[:40] or 'empty'}."
            self._fault(line, "unit", problem, f"Convert the value, and write: {kind.unit}")
        if kind.money and not row.year:
            self._fault(line, "year", "is empty.", "Give the year of the price, like 2026/27.")
        elif kind.money and not _is_year(row.year):
            self._fault(line, "year", f"is {row.year[:20]!r}.", "Write it like 2026/27.")
        if not row.source:
            self._fault(line, "source", "is empty.", "Say where it is from, or: made up")
        if row.item == UPTAKE:
            self._read_number(line, "month", row.month, ITEMS["months"])
        elif row.month:
            self._fault(line, "month", "is only for uptake.", "Leave it empty.")

    def _read_number(self, line: Line[_Item], column: str, text: str, kind: Kind) -> None:
        text = text.replace("−", "-")
        value = Decimal(text) if _NUMBER.fullmatch(text) else None
        if value is None:
            self._fault(line, column, *_not_a_number(text))
        elif not kind.low <= value <= kind.high:
            bounds = f"{plain(kind.low)} or more"
            if kind.high < _MOST_POUNDS:
                bounds = f"from {plain(kind.low)} to {plain(kind.high)}"
            self._fault(line, column, f"is {text} {kind.unit}.", f"Give {bounds}.")
        elif kind.whole and value != value.to_integral_value():
            self._fault(line, column, f"is {text}.", "Give a whole number.")
        elif kind.money and value != round(value, 2):
            self._fault(line, column, f"is {text}: parts of a penny.", "Give pence at most.")
        else:
            self.values[line.number, column] = value

    def _check_ends(self, line: Line[_Item]) -> None:
        """Find a lowest above the value, a highest below it, and a need that is not 100."""
        low, value, high = (self._value(line, column) for column in ("low", "value", "high"))
        if value is None:
            return
        if low is not None and low > value:
            self._fault(line, "low", "is above the value.", f"Give {value} or less.")
        if high is not None and high < value:
            self._fault(line, "high", "is below the value.", f"Give {value} or more.")
        if line.row.item == "need" and value != 100:
            cure = "Put it into plan-cost, and give 100."
            self._fault(line, "value", "is measured against plan-cost.", cure)

    def _value(self, line: Line[_Item] | None, column: str = "value") -> Decimal | None:
        return self.values.get((line.number, column)) if line else None

    def _line(self, item: str) -> Line[_Item] | None:
        return next((line for line in self.lines if line.row.item == item), None)

    def _check_years(self) -> None:
        """Find prices of another year than the contract's, or the first."""
        priced = [line for line in self.lines if KINDS.get(line.row.item, _SHARE).money]
        dated = [line for line in priced if _is_year(line.row.year)]
        first = min(dated, key=lambda line: line.row.item != "contract", default=None)
        for line in dated:
            if first and line.row.year != first.row.year:
                problem = f"is {line.row.year}, and that of {first.row.item} is {first.row.year}."
                self._fault(line, "year", problem, f"Bring the price to {first.row.year} first.")

    def _check_sums(self) -> None:
        """Find a contract that is not the sum of its parts, and a step of more than its people."""
        contract, step = self._line("contract"), self._line("step-people")
        total, size, people = map(self._value, (contract, step, self._line("people")))
        parts = [part for name in _PARTS if (part := self._value(self._line(name))) is not None]
        together = sum(parts, Decimal(0))
        if contract and total is not None and len(parts) == len(_PARTS) and together != total:
            problem = f"is {pounds(total)}, and {', '.join(_PARTS)} add up to {pounds(together)}."
            cure = f"Find the missing {pounds(total - together)}."
            if together > total:
                cure = f"Find what is counted twice: {pounds(together - total)}."
            self._fault(contract, "value", problem, cure)
        if step and size is not None and people is not None and size > people:
            problem = f"is {size}, more than the {people} people in the contract."
            self._fault(step, "value", problem, f"Give {people} or fewer.")

    def _check_months(self) -> None:
        """Find months out of order, and an uptake that falls."""
        for before, line in pairwise(line for line in self.lines if line.row.item == UPTAKE):
            earlier, month = self._value(before, "month"), self._value(line, "month")
            had, has = self._value(before), self._value(line)
            if earlier is not None and month is not None and month <= earlier:
                problem = f"is {month}, after month {earlier}."
                self._fault(line, "month", problem, "Put the months in order, each once.")
            if had is not None and has is not None and has < had:
                problem = f"falls from {had} to {has}; it counts everybody who has moved."
                cure = f"Give {had} or more; who goes back is counted under drop-out."
                self._fault(line, "value", problem, cure)


def _is_year(text: str) -> bool:
    year = YEAR.fullmatch(text)
    return year is not None and (int(year[1]) + 1) % 100 == int(year[2])


def _not_a_number(text: str) -> tuple[str, str]:
    if not text:
        return "is empty.", "Give a number, 0 where there is nothing."
    shown = repr(text if len(text) <= 30 else text[:29] + "…")
    found = _DECORATED.fullmatch(text)
    if found:
        digits = re.sub(r"[\s,]", "", found["digits"])
        return f"is {shown}.", f"Write {found['sign']}{digits}: no currency, commas or signs."
    return f"is {shown}, which is no number.", "Give a number such as 1248000 or 12.50."


def _area(lines: Sequence[Line[_Item]]) -> Area:
    def number(row: _Item, text: str) -> Decimal:
        return Decimal((text or row.value).replace("−", "-"))

    def figure(row: _Item) -> Figure:
        return Figure(
            number(row, row.value), number(row, row.low), number(row, row.high), row.source
        )

    rows = [line.row for line in lines]
    moved = [row for row in rows if row.item == UPTAKE]
    last = figure(moved[-1])
    return Area(
        {row.item: figure(row) for row in rows if row.item != UPTAKE},
        tuple((int(row.month), figure(row).value) for row in moved),
        (last.low, last.high),
        next(row.year for row in rows if row.item == "contract"),
    )
