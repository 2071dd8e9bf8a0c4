"""The CPD entry, as text and as Word, PDF and mail."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import io
from typing import Any

import docx
import pypdf
import pytest

from phbkit.casebank import Case
from phbkit.documents.document import Document, as_text, as_word
from phbkit.records import MemoryJournal
from phbkit.workbook.appraisal import appraisal_entry, by_year, entry_file, year_file
from phbkit.workbook.module import Module
from tests.made import careful

CHANGES = ["Ask what a good week looks like.", "Write who holds which risk."]
WRITTEN = {
    "learnt": "Unproven and <unsafe>.\nAsk both.",
    "changes": CHANGES,
    "hours": "0.5",
    "name": "Dr A. Example",
}
WANTED = [
    *("Chronic pain", "2 November 2026", "0.50", "Unproven and <unsafe>.", *CHANGES),
    *("Dr A. Example", "Draft for teaching design", "NICE"),
]


@pytest.fixture
def module(case: Case) -> Module:
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)))
    module.replay(careful(case) | {"cpd": WRITTEN})
    return module


@pytest.fixture
def entry(module: Module) -> Document:
    return appraisal_entry(module)


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
    assert f"What I will change\n------------------\n\n{changes}" in as_text(entry)


def test_word_has_headings_and_a_numbered_list(entry: Document) -> None:
    paragraphs, _ = word(entry)
    headings = [text for style, text in paragraphs if style.startswith("Heading")]
    surprised, *_ = (text for text in headings if text.startswith("What surprised you"))
    others = ["What I will change", "Sources of what I was told"]
    assert headings == ["CPD entry", "What I learnt", surprised, *others]
    assert [text for style, text in paragraphs if style == "List Number"] == CHANGES


def test_word_says_nothing_of_who_wrote_it(entry: Document) -> None:
    properties = word(entry)[1]
    assert (properties.author, properties.last_modified_by) == ("", "")
    assert properties.language == "en-GB"


def test_a_message_is_ready_to_be_sent_and_names_nobody_to_send_it_to(module: Module) -> None:
    file = entry_file(module, "mail")
    message = email.message_from_bytes(file.content, policy=email.policy.default)
    assert message["Subject"] == "CPD entry: Chronic pain and massage, 2 November 2026"
    assert (message["X-Unsent"], message["To"], message["From"]) == ("1", None, None)
    body = message.get_body()
    assert body
    assert body.get_content() == as_text(appraisal_entry(module))


def test_the_pdf_begins_with_a_certificate_that_claims_no_more_than_is_so(module: Module) -> None:
    page = pypdf.PdfReader(io.BytesIO(entry_file(module, "pdf").content)).pages[0]
    text = " ".join(page.extract_text().split())
    assert not page.images
    assert text.startswith("Certificate of completion")
    assert "Dr A. Example finished the module “Chronic pain and massage” on 2 November" in text
    assert "Nobody has assessed this or accredited the module." in text


def test_what_is_mended_is_in_every_file(module: Module) -> None:
    mended = WRITTEN | {"learnt": "Mended afterwards.", "hours": "0.75"}
    module.submit("mended", "reflect", {"cpd": mended})
    entry = appraisal_entry(module)
    assert "Mended afterwards." in as_text(entry)
    assert "Unproven" not in as_text(entry)
    assert any("Mended afterwards." in text for _, text in word(entry)[0])
    assert b"0.75" in entry_file(module, "mail").content


def test_a_year_s_table_adds_up_the_hours_of_that_year(module: Module) -> None:
    years = by_year({"one": module, "two": module})
    assert list(years) == ["2026"]
    said = year_file("2026", list(years["2026"].values()), "mail").content.decode()
    assert said.count("Chronic pain and massage") == 2
    assert "In all 1.00 hours." in said
