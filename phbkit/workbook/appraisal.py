"""A learner's entry for appraisal, in every format. It holds nothing that identifies a patient."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from email.message import EmailMessage
from importlib.util import find_spec
from typing import NamedTuple

from phbkit.casebank.case import DRAFT, FICTION
from phbkit.documents import document
from phbkit.documents.document import Block, Bullets, Document, Fields, Heading, Paragraph, Table
from phbkit.text import long_date, markdown
from phbkit.workbook.module import Module
from phbkit.workbook.steps import find_step

KIND = "Self-directed learning: interactive case workbook with an invented case"


_WRITTEN_BY = {"word": "docx", "pdf": "typst", "mail": "email"}
ENTRY_FORMATS = tuple(kind for kind, library in _WRITTEN_BY.items() if find_spec(library))
"""What an entry can be written as here: on the learner's own device there are fewer libraries."""


class File(NamedTuple):
    """A file to download."""

    name: str
    type: str
    content: bytes


def appraisal_entry(module: Module) -> Document:
    """Write the entry of a learner who has finished.

    It says of each critical error where it was made, and whether it was put right.
    """
    written, day = module.answers["cpd"], day_of(module)
    blocks: list[Block] = [
        Fields(tuple(_facts(module))),
        *(Heading("What I learnt"), Paragraph(written["learnt"])),
    ]
    for question in module.case.questions_at("reflect"):
        if module.answers.get(question.id):
            asked = Heading(markdown(question.stem).striptags().strip())
            blocks += asked, Paragraph(module.answers[question.id])
    changes = Bullets(tuple(written["changes"]), numbered=True)
    blocks += Heading("What I will change"), changes
    if told := tuple(_unsafe(module)):
        blocks += Heading("What was unsafe in my first answers"), Bullets(told)
    if read := tuple(_sources(module)):
        blocks += Heading("Sources of what I was told"), Bullets(read)
    return Document("CPD entry", tuple(blocks), day=day)


def day_of(module: Module) -> dt.date:
    """Return the day on which an entry was last written."""
    return module.written_at("reflect").astimezone().date()


def _facts(module: Module) -> Iterator[tuple[str, str]]:
    written, case = module.answers["cpd"], module.case
    if written.get("name"):
        yield "Name", written["name"]
    yield "Title", f"Personal health budgets, deciding together: {case.title}"
    yield "Date", long_date(day_of(module))
    yield "Hours", f"{Decimal(written['hours']):.2f}"
    yield "Type", KIND
    yield "Status", f"{DRAFT} {FICTION}" if case.draft else FICTION


def _unsafe(module: Module) -> Iterator[str]:
    for error in module.result.critical:
        right = f"put right in {error.tries} tries" if error.put_right else "not put right"
        yield f"{find_step(error.step).title}: {markdown(error.asked).striptags()} ({right})"


def _sources(module: Module) -> Iterator[str]:
    """Name the first source behind each answer that a learner was given reasons for."""
    asked = (question for question in module.case.questions if module.shows_feedback(question))
    cited = {name: None for q in asked if q.feedback and q.key for name in q.feedback.sources[:1]}
    for name in cited:
        source = module.case.sources[name]
        yield f"{source.title}, {source.publisher}, {source.date}"


def by_year(entries: Mapping[str, Module]) -> dict[str, dict[str, Module]]:
    """Put entries, by any name, together by the year that they were written in."""
    years: dict[str, dict[str, Module]] = {}
    for name, module in entries.items():
        years.setdefault(str(day_of(module).year), {})[name] = module
    return years


def entry_file(module: Module, kind: str) -> File:
    """Write the entry of a learner who has finished as `word`, `pdf` or `mail`."""
    entry = appraisal_entry(module)
    title = f"{module.case.title}, {long_date(day_of(module))}"
    shown = _certified(module, entry) if kind == "pdf" else entry
    return _file(f"cpd-{module.case.id}", title, shown, kind)


def year_file(year: str, entries: Sequence[Module], kind: str) -> File:
    """Write the table of one year's entries, with the hours that they come to."""
    hours = [Decimal(module.answers["cpd"]["hours"]) for module in entries]
    rows = tuple(
        (long_date(day_of(module)), module.case.title, f"{claimed:.2f}")
        for module, claimed in zip(entries, hours, strict=True)
    )
    table = Table("As the learner stated", ("Date", "Module", "Hours"), (2, 5, 1), rows)
    total = Paragraph(f"In all {sum(hours, Decimal()):.2f} hours.")
    listed = Document(f"Personal health budgets: CPD in {year}", (table, total))
    return _file(f"cpd-{year}", year, listed, kind)


def _certified(module: Module, entry: Document) -> Document:
    """Put a certificate over an entry."""
    written = module.answers["cpd"]
    words = (
        f"{written.get('name') or 'The learner'} finished the module “{module.case.title}” on "
        f"{long_date(day_of(module))} and claims {Decimal(written['hours']):.2f} hours. The "
        "hours are the learner’s own figure. Nobody has assessed this or accredited the module."
    )
    blocks = (Paragraph(words), Heading("CPD entry"), *entry.blocks)
    return Document("Certificate of completion", blocks, day=entry.day)


def _file(name: str, title: str, written: Document, kind: str) -> File:
    match kind:
        case "word":
            return File(f"{name}.docx", document.WORD, document.as_word(written))
        case "pdf":
            return File(f"{name}.pdf", document.PDF, document.as_pdf(written))
    message = EmailMessage()  # without addresses, as mail programs open one to be sent
    message["Subject"] = f"CPD entry: {title}"
    message["X-Unsent"] = "1"
    message.set_content(document.as_text(written))
    return File(f"{name}.eml", "message/rfc822", message.as_bytes())
