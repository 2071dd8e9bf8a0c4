"""How long a sitting is: the words in sight as somebody plays it, and the minutes that takes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lxml import html
from lxml.etree import XPath

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


def _of_class(*names: str) -> str:
    marks = (f"contains(concat(' ', @class, ' '), ' {name} ')" for name in names)
    return f"*[{' or '.join(marks)}]"


_NOT_READ = XPath(
    "//details[not(@open)]/*[not(self::summary)] | //*[@hidden] | //option"
    f"| //{_of_class('phb-hidden', 'phb-lead', 'phb-foot', 'phb-go', 'phb-waits')}"
    f"| //{_of_class('phb-item')}[not(.//*[@checked])]//{_of_class('phb-when-in')}"
    "| //*[@data-field='decision.not_to']"  # where one agrees to a part
)
_WORDS = XPath("//text()[normalize-space()][not(parent::textarea)]")
_CHOICES = XPath("//fieldset/@data-field")
_TEXTS = XPath("//*[textarea][not(contains(., '(optional)'))]/@data-field")


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
    given = {key: answers[key] for key in module.asked_at(step.id) if key in answers}
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
    for place in range(1, len(talk["turns"]) + 1):
        yield {"turns": talk["turns"][:place]}
    if len(whole) > 1:
        yield whole


def _with(length: Length, page: str, seen: set[str]) -> Length:
    shown = html.fromstring(page)
    for hidden in _NOT_READ(shown):
        hidden.drop_tree()
    new = {text.strip() for text in _WORDS(shown)} - seen
    seen |= new
    words = sum(len(text.split()) for text in new)
    choices = {f"choice of {field}" for field in _CHOICES(shown)} - seen
    texts = {f"text of {field}" for field in _TEXTS(shown)} - seen
    seen |= choices | texts
    return Length(length.words + words, length.choices + len(choices), length.texts + len(texts))
