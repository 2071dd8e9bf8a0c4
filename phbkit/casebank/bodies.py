"""Names of bodies that change: written `[[role]]` in prose, and named as on the case's day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from phbkit.casebank.reading import Document, strings
from phbkit.casebank.reference_data import Body
from phbkit.errors import Fault

_TOKEN = re.compile(r"\[\[([a-z-]+)(:name)?\]\]")
_WRITTEN_OUT = re.compile(
    r"\b(ICBs?|CCGs?|PCTs?|NHS England|NHS Improvement|[Ii]ntegrated [Cc]are [Bb]oards?"
    r"|[Cc]linical [Cc]ommissioning [Gg]roups?|[Pp]rimary [Cc]are [Tt]rusts?)\b"
)

Bodies = Mapping[str, tuple[Body, ...]]


def named(data: Any, bodies: Bodies, day: dt.date) -> Any:
    """Copy parsed YAML with every `[[role]]` replaced by the body that holds the role on a day.

    `[[role]]` gives the short name, `[[role:name]]` the full one. A role that nobody holds on that
    day stays as it is, and `check_names` reports it.
    """
    if isinstance(data, str):
        return _TOKEN.sub(lambda found: _name(found, bodies, day), data)
    if isinstance(data, Mapping):
        return {key: named(value, bodies, day) for key, value in data.items()}
    if isinstance(data, list):
        return [named(value, bodies, day) for value in data]
    return data


def _name(found: re.Match[str], bodies: Bodies, day: dt.date) -> str:
    for body in bodies.get(found[1], ()):
        if body.since <= day and (body.until is None or day <= body.until):
            return body.name if found[2] else body.short
    return found[0]


def check_names(document: Document, bodies: Bodies, day: dt.date) -> Iterator[Fault]:
    """Find roles that nobody holds, and names of bodies that are written out."""
    roles = ", ".join(sorted(bodies)) or "none"
    for path, text in strings(document.data):
        for found in _TOKEN.finditer(text):
            if _name(found, bodies, day) == found[0]:
                yield document.fault(
                    path, f"{found[0]} is held by no body on {day}.", f"Roles: {roles}."
                )
        for found in _WRITTEN_OUT.finditer(text):
            yield document.fault(
                path,
                f"writes out {found[0]!r}, a name that changes.",
                "Write its role, such as [[nhs-commissioner]]; see casebank/bodies.yaml.",
            )
