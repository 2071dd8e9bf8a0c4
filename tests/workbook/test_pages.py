"""Pages: nothing before its time, nothing a learner typed is obeyed, every field has a name."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html as entities
import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from phbkit.casebank import Case, Question
from phbkit.deciding import Plan
from phbkit.records import MemoryJournal
from phbkit.workbook.arc import find_step
from phbkit.workbook.module import Module
from phbkit.workbook.pages import review_date, step_page
from tests.steps import STEP_IDS, STEPS

STRONG = json.loads((Path(__file__).parent.parent / "answers" / "strong.json").read_text())[
    "answers"
]
AT = {step: place for place, step in enumerate(STEP_IDS)}
EVIL = "<img src=x onerror=alert(1)>"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;"
POSITIONS = range(len(STEPS) + 1)


def played(case: Case, steps: int, answers: dict[str, Any] = STRONG) -> Module:
    """Answer the first steps of a case."""
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    for step in STEP_IDS[:steps]:
        given = {key: answers[key] for key in module.asked_at(step) if key in answers}
        module.submit(f"s-{step}", step, given)
    return module


def pages(module: Module, *, live: bool = True) -> list[str]:
    return [str(step_page(module, step, live=live)) for step in STEPS]


def letters(text: str) -> str:
    """Strip tags, entities, quotes and spaces, so that only the words are compared."""
    return re.sub(r"[\W_]+", "", entities.unescape(re.sub(r"<[^>]*>", "", text))).lower()


def secrets(case: Case, steps: int) -> set[str]:
    """List every text that nobody may read who has finished this many steps."""
    plan = Plan.of(case, STRONG["plan"])
    ending = case.follow_up(plan.ids, STRONG["decision"]["choice"])
    hidden = [panel.note for panel in case.panels]
    for question in case.questions:
        shown_from = AT["after"] if question.reveal == "at the end" else AT[question.step]
        if steps <= shown_from and question.feedback:
            hidden.append(question.feedback.text)
        if steps < AT[question.step]:
            hidden += [question.stem, *(option.text for option in question.options)]
    if steps < AT["feedback"]:
        hidden += [panel.title for panel in case.panels]
    for branch in case.about.after:
        if steps < AT["after"] or branch != ending:
            hidden += [branch.three_months, branch.twelve_months, branch.why]
    if steps < AT["voices"]:
        hidden += [voice.said for voice in case.about.voices]
    for risk in case.about.risks:
        if steps < AT["risk"] or risk not in plan.risks:
            hidden += [risk.mitigation]
    return {found for found in map(letters, hidden) if len(found) > 25}


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("steps", POSITIONS)
def test_no_page_holds_a_text_before_its_time(case: Case, steps: int, live: bool) -> None:
    shown = letters("".join(pages(played(case, steps), live=live)))
    assert {secret for secret in secrets(case, steps) if secret in shown} == set()


def test_every_text_of_the_case_has_its_time(case: Case) -> None:
    shown = letters("".join(page for steps in POSITIONS for page in pages(played(case, steps))))
    in_time = secrets(case, 0) - secrets(case, len(STEPS))
    assert {text for text in in_time if text not in shown} == set()
    assert len(in_time) > 50


def rekeyed(case: Case, steps: int) -> Case:
    """Give every question that shows no reasons yet another key, another panel, other reasons."""

    def other(question: Question) -> Question:
        if steps > AT[question.step] and question.reveal == "at once":
            return question
        feedback = question.feedback and question.feedback.model_copy(update={"text": "Other."})
        unkeyed = [option.id for option in question.options if option.id not in question.key]
        key = tuple(unkeyed[:1]) if question.key else ()
        return question.model_copy(update={"key": key, "feedback": feedback})

    panels = tuple(
        dataclasses.replace(panel, counts={q: counts[::-1] for q, counts in panel.counts.items()})
        for panel in case.panels
    )
    questions = tuple(map(other, case.questions))
    return dataclasses.replace(case, questions=questions, panels=panels)


@pytest.mark.parametrize("steps", range(AT["after"] + 1))
def test_pages_are_the_same_whatever_the_key_until_it_is_shown(case: Case, steps: int) -> None:
    assert pages(played(rekeyed(case, steps), steps)) == pages(played(case, steps))


def test_a_shown_key_comes_with_credit_reasons_and_sources(case: Case) -> None:
    page = step_page(played(case, 3), find_step("deal"), live=True)
    assert page.count("Right.") == 1
    assert page.count("3 of 3 found, none wrong.") == 2
    assert page.count("Credit: 1 of 1") == 3
    assert letters(case.question("right-or-offer").feedback.text) in letters(page)  # type: ignore[union-attr]


@pytest.mark.parametrize("live", [True, False])
def test_what_a_learner_typed_is_shown_and_never_obeyed(case: Case, live: bool) -> None:
    typed = {
        "what-surprised": EVIL,
        "decision": STRONG["decision"] | {"reasons": EVIL, "stop_rule": EVIL},
        "cpd": {"learnt": EVIL, "changes": [EVIL, EVIL], "hours": "1"},
    }
    shown = pages(played(case, len(STEPS), STRONG | typed), live=live)
    assert shown[AT["decide"]].count(ESCAPED) == 2
    assert shown[AT["reflect"]].count(ESCAPED) == 4
    for page in shown:
        assert not html.fromstring(page).xpath("//img | //script | //@onerror")


@pytest.mark.parametrize("step", STEP_IDS)
def test_a_draft_fills_the_form_and_is_never_obeyed(case: Case, step: str) -> None:
    module = played(case, AT[step])
    names = set(
        html.fromstring(str(step_page(module, find_step(step), live=True))).xpath("//@name")
    )
    breakout = f'"></textarea>{EVIL}'
    values = {name: breakout for name in names if name != "plan"}
    page = str(step_page(module, find_step(step), live=True, values=values))
    assert EVIL not in page
    texts = [name for name in names if name.startswith(("decision.", "cpd.", "what-surprised"))]
    assert page.count(ESCAPED) == len(set(texts) - {"decision.choice", "decision.held"})


@pytest.mark.parametrize("step", STEP_IDS)
def test_every_field_has_a_label_and_every_group_a_legend(case: Case, step: str) -> None:
    page = html.fromstring(str(step_page(played(case, AT[step]), find_step(step), live=True)))
    fields = page.xpath("//input | //textarea | //select")
    assert bool(fields) == bool(played(case, 0).asked_at(step))
    for field in fields:
        labels = field.xpath("ancestor::label") + page.xpath(f"//label[@for='{field.get('id')}']")
        assert [label for label in labels if label.text_content().strip()], field.get("name")
        if field.get("type") in {"radio", "checkbox"}:
            legend = field.xpath("ancestor::fieldset[1]/legend")
            assert [part for part in legend if part.text_content().strip()], field.get("name")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    described = " ".join(page.xpath("//@aria-describedby | //@aria-labelledby")).split()
    assert set(described) <= set(ids)
    assert len(page.xpath("//form//button[@type='submit']")) == 1


def test_a_locked_page_names_the_step_it_waits_for_and_nothing_else(case: Case) -> None:
    page = str(step_page(played(case, 1), find_step("plan"), live=True))
    assert "finished “First judgement”" in page
    assert "Owen" not in page
    assert "<form" not in page


def test_only_a_revisable_step_can_be_shown_as_a_form_again(case: Case) -> None:
    before, after = played(case, AT["decide"]), played(case, AT["decide"] + 1)
    form = html.fromstring(str(step_page(before, find_step("plan"), live=True, revising=True)))
    assert set(form.xpath("//input[@checked]/@value")) == set(STRONG["plan"])
    assert set(form.xpath("//form//@name")) == {"plan"}
    for module, step in ((after, "plan"), (before, "judge")):
        assert "<form" not in step_page(module, find_step(step), live=True, revising=True)


def test_a_record_has_no_form_no_button_and_no_link_to_another_step(case: Case) -> None:
    for page in pages(played(case, len(STEPS)), live=False):
        assert not html.fromstring(page).xpath("//form | //button | //input | //a[@data-go]")


def test_the_first_review_is_counted_from_the_day_the_case_plays(case: Case) -> None:
    module = played(case, len(STEPS))
    assert review_date(module) == dt.date(2026, 11, 2) + dt.timedelta(weeks=12)
    assert "in 12 weeks, 25 January 2027" in pages(module)[AT["decide"]]
    assert review_date(played(case, 0)) is None
