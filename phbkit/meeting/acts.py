"""What acts hold: the forms they are read from, and what is kept of them.

Everything typed is hostile. A form is read with the `Request` that sent it as its context, against
which it is held; what was kept once is read again without. A field of a form is named by its place
in the act, such as `items.<id>.times`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationInfo,
)

from phbkit.casebank.models import MOST_TIMES, Held, Says
from phbkit.decision.risk_ledger import HOLDERS
from phbkit.meeting.roles import Party
from phbkit.meeting.subject import Line, Thing, candidates
from phbkit.tables import wrong
from phbkit.workbook.formats import OptionalText, Text

if TYPE_CHECKING:
    from phbkit.meeting.request import Request

MeetingOutcome = Literal["made", "to confirm", "deferred", "not reached"]
Authority = Literal["asked", "appointed", "best-interests", "unsettled"]
CANNOT_SAY = "cannot-say"
_MARKS = {CANNOT_SAY: None, **{str(mark): mark for mark in range(1, 10)}}
_LONGEST_PLAN = dt.timedelta(days=3 * 366)


def known(among: Callable[[Request], Iterable[str]]) -> BeforeValidator:
    """Make the type of what is chosen: one, or boxes that are ticked, in the order of the list."""

    def validate(value: Any, info: ValidationInfo) -> Any:
        if info.context is None:
            return value
        allowed, chosen = list(among(info.context)), [value] if isinstance(value, str) else value
        for strange in (each for each in chosen if each not in allowed):
            raise wrong(f"has no {strange!r}.")
        return value if isinstance(value, str) else [each for each in allowed if each in chosen]

    return BeforeValidator(validate)


def _near(day: dt.date | None, info: ValidationInfo) -> dt.date | None:
    if day and info.context and abs(day - info.context.today) > _LONGEST_PLAN:
        raise wrong("must be within three years of today.")
    return day


def _ahead(day: dt.date | None, info: ValidationInfo) -> dt.date | None:
    if day and info.context and day <= info.context.today:
        raise wrong("must be after today.")
    if day and info.context and day.weekday() > 4:
        raise wrong(f"is a {day:%A}: choose a day from Monday to Friday.")
    return day


def _after_the_start(ends: dt.date | None, info: ValidationInfo) -> dt.date | None:
    starts = info.data.get("starts")
    if starts and ends and ends < starts:
        raise wrong("is before it starts.")
    return ends


def _with_terms(chosen: Any, info: ValidationInfo) -> Any:
    """Put beside each item that is ticked how often it happens: as the case says where empty."""
    if info.context is None:
        return chosen
    items = {item.id: item for item in info.context.case.about.items}
    for strange in (each for each in chosen if each not in items):
        raise wrong(f"has no {strange!r}.")
    rows = {name: {"times": items[name].times} for name in items if name in chosen}
    for name, row in info.context.table("items").items():
        rows.get(name, {}).update({part: text for part, text in row.items() if text})
    return rows


Rating = Annotated[int, Field(strict=True, ge=1, le=9)] | None
Day = Annotated[
    dt.date | None,
    BeforeValidator(lambda value: value or None),
    AfterValidator(_near),
    PlainSerializer(lambda day: day.isoformat() if day else ""),
]


class ActForm(BaseModel, frozen=True):
    """The fields of an act."""


class Things(ActForm):
    """What is rated: some of what the case has, and what the facilitator adds, by number."""

    things: Annotated[
        list[str], known(lambda request: [thing.id for thing in candidates(request.case)])
    ] = []
    own: dict[str, Thing]


class SeatRatings(ActForm):
    """The marks of one seat in a round, by what is rated; None for “cannot say”."""

    round: int
    ratings: dict[str, Annotated[Rating, BeforeValidator(lambda mark: _MARKS.get(str(mark), mark))]]


class Absence(ActForm):
    """That somebody had to leave, is back, or came back from another seat."""

    seat: Annotated[
        str, known(lambda asked: [seat.id for seat in asked.meeting.seats.values() if seat.rates])
    ]
    away: Literal["yes", "no", "replaced"]


class ItemTerms(ActForm):
    """How often an item of the plan happens in the year, and from when to when."""

    times: Annotated[int, Field(ge=1, le=MOST_TIMES)]
    starts: Day = None
    ends: Annotated[Day, AfterValidator(_after_the_start)] = None


class PlanItems(ActForm):
    """The items of a plan, by id."""

    items: Annotated[dict[str, ItemTerms], BeforeValidator(_with_terms)] = {}


def _clinical(request: Request) -> list[str]:
    return ["", *(seat.id for seat in request.meeting.seats_of("professional"))]


class CarePlan(PlanItems):
    """The plan: its items, what makes it safer, how the money is held and how it is watched.

    `lead` is the seat of the healthcare professional whose agreement is asked.
    """

    safeguards: Annotated[list[str], known(lambda request: request.shared.safeguards)] = []
    held: Literal[Held, ""] = ""
    lead: Annotated[str, known(_clinical)] = ""
    review_on: Annotated[Day, AfterValidator(_ahead)] = None
    coordinator: OptionalText = ""
    triggers: OptionalText = ""
    stop_rule: OptionalText = ""


@dataclass(frozen=True)
class HeldRisk:
    """One consequence of doing, or of not doing, and who carries what: holders by their ids."""

    of: Literal["doing", "not doing"] = "doing"
    consequence: OptionalText = ""
    affects: OptionalText = ""
    holders: Annotated[tuple[str, ...], known(lambda _: HOLDERS)] = ()
    mitigation: OptionalText = ""
    stop_rule: OptionalText = ""
    review: OptionalText = ""


class SharedRisk(ActForm):
    """Who holds which risk, by the id of the risk."""

    risks: dict[str, HeldRisk]


class AgreementAnswer(ActForm):
    """What somebody says to the plan and the shared risk.

    `authority` is given where it is said for the person; `party` and `who` where the facilitator
    writes it down for somebody who is not here.
    """

    says: Says
    not_to: Annotated[list[str], known(lambda request: request.shared.parts)] = []
    reason: OptionalText = ""
    authority: Literal[Authority, ""] = ""
    party: Literal[Party, ""] = ""
    who: Line = ""


class Ending(ActForm):
    """How a meeting ended, why, and when it is looked at again.

    `sole` says why one party holds every risk, where that is so.
    """

    what: MeetingOutcome
    review_on: Annotated[Day, AfterValidator(_ahead)] = Field(
        None, validation_alias=AliasChoices("again_on", "review_on")
    )
    reasons: Text
    sole: OptionalText = ""
