"""What a meeting is about: a case of the bank, or one described at the door."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from phbkit.casebank import Case
from phbkit.casebank.models import (
    Budget,
    CaseFile,
    Evidence,
    Outcome,
    Person,
    PlanItem,
    Safeguard,
    Safety,
    SignOff,
)
from phbkit.errors import RefusedError
from phbkit.meeting.meeting import Thing

MOST_LINES = 12
USUAL = 4
_NEED_OUTCOMES = {"serves-an-outcome", "unserved-outcome"}
_NOBODY = "Nobody has looked this up here."
_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")
_OPTION = re.compile(
    r"(?P<title>[^;]+);\s*£?(?P<price>[0-9][0-9,]{0,8}(\.[0-9]{1,2})?)\s*;\s*(?P<times>[0-9]{1,3})"
)


def read_subject(values: Mapping[str, Any]) -> dict[str, Any]:
    """Read the description of a local case from the fields of the opening form.

    Raises
    ------
    RefusedError
        With what is wrong in each field, naming the line.
    """
    problems: dict[str, str] = {}
    title = str(values.get("title", "")).strip()[:120]
    called = str(values.get("called", "")).strip()[:60]
    for name, text in (("title", title), ("called", called)):
        if not text:
            problems[name] = "is not answered yet."
    data: dict[str, Any] = {
        "title": title,
        "called": called,
        "outcomes": _lines("outcomes", values, problems),
        "safeguards": _lines("safeguards", values, problems),
        "options": [],
        "indicative": "0.00",
    }
    for number, line in enumerate(_lines("options", values, problems), start=1):
        found = _OPTION.fullmatch(line)
        if not found or not 1 <= int(found["times"]) <= 400:
            problems["options"] = f"line {number}: write “what; price in pounds; times a year”."
            continue
        option = {"title": found["title"].strip()[:120], "times": int(found["times"])}
        data["options"].append(option | {"price": found["price"].replace(",", "")})
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


def local_case(ground: Case, data: Mapping[str, Any], day: dt.date) -> Case:
    """Make a case of a description, with the rules of the deal but nothing looked up.

    Evidence and safety of its items, and which outcomes they serve, are unknown, so rules that
    rest on them stay silent.
    """
    year = f"{day.year if day.month > 3 else day.year - 1}"
    price_year = f"{year}/{(int(year) + 1) % 100:02d}"
    outcomes = tuple(
        Outcome(id=f"outcome-{n}", title=line, words=line, measure="Agree in the meeting.")
        for n, line in enumerate(data["outcomes"], start=1)
    )
    unknown: dict[str, Any] = {"text": _NOBODY, "sources": (), "grade": "not looked up"}
    items = tuple(
        PlanItem.model_construct(
            id=f"option-{n}",
            title=option["title"],
            what=option["title"],
            price=Decimal(option["price"]),
            per="time",
            times=option["times"],
            price_year=price_year,
            how="bought",
            provider="to be agreed",
            serves=(),
            person_says="",
            evidence=Evidence.model_construct(**unknown),
            safety=Safety.model_construct(**unknown),
            marks=(),
            instead_of=(),
        )
        for n, option in enumerate(data["options"], start=1)
    )
    about = CaseFile.model_construct(
        **{
            **ground.about.model_dump(),
            "id": "local",
            "title": data["title"],
            "as_of": day,
            "summary": data["title"],
            "sign_off": SignOff(state="draft"),
            "marks": (),
            "person": Person.model_construct(
                name=data["called"], age=0, matters_most="", worries="", story=""
            ),
            "outcomes": outcomes,
            "budget": Budget(
                indicative=Decimal(data["indicative"]),
                contingency=Decimal(0),
                price_year=price_year,
                basis="As typed when the meeting was opened.",
            ),
            "items": items,
            "safeguards": tuple(
                Safeguard(id=f"safeguard-{n}", title=line)
                for n, line in enumerate(data["safeguards"], start=1)
            ),
            "risks": (),
            "gates": (),
            "voices": (),
            "critical": (),
            "replies": None,
            "plans": (),
            "after": (),
            "panels": (),
            "deal": (),
        }
    )
    rules = {name: rule for name, rule in ground.rules.items() if name not in _NEED_OUTCOMES}
    return replace(ground, about=about, questions=(), panels=(), rules=rules, version="local")


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
