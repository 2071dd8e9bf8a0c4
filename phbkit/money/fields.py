"""The figures that a learner may type on the pages about money, and what they hold before.

An answer to a step of the money maps names of fields to numbers as text; a field that is left out
keeps the area's own figure. `block` may have `csv` as well: an area's figures, pasted.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

from phbkit.casebank import Case
from phbkit.errors import AnswersError, Fault
from phbkit.money.area import UPTAKE, Area, read_area
from phbkit.money.quantities import FIELDS
from phbkit.text import plain
from phbkit.workbook.formats import LONGEST_TEXT

__all__ = ["CSV", "FIELDS", "SPREADS", "check_figures", "crossed", "defaults", "faults_of"]

CSV = "csv"
PASTED = Path("your figures")
SPREADS = {  # by item of the area: the field that holds the likeliest, and those of the two ends
    UPTAKE: ("share", "uptake-low", "uptake-high"),
    "need": ("", "need-low", "need-high"),
    "price-rise": ("price-rise", "price-low", "price-high"),
    "drop-out": ("drop-out", "drop-low", "drop-high"),
}


def defaults(case: Case, area: Area, running: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Give what every field holds before anybody types, by step and name.

    What was typed of the roll-out moves the ends of its beliefs along.
    """
    own = {
        step: {field.name: plain(area[field.item]) if field.item else field.start for field in of}
        for step, of in FIELDS.items()
    }
    last, full = area.uptake[-1]
    own["setting"]["year"] = case.money.rates[0].year
    own["setting"] |= {name: str(value) for name, value in case.money.budget.items()}
    months = {"months": str(min(last, 60)), "fast": str(max(last // 4, 1))}
    own["running"] |= {"share": plain(full)} | months
    own["bands"] |= _ends(area, {**own["running"], **running})
    return own


def _ends(area: Area, running: Mapping[str, str]) -> dict[str, str]:
    """Put the lowest and the highest of each belief about its likeliest as the area has them."""
    bounds = {field.name: field for field in FIELDS["bands"]}
    ends = {}
    for item, (likely, low, high) in SPREADS.items():
        figure = area.figures[item]
        middle = Decimal(running[likely]) if likely else figure.value
        scale = middle / figure.value if item == UPTAKE and figure.value else Decimal(1)
        moved = 0 if item == UPTAKE else middle - figure.value
        sides = ((low, figure.low, ROUND_FLOOR), (high, figure.high, ROUND_CEILING))
        for name, end, rounding in sides:
            inside = min(max(end * scale + moved, bounds[name].low), bounds[name].high)
            ends[name] = plain(inside.quantize(Decimal("0.1"), rounding))
    return ends


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
        text = str(given).strip()
        if step == "block" and name == CSV:
            problem = "\n".join(map(str, faults_of(given)))
        elif name in known:
            problem = known[name].problem(text)
        else:
            problem = f"is no field of it. Known: {', '.join(known)}."
        if problem:
            errors.append(AnswersError(problem, key=f"{step}.{name}"))
        if text or name != CSV:
            kept[name] = text
    if errors:
        raise AnswersError.of(errors)
    return kept


def faults_of(text: Any) -> list[Fault]:
    """Find what is wrong with figures that somebody pasted; nothing where there are none."""
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        return [Fault(PASTED, 0, "", "must be text of at most 6,000 characters.", "Shorten it.")]
    found = read_area(PASTED, text) if text.strip() else []
    return found if isinstance(found, list) else []


def crossed(step: str, figures: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Find figures that do not go together, by field. All of them have been checked alone."""
    found: dict[str, str] = {}
    block = {name: Decimal(text) for name, text in figures["block"].items()}
    if step == "block":
        for name, what in (("leavers", "be"), ("step-people", "be in a step")):
            if block[name] > block["people"]:
                most = f"the {block['people']} people in the contract can {what}."
                found[f"block.{name}"] = f"is more than {most}"
        if not block["fixed"] + block["semi"] + block["variable"]:
            cure = "Give what the contract costs."
            found["block.fixed"] = f"adds up with the other two to nothing. {cure}"
    if step == "bands":
        for likely, low, high in SPREADS.values():
            middle = Decimal(figures["running"][likely]) if likely else Decimal(100)
            if Decimal(figures["bands"][low]) > middle:
                found[f"bands.{low}"] = f"is above the likeliest, {plain(middle)}."
            if Decimal(figures["bands"][high]) < middle:
                found[f"bands.{high}"] = f"is below the likeliest, {plain(middle)}."
    return found
