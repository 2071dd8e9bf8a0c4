"""What a meeting is about: a case of the bank, or one described when the meeting was opened."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from phbkit.casebank import Case, models
from phbkit.errors import RefusedError

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
ThingKind = Literal["option", "safeguard"]
MOST_LINES = 12
USUAL = 4
_NEED_OUTCOMES = {"serves-an-outcome", "unserved-outcome"}
_HERE = "Said in the meeting."
_MEASURE = "Agree in the meeting."
_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")
_OPTION = re.compile(
    r"(?P<title>[^;]+);\s*£?(?P<price>[0-9][0-9,]{0,8}(\.[0-9]{1,2})?)\s*;\s*(?P<times>[0-9]{1,3})"
)


@dataclass(frozen=True)
class Thing:
    """One option or safeguard that is rated."""

    id: str
    kind: ThingKind
    title: Line


class NotLookedUp(models.Shape):
    """Stands where nobody has looked up evidence, or safety."""

    text: Literal["Nobody has looked this up here."] = "Nobody has looked this up here."
    sources: tuple[()] = ()
    grade: Literal["not looked up"] = "not looked up"


class LocalItem(models.PlanItem):
    """An option as it was typed: nothing is known of it but what it is, its price and how often."""

    price: Decimal
    per: Literal["time"] = "time"
    how: Literal["bought"] = "bought"
    provider: Literal["to be agreed"] = "to be agreed"
    serves: tuple[()] = ()
    person_says: Literal[""] = ""
    evidence: NotLookedUp = NotLookedUp()  # type: ignore[assignment]  # no grade of the bank's
    safety: NotLookedUp = NotLookedUp()  # type: ignore[assignment]  # no grade of the bank's


def read_subject(values: Mapping[str, Any]) -> dict[str, Any]:
    """Read the description of a local case from the fields of the opening form.

    Raises
    ------
    RefusedError
        With what is wrong in each field, naming the line.
    """
    problems: dict[str, str] = {}
    data: dict[str, Any] = {}
    for name, longest in (("title", 120), ("called", 60)):
        data[name] = str(values.get(name, "")).strip()[:longest]
        if not data[name]:
            problems[name] = "is not answered yet."
    for name in ("outcomes", "safeguards"):
        data[name] = _lines(name, values, problems)
    data["options"] = []
    for number, line in enumerate(_lines("options", values, problems), start=1):
        option = _OPTION.fullmatch(line)
        if not option or not 1 <= int(option["times"]) <= 400:
            problems["options"] = f"line {number}: write “what; price in pounds; times a year”."
            continue
        title, price = option["title"].strip()[:120], option["price"].replace(",", "")
        data["options"].append({"title": title, "times": int(option["times"]), "price": price})
    amount = str(values.get("indicative", "")).strip().lstrip("£").replace(",", "")
    if _AMOUNT.fullmatch(amount):
        data["indicative"] = f"{Decimal(amount):.2f}"
    else:
        problems["indicative"] = "must be an amount in pounds a year, like 3200."
    if problems:
        raise RefusedError(problems)
    return data


def _lines(name: str, values: Mapping[str, Any], problems: dict[str, str]) -> list[str]:
    lines = [line.strip() for line in str(values.get(name, "")).splitlines() if line.strip()]
    if name != "safeguards" and not lines:
        problems[name] = "needs at least one line."
    if len(lines) > MOST_LINES or any(len(line) > 160 for line in lines):
        problems[name] = f"may have at most {MOST_LINES} lines of 160 characters."
    return lines


def local_case(base: Case, data: Mapping[str, Any], day: dt.date) -> Case:
    """Make a case of a description, with the rules and sources of `base` and nothing looked up.

    Evidence and safety of its items, and which outcomes they serve, are unknown, so rules that
    rest on them stay silent.
    """
    began = day.year if day.month > 3 else day.year - 1
    price_year = f"{began}/{(began + 1) % 100:02d}"
    about = models.CaseFile(
        id="local",
        title=data["title"],
        minutes=60,
        as_of=day,
        summary=data["title"],
        sign_off=models.SignOff(state="draft"),
        person=models.Person(
            name=data["called"], age=0, matters_most=_HERE, worries=_HERE, story=_HERE
        ),
        outcomes=tuple(
            models.Outcome(id=f"outcome-{n}", title=line, words=line, measure=_MEASURE)
            for n, line in enumerate(data["outcomes"], start=1)
        ),
        budget=models.Budget(
            indicative=Decimal(data["indicative"]),
            contingency=Decimal(0),
            price_year=price_year,
            basis="As typed when the meeting was opened.",
        ),
        items=tuple(
            LocalItem(id=f"option-{n}", what=option["title"], price_year=price_year, **option)
            for n, option in enumerate(data["options"], start=1)
        ),
        safeguards=tuple(
            models.Safeguard(id=f"safeguard-{n}", title=line)
            for n, line in enumerate(data["safeguards"], start=1)
        ),
    )
    rules = {name: rule for name, rule in base.rules.items() if name not in _NEED_OUTCOMES}
    return Case(about, (), (), rules, base.sources, base.glossary, version="local")


def candidates(case: Case) -> tuple[Thing, ...]:
    """List everything of a case that a meeting may rate."""
    options = [Thing(item.id, "option", item.title) for item in case.about.items]
    return (*options, *(Thing(f"s.{s.id}", "safeguard", s.title) for s in case.about.safeguards))


def usual_things(case: Case) -> tuple[Thing, ...]:
    """Propose what to rate: the dearest options that the person or the panel would buy, safeguards.

    Few enough for a phone; the facilitator may choose others.
    """
    wanted = {item for plan in case.about.plans for item in plan.items}
    bought = [i for i in case.about.items if i.how == "bought" and (i.id in wanted or not wanted)]
    dearest = sorted(bought, key=lambda item: -item.cost)[:USUAL]
    chosen = {item.id for item in dearest} | {f"s.{s.id}" for s in case.about.safeguards[:USUAL]}
    return tuple(thing for thing in candidates(case) if thing.id in chosen)
