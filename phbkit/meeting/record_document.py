"""The documents of a decision record: the full one for the file, and the person's own copy.

What they say is in `templates/documents`, as HTML of headings, paragraphs, lists, names with their
texts, and tables. It is read into the blocks that Word and PDF are made of. The template escapes
what people typed and the reader unescapes it, so that it is text in every format.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment

from phbkit.documents.document import Block, Bullets, Document, Fields, Heading, Paragraph, Table
from phbkit.meeting.decision_record import DecisionRecord
from phbkit.meeting.meeting import TOLD_BY
from phbkit.text import long_date, moment, pounds, templates
from phbkit.workbook.plan_steps import HELD

_DOCUMENT_PARTS = {"h1": "title", "header": "subtitle", "aside": "stamp"}
_THE_PERSON = re.compile(r"\b[Tt]he person\b(?!['’])")


def full(record: DecisionRecord) -> Document:
    """Make the record that goes on file, with everything that was said, rated and not agreed."""
    return _document("full", record)


def plain(record: DecisionRecord) -> Document:
    """Make the person's own copy. It keeps every disagreement, and leaves the statistics out."""
    return _document("plain", record)


def _document(name: str, record: DecisionRecord) -> Document:
    reader = _BlockReader()
    reader.feed(_environment().get_template(f"{name}.html.j2").render(record=record))
    reader.close()
    return Document(blocks=tuple(reader.blocks), day=record.held_on, **reader.parts)


class _BlockReader(HTMLParser):
    """Reads HTML into blocks: `h2`, `h3`, `p`, `ul`, `dl` and `table`; text outside is dropped.

    `h1`, `header` and `aside` are the document's title, subtitle and stamp.
    """

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self.parts: dict[str, str] = {}
        self._text = ""
        self._cells: defaultdict[str, list[str]] = defaultdict(list)
        self._widths: tuple[float, ...] = ()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        self._text = ""
        if tag == "table":
            self._widths = tuple(map(float, (dict(attrs)["data-widths"] or "").split()))

    def handle_data(self, data: str) -> None:
        """Take the text of an element."""
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        """End an element: a block, or a part of one."""
        match tag:
            case "h1" | "header" | "aside":
                self.parts[_DOCUMENT_PARTS[tag]] = self._text
            case "h2" | "h3":
                self.blocks.append(Heading(self._text, 2 if tag == "h2" else 3))
            case "p":
                self.blocks.append(Paragraph(self._text))
            case "ul":
                self.blocks.append(Bullets(self._take("li")))
            case "dl":
                pairs = zip(self._take("dt"), self._take("dd"), strict=True)
                self.blocks.append(Fields(tuple(pairs)))
            case "table":
                self.blocks.append(self._table())
            case "li" | "dt" | "dd" | "caption" | "th" | "td":
                self._cells[tag].append(self._text)

    def _table(self) -> Table:
        [caption], header, cells = (self._take(tag) for tag in ("caption", "th", "td"))
        rows = zip(*[iter(cells)] * len(header), strict=True)
        return Table(caption, header, self._widths, tuple(rows))

    def _take(self, tag: str) -> tuple[str, ...]:
        return tuple(self._cells.pop(tag, ()))


def _to_you(role: str) -> str:
    """Speak to the person: “Speaks for the person” becomes “Speaks for you”."""
    return _THE_PERSON.sub(lambda match: "You" if match[0][0] == "T" else "you", role)


def _short_date(day: dt.date) -> str:
    """Write a day for a narrow column, and keep it on one line."""
    return f"{day.day}\xa0{day:%b}\xa0{day.year}"


def _pence(amount: Decimal) -> str:
    """Write an amount for the file: always with its pence."""
    text = pounds(amount)
    return text if "." in text else f"{text}.00"


@cache
def _environment() -> Environment:
    environment = templates(Path(__file__).parent / "templates/documents")
    environment.globals.update(held_words=HELD, told_by_words=TOLD_BY)
    environment.filters.update(
        long_date=long_date,
        moment=moment,
        pence=_pence,
        pounds=pounds,
        short_date=_short_date,
        to_you=_to_you,
    )
    return environment
