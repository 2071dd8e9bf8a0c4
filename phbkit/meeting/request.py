"""Somebody asks for an act: from which seat, in which meeting, with what typed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from phbkit import identifiers
from phbkit.casebank import Case
from phbkit.errors import RefusedError
from phbkit.meeting.meeting import STAGE_TITLES, Meeting, Seat, Stage
from phbkit.meeting.roles import FACILITATOR
from phbkit.workbook.formats import LONGEST_TEXT

Values = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Asked:
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

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> str:
        """Return a text field, or refuse it."""
        value = self.values.get(name, "")
        if not isinstance(value, str):
            raise RefusedError({name: "must be one text."})
        kept = value.strip()
        if required and not kept:
            raise RefusedError({name: "is not answered yet."})
        if len(kept) > longest:
            raise RefusedError({name: f"must be at most {longest} characters; got {len(kept)}."})
        return kept

    def chosen(self, name: str, allowed: Mapping[str, Any] | set[str]) -> list[str]:
        """Return the ticked boxes of a field, or refuse what is not on the list."""
        value = self.values.get(name, [])
        ticked = [value] if isinstance(value, str) else value
        for each in ticked:
            if each not in allowed:
                raise RefusedError({name: f"has no {each!r}."})
        return [each for each in allowed if each in ticked]

    def one_of(self, name: str, allowed: Mapping[str, Any] | tuple[str, ...]) -> str:
        """Return the chosen one of a list, or refuse."""
        value = self.text(name, required=True)
        if value not in allowed:
            raise RefusedError({name: f"must be one of {', '.join(allowed)}; got {value!r}."})
        return value


def need_facilitator(asked: Asked) -> None:
    """Refuse what only the facilitator may do."""
    if not asked.facilitates:
        raise RefusedError({"": "Only the facilitator can do that."})


def need_stage(asked: Asked, *stages: Stage) -> None:
    """Refuse what belongs to other stages than this."""
    if asked.meeting.stage not in stages:
        where = STAGE_TITLES[asked.meeting.stage]
        wanted = " or ".join(f"“{STAGE_TITLES[stage]}”" for stage in stages)
        raise RefusedError({"": f"The meeting is at “{where}”; this belongs to {wanted}."})


def need_checked(texts: Mapping[str, str], kept: str) -> None:
    """Refuse texts that could identify somebody, unless somebody has checked what was found there.

    Parameters
    ----------
    kept
        The stamp of what was found, as the refusal gives it under `keep`: a tick that is good for
        that, and for nothing that is typed later.
    """
    found = {name: each for name, text in texts.items() if (each := identifiers.find(text))}
    stretches = [one.text for each in found.values() for one in each]
    stamp = hashlib.sha256("\n".join(stretches).encode()).hexdigest()[:16]
    if not found or kept == stamp:
        return
    said = {name: identifiers.describe(each).removeprefix("This ") for name, each in found.items()}
    cure = "Take it out, or tick that you have checked it."
    raise RefusedError({**{name: f"{words} {cure}" for name, words in said.items()}, "keep": stamp})


def need_seen(asked: Asked, part: str, *, own: bool = False) -> None:
    """Refuse an edit made on an older state of a part, or of one's own share, than is kept now."""
    now = asked.meeting.changed_by(part, asked.seat.id if own else "")
    if asked.values.get("seen") != str(now):
        raise RefusedError(
            {"": "Another window changed this part since you opened it. What it says now is on "
             "this page; what you typed is kept. Look at both, then save again."}
        )  # fmt: skip
