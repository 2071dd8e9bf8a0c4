"""Documents as tagged PDFs, laid out by `pdf.typ`."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import typst

from phbkit.documents.document import Document, clean
from phbkit.text import each_text

_LAYOUT = Path(__file__).with_suffix(".typ")
_NOT_LATIN = re.compile("[^\t\n -~\xa0-\u024f\u2010-\u2027\u20ac]+")
_NO_LETTERS = "[letters that this PDF cannot show]"
_PROBE = rb"""
#set text(top-edge: "bounds", bottom-edge: "bounds")
#context [#metadata(
  json(bytes(sys.inputs.characters)).filter(c => measure(c) == measure("\u{fdd0}"))
)<unshown>]
"""


def as_pdf(document: Document) -> bytes:
    """Write a document as a tagged PDF that keeps to PDF/UA-1.

    The standard allows no character that no font here can show. Such a symbol is told by its name,
    and writing in such letters by a note in its place; where letters fail only in company, there is
    a note for all that are not Latin.
    """
    content = each_text(_content(document), clean)
    for change in (str, _told, _latin):
        try:
            return _typeset(each_text(content, change))
        except typst.TypstError as error:
            failure = error
    raise failure


def _latin(text: str) -> str:
    return _NOT_LATIN.sub(_NO_LETTERS, text)


def _content(document: Document) -> dict[str, Any]:
    content = asdict(document)
    for block, made in zip(document.blocks, content["blocks"], strict=True):
        made["kind"] = type(block).__name__
    day = document.day
    content["day"] = day and {"year": day.year, "month": day.month, "day": day.day}
    return content


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts()


def _typeset(content: dict[str, Any]) -> bytes:
    inputs = {"document": json.dumps(content)}
    try:
        made: bytes = typst.compile(
            _LAYOUT.read_bytes(),
            format="pdf",
            pdf_standards=["ua-1"],
            font_paths=_fonts(),
            sys_inputs=inputs,
        )
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # Rust's, and no Exception
            raise typst.TypstError(str(error), "") from error
        raise
    return made


def _told(text: str) -> str:
    """Tell the characters that no font has: they look like one that is no character at all."""
    if text == _latin(text):
        return text
    inputs = {"characters": json.dumps(sorted(set(text)))}
    found = typst.query(
        _PROBE, "<unshown>", field="value", one=True, font_paths=_fonts(), sys_inputs=inputs
    )
    unshown = "".join(json.loads(found))

    def tell(run: re.Match[str]) -> str:
        marks = [mark for mark in run[0] if mark in unshown]
        if all(unicodedata.category(mark).startswith("S") for mark in marks):
            return f"[{', '.join(unicodedata.name(mark).lower() for mark in marks)}]"
        return _NO_LETTERS

    one = f"[{re.escape(unshown)}]"
    return re.sub(f"{one}(?:[\\s\u200d\ufe0f]*{one})*", tell, text) if unshown else text
