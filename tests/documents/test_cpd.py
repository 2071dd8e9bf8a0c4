"""The CPD entry, as text and as a Word file."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from docx import Document

from phbkit.documents import cpd

ENTRY = cpd.CpdEntry(
    title="Personal health budgets, deciding together: Chronic pain & <massage>",
    date=dt.date(2026, 11, 2),
    hours=Decimal("0.5"),
    learnt="Unproven and unsafe are two questions.\nAsk both.",
    changes=("Ask what a good week looks like.", "Write who holds which risk."),
)
WANTED = [
    "Chronic pain & <massage>",
    "2 November 2026",
    "0.50",
    "are two questions.",
    *ENTRY.changes,
]


def word() -> tuple[list[tuple[str, str]], object]:
    document = Document(io.BytesIO(cpd.as_word(ENTRY)))
    paragraphs = [(p.style.name if p.style else "", p.text) for p in document.paragraphs]
    return paragraphs, document.core_properties


@pytest.mark.parametrize("wanted", WANTED)
def test_text_and_word_hold_title_date_hours_and_changes(wanted: str) -> None:
    assert wanted in cpd.as_text(ENTRY)
    assert wanted in "\n".join(text for _, text in word()[0])


def test_the_text_numbers_the_changes_at_its_end() -> None:
    assert cpd.as_text(ENTRY).endswith(
        "What I will change:\n1. Ask what a good week looks like.\n2. Write who holds which risk."
    )


def test_word_has_headings_and_a_numbered_list() -> None:
    paragraphs, _ = word()
    headings = [text for style, text in paragraphs if style.startswith("Heading")]
    assert headings == [
        "CPD entry", "Title", "Date", "Hours", "Type", "What I learnt", "What I will change",
    ]  # fmt: skip
    assert [text for style, text in paragraphs if style == "List Number"] == list(ENTRY.changes)


def test_word_says_nothing_of_who_wrote_it() -> None:
    properties = word()[1]
    assert (properties.author, properties.last_modified_by) == ("", "")  # type: ignore[attr-defined]
    assert properties.language == "en-GB"  # type: ignore[attr-defined]
