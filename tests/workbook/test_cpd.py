"""The CPD entry, as text and as a Word file."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import docx
import pytest

from phbkit.casebank import Case
from phbkit.documents.document import Document, as_text, as_word
from phbkit.records import MemoryJournal
from phbkit.workbook.module import Module
from phbkit.workbook.pages import cpd_entry
from tests.made import careful

CHANGES = ["Ask what a good week looks like.", "Write who holds which risk."]
WRITTEN = {"learnt": "Unproven and <unsafe>.\nAsk both.", "changes": CHANGES, "hours": "0.5"}
WANTED = ["Chronic pain", "2 November 2026", "0.50", "Unproven and <unsafe>.", *CHANGES]


@pytest.fixture
def entry(case: Case) -> Document:
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)))
    module.replay(careful(case) | {"cpd": WRITTEN})
    return cpd_entry(module)


def word(entry: Document) -> tuple[list[tuple[str, str]], Any]:
    document = docx.Document(io.BytesIO(as_word(entry)))
    paragraphs = [(p.style.name if p.style else "", p.text) for p in document.paragraphs]
    return paragraphs, document.core_properties


@pytest.mark.parametrize("wanted", WANTED)
def test_text_and_word_hold_title_date_hours_and_changes(entry: Document, wanted: str) -> None:
    assert wanted in as_text(entry)
    assert wanted in "\n".join(text for _, text in word(entry)[0])


def test_the_text_numbers_the_changes(entry: Document) -> None:
    changes = "1. Ask what a good week looks like.\n2. Write who holds which risk.\n"
    assert as_text(entry).endswith(f"What I will change\n------------------\n\n{changes}")


def test_word_has_headings_and_a_numbered_list(entry: Document) -> None:
    paragraphs, _ = word(entry)
    headings = [text for style, text in paragraphs if style.startswith("Heading")]
    assert headings == ["CPD entry", "What I learnt", "What I will change"]
    assert [text for style, text in paragraphs if style == "List Number"] == CHANGES


def test_word_says_nothing_of_who_wrote_it(entry: Document) -> None:
    properties = word(entry)[1]
    assert (properties.author, properties.last_modified_by) == ("", "")
    assert properties.language == "en-GB"
