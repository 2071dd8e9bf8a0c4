"""A document's blocks as HTML: real headings, tables with captions, pictures with their words."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from phbkit.documents.document import Block, Document, Heading
from phbkit.text import templates

_FOLDER = Path(__file__).parent


def style() -> Markup:
    """Return how a report looks: our own file, so nothing in it is anybody's text."""
    return Markup((_FOLDER / "page.css").read_text(encoding="utf-8"))


def as_html(document: Document) -> bytes:
    """Write a document as one page that needs no network and no script."""
    page = _environment().get_template("page.html.j2")
    text = page.render(
        document=document,
        style=style(),
        headings=[b.text for b in document.blocks if isinstance(b, Heading) and b.level == 2],
        body=blocks_html(document.blocks),
    )
    return f"{text}\n".encode()


def blocks_html(blocks: Sequence[Block]) -> Markup:
    """Write blocks, each level 2 heading with an address of its own."""
    macros = _environment().get_template("blocks.html.j2").module
    numbers = accumulate(isinstance(b, Heading) and b.level == 2 for b in blocks)
    return Markup("\n").join(
        getattr(macros, type(block).__name__.lower())(block, int(number))
        for block, number in zip(blocks, numbers, strict=True)
    )


@cache
def _environment() -> Environment:
    environment = templates(_FOLDER / "templates")
    environment.filters["base64"] = lambda text: base64.b64encode(text.encode()).decode()
    return environment
