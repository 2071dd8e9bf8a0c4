"""Meetings to try things on: acts written by hand, and a whole meeting played through."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from phbkit.casebank import Case
from phbkit.meeting.checks import check, check_join
from phbkit.meeting.meeting import Act, Meeting
from phbkit.meeting.request import Request
from phbkit.meeting.subject import usual_things

TODAY = dt.date(2026, 11, 22)
START = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
WATCHED = {
    "held": "notional",
    "coordinator": "The nurse",
    "review_on": "2027-01-11",
    "triggers": "A fall.",
    "stop_rule": "If it hurts more than it helps.",
}
CASEBANK = Path(__file__).parents[2] / "casebank"
TEAM = {
    "ann": "gp",
    "ben": "nurse",
    "cat": "pharmacist",
    "dev": "social-worker",
    "eve": "commissioner",
}


def working_day(after: int) -> dt.date:
    """A day from Monday to Friday, `after` days from now or a little later."""
    day = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=after)
    return day + dt.timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


class Played:
    """A meeting in memory: acts are checked as from a browser, then folded."""

    def __init__(self, case: Case, *, mode: str = "training", **opened: Any) -> None:
        self.case, self.acts = case, list[Act]()
        things = [thing.__dict__ for thing in usual_things(case)]
        data = {"title": case.title, "mode": mode, "things": things, "name": "Fay", **opened}
        self.add("fay", "open", data)

    @property
    def meeting(self) -> Meeting:
        return Meeting.of(self.acts)

    def add(self, seat: str, act: str, data: dict[str, Any]) -> None:
        seq = len(self.acts) + 1
        at = START + dt.timedelta(minutes=seq)
        self.acts.append(Act(seq, seat, act, data, at, f"t{seq}"))

    def join(self, seat: str, role: str) -> None:
        self.add(seat, "join", check_join(self.meeting, role, seat.title()) | {"seat": seat})

    def asked(self, seat: str, /, **values: Any) -> Request:
        return Request(self.meeting, self.case, self.meeting.seats[seat], values, TODAY)

    def do(self, seat: str, act: str, /, **values: Any) -> None:
        if act in {"person", "dissent"}:
            values.setdefault("seen", str(self.meeting.changed_by(act, seat)))
        self.add(seat, act, check(act, self.asked(seat, **values)))

    def go(self, to: str) -> None:
        self.do("fay", "stage", **{"from": self.meeting.stage, "to": to, "without": ["yes"]})

    def rate(self, seat: str, marks: int | str | list[int | str]) -> None:
        count = len(self.meeting.things)
        given = marks if isinstance(marks, list) else [marks] * count
        things = self.meeting.things
        values = {
            f"ratings.{thing.id}": str(mark) for thing, mark in zip(things, given, strict=True)
        }
        self.do(seat, "rate", round=str(self.meeting.round), **values)

    def seen(self, part: str) -> str:
        return str(self.meeting.changed_by(part))


def gathered(case: Case, *, person: bool = True, **opened: Any) -> Played:
    """A meeting where everybody has joined and the person has spoken."""
    played = Played(case, **opened)
    for seat, role in TEAM.items():
        played.join(seat, role)
    if person:
        played.join("pam", "person")
    played.go("person")
    played.do("pam" if person else "fay", "person", matters="My garden.", worries="The ward.")
    return played


def rated(case: Case, **opened: Any) -> Played:
    """A meeting whose first ratings are shown: the team split on the first thing."""
    played = gathered(case, **opened)
    played.go("rate")
    for seat, first in zip(TEAM, (1, 2, 8, 9, 9), strict=True):
        played.rate(seat, [first, *[7] * (len(played.meeting.things) - 1)])
    played.rate("pam", 9)
    played.go("reveal")
    return played


def all_held(case: Case) -> dict[str, list[str]]:
    """Every risk of a case held by two, as a form says it."""
    return {f"risks.{risk.id}.holders": ["person", "professional"] for risk in case.about.risks}


def planned(case: Case, **opened: Any) -> Played:
    """A meeting at its last stage, with a plan and a ledger."""
    played = rated(case, **opened)
    played.go("agree")
    item = next(item for item in case.about.items if item.how == "bought")
    terms = {"times": "3", "starts": "2026-12-01", "ends": "2027-03-01"}
    played.do(
        "fay",
        "plan",
        seen="0",
        items=[item.id],
        **WATCHED,
        **{f"items.{item.id}.{part}": value for part, value in terms.items()},
    )
    played.do(
        "fay",
        "ledger",
        seen="0",
        **all_held(case),
        **{
            "risks.own.0.consequence": "Nobody rings back.",
            "risks.own.0.of": "not doing",
            "risks.own.0.affects": "Pam",
            "risks.own.0.holders": ["professional", "commissioner"],
            "risks.own.0.mitigation": "A named number.",
            "risks.own.0.stop_rule": "Two missed calls.",
            "risks.own.0.review": "At six weeks.",
        },
    )
    return played


def agreed(case: Case) -> Played:
    """A meeting where all three have agreed and one member of the team has not."""
    played = planned(case)
    for seat in ("pam", "ann", "eve"):
        seen = str(played.meeting.agreed_to)
        played.do(seat, "agreement", seen=seen, says="agrees", reason="")
    played.do("cat", "dissent", dissent="The evidence is thin and nobody will measure it.")
    return played


def ended(case: Case) -> Played:
    """A meeting that came to a decision."""
    played = agreed(case)
    played.do(
        "fay",
        "outcome",
        what="made",
        reasons="It serves what Pam said matters.",
    )
    return played
