"""What documents are made of: blocks of text, and nothing of how they look."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_TURNS_TEXT_ROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")


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

    svg: str
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
    return _TURNS_TEXT_ROUND.sub("", _NOT_TEXT.sub("", _LINE_BREAKS.sub("\n", text)))
