"""A request for an act: from which seat, in which meeting, with what typed."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from phbkit.casebank import Case
from phbkit.errors import AnswersError, RefusedError
from phbkit.meeting import identifiers
from phbkit.meeting.meeting import Meeting, Seat
from phbkit.meeting.roles import FACILITATOR
from phbkit.meeting.shared_plan import SharedPlan
from phbkit.workbook.formats import NOT_ANSWERED, OptionalText, Text, check

Values = Mapping[str, str | list[str]]
F = TypeVar("F", bound=BaseModel)
_TEXTS = {True: TypeAdapter[str](Text), False: TypeAdapter[str](OptionalText)}
_FINDERS = {"called": identifiers.find_called}
_PYDANTIC_SAYS = re.compile("^(Input|String) should")


def refusal(problem: str, name: str = "") -> RefusedError:
    """Make the error that refuses a request for one problem, of a field or of the whole form."""
    return RefusedError({name: problem})


def _problem(fault: ErrorDetails) -> str:
    """Say what is wrong in a field, in words that follow its name."""
    if fault["type"] == "missing" or fault["input"] == "":
        return NOT_ANSWERED
    return _PYDANTIC_SAYS.sub("must", fault["msg"])


@dataclass(frozen=True)
class Request:
    """One act that somebody asks for: in which meeting, on which case, from which seat, when."""

    meeting: Meeting
    case: Case
    seat: Seat
    values: Values
    today: dt.date

    @property
    def facilitates(self) -> bool:
        """Whether the facilitator asks."""
        return self.seat.role == FACILITATOR

    @cached_property
    def shared(self) -> SharedPlan:
        """The plan as it stands."""
        return SharedPlan(self.case, self.meeting)

    def read(self, form: type[F], **gathered: Any) -> F:
        """Read the fields of a form, with those of rows as they were `gathered`.

        Raises
        ------
        RefusedError
            Says everything that is wrong, by field.
        """
        try:
            return form.model_validate({**self.values, **gathered}, context=self)
        except ValidationError as error:
            faults = error.errors(include_url=False)
        raise RefusedError({".".join(map(str, each["loc"])): _problem(each) for each in faults})

    def text(self, name: str, *, required: bool = False) -> str:
        """Read one text."""
        try:
            text: str = check(_TEXTS[required], name, self.values.get(name, ""), None)
        except AnswersError as error:
            raise refusal(error.problem, name) from None
        return text

    def table(self, name: str) -> dict[str, dict[str, Any]]:
        """Gather the fields `<name>.<row>.<part>`, by row and part."""
        rows: dict[str, dict[str, Any]] = {}
        for field, value in self.values.items():
            place, _, part = field.rpartition(".")
            if place.startswith(f"{name}."):
                rows.setdefault(place.removeprefix(f"{name}."), {})[part] = value
        return rows

    def need_seen(self, part: str) -> None:
        """Refuse an edit made on an older state of a part, or of a seat's share, than is kept now.

        Raises
        ------
        RefusedError
            Another window changed it since.
        """
        if self.values.get("seen") != str(self.meeting.seen(part, self.seat.id)):
            raise refusal(
                "Another window changed this part since you opened it. What it says now is on "
                "this page; what you typed is kept. Look at both, then save again."
            )


def need_name(given: object) -> str:
    """Return what somebody wants to be called, or refuse it."""
    name = given.strip() if isinstance(given, str) else ""
    if not name or len(name) > 40 or not name.isprintable():
        raise refusal("must be what the room calls you, in at most 40 characters.", "name")
    return name


def need_checked(values: Values, names: Iterable[str]) -> None:
    """Refuse texts that could identify somebody, unless somebody has checked what was found there.

    The refusal gives the stamp of what was found under `keep`, and takes it from there: a tick that
    is good for that, and for nothing that is typed later.

    Parameters
    ----------
    names
        The fields that somebody typed into.
    """
    texts = {name: text for name in names if isinstance(text := values.get(name), str)}
    found = {name: _FINDERS.get(name, identifiers.find)(text) for name, text in texts.items()}
    stretches = [identifier.text for identified in found.values() for identifier in identified]
    stamp = hashlib.sha256("\n".join(stretches).encode()).hexdigest()[:16]
    if not stretches or "".join(values.get("keep", ())) == stamp:
        return
    cure = "Take it out, or tick that you have checked it."
    problems = {
        name: f"{identifiers.describe(identified).removeprefix('This ')} {cure}"
        for name, identified in found.items()
        if identified
    }
    raise RefusedError({**problems, "keep": stamp})
