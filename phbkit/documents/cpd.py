"""A CPD entry for appraisal: as text to paste, and as a Word file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from phbkit.documents import document
from phbkit.documents.document import Bullets, Document, Heading, Paragraph
from phbkit.text import long_date

UNSAFE = "What was unsafe in my first answers"


@dataclass(frozen=True)
class CpdEntry:
    """What an appraisal toolkit asks for. Holds nothing that identifies anybody.

    `unsafe` says which first answers were critical errors, and whether each was put right.
    """

    title: str
    date: dt.date
    hours: Decimal
    learnt: str
    changes: tuple[str, ...]
    unsafe: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Headings and their texts, in the order toolkits ask for them."""
        return (
            ("Title", self.title),
            ("Date", long_date(self.date)),
            ("Hours", f"{self.hours:.2f}"),
            ("Type", "Self-directed learning: interactive case workbook with an invented case"),
            ("What I learnt", self.learnt),
        )


def as_text(entry: CpdEntry) -> str:
    """Write an entry as plain text to paste."""
    parts = [f"{heading}: {text}" for heading, text in entry.fields]
    changes = [f"{number}. {text}" for number, text in enumerate(entry.changes, start=1)]
    unsafe = [f"- {text}" for text in entry.unsafe]
    told = [f"{UNSAFE}:", *unsafe] if unsafe else []
    return "\n".join([*parts, "What I will change:", *changes, *told])


def as_word(entry: CpdEntry) -> bytes:
    """Write an entry as a Word file, headings as headings and changes as a numbered list."""
    fields = (
        part for heading, text in entry.fields for part in (Heading(heading), Paragraph(text))
    )
    changes = (Heading("What I will change"), Bullets(entry.changes, numbered=True))
    unsafe = (Heading(UNSAFE), Bullets(entry.unsafe)) if entry.unsafe else ()
    return document.as_word(Document("CPD entry", (*fields, *changes, *unsafe), day=entry.date))
