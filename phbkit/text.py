"""Text for people: Markdown to safe HTML, money, dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from pathlib import Path

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {"p", "em", "strong", "ul", "ol", "li", "a", "br", "blockquote", "code", "h3", "h4", "hr"}


_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "typographer": True}).enable("smartquotes")


@lru_cache(maxsize=2048)
def markdown(source: str) -> Markup:
    """Render Markdown from the case bank. Raw HTML in it is shown as text, never obeyed."""
    return Markup(nh3.clean(_parser().render(source), tags=_TAGS, link_rel="noopener noreferrer"))


@cache
def _prose_parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(
        ["smartquotes", "table"]
    )


def prose(source: str) -> Markup:
    """Render Markdown of a notebook, with headings of any level, tables and pictures."""
    return Markup(nh3.clean(_prose_parser().render(source), link_rel="noopener noreferrer"))


def templates(*folders: Path) -> Environment:
    """Return the templates in some folders: escaped, and strict about names."""
    made = Environment(loader=FileSystemLoader(folders), undefined=StrictUndefined, autoescape=True)
    made.trim_blocks = made.lstrip_blocks = True
    return made


def quotes(text: str) -> str:
    """Curl the quotation marks and apostrophes of a line that is not Markdown."""
    curled = re.sub(r"(^|[\s(\[])\"", "\\1“", text).replace('"', "”")
    return re.sub(r"(^|[\s(\[])'", "\\1‘", curled).replace("'", "’")


def pounds(amount: Decimal) -> str:
    """Write an amount as people do: £1,080, or £1,080.50 when there are pence."""
    rounded = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    sign = "-" if rounded < 0 else ""
    digits = f"{abs(rounded):,.2f}"
    return f"{sign}£{digits.removesuffix('.00')}"


def neutral(text: str) -> str:
    """Write a text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def long_date(day: dt.date) -> str:
    """Write a day as `2 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def clock(moment: dt.datetime) -> str:
    """Write a moment as local time of day, `14:03`."""
    return f"{moment.astimezone():%H:%M}"


def moment(at: dt.datetime) -> str:
    """Write a moment as local day and time, `2 November 2026, 14:03`."""
    return f"{long_date(at.astimezone().date())}, {clock(at)}"


def table(caption: str, rows: Iterable[Sequence[str]]) -> Markup:
    """Lay out rows as an HTML table whose first column is its row headings. Escapes every text."""
    left = Markup(" style='text-align:left'")
    body = Markup("").join(
        Markup("<tr><th scope='row'{}>{}</th>{}</tr>").format(
            left, row[0], Markup("").join(Markup("<td{}>{}</td>").format(left, c) for c in row[1:])
        )
        for row in rows
    )
    return Markup("<table><caption>{}</caption>{}</table>").format(caption, body)


def plain(number: Decimal) -> str:
    """Write a decimal without trailing noughts: 0.5, 1, 0.6667."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
