"""A decision record of an invented meeting, and ones with parts changed or left out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from phbkit.meeting.acts import HeldRisk
from phbkit.meeting.decision_record import DecisionRecord, PlanLine
from phbkit.meeting.meeting import Agreement, Statement
from phbkit.meeting.ratings import RatedItem, RoleRating

START, END = dt.date(2026, 11, 23), dt.date(2026, 11, 29)
ROLES = ("GP", "Nurse", "Pharmacist", "Hospital doctor or specialist", "Commissioner")
DISSENT = (
    Statement(
        "Family or carer", "I would sooner see her in a bed with nurses. I said so, and I still do."
    ),
    Statement("Pharmacist", "Nobody has told me who holds the tablets on the third night."),
)


def made_record(**changes: Any) -> DecisionRecord:
    """Make a record; `changes` replace parts of it."""
    record = DecisionRecord(
        session="0b6f7a3e-session",
        mode="training",
        title="Session on alcohol detox at home",
        about="Kerry",
        held_on=dt.date(2026, 11, 2),
        present=("Facilitator", "Kerry, the person", "GP", "Nurse", "Pharmacist", "Commissioner"),
        away=("Family or carer",),
        matters=(
            Statement(
                "The person, told by the facilitator",
                "I want to be at home. My own bed, my own kettle, the cat on my feet.\n"
                "I want to thread a needle at nine in the morning.",
            ),
        ),
        worries=(
            Statement("Speaks for the person", "She worries they’ll say home and mean on her own."),
        ),
        rated=(
            _item("Detox at home, nurse twice daily", 1, (2, 3, 7, 8, 8), 9, (7, 3.0, 8.0, 1.4)),
            _item("A bed in a unit", 1, (5, 6, 6, 7, None), 2),
            _item("Detox at home, nurse twice daily", 2, (6, 7, 7, 8, 8), 9, (7, 7.0, 8.0, 0.16)),
            _item("Somebody awake each night", 2, (8, 8, 9, 9, 9), 8, (9, 8.2, 9.0, 0.1)),
        ),
        moved=("Detox at home: the team’s median stays at 7; 2 people of 5 changed their mark.",),
        notes=(
            Statement(
                "Nurse", "I would start on a Monday if there is a name beside every night.", 1
            ),
            Statement("GP", "What would change my mind is a second person on the phone.", 1),
        ),
        lines=(
            _line("Nurse visits at home", "Alcohol service", "45.50", "14 visit", "budget"),
            _line("Somebody to stay three nights", "Care agency", "180", "3 night", "budget"),
            _line("Thursday group", "Alcohol service", "0", "52 session", "usual care"),
            _line("Fine needles and silk", "Kerry’s own choice", "12", "1 box", "own money"),
        ),
        indicative=Decimal(3200),
        contingency=Decimal(250),
        cost=Decimal(1177),
        held="notional",
        served=("Thread a needle at nine", "Get past six o’clock"),
        unserved=("Who knows is up to me",),
        findings=(
            ("discuss", "Something unproven is tried, with a date to look again", "Thursday group"),
            ("note", "Three agreements", ""),
        ),
        risks=(
            HeldRisk(
                "doing",
                "Withdrawal turns bad in the night and nobody rings.",
                "Kerry, and whoever sits with her",
                ("the person", "the healthcare professional", "the provider"),
                "A card by the bed with when to ring, and whom.",
                "Shaking that gets worse, confusion or a fit: 999.",
                "Each morning, with the nurse",
            ),
            HeldRisk(
                "not doing",
                "She stops by herself, suddenly, on a Monday.",
                "Kerry and her son",
                (),
                "",
                "",
                "Weekly, by phone",
            ),
        ),
        agreements=(
            Agreement("person", "Kerry, the person", "agrees", (), "", "facilitator"),
            Agreement(
                "professional",
                "GP",
                "agrees in part",
                ("Thursday group",),
                "I have seen no evidence for this group.",
                "",
            ),
            Agreement("commissioner", "", "not given", (), "", ""),
        ),
        dissent=DISSENT,
        outcome="made",
        reasons="Home is safe enough once every night has a name. It is what she wants.",
        coordinator="Alcohol nurse",
        stop_rule="If two nights pass without sleep, or she says not like this.",
        review_on=dt.date(2026, 12, 14),
        review_triggers="Any drink, any fall, or a night with nobody there.",
        method="Median; 30th and 70th percentiles by linear interpolation; IPRAS.",
        notices=("Kerry is invented.", "This case is a draft."),
    )
    return replace(record, **changes)


def empty_record(**changes: Any) -> DecisionRecord:
    """Make a record of a meeting where nothing was said, rated or agreed."""
    return replace(
        made_record(
            present=(), away=(), matters=(), worries=(), rated=(), moved=(), notes=(), lines=(),
            indicative=None, contingency=None, cost=Decimal(0), held="", served=(), unserved=(),
            findings=(), risks=(), agreements=(), dissent=(), outcome="not reached", reasons="",
            coordinator="", stop_rule="", review_on=None, review_triggers="", method="",
            notices=(), about="",
        ),
        **changes,
    )  # fmt: skip


def _item(
    title: str,
    number: int,
    team: tuple[int | None, ...],
    person: int,
    figures: tuple[float | None, ...] = (None, None, None, None),
) -> RatedItem:
    median, low, high, index = figures
    apart = None if index is None else index > 1
    verdicts = {
        None: "Too few rated",
        True: "The team disagrees: talk about this first",
        False: "The team would do this",
    }
    return RatedItem(
        title=title,
        kind="safeguard" if title.startswith("Somebody") else "option",
        round=number,
        team=tuple(map(RoleRating, ROLES, team)),
        person=(RoleRating("The person", person), RoleRating("Speaks for the person", None)),
        median=median,
        low=low,
        high=high,
        index=index,
        disagreement=apart,
        verdict=verdicts[apart],
    )


def _line(title: str, provider: str, price: str, often: str, paid_by: Any) -> PlanLine:
    times, per = often.split()
    return PlanLine(
        title=title,
        provider=provider,
        price=Decimal(price),
        per=per,
        times=int(times),
        cost=Decimal(price) * int(times) if paid_by == "budget" else Decimal(0),
        paid_by=paid_by,
        starts=START,
        ends=END,
        serves=("Thread a needle at nine",) if int(times) > 3 else (),
    )
