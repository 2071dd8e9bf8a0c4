"""Numbers that people give: what each may be, read from `fields.yaml`, and how it is read."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from phbkit.tables import wrong
from phbkit.text import plain

_MOST = Decimal(10) ** 10
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?")
_DECORATED = re.compile(
    r"(?P<sign>-?)\s*(£|GBP|\$|€)?\s*(?P<digits>\d[\d ,]{0,20}(\.\d{1,6})?)\s*%?", re.IGNORECASE
)


class Quantity(BaseModel):
    """One number: its name, its bounds, its unit, and how many decimal places it may have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    unit: str = ""
    low: Decimal = Decimal(0)
    high: Decimal = _MOST
    places: int = 6

    @property
    def money(self) -> bool:
        """Whether it is an amount, which means nothing without the year of its prices."""
        return self.unit.startswith("pounds")

    def read(self, text: str) -> Decimal:
        """Return the number that a text stands for, or raise what pydantic makes a problem of."""
        text = text.strip().replace("−", "-")
        if not _NUMBER.fullmatch(text):
            raise wrong(_not_a_number(text))
        value = Decimal(text)
        if not self.low <= value <= self.high:
            most = f"from {plain(self.low)} to {plain(self.high)}"
            bounds = most if self.high < _MOST else f"{plain(self.low)} or more"
            raise wrong(f"is {text} {self.unit}".rstrip() + f". Give {bounds}.")
        if value != round(value, self.places):
            most = f"at most {self.places} decimal places" if self.places else "a whole number"
            raise wrong(f"is {text}. Give {most}.")
        return value


class Field(Quantity):
    """A number on a page about money: its label with its unit, and whether it shows as a slider.

    `item` names the line of the area's CSV that fills it in, and `start` is what it holds where
    there is none; `choices` are the only values allowed, with their labels; `part` names the fold
    of the page that it stands in.
    """

    label: str
    hint: str = ""
    slider: bool = False
    item: str = ""
    start: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    part: str = ""

    def problem(self, text: str) -> str:
        """Say what is wrong with a text that was typed; nothing where it is right."""
        if self.choices:
            allowed = [value for value, _ in self.choices]
            listed = ", ".join(filter(None, allowed))
            return "" if text in allowed else f"must be one of {listed}."
        try:
            self.read(text)
        except PydanticCustomError as error:
            return error.message()
        return ""


def _not_a_number(text: str) -> str:
    if not text:
        return "is empty. Give a number, 0 where there is nothing."
    shown = repr(text if len(text) <= 30 else text[:29] + "…")
    found = _DECORATED.fullmatch(text)
    if not found:
        return f"is {shown}, which is no number. Give a number such as 1248000 or 12.50."
    digits = re.sub(r"[\s,]", "", found["digits"])
    return f"is {shown}. Write {found['sign']}{digits}: no currency, commas or signs."


class _File(BaseModel):
    """`fields.yaml`: the items of an area's CSV, and the fields of each page in its order."""

    area: tuple[Quantity, ...]
    steps: dict[str, tuple[Field, ...]]


_TEXT = Path(__file__).with_name("fields.yaml").read_text(encoding="utf-8")
_READ = _File.model_validate(
    yaml.load(_TEXT, yaml.CBaseLoader)  # noqa: S506  it makes texts, lists and mappings only
)
ITEMS = {item.name: item for item in _READ.area}
FIELDS = _READ.steps
