"""The numbers that a learner may type on the pages about money: what each is, and its bounds.

An answer to a step of the money maps names of fields to numbers as text; a field that is left out
keeps the area's own figure. `block` may have `csv` as well: an area's figures, pasted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from phbkit.casebank import Case
from phbkit.errors import AnswersError, Fault
from phbkit.money.area import LARGEST_AREA, Area, read_area
from phbkit.text import plain
from phbkit.workbook.formats import LONGEST_TEXT

CSV = "csv"
PASTED = Path("your figures")
_NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{1,4})?")
_POUNDS = Decimal(10) ** 10


class Field(BaseModel):
    """One number: its label with its unit, its bounds, and whether it shows as a slider.

    `item` names the line of the area's CSV that fills it in; `choices` are the only values allowed,
    with their labels; `part` names the fold of the page that it stands in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    label: str
    low: Decimal = Decimal(0)
    high: Decimal = _POUNDS
    places: int = 2
    hint: str = ""
    slider: bool = False
    item: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    part: str = ""


def _read_fields() -> dict[str, tuple[Field, ...]]:
    """Read `fields.yaml`: by step, its fields in the order of the page."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    found = yaml.load(text, yaml.CBaseLoader)  # noqa: S506  it makes texts, lists and mappings only
    return TypeAdapter(dict[str, tuple[Field, ...]]).validate_python(found)


FIELDS = _read_fields()
SPREADS = {  # the fields of a belief's ends, and the field of `running` that holds its likeliest
    "uptake": ("share", "uptake-low", "uptake-high"),
    "need": ("", "need-low", "need-high"),
    "price_rise": ("price-rise", "price-low", "price-high"),
    "drop_out": ("drop-out", "drop-low", "drop-high"),
}


def defaults(
    case: Case, area: Area, running: Mapping[str, str] | None = None
) -> dict[str, dict[str, str]]:
    """Give what every field holds before anybody types, by step and name.

    What was typed of the roll-out moves the ends of its beliefs along.
    """
    budget = {name: str(value) for name, value in case.money.budget.items()}
    last, full = area.uptake[-1]
    own = {
        "setting": {"year": case.money.rates[0].year, "claims": "yes"} | budget,
        "block": {"leavers": "1"},
        "running": {
            "share": plain(full),
            "months": str(min(last, 60)),
            "fast": str(max(last // 4, 1)),
        },
        "bands": {"pace": "gradual", "draws": "2000", "seed": "1"},
    }
    for step, fields in FIELDS.items():
        own[step] |= {field.name: plain(area[field.item]) for field in fields if field.item}
    own["bands"] |= _ends(area, own["running"] | dict(running or {}))
    return own


def _ends(area: Area, running: Mapping[str, str]) -> dict[str, str]:
    """Put the lowest and the highest of each belief about its likeliest as the area has them."""
    full = area.uptake[-1][1]
    likely = Decimal(running["share"])
    scale = likely / full if full else Decimal(1)
    need = area.figures["need"]
    made = {
        "uptake-low": area.spread[0] * scale,
        "uptake-high": min(area.spread[1] * scale, Decimal(100)),
        "need-low": 100 * need.low / need.value,
        "need-high": 100 * need.high / need.value,
    }
    for item, name, least in (("price-rise", "price", -20), ("drop-out", "drop", 0)):
        figure, middle = area.figures[item], Decimal(running[item])
        made[f"{name}-low"] = max(middle - (figure.value - figure.low), Decimal(least))
        made[f"{name}-high"] = middle + (figure.high - figure.value)
    made["price-high"] = min(made["price-high"], Decimal(50))
    made["drop-high"] = min(made["drop-high"], Decimal(100))
    rounding = {"uptake-low": ROUND_FLOOR, "uptake-high": ROUND_CEILING}
    return {
        name: plain(value.quantize(Decimal("0.1"), rounding.get(name, ROUND_HALF_UP)))
        for name, value in made.items()
    }


def check_figures(step: str, value: Any) -> dict[str, str]:
    """Return the figures of one step as they are kept, or raise AnswersError for all that is wrong.

    Fields that are not there keep the area's figure.
    """
    if not isinstance(value, Mapping):
        raise AnswersError(f"must map fields to numbers; got {value!r}.", key=step)
    known = {field.name: field for field in FIELDS[step]}
    kept: dict[str, str] = {}
    errors: list[AnswersError] = []
    for name, given in value.items():
        if step == "block" and name == CSV:
            errors += [AnswersError(str(fault), key=f"{step}.{CSV}") for fault in faults_of(given)]
            kept |= {CSV: str(given)} if str(given).strip() else {}
        elif name not in known:
            listed = ", ".join(known)
            errors.append(
                AnswersError(f"is no field of it. Known: {listed}.", key=f"{step}.{name}")
            )
        else:
            problem = _problem(known[name], given)
            if problem:
                errors.append(AnswersError(problem, key=f"{step}.{name}"))
            kept[name] = str(given).strip()
    if errors:
        joined = _joined(errors)
        raise AnswersError.of(joined)
    return kept


def _joined(errors: list[AnswersError]) -> list[AnswersError]:
    """Make one error of all that are about the same field."""
    by_key: dict[str, list[str]] = {}
    for error in errors:
        by_key.setdefault(error.key, []).append(error.problem)
    return [AnswersError("\n".join(problems), key=key) for key, problems in by_key.items()]


def faults_of(text: Any) -> list[Fault]:
    """Find what is wrong with figures that somebody pasted; nothing where there are none."""
    if not isinstance(text, str) or len(text) > min(LONGEST_TEXT, LARGEST_AREA):
        return [Fault(PASTED, 0, "", "must be text of at most 6,000 characters.", "Shorten it.")]
    found = read_area(PASTED, text) if text.strip() else []
    return found if isinstance(found, list) else []


def _problem(field: Field, given: Any) -> str:
    text = str(given).strip().replace("−", "-")
    if field.choices:
        allowed = [value for value, _ in field.choices]
        return "" if text in allowed else f"must be one of {', '.join(filter(None, allowed))}."
    if not text:
        return "is empty. Give a number, 0 where there is nothing."
    if not _NUMBER.fullmatch(text):
        return f"must be a number such as 1250 or 12.50, no £, % or comma; got {text[:30]!r}."
    number = Decimal(text)
    if not field.low <= number <= field.high:
        most = f" to {plain(field.high)}" if field.high < _POUNDS else " or more"
        return f"must be from {plain(field.low)}{most}; got {text}."
    if not field.places and number != number.to_integral_value():
        return f"must be a whole number; got {text}."
    return ""


def crossed(step: str, figures: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Find figures that do not go together, by field. All of them have been checked alone."""
    return dict(_crossed(step, figures))


def _crossed(step: str, figures: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    block = figures["block"]
    people = Decimal(block["people"])
    if step == "block":
        for name, what in (("leavers", "be"), ("step-people", "be in a step")):
            if Decimal(block[name]) > people:
                yield (
                    f"block.{name}",
                    f"is more than the {people} people in the contract can {what}.",
                )
        if not any(Decimal(block[name]) for name in ("fixed", "semi", "variable")):
            yield (
                "block.fixed",
                "adds up with the other two to nothing. Give what the contract costs.",
            )
    if step == "bands":
        for likely, low, high in SPREADS.values():
            middle = Decimal(figures["running"][likely]) if likely else Decimal(100)
            if Decimal(figures["bands"][low]) > middle:
                yield f"bands.{low}", f"is above the likeliest, {plain(middle)}."
            if Decimal(figures["bands"][high]) < middle:
                yield f"bands.{high}", f"is below the likeliest, {plain(middle)}."
