"""What no text of the case bank may hold, and the names of bodies that change.

`[[role]]` in prose names the body that holds a role on the day of the case, `[[role:name]]` its
full name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from phbkit import identifiers
from phbkit.casebank.reading import Place, Problem, YamlDocument, strings
from phbkit.casebank.reference_data import Body, Source

Bodies = Mapping[str, tuple[Body, ...]]
_PLACEHOLDER = "FILL IN"
_RAW_HTML = re.compile(r"<\s*/?\s*[a-zA-Z!]|javascript:", re.IGNORECASE)
_TOKEN = re.compile(r"\[\[([a-z-]+)(:name)?\]\]")
_WRITTEN_OUT = re.compile(
    r"\b(ICBs?|CCGs?|PCTs?|NHS England|NHS Improvement|[Ii]ntegrated [Cc]are [Bb]oards?"
    r"|[Cc]linical [Cc]ommissioning [Gg]roups?|[Pp]rimary [Cc]are [Tt]rusts?)\b"
)
_DOSE = re.compile(
    r"\b\d[\d.,]*\s?(?:mg|mcg|µg|micrograms?|milligrams?|ml|millilitres?|tablets?|capsules?)\b",
    re.IGNORECASE,
)


def named(data: Any, bodies: Bodies, day: dt.date) -> Any:
    """Copy parsed YAML with every `[[role]]` replaced by the body that holds the role on a day.

    A role that nobody holds on that day stays as it is, and is a problem of its text.
    """
    if isinstance(data, str):
        return _TOKEN.sub(lambda token: _name(token, bodies, day), data)
    if isinstance(data, Mapping):
        return {key: named(value, bodies, day) for key, value in data.items()}
    if isinstance(data, list):
        return [named(value, bodies, day) for value in data]
    return data


def _name(token: re.Match[str], bodies: Bodies, day: dt.date) -> str:
    for body in bodies.get(token[1], ()):
        if body.applies_on(day):
            return body.name if token[2] else body.short
    return token[0]


def is_citation(path: Place) -> bool:
    """Say whether a text at a place names a source."""
    return len(path) > 1 and path[-2] == "sources"


def raw_html(path: Place, text: str) -> Iterator[Problem]:
    """Find raw HTML and script links."""
    if html := _RAW_HTML.search(text):
        cure = "Write Markdown; HTML would be shown as plain text."
        yield path, f"holds raw HTML ({html[0]!r}).", cure


@dataclass(frozen=True)
class TextChecks:
    """Every check of a text of a case.

    Attributes
    ----------
    bodies, day
        Who holds which role, and the day of the case.
    today
        The day that "in the future" is measured from.
    drafts
        Take what an author has not filled in yet.
    sources
        Names that may be cited; None where `sources.yaml` cannot be read.
    measures
        Take measures such as 10 ml, which a glossary explains.
    """

    bodies: Bodies
    day: dt.date
    today: dt.date
    drafts: bool = False
    sources: Mapping[str, Source] | None = None
    measures: bool = False

    def problems(self, document: YamlDocument) -> Iterator[Problem]:
        """Find what is wrong with each text of a document."""
        for path, text in strings(document.data):
            yield from raw_html(path, text)
            yield from self._names(path, text)
            yield from self._identifying(path, text)
            if not self.drafts and _PLACEHOLDER in text:
                yield path, "is still to be filled in.", "Write it in your own words."
            if path and path[-1] in {"checked", "signed"} and text > self.today.isoformat():
                yield path, "is in the future.", "Give the day it was done."
            if self.sources is not None and is_citation(path) and text not in self.sources:
                cure = "Add it to casebank/sources.yaml, or cite another."
                yield path, f"cites {text!r}, which is not a known source.", cure

    def _names(self, path: Place, text: str) -> Iterator[Problem]:
        """Find roles that nobody holds, and names of bodies that are written out."""
        for token in _TOKEN.finditer(text):
            if _name(token, self.bodies, self.day) == token[0]:
                cure = f"Roles: {', '.join(sorted(self.bodies)) or 'none'}."
                yield path, f"{token[0]} is held by no body on {self.day}.", cure
        for name in _WRITTEN_OUT.finditer(text):
            cure = "Write its role, such as [[nhs-commissioner]]; see casebank/bodies.yaml."
            yield path, f"writes out {name[0]!r}, a name that changes.", cure

    def _identifying(self, path: Place, text: str) -> Iterator[Problem]:
        """Find doses, and what could identify a real person."""
        if not self.measures and (dose := _DOSE.search(text)):
            yield path, f"looks like a dose ({dose[0]!r}).", "Take it out: no case gives a dose."
        hits = identifiers.find(text, self.today)
        if hits := [hit for hit in hits if hit.kind != "date of birth"]:  # laws have dates too
            cure = "Take it out: every person is invented, and nothing may look like a record."
            yield path, identifiers.describe(hits), cure
