"""Documents as Word files."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Cm, Pt, RGBColor

from phbkit.documents.document import (
    Block,
    Bullets,
    Document,
    Fields,
    Heading,
    Paragraph,
    Picture,
    Table,
    clean,
)

_SHORT = 400  # characters in a cell; a row with a longer one may run over two pages


def as_word(document: Document) -> bytes:
    """Write a document as a Word file that names no author."""
    word = docx.Document()
    _set_up(word, document)
    word.add_heading(clean(document.title), level=1)
    for text, style in ((document.stamp, "Intense Quote"), (document.subtitle, "Subtitle")):
        if text:
            word.add_paragraph(clean(text), style=style)
    for block in document.blocks:
        _add(word, block)
    file = io.BytesIO()
    word.save(file)
    return file.getvalue()


def _add(word: WordDocument, block: Block) -> None:
    match block:
        case Heading(text, level):
            word.add_heading(clean(text), level=level)
        case Paragraph(text):
            for line in filter(str.strip, clean(text).split("\n")):
                word.add_paragraph(line)
        case Bullets(items, numbered):
            for item in items:
                style = "List Number" if numbered else "List Bullet"
                word.add_paragraph(clean(item), style=style)
        case Fields(pairs):
            for name, text in pairs:
                paragraph = word.add_paragraph()
                paragraph.add_run(f"{clean(name)}: ").bold = True
                paragraph.add_run(clean(text))
        case Picture(_, words):
            word.add_paragraph(clean(words))
        case Table():
            _add_table(word, block)


def _add_table(word: WordDocument, block: Table) -> None:
    caption = word.add_paragraph(clean(block.caption), style="Caption")
    caption.paragraph_format.keep_with_next = True
    table = word.add_table(rows=0, cols=len(block.header), style="Table Grid")
    table.autofit = False
    widths = [Cm(17 * share / sum(block.widths)) for share in block.widths]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for texts in (block.header, *block.rows):
        for cell, text, width in zip(table.add_row().cells, texts, widths, strict=True):
            cell.width = width
            cell.paragraphs[0].add_run(clean(text)).font.size = Pt(9.5)
    rows = word.element.body.tbl_lst[-1].tr_lst
    for row, texts in zip(rows, (block.header, *block.rows), strict=True):
        if max(map(len, texts)) < _SHORT:
            _append(row.get_or_add_trPr(), "cantSplit")
    _append(rows[0].get_or_add_trPr(), "tblHeader")
    for cell, head in zip(table.rows[0].cells, rows[0].tc_lst, strict=True):
        cell.paragraphs[0].runs[0].bold = True
        _append(head.get_or_add_tcPr(), "shd", val="clear", fill="E3F0EE")
    word.add_paragraph()


def _set_up(word: WordDocument, document: Document) -> None:
    about = word.core_properties
    about.title = clean(document.title)[:255]  # as long as Word allows
    about.author = about.comments = ""
    about.language = "en-GB"
    if document.day:
        about.created = about.modified = dt.datetime.combine(document.day, dt.time(), dt.UTC)
    for lang in word.styles.element.iter(qn("w:lang")):
        lang.set(qn("w:val"), "en-GB")
    sizes = {"Normal": 11.5, "Heading 1": 20, "Heading 2": 14, "Heading 3": 12, "Subtitle": 12}
    for name, size in {**sizes, "Caption": 11, "Intense Quote": 11}.items():
        style = word.styles[name]
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.attrib.clear()
        for script in ("w:ascii", "w:hAnsi", "w:cs"):
            fonts.set(qn(script), "Arial")
        style.font.size, style.font.italic = Pt(size), False
        style.font.color.rgb = RGBColor.from_string("17252D" if name == "Normal" else "0B5957")
    page = word.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2)
    page.header.paragraphs[0].text = clean(document.stamp)
    page.footer.paragraphs[0].text = "Page "
    _append(page.footer.part.element.p_lst[0], "fldSimple", instr="PAGE")


def _append(parent: Any, name: str, **attributes: str) -> None:
    """Add an element of Word's own XML that python-docx has no words for."""
    element = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    parent.append(element)
