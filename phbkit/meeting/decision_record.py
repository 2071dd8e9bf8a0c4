"""The decision record of a meeting: what was decided or not, by whom, and who did not agree.

Plain data, so that documents can be made of it without knowing cases or sessions.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal

from phbkit.casebank.models import Held
from phbkit.workbook.asks import HELD

Outcome = Literal["made", "deferred", "not reached"]
Party = Literal["person", "professional", "commissioner"]
Stance = Literal["agrees", "agrees in part", "does not agree", "not given"]
Teller = Literal["", "speaks-for", "facilitator", "facilitator-while-away"]
TOLD_BY: dict[Teller, str] = {
    "": "",
    "speaks-for": "somebody who speaks for the person, from a seat in the meeting",
    "facilitator": "the facilitator",
    "facilitator-while-away": "the facilitator, while whoever sat here for them was marked as away",
}
"""Who gave an answer for a party, in words; "" where the party answered for themselves."""


@dataclass(frozen=True)
class Mark:
    """One person's rating, 1 to 9, told by role; `rating` is None for “cannot say”."""

    role: str
    rating: int | None


@dataclass(frozen=True)
class RatedItem:
    """One option or safeguard as rated in one round.

    `team` holds the marks that the median is of; `person` those of the person and whoever speaks
    for them, which are in no statistic. `median` is None, and `verdict` says why, where too few
    rated. `classical` is the definition by counting for the panel's size, where there is one.
    """

    title: str
    kind: Literal["option", "safeguard"]
    round: int
    team: tuple[Mark, ...]
    person: tuple[Mark, ...]
    median: float | None
    low: float | None
    high: float | None
    index: float | None
    disagreement: bool | None
    verdict: str
    classical: str = ""


@dataclass(frozen=True)
class PlanLine:
    """One thing agreed or proposed: price in pounds, times from `starts` until `ends`.

    `cost` is what the budget pays in all, and `own` what the person does, in pounds.
    """

    title: str
    provider: str
    price: Decimal
    per: str
    times: int
    cost: Decimal
    paid_by: Literal["budget", "usual care", "own money"]
    starts: dt.date | None
    ends: dt.date | None
    serves: tuple[str, ...]
    own: Decimal = Decimal(0)


@dataclass(frozen=True)
class HeldRisk:
    """One consequence of doing, or of not doing, and who carries what."""

    of: Literal["doing", "not doing"]
    consequence: str
    affects: str
    holders: tuple[str, ...]
    mitigation: str
    stop_rule: str
    review: str


@dataclass(frozen=True)
class PartyAgreement:
    """What one of the three parties said of the plan; `told_by` is a key of TOLD_BY."""

    party: Party
    who: str
    says: Stance
    not_to: tuple[str, ...]
    reason: str
    told_by: Teller
    at: dt.datetime | None = None


@dataclass(frozen=True)
class Statement:
    """Words somebody wrote, with the role they wrote them in and the round they were written in."""

    role: str
    text: str
    round: int = 0


@dataclass(frozen=True)
class DecisionRecord:
    """Everything that goes on file, and what the person's own copy is made of.

    `earlier` holds refusals of earlier plans, and conditions, which stay on the record; `wants`
    what somebody wants where no case says which part of a plan is for it; `left_out` what was rated
    and is not in the plan.
    """

    session: str
    mode: Literal["training", "live"]
    title: str
    about: str
    held_on: dt.date
    present: tuple[str, ...]
    away: tuple[str, ...]
    matters: tuple[Statement, ...]
    worries: tuple[Statement, ...]
    rated: tuple[RatedItem, ...]
    moved: tuple[str, ...]
    notes: tuple[Statement, ...]
    lines: tuple[PlanLine, ...]
    indicative: Decimal | None
    contingency: Decimal | None
    cost: Decimal
    held: Held | Literal[""]
    served: tuple[str, ...]
    unserved: tuple[str, ...]
    findings: tuple[tuple[str, str, str], ...]
    risks: tuple[HeldRisk, ...]
    agreements: tuple[PartyAgreement, ...]
    dissent: tuple[Statement, ...]
    outcome: Outcome
    reasons: str
    coordinator: str
    stop_rule: str
    review_on: dt.date | None
    review_triggers: str
    method: str
    notices: tuple[str, ...]
    not_asked: str = ""
    closed: bool = True
    safeguards: tuple[str, ...] = ()
    earlier: tuple[PartyAgreement, ...] = ()
    wants: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def own(self) -> Decimal:
        """What the person pays in all, in pounds."""
        return sum((line.own for line in self.lines), Decimal(0))

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values: dates as ISO texts, money as texts of pounds and pence."""
        values: dict[str, Any] = _plain(asdict(self))
        return values


_IN_WORDS: dict[str, dict[Any, str]] = {"held": {**HELD}, "told_by": {**TOLD_BY}}


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _plain(part, key) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if name in _IN_WORDS:
        return _IN_WORDS[name].get(value, "")
    return value.isoformat() if isinstance(value, dt.date) else value
