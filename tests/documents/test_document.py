"""Documents as text, Word and PDF: whatever was typed comes out as text, laid out to be read."""

from __future__ import annotations

import datetime as dt
import io
import re
import subprocess
import sys
from typing import Any

import docx
import pypdf
import pytest
import typst
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from phbkit.documents import document, pdf
from phbkit.documents.document import Block, Bullets, Document, Fields, Heading, Paragraph, Table

HOSTILE = {
    "typst": '#eval("1 + 1") $x^2$ *b* _i_ `raw` @ref <label> \\u{41} = no = #read("/etc/passwd")',
    "xml": "<w:p/> & &amp; ]]> <!-- --> <script>alert(1)</script>",
    "control": "one\x00two\x07three\x1b[31m\x0bfour\ud800five\uffffsix",
    "lines": "first\r\nsecond\rthird\u2028fourth\n\n\nfifth",
    "right to left": "שלום עולם and العربية and back",
    "emoji": "👩‍⚕️ and 😀 and 🏽",
    "turned round": "pay \u202e21£\u202c please",
    "long": "word " * 1200,
    "one word": "x" * 6000,
    "blank": " \n\t\n ",
}
A_DAY = dt.date(2026, 11, 2)


def of(*blocks: Block, **more: Any) -> Document:
    return Document("Title", blocks, day=A_DAY, **more)


def everywhere(text: str) -> Document:
    row = (text, "cell")
    table = Table(text, ("One", "Two"), (1, 2), (row, row))
    return Document(
        text or "Title",
        (Heading(text), Paragraph(text), Bullets((text,)), Fields(((text, text),)), table),
        subtitle=text,
        day=A_DAY,
    )


def word(made: Document) -> Any:
    return docx.Document(io.BytesIO(document.as_word(made)))


def word_texts(made: Document) -> list[str]:
    read = word(made)
    cells = [cell.text for table in read.tables for row in table.rows for cell in row.cells]
    return [*(paragraph.text for paragraph in read.paragraphs), *cells]


def reader(made: Document) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(document.as_pdf(made)))


def pdf_text(made: Document) -> str:
    text = " ".join(page.extract_text() for page in reader(made).pages)
    text = re.sub(r"Page \d+ of \d+", "", text).replace("\u200b", "")
    return re.sub(r"\s+", " ", text)


def tags(made: Document) -> list[str]:
    """Name every tag of a PDF, with the tags that it stands in."""
    found = []

    def walk(node: Any, path: str) -> None:
        node = node.get_object()
        if not hasattr(node, "keys"):
            return
        here = path + node.get("/S", "")
        found.append(here)
        children = node.get("/K", [])
        children = children.get_object() if hasattr(children, "get_object") else children
        for child in children if isinstance(children, list) else [children]:
            walk(child, here)

    walk(reader(made).trailer["/Root"]["/StructTreeRoot"], "")
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_was_typed_comes_out_as_text_in_every_format(name: str) -> None:
    text = HOSTILE[name]
    lines = [line.strip() for line in document.clean(text).split("\n") if line.strip()]
    made = everywhere(text)
    plain, in_word, in_pdf = document.as_text(made), "\n".join(word_texts(made)), pdf_text(made)
    for line in lines:
        assert plain.count(line) >= 6
        assert in_word.count(line) >= 6
        if name not in {"right to left", "emoji", "one word"}:  # a PDF keeps what is seen
            assert in_pdf.count(re.sub(r"\s+", " ", line)) >= 6
    assert "root:" not in in_pdf


@given(text=st.text(max_size=200))
@settings(deadline=None, max_examples=60)
def test_any_text_survives_into_word_and_text(text: str) -> None:
    made = everywhere(text)
    lines = [line.strip() for line in document.clean(text).split("\n") if line.strip()]
    texts = "\n".join(word_texts(made))
    assert all(line in document.as_text(made) and line in texts for line in lines)


@given(text=st.text(max_size=60))
@settings(deadline=None, max_examples=15)
def test_any_text_makes_a_pdf(text: str) -> None:
    assert document.as_pdf(everywhere(text)).startswith(b"%PDF")


def test_cleaning_keeps_meaning_and_drops_what_nobody_sees() -> None:
    assert document.clean(HOSTILE["control"]) == "onetwothree[31m\nfourfivesix"
    assert document.clean(HOSTILE["lines"]) == "first\nsecond\nthird\nfourth\n\n\nfifth"
    assert document.clean("pay \u202e21£\u202c") == "pay 21£"


def test_a_typed_line_cannot_pass_for_a_heading_of_a_field() -> None:
    text = document.as_text(of(Fields((("Reason", "none\nOutcome: made"),))))
    assert "\nOutcome: made" not in text
    assert "\n    Outcome: made" in text


def test_text_underlines_headings_and_names_each_cell() -> None:
    table = Table("Costs", ("What", "Cost"), (1, 1), (("Massage", "£45.00"),))
    made = of(Heading("Plan"), Bullets(("a", "b"), numbered=True), table, stamp="TRAINING")
    assert document.as_text(made) == (
        "Title\n=====\n\nTRAINING\n\nPlan\n----\n\n1. a\n2. b\n\n"
        "Costs\n\nWhat: Massage\nCost: £45.00\n"
    )


def test_word_has_headings_lists_and_a_table_whose_header_repeats() -> None:
    table = Table("Costs", ("What", "Cost"), (3, 1), (("Massage", "£45.00"), ("Swim", "x" * 500)))
    read = word(of(Heading("Two"), Heading("Three", 3), Bullets(("a", "b")), table))
    styles = {paragraph.text: paragraph.style.name for paragraph in read.paragraphs}
    assert styles["Title"] == "Heading 1"
    assert (styles["Two"], styles["Three"]) == ("Heading 2", "Heading 3")
    assert (styles["a"], styles["b"], styles["Costs"]) == ("List Bullet", "List Bullet", "Caption")
    rows = read.element.body.tbl_lst[0].tr_lst
    assert [row.find(f".//{qn('w:tblHeader')}") is not None for row in rows] == [True, False, False]
    assert [row.find(f".//{qn('w:cantSplit')}") is not None for row in rows] == [True, True, False]
    assert [cell.text for cell in read.tables[0].rows[0].cells] == ["What", "Cost"]


def test_word_is_british_a4_and_names_no_author() -> None:
    read = word(of(Paragraph("Text"), stamp="TRAINING"))
    about = read.core_properties
    assert (about.author, about.last_modified_by, about.comments) == ("", "", "")
    assert (about.title, about.language, about.created.date()) == ("Title", "en-GB", A_DAY)
    languages = {each.get(qn("w:val")) for each in read.styles.element.iter(qn("w:lang"))}
    assert languages == {"en-GB"}
    page = read.sections[0]
    assert (round(page.page_width.cm, 1), round(page.page_height.cm, 1)) == (21, 29.7)
    assert page.header.paragraphs[0].text == "TRAINING"
    assert "PAGE" in page.footer._element.xml


def test_a_title_longer_than_word_allows_is_whole_on_the_page() -> None:
    title = "A long title " * 40
    read = word(Document(title, ()))
    assert read.paragraphs[0].text == title
    assert len(read.core_properties.title) == 255


def test_the_pdf_keeps_to_pdf_ua() -> None:
    made = reader(of(Heading("Two"), Paragraph("Text")))
    root = made.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert made.metadata.title == "Title"
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data().decode()
    assert tuple(map(round, made.pages[0].mediabox[2:])) == (595, 842)
    assert "Page 1 of 1" in made.pages[0].extract_text()


def test_the_pdf_tags_headings_lists_and_header_cells() -> None:
    table = Table("Costs", ("What", "Cost"), (1, 1), (("Massage", "£45.00"),))
    found = tags(
        of(Heading("Two"), Heading("Three", 3), Bullets(("a",)), Fields((("n", "t"),)), table)
    )
    for tag in ("/H1", "/H2", "/H3", "/L/LI/LBody", "/Table/THead/TR/TH", "/Table/TBody/TR/TD"):
        assert f"/Document{tag}" in found


def test_a_long_table_repeats_its_header_and_breaks_long_words() -> None:
    rows = tuple((f"{number} {'x' * 300}", "1", "y" * 120) for number in range(12))
    made = reader(of(Table("Ratings " * 30, ("Item", "Mark", "Verdict"), (4, 1, 3), rows)))
    texts = [page.extract_text().replace("\u200b", "") for page in made.pages]
    assert len(texts) > 1
    assert all("Verdict" in text for text in texts)
    whole = "\n".join(texts)
    assert whole.count("x") == 12 * 300
    assert max(map(len, re.findall("x+", whole))) < 50
    assert max(map(len, re.findall("y+", whole))) < 40


def test_the_same_document_makes_the_same_pdf() -> None:
    made = everywhere("same")
    assert document.as_pdf(made) == document.as_pdf(made)


def test_what_no_font_has_is_told_and_the_rest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts = typst.Fonts(include_system_fonts=False)
    monkeypatch.setattr(pdf, "_fonts", lambda: fonts)
    text = pdf_text(of(Paragraph("smile 😀 here"), Paragraph("say বাংলা ভাষা now"), Paragraph("Łódź")))
    assert "smile [grinning face] here" in text
    assert "say [letters that this PDF cannot show] now" in text
    assert "Łódź" in text


def test_a_text_that_crashes_the_typesetter_is_left_out_with_a_note(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = typst.compile

    class PanicException(BaseException):
        pass

    def crashing(*args: Any, **options: Any) -> Any:
        if "\\u0639" in options["sys_inputs"]["document"]:
            raise PanicException
        return compiled(*args, **options)

    monkeypatch.setattr(typst, "compile", crashing)
    text = pdf_text(of(Paragraph("before \u0639\u065f after"), Paragraph("Łódź")))
    assert "before [letters that this PDF cannot show] after" in text
    assert "Łódź" in text


def test_importing_exports_loads_no_writer() -> None:
    script = (
        "import sys; from phbkit.documents import document;"
        "print([name for name in ('docx', 'typst', 'icalendar') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
