"""How long a sitting is: the words in sight as somebody plays it, and the minutes that takes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bs4 import BeautifulSoup

from phbkit.casebank import Case
from phbkit.casebank.models import Sitting
from phbkit.records import MemoryJournal
from phbkit.workbook.formats import fields_of
from phbkit.workbook.module import Module
from phbkit.workbook.pages import step_page
from phbkit.workbook.step import Step
from phbkit.workbook.steps import find_step

MOST_WORDS = 1_500  # of a sitting
WORDS_A_MINUTE = 238
"""Silent reading of English by adults: Brysbaert, Journal of Memory and Language 109 (2019)."""
CHOICE_SECONDS, TEXT_SECONDS = 5, 30
_NOT_READ = (
    "details:not([open]) > :not(summary), [hidden], .phb-hidden, option,"
    ".phb-item:not(:has(:checked)) .phb-when-in, .phb-lead, .phb-foot, .phb-go,"
    '.phb-waits, [data-field="decision.not_to"]'  # where one waits, or agrees to a part
)
_TEXT = "[data-field]:has(> textarea):not(:-soup-contains('(optional)'))"


class Length(NamedTuple):
    """What one sitting takes: words to read, choices to make, texts to write."""

    words: int = 0
    choices: int = 0
    texts: int = 0

    @property
    def minutes(self) -> float:
        """Minutes at the pace of somebody who reads every word in sight."""
        acting = CHOICE_SECONDS * self.choices + TEXT_SECONDS * self.texts
        return self.words / WORDS_A_MINUTE + acting / 60

    def __str__(self) -> str:
        return f"{self.words} words, {math.ceil(self.minutes)} minutes"


def lengths(case: Case, answers: Mapping[str, Any]) -> dict[Sitting, Length]:
    """Play a case with answers to everything, and say how long each of its sittings is.

    What stands folded is not counted, nor buttons, nor what was in sight in the same sitting
    already. A conversation counts what is offered at every turn that the answers take; nothing is
    asked about later.
    """
    module = Module(case, MemoryJournal(dt.datetime.combine(case.about.as_of, dt.time(), dt.UTC)))
    found = {}
    for sitting, steps in case.sittings.items():
        seen: set[str] = set()
        length = Length()
        for step_id in steps:
            step = find_step(step_id)
            for page in _pages(module, step, answers):
                length = _with(length, page, seen)
        found[sitting] = length
    return found


def _pages(module: Module, step: Step, answers: Mapping[str, Any]) -> Iterator[str]:
    """Answer a step, and give what it shows on the way: its form, each turn, its record."""
    keys = [key for key in module.asked_at(step.id) if key in answers]
    given = {key: answers[key] for key in keys}
    fields = fields_of(step.key, given[step.key]) if step.key in given else {}
    ticked = {name: value for name, value in fields.items() if isinstance(value, list)}
    for part in _turns(given[step.key]) if step.grows else ():
        yield step_page(module, step, live=True)
        module.write(f"{step.id} {len(part['turns'])} {len(part)}", step.id, {step.key: part})
    yield step_page(module, step, live=True, values=ticked)
    if module.state(step.id) == "open":
        module.write(step.id, step.id, given)
    yield step_page(module, step, live=True)


def _turns(talk: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give a conversation as it grows, turn by turn, and then with what was rated."""
    whole = {name: value for name, value in talk.items() if name != "later"}
    for place in range(1, len(talk["turns"])):
        yield {"turns": talk["turns"][:place]}
    yield {"turns": talk["turns"]}
    if len(whole) > 1:
        yield whole


def _with(length: Length, page: str, seen: set[str]) -> Length:
    soup = BeautifulSoup(page, "lxml")
    for hidden in soup.select(_NOT_READ):
        hidden.decompose()
    for text in soup.find_all("textarea"):
        text.clear()
    new = set(soup.stripped_strings) - seen
    seen |= new
    words = sum(len(text.split()) for text in new)
    choices = {f"choice of {field['data-field']}" for field in soup.find_all("fieldset")} - seen
    texts = {f"text of {field['data-field']}" for field in soup.select(_TEXT)} - seen
    seen |= choices | texts
    return Length(length.words + words, length.choices + len(choices), length.texts + len(texts))
