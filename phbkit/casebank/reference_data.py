"""What every case rests on: sources, the deal, names of bodies, the glossary."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, get_type_hints

from pydantic import Field

from phbkit.casebank.models import CaseFile, Id, Line, QuestionFile, Shape, Text
from phbkit.casebank.talk import TalkFile


class Source(Shape):
    """One document a claim may rest on, how far it was read, and on whose page.

    `host` is the publisher's own page, a copy on somebody else's, or a practitioner's or seller's.
    """

    title: Line
    publisher: Line
    date: Line
    address: Annotated[Line, Field(pattern=r"^https?://[^\s]+$")]
    read: Literal["in full", "in part", "opening", "abstract", "secondary"]
    host: Literal["publisher", "copy", "practitioner"] = "publisher"
    checked: dt.date
    due: dt.date
    sure: Literal["verified", "partly", "unverified"]
    note: Line | None = None

    @property
    def sound(self) -> bool:
        """Whether a claim about safety may rest on it alone."""
        seen = self.read in {"in full", "in part", "abstract"}
        return seen and self.sure == "verified" and self.host == "publisher"


class GlossaryEntry(Shape):
    """A term in plain words."""

    term: Line
    means: Text


class InForce(Shape):
    """What holds from a day, to a day, or always."""

    since: dt.date | None = None
    until: dt.date | None = None

    def applies_on(self, day: dt.date) -> bool:
        """Say whether it is in force on a day."""
        return (self.since or day) <= day <= (self.until or day)


class Rule(InForce):
    """One rule of the deal: what is allowed, since when, and who says so.

    `mark` is that of the items it finds, unless usual care gives them; what else it finds, if
    anything, is in `phbkit.decision.deal`. With a `case_mark` it speaks of cases with that mark
    only.
    """

    id: Id
    title: Line
    says: Text
    group: Literal[
        "what it may buy", "who may have it", "money", "the plan", "agreement", "review", "evidence"
    ]
    scope: Literal["national", "local", "practice"]
    checked: dt.date
    sure: Literal["verified", "partly"]
    mark: Id | None = None
    case_mark: Id | None = None
    finding: Literal["stop", "discuss", "note"]
    cure: Text
    sources: Annotated[tuple[Id, ...], Field(min_length=1)]


class DealFile(Shape):
    """`deal.yaml`."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


class Body(InForce):
    """A body whose name or duty changes: its names, and from when to when."""

    name: Line
    short: Line
    since: dt.date
    source: Id


class BodyFile(Shape):
    """`bodies.yaml`: for each role in prose, `[[role]]`, the bodies that have held it."""

    bodies: dict[Id, Annotated[tuple[Body, ...], Field(min_length=1)]]


class SourceFile(Shape):
    """`sources.yaml`."""

    sources: dict[Id, Source]


class GlossaryFile(Shape):
    """`glossary.yaml`."""

    glossary: dict[Id, GlossaryEntry]


class Files:
    """The files that a case rests on, as models, each after those that it rests on."""

    sources: SourceFile
    bodies: BodyFile
    deal: DealFile
    glossary: GlossaryFile
    case: CaseFile
    questions: QuestionFile
    talk: TalkFile


SHAPES: dict[str, type[Shape]] = get_type_hints(Files)
"""The model of each file, by its name."""
