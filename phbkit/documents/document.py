"""A document with real headings, lists and tables, as plain text, as Word and as PDF.

Whatever it holds is shown as text, in every format; none of it is ever obeyed.
"""

from __future__ import annotations

from collections.abc import Iterable

from phbkit.documents.blocks import (
    Block,
    Bullets,
    Document,
    Fields,
    Heading,
    Paragraph,
    Picture,
    Table,
    clean,
)
from phbkit.documents.pdf import as_pdf
from phbkit.documents.word import as_word

__all__ = [
    "Block",
    "Bullets",
    "Document",
    "Fields",
    "Heading",
    "Paragraph",
    "Picture",
    "Table",
    "as_pdf",
    "as_text",
    "as_word",
    "clean",
]


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
