"""A request for an act: from which seat, in which meeting, with what typed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from phbkit import identifiers
from phbkit.casebank import Case
from phbkit.errors import RefusedError
from phbkit.meeting.meeting import Meeting, Seat
from phbkit.meeting.roles import FACILITATOR
from phbkit.workbook.formats import LONGEST_TEXT

Name = TypeVar("Name", bound=str)
Values = Mapping[str, str | list[str]]
_LONGEST_PLAN = dt.timedelta(days=3 * 366)


def refusal(problem: str, name: str = "") -> RefusedError:
    """Make the error that refuses a request for one problem, of a field or of the whole form."""
    return RefusedError({name: problem})


@dataclass(frozen=True)
class Request:
    """One act that somebody asks for: in which meeting, on which case, from which seat, when.

    Reading a field that is wrong notes it in `problems` and gives an empty value, so that all that
    is wrong is told at once: call `raise_problems` before anything is kept.
    """

    meeting: Meeting
    case: Case
    seat: Seat
    values: Values
    today: dt.date
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def facilitates(self) -> bool:
        """Whether the facilitator asks."""
        return self.seat.role == FACILITATOR

    def wrong(self, name: str, problem: str) -> None:
        """Note what is wrong in a field; the first problem of each is told."""
        self.problems.setdefault(name, problem)

    def raise_problems(self) -> None:
        """Raise RefusedError with what is wrong in each field, if anything is."""
        if self.problems:
            raise RefusedError(self.problems)

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> str:
        """Read a text field."""
        value = self.values.get(name, "")
        if not isinstance(value, str):
            self.wrong(name, "must be one text.")
            return ""
        text = value.strip()
        if required and not text:
            self.wrong(name, "is not answered yet.")
        if len(text) > longest:
            self.wrong(name, f"must be at most {longest} characters; got {len(text)}.")
        return text

    def chosen(self, name: str, allowed: Iterable[str]) -> list[str]:
        """Read the ticked boxes of a field, in the order of the list."""
        value = self.values.get(name, [])
        ticked, known = [value] if isinstance(value, str) else value, list(allowed)
        for unknown in [each for each in ticked if each not in known]:
            self.wrong(name, f"has no {unknown!r}.")
        return [each for each in known if each in ticked]

    def one_of(self, name: str, allowed: Iterable[Name]) -> Name | None:
        """Read the chosen one of a list."""
        value, known = self.text(name, required=True), list(allowed)
        if value not in known:
            self.wrong(name, f"must be one of {', '.join(known)}; got {value!r}.")
        return next((each for each in known if each == value), None)

    def day(self, name: str, *, after_today: bool = False) -> str:
        """Read a day as ISO text; empty where none is given."""
        text = self.text(name)
        if not text:
            return ""
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            self.wrong(name, f"must be a day like {self.today.isoformat()}; got {text!r}.")
            return ""
        if after_today and day <= self.today:
            self.wrong(name, "must be after today.")
        if abs(day - self.today) > _LONGEST_PLAN:
            self.wrong(name, "must be within three years of today.")
        return day.isoformat()

    def need_seen(self, part: str, *, of_seat: bool = False) -> None:
        """Refuse an edit made on an older state of a part, or of a seat's share, than is kept now.

        Raises
        ------
        RefusedError
            Another window changed it since.
        """
        now = self.meeting.changed_by(part, self.seat.id if of_seat else "")
        if self.values.get("seen") != str(now):
            raise refusal(
                "Another window changed this part since you opened it. What it says now is on "
                "this page; what you typed is kept. Look at both, then save again."
            )


def need_name(values: Mapping[str, object]) -> str:
    """Return what somebody wants to be called, or refuse it."""
    given = values.get("name")
    name = given.strip() if isinstance(given, str) else ""
    if not name or len(name) > 40 or not name.isprintable():
        raise refusal("must be what the room calls you, in at most 40 characters.", "name")
    return name


def need_checked(texts: Mapping[str, str], kept: str, without: Container[str] = ()) -> None:
    """Refuse texts that could identify somebody, unless somebody has checked what was found there.

    Parameters
    ----------
    kept
        The stamp of what was found, as the refusal gives it under `keep`: a tick that is good for
        that, and for nothing that is typed later.
    without
        Fields that nobody types.
    """
    findings = {
        name: identified
        for name, text in texts.items()
        if name not in without and (identified := identifiers.find(text))
    }
    stretches = [identifier.text for identified in findings.values() for identifier in identified]
    stamp = hashlib.sha256("\n".join(stretches).encode()).hexdigest()[:16]
    if not findings or kept == stamp:
        return
    cure = "Take it out, or tick that you have checked it."
    problems = {
        name: f"{identifiers.describe(identified).removeprefix('This ')} {cure}"
        for name, identified in findings.items()
    }
    raise RefusedError({**problems, "keep": stamp})
