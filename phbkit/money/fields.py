"""The numbers that a learner may type on the pages about money: what each is, and its bounds.

An answer to a step of the money maps names of fields to numbers as text; a field that is left out
keeps the area's own figure. `block` may have `csv` as well: an area's figures, pasted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from phbkit.casebank import Case
from phbkit.casebank.area import LARGEST_AREA, MOST_MONTHS, Area, read_area
from phbkit.errors import AnswersError, Fault
from phbkit.text import plain
from phbkit.workbook.formats import LONGEST_TEXT

CSV = "csv"
PASTED = Path("your figures")
_NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{1,4})?")
_POUNDS = Decimal(10) ** 10


@dataclass(frozen=True)
class Field:
    """One number: its label with its unit, its bounds, and whether it shows as a slider.

    `item` names the line of the area's CSV that fills it in; `choices` are the only values allowed.
    """

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


def _pounds(name: str, label: str, item: str = "", hint: str = "", part: str = "") -> Field:
    return Field(name, f"{label}, £", hint=hint, item=item, part=part)


def _share(name: str, label: str, item: str = "", hint: str = "", part: str = "") -> Field:
    return Field(name, f"{label}, %", high=Decimal(100), hint=hint, item=item, part=part)


def _count(  # noqa: PLR0913, PLR0917  one place where all counts are made
    name: str, label: str, low: int, high: int, item: str = "", hint: str = "", part: str = ""
) -> Field:
    return Field(name, label, Decimal(low), Decimal(high), 0, hint, item=item, part=part)


def _slider(  # noqa: PLR0913, PLR0917  and all sliders
    name: str, label: str, low: int, high: int, item: str = "", hint: str = ""
) -> Field:
    return Field(name, label, Decimal(low), Decimal(high), 1, hint, slider=True, item=item)


def _range(name: str, label: str, low: Decimal, high: Decimal, item: str = "") -> Field:
    return Field(name, label, low, high, item=item)


_COSTS, _WAYS, _CONTRACT, _BUDGETS = "costs", "ways", "contract", "budgets"
_YEARS = (("2025/26", "2025/26"), ("2026/27", "2026/27"), ("", "Another year"))
_YES = (("yes", "Yes"), ("no", "No, or not sure"))
_CHECK = "Made up or remembered: check the current figure."
FIELDS: dict[str, tuple[Field, ...]] = {
    "setting": (
        Field("hours", "Hours of help a week", Decimal(0), Decimal(168)),
        Field("rate", "Pay an hour, £", Decimal(0), Decimal(500)),
        Field("year", "The year that this pay is for", choices=_YEARS),
        _count("assistants", "How many personal assistants share the hours", 1, 20),
        Field("holiday", "Weeks of cover for holidays", Decimal(0), Decimal(20), hint=_CHECK,
              part=_COSTS),
        Field("sickness", "Weeks of cover for sickness", Decimal(0), Decimal(52),
              hint="A guess. Nobody knows until it happens.", part=_COSTS),
        Field("claims", "Is the Employment Allowance claimed?", choices=_YES, part=_COSTS,
              hint="HMRC’s manual lets people who employ a care worker with an NHS direct payment "
              "claim it, on conditions."),
        _share("pension", "Employer’s pension, of pay between the thresholds", part=_COSTS,
               hint="The law’s least. It starts unasked only above the trigger."),
        _pounds("insurance", "Insurance a year", part=_COSTS, hint="Made up."),
        _pounds("payroll", "Payroll service a year", part=_COSTS, hint="Made up."),
        _pounds("training", "Training a year", part=_COSTS, hint="Made up."),
        _pounds("other-items", "Other things in the plan, a year", part=_COSTS),
        _share("contingency", "Contingency, held beside the plan", part=_COSTS, hint="Made up."),
        _pounds("past-cost", "What her services cost last year", part=_WAYS),
        Field("points", "Points she scores", Decimal(0), Decimal(1000), part=_WAYS),
        _pounds("point-value", "What one point is worth", part=_WAYS),
        _pounds("fixed-sum", "The pathway’s fixed sum", part=_WAYS),
    ),
    "block": (
        Field("leavers", "People who leave the block", Decimal(1), Decimal(1_000_000), 0,
              slider=True),
        _pounds("fixed", "Fixed cost a year", "fixed", "Buildings, management: it stays.",
                _CONTRACT),
        _pounds("semi", "Semi-variable cost a year", "semi-variable",
                "Posts and sessions: they go in steps, after notice.", _CONTRACT),
        _pounds("variable", "Variable cost a year", "variable",
                "Supplies, agency hours: they stop with the person.", _CONTRACT),
        _count("people", "People in the contract", 1, 1_000_000, "people", part=_CONTRACT),
        _count("step-people", "Leavers who make up one step", 1, 1_000_000, "step-people",
               "How many have to go before a post or a session can.", _CONTRACT),
    ),
    "running": (
        _slider("share", "People who have moved to a budget in the end, %", 0, 100),
        Field("months", "Gradual: full after so many months", Decimal(1), Decimal(60), 0,
              slider=True),
        Field("fast", "Fast: full after so many months", Decimal(1), Decimal(60), 0,
              slider=True),
        _slider("commissioner", "Of what bridging does not meet, the commissioner carries, %",
                0, 100, "commissioner-share"),
        _pounds("bridging", "Bridging money, once", "bridging"),
        _share("covered", "Of what the agreed plans cost, the budgets pay", "covered",
               "Less than 100 leaves the rest with people."),
        _pounds("plan-cost", "What a plan costs, a year for each person", "plan-cost",
                part=_BUDGETS),
        _pounds("set-up", "Setting a budget up, once for each person", "set-up", part=_BUDGETS),
        _pounds("support", "Support and payroll, a year for each person", "support",
                part=_BUDGETS),
        _pounds("team", "The team that runs it, a year", "team", part=_BUDGETS),
        _share("newcomers", "Budget holders who were not in the contract", "newcomers",
               "They cost a budget and release nothing.", _BUDGETS),
        _share("backfill", "Freed places that are filled again", "backfill",
               "More people are helped, and nothing is released.", _BUDGETS),
        Field("price-rise", "Prices rise each year, beyond the contract’s own uplift, %",
              Decimal(-20), Decimal(50), item="price-rise", part=_BUDGETS),
        _share("drop-out", "Budget holders who go back to the service in a year", "drop-out",
               part=_BUDGETS),
        _count("variable-notice", "Notice for variable cost, months", 0, 60, "variable-notice",
               part=_CONTRACT),
        _count("step-notice", "Notice for a step, months", 0, 60, "step-notice", part=_CONTRACT),
        _count("end", "Month in which the contract is let again (0: not in sight)", 0,
               MOST_MONTHS, "contract-end", part=_CONTRACT),
        _share("fixed-released", "Of the leavers’ fixed cost, goes then", "fixed-released",
               part=_CONTRACT),
    ),
    "bands": (
        Field("pace", "Which roll-out", choices=(("gradual", "Gradual"), ("fast", "Fast"))),
        _slider("uptake-low", "Uptake, %: lowest", 0, 100),
        _slider("uptake-high", "Uptake, %: highest", 0, 100),
        _range("need-low", "Cost of a plan, % of what you think: lowest", Decimal(10),
               Decimal(1000)),
        _range("need-high", "Cost of a plan, % of what you think: highest", Decimal(10),
               Decimal(1000)),
        _range("price-low", "Price rise a year, %: lowest", Decimal(-20), Decimal(50)),
        _range("price-high", "Price rise a year, %: highest", Decimal(-20), Decimal(50)),
        _slider("drop-low", "Going back in a year, %: lowest", 0, 100),
        _slider("drop-high", "Going back in a year, %: highest", 0, 100),
        _count("draws", "Draws", 200, 10_000, part="how"),
        _count("seed", "Seed", 0, 1_000_000, part="how",
               hint="The same seed draws the same numbers."),
    ),
}  # fmt: skip
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
