"""A document with real headings, lists and tables, as plain text, as Word and as PDF.

Whatever it holds is shown as text, in every format; none of it is ever obeyed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from phbkit.text import tidy

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
_UNSEEN = re.compile("[\x80-\x9f\ufeff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Heading:
    """A heading below the title, which is the only one of level 1."""

    text: str
    level: Literal[2, 3] = 2


@dataclass(frozen=True)
class Paragraph:
    """Running text; every line of it is a paragraph."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Fields:
    """Names, each with its text."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table with a header row; `widths` are the columns' shares of the page's width."""

    caption: str
    header: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A picture as SVG, and what it shows in words; Word and plain text have the words only."""

    svg: Markup
    words: str


Block = Heading | Paragraph | Bullets | Fields | Table | Picture


@dataclass(frozen=True)
class Document:
    """What a document says, in order.

    `stamp` stands at the head of every page. `day` is the day that the document is of.
    """

    title: str
    blocks: tuple[Block, ...]
    subtitle: str = ""
    stamp: str = ""
    day: dt.date | None = None


def clean(text: str) -> str:
    """Make line breaks newlines; drop what XML cannot hold, and marks that turn text round."""
    return _UNSEEN.sub("", tidy(text))


def as_word(document: Document) -> bytes:
    """Write a document as a Word file that names no author."""
    from phbkit.documents import word

    return word.as_word(document)


def as_pdf(document: Document) -> bytes:
    """Write a document as a tagged PDF that keeps to PDF/UA-1."""
    from phbkit.documents import pdf

    return pdf.as_pdf(document)


def as_text(document: Document) -> str:
    """Write a document as plain text. Each cell of a table stands on a line with its heading."""
    parts = [_underlined(document.title, "="), clean(document.stamp), clean(document.subtitle)]
    for block in document.blocks:
        match block:
            case Heading(text, level):
                parts.append(_underlined(text, "-") if level == 2 else clean(text))
            case Paragraph(text):
                parts.append(clean(text))
            case Bullets(items, numbered):
                marks = [f"{number}." if numbered else "-" for number in range(1, len(items) + 1)]
                parts.append(_lines(zip(marks, items, strict=True), " "))
            case Fields(pairs):
                parts.append(_lines(pairs, ": "))
            case Picture(_, words):
                parts.append(clean(words))
            case Table(caption, header, _, rows):
                cells = (_lines(zip(header, row, strict=True), ": ") for row in rows)
                parts += [clean(caption), *cells]
    return "\n\n".join(part for part in parts if part) + "\n"


def _underlined(text: str, mark: str) -> str:
    line = clean(text).replace("\n", " ")
    return f"{line}\n{mark * min(len(line), 72)}"


def _lines(pairs: Iterable[tuple[str, str]], between: str) -> str:
    """Write one pair a line, and indent the lines of a text that has several."""
    return "\n".join(
        clean(f"{name}{between}{text}").replace("\n", "\n    ") for name, text in pairs
    )
