"""An area's figures: a block contract, what budgets cost and how many will want one, from a CSV.

One line an item: `item,month,value,low,high,unit,year,source`. Amounts are pounds in the prices of
one year; `month` is for the lines of `uptake` alone, which say what share of the people in the
contract has moved to a budget by then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, PlainValidator, ValidationInfo

from phbkit.errors import Fault
from phbkit.money.quantities import ITEMS, Quantity
from phbkit.tables import CsvTable, Line, Row, wrong
from phbkit.text import pounds

LARGEST_AREA = 100_000
UPTAKE = "uptake"
YEAR = re.compile(r"20(\d\d)/(\d\d)")
_PARTS = ("fixed", "semi-variable", "variable")


def _item(text: str) -> str:
    if text not in ITEMS:
        near = get_close_matches(text, ITEMS, n=1)
        cure = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(ITEMS)}."
        raise wrong(f"{text[:40]!r} is no item known here. {cure}")
    return text


def _month(item: Quantity, text: str) -> int:
    if item.name == UPTAKE:
        return int(ITEMS["months"].read(text))
    if text:
        raise wrong("is only for uptake. Leave it empty.")
    return 0


def _value(item: Quantity, text: str) -> Decimal:
    value = item.read(text)
    if item.name == "need" and value != 100:
        raise wrong("is measured against plan-cost. Put it into plan-cost, and give 100.")
    return value


def _unit(item: Quantity, text: str) -> str:
    if text != item.unit:
        shown = text[:40] or "empty"
        raise wrong(f"is {shown}. Convert the value, and write: {item.unit}")
    return text


def _year(item: Quantity, text: str) -> str:
    given = YEAR.fullmatch(text)
    if item.money and not (given and (int(given[1]) + 1) % 100 == int(given[2])):
        shown = repr(text[:20]) if text else "empty"
        raise wrong(f"is {shown}. Give the year of the price, like 2026/27.")
    return text


def _source(text: str) -> str:
    if not text:
        raise wrong("is empty. Say where it is from, or: made up")
    return text


def _as(check: Callable[[Quantity, str], object]) -> PlainValidator:
    """Hold a cell against what the item of its line must be; an unknown item is told alone."""

    def validate(text: str, info: ValidationInfo) -> object:
        item = ITEMS.get(info.data.get("item", ""))
        return check(item, text.strip()) if item else None

    return PlainValidator(validate)


def _end(text: str, info: ValidationInfo) -> Decimal | None:
    """Read how far a value may be out; where nothing is given it is not."""
    item, value = ITEMS.get(info.data.get("item", "")), info.data.get("value")
    end = item.read(text) if item and text.strip() else value
    if end is not None and value is not None:
        if info.field_name == "low" and end > value:
            raise wrong(f"is above the value. Give {value} or less.")
        if info.field_name == "high" and end < value:
            raise wrong(f"is below the value. Give {value} or more.")
    return end


class Figure(Row):
    """One line: a value, how far it might be out where somebody said so, and where it is from."""

    FIELD = "{cells[item]:.40}, column {place} ({column})"
    UNIQUE, MAY_REPEAT, DELIMITERS = "item", frozenset({"", UPTAKE}), ",\t"

    item: Annotated[str, AfterValidator(_item)]
    month: Annotated[int, _as(_month)]
    value: Annotated[Decimal, _as(_value)]
    low: Annotated[Decimal, PlainValidator(_end)]
    high: Annotated[Decimal, PlainValidator(_end)]
    unit: Annotated[str, _as(_unit)]
    year: Annotated[str, _as(_year)]
    source: Annotated[str, AfterValidator(_source)]


@dataclass(frozen=True)
class Area:
    """What a CSV of an area says, without a fault.

    `figures` has every item, the last line of the uptake among them; `uptake` pairs a month with
    the per cent of the people in the contract who have moved by then.
    """

    figures: Mapping[str, Figure]
    uptake: tuple[tuple[int, Decimal], ...]

    def __getitem__(self, item: str) -> Decimal:
        """Return the value of an item."""
        return self.figures[item].value

    @property
    def year(self) -> str:
        """The year of every price."""
        return self.figures["contract"].year


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
        words = "is empty, or longer than 100,000 characters."
        return [Fault(file, 0, "", words, "Give a CSV file with one line an item.")]
    table = CsvTable(file, Figure, text)
    lines = list(table)
    if not table.whole:
        return table.faults
    there = {fault.field.partition(",")[0] for fault in table.faults}
    there |= {line.row.item for line in lines}
    last = lines[-1].number if lines else 1
    for item in ITEMS.values():
        if item.name not in there:
            cure = f"Add a line for it, in {item.unit}."
            table.faults.append(Fault(file, last, item.name, "is missing.", cure))
    for line, column, words, cure in _between(lines):
        table.fault(line.number, line.cells, column, words, cure)
    if table.faults:
        return sorted(table.faults)
    moved = tuple((line.row.month, line.row.value) for line in lines if line.row.item == UPTAKE)
    return Area({line.row.item: line.row for line in lines}, moved)


def _between(lines: Sequence[Line[Figure]]) -> Iterator[tuple[Line[Figure], str, str, str]]:
    """Find what is wrong between lines that are right alone: line, column, problem and cure."""
    by_item = {line.row.item: line for line in lines}
    values = {item: line.row.value for item, line in by_item.items()}
    priced = [line for line in lines if ITEMS[line.row.item].money]
    for line in priced:
        first = by_item.get("contract", priced[0]).row
        if line.row.year != first.year:
            words = f"is {line.row.year}, and that of {first.item} is {first.year}."
            yield line, "year", words, f"Bring the price to {first.year} first."
    if {"contract", *_PARTS} <= values.keys():
        missing = values["contract"] - sum(values[part] for part in _PARTS)
        together = f"{', '.join(_PARTS)} add up to {pounds(values['contract'] - missing)}."
        find = "Find the missing" if missing > 0 else "Find what is counted twice:"
        if missing:
            words = f"is {pounds(values['contract'])}, and {together}"
            yield by_item["contract"], "value", words, f"{find} {pounds(abs(missing))}."
    people = values.get("people")
    if people is not None and values.get("step-people", people) > people:
        words = f"is {values['step-people']}, more than the {people} people in the contract."
        yield by_item["step-people"], "value", words, f"Give {people} or fewer."
    for before, line in pairwise(line for line in lines if line.row.item == UPTAKE):
        had, has = before.row, line.row
        if has.month <= had.month:
            words = f"is {has.month}, after month {had.month}."
            yield line, "month", words, "Put the months in order, each once."
        if has.value < had.value:
            words = f"falls from {had.value} to {has.value}; it counts everybody who has moved."
            cure = f"Give {had.value} or more; who goes back is counted under drop-out."
            yield line, "value", words, cure
