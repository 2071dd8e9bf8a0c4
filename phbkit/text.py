"""Text for people: Markdown to safe HTML, money, dates."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup

_OPTIONS = {"html": False, "typographer": True, "xhtmlOut": False}
_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINK = re.compile(r"https?:|mailto:|tel:|[/#?]|[^:]*$", re.IGNORECASE)
JOINERS = "\u200c\u200d"
"""What joins and parts letters in Persian and parts of emoji, and cannot be seen itself."""
_LEFT_OUT = ("image", "code", "fence", "html_block", "html_inline")


@cache
def _parser() -> MarkdownIt:
    """Return a parser whose HTML holds running text, lists, headings below a page's own, links."""
    parser = MarkdownIt("commonmark", _OPTIONS).enable("smartquotes").disable(_LEFT_OUT)
    parser.validateLink = lambda url: _LINK.match(url) is not None  # type: ignore[method-assign]
    parser.core.ruler.push("restrict", _restrict)
    return parser


def _restrict(state: StateCore) -> None:
    for token in state.tokens:
        if token.tag in {"h1", "h2", "h5", "h6"}:
            token.tag = "h3" if token.tag < "h3" else "h4"
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("rel", "noopener noreferrer")


@lru_cache(maxsize=2048)
def markdown(source: str) -> Markup:
    """Render Markdown of a case. Raw HTML and pictures in it are shown as text, never obeyed."""
    return Markup(_parser().render(source))


@cache
def _prose_parser() -> MarkdownIt:
    return MarkdownIt("commonmark", _OPTIONS).enable(["smartquotes", "table"])


def prose(source: str) -> Markup:
    """Render Markdown of a notebook, with headings of any level, tables and pictures."""
    import nh3

    return Markup(nh3.clean(_prose_parser().render(source), link_rel="noopener noreferrer"))


def tidy(text: str) -> str:
    """Make line breaks newlines, and leave out what XML, and so no document, can hold."""
    return _NOT_TEXT.sub("", _LINE_BREAKS.sub("\n", text))


def each_text(data: Any, change: Callable[[str], str]) -> Any:
    """Copy plain data with every text in it changed; keys stay as they are."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, Mapping):
        return {name: each_text(part, change) for name, part in data.items()}
    return [each_text(part, change) for part in data] if isinstance(data, list | tuple) else data


def caseless(name: str) -> str:
    """Fold a name so that all its spellings are equal: capitals, forms of letters, spaces."""
    seen = "".join(character for character in name if character not in JOINERS)
    folded = unicodedata.normalize("NFKC", seen).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


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


def with_article(noun: str) -> str:
    """Write a unit after “a” or “an”: a session, an hour."""
    return f"{'an' if re.match('[aeio]|hour', noun) else 'a'} {noun}"


def long_date(day: dt.date) -> str:
    """Write a day as `2 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def clock(moment: dt.datetime) -> str:
    """Write a moment as local time of day, `14:03`."""
    return f"{moment.astimezone():%H:%M}"


def moment(at: dt.datetime) -> str:
    """Write a moment as local day and time, `2 November 2026, 14:03`."""
    return f"{long_date(at.astimezone().date())}, {clock(at)}"


def plain(number: Decimal) -> str:
    """Write a decimal without trailing noughts: 0.5, 1, 0.6667."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def templates(*folders: Path) -> Environment:
    """Return the templates in some folders: escaped, strict about names, with filters for text."""
    loader = FileSystemLoader([*folders, Path(__file__).parent])
    made = Environment(loader=loader, undefined=StrictUndefined, autoescape=True)
    made.trim_blocks = made.lstrip_blocks = True
    filters = (markdown, plain, pounds, quotes, moment, long_date, with_article)
    made.filters.update({function.__name__: function for function in filters})
    return made


_templates_beside = cache(templates)


def shown(module: str, **values: Any) -> str:
    """Write how an object shows itself in a notebook, by the template beside its module."""
    file = Path(module)
    template = _templates_beside(file.parent).get_template(f"{file.stem}.html.j2")
    return template.render(values)
