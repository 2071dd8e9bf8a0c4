"""What a step shows: HTML of a module's state, the same for live pages and for records."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from phbkit import forms, wings
from phbkit.casebank import SCALE, Case, Question
from phbkit.casebank.case import DRAFT, FICTION
from phbkit.decision import HOLDERS, Plan
from phbkit.documents.document import as_text
from phbkit.scoring.credit import ranking_points
from phbkit.scoring.marking import unsafe_options
from phbkit.text import long_date, markdown, pounds, templates
from phbkit.workbook.appraisal import ENTRY_FORMATS, appraisal_entry
from phbkit.workbook.formats import LEVELS, fields_of, ordinal
from phbkit.workbook.module import Module
from phbkit.workbook.plan_steps import HELD
from phbkit.workbook.step import Step
from phbkit.workbook.steps import find_step
from phbkit.workbook.talk_steps import RATED

_BRIEF = 80
_SENTENCE = re.compile(r"(?<=[.?!])\s")
_STANDINGS = (("1", "with most"), ("0.5", "close to most"), ("0", "apart from most"))
"""The least credit, of what most of a panel chose, and where that stands."""
_DEGREES = ("Much less {}", "Less {}", "No change", "More {}", "Much more {}")


def step_page(
    module: Module,
    step: Step,
    *,
    live: bool,
    values: Mapping[str, Any] | None = None,
    revising: bool = False,
) -> Markup:
    """Render one step.

    Parameters
    ----------
    module
        The pass through the case. Nothing that its state does not allow is rendered.
    live
        Whether somebody can answer: forms and links where True, a record where False.
    values
        What to fill the form with, by field name.
    revising
        Show the form of a finished step that may still be changed.
    """
    state = module.state(step.id)
    form = live and (state in {"open", "stopped"} or (revising and module.revisable(step.id)))
    kept = kept_fields(module, step) if revising or state == "stopped" else {}
    kept |= _safe_part(module, step) if state == "stopped" else {}
    given = {**kept, **(values or {})}
    return _render(
        "step.html.j2",
        module=module,
        step=step,
        state=state,
        mode="form" if form else "record",
        is_live=live,
        values=given,
        live=effect(module, step.id, given) if form else {},
    )


def kept_fields(module: Module, step: Step) -> dict[str, Any]:
    """Give what was kept of a step's own answer as the fields of its form."""
    return fields_of(step.key, module.answers[step.key]) if step.key in module.answers else {}


def _safe_part(module: Module, step: Step) -> dict[str, Any]:
    """Give what stands of answers that are asked again: several ticks, without the unsafe ones."""
    given = module.answers
    return {
        question.id: [
            n for n in given[question.id] if n not in question.critical or n in question.key
        ]
        for question in module.case.questions_at(step.id)
        if isinstance(given.get(question.id), list)
    }


def effect(module: Module, step_id: str, values: Mapping[str, Any]) -> dict[str, Markup]:
    """Render what the values of an open form would do: a line, and cards where the step has them.

    Nothing where a step answers nothing as it is filled in. The values may be anything.
    """
    found = find_step(step_id).effect(module, values)
    if found is None:
        return {}
    names = {"line": found.line, "cards": found.cards}
    return {part: _render(name, **found.context) for part, name in names.items() if name}


def review_date(module: Module) -> dt.date | None:
    """Return the day of the first review: weeks counted from the day the case plays."""
    weeks = module.decision.get("review_weeks")
    return module.case.about.as_of + dt.timedelta(weeks=weeks) if weeks else None


def missed(module: Module, question: Question) -> bool:
    """Say whether an answer to a question with a key was not right, or not sure."""
    marks = [mark for mark in module.result.marks if mark.question == question.id]
    keyed = [mark for mark in marks if mark.key == "key"]
    return any(mark.credit < 1 or mark.sure in {1, 2} for mark in keyed)


def standings(module: Module, question: Question) -> dict[str, str]:
    """Say in words where an answer stands beside each panel, whose figures are illustrative."""
    earned = {m.key: m.credit for m in module.result.marks if m.question == question.id}
    return {
        panel.id: "divided itself"
        if panel.id not in earned
        else next(words for least, words in _STANDINGS if earned[panel.id] >= Decimal(least))
        for panel in module.case.panels
    }


def key_name(case: Case, key: str) -> str:
    """Say in words what a mark was measured by."""
    titles = {panel.id: f"the {panel.title[0].lower()}{panel.title[1:]}" for panel in case.panels}
    return titles.get(key, "questions with a right answer")


def degrees(question: Question) -> dict[int, str]:
    """Say in words what each place on the scale of a concordance question means."""
    words = (degree.format(question.scale) for degree in _DEGREES)
    return dict(zip(SCALE, words, strict=True))


def holder_names(first: str) -> dict[str, str]:
    """Say who may hold a risk, to a learner who plays the healthcare professional."""
    return HOLDERS | {
        "person": first,
        "close": f"somebody close to {first}",
        "professional": "the healthcare professional (you)",
    }


def brief(source: str) -> str:
    """Give the beginning of a text that has Markdown, as plain words."""
    words = markdown(source).striptags()
    return words if len(words) <= _BRIEF else words[:_BRIEF].rsplit(" ", 1)[0].rstrip(",;:.") + " …"


def first_sentence(source: str) -> str:
    """Give the first sentence of a text that has Markdown, as plain words."""
    return _SENTENCE.split(markdown(source).striptags(), maxsplit=1)[0]


def nearest_pound(amount: Decimal) -> str:
    """Write an amount without pence."""
    return pounds(amount.quantize(Decimal(1), ROUND_HALF_UP))


def sentence(text: str) -> str:
    """Begin with a capital, and leave names as they are."""
    return text[:1].upper() + text[1:]


def markdown_inline(source: str) -> Markup:
    """Render Markdown that must not be a block: one paragraph without its tags."""
    html = str(markdown(source)).strip()
    if html.startswith("<p>") and html.count("<p>") == 1:
        html = html.removeprefix("<p>").removesuffix("</p>")
    return Markup(html)


def zip_lists(left: Any, right: Any) -> list[tuple[Any, Any]]:
    """Pair the entries of two lists of the same length."""
    return list(zip(left, right, strict=True))


@cache
def environment() -> Environment:
    """Return the templates of the steps, with the filters and pieces that other pages share."""
    folders = (Path(hook()) for hook in wings.hooks("step_templates"))
    environment = templates(Path(__file__).parent / "templates", forms.TEMPLATES, *folders)
    filters = (markdown_inline, brief, first_sentence, nearest_pound, ordinal, sentence)
    functions = (key_name, degrees, holder_names, kept_fields, effect, review_date, find_step)
    marking = (missed, standings, appraisal_entry, unsafe_options, ranking_points)
    environment.filters |= {function.__name__: function for function in filters}
    environment.filters |= {"date": long_date, "zip": zip_lists}
    environment.globals |= {function.__name__: function for function in (*functions, *marking)}
    environment.globals |= {"rated_parts": RATED, "levels": LEVELS, "held": HELD, "draft": DRAFT}
    environment.globals |= {"planned": Plan.of, "cpd_text": as_text, "fiction": FICTION}
    environment.globals["entry_formats"] = ENTRY_FORMATS
    for hook in wings.hooks("step_filters"):
        environment.filters |= hook()
    for name in ("fields", "formats", "parts"):
        environment.globals[name] = environment.get_template(f"{name}.html.j2").module
    return environment


def _render(template: str, **context: Any) -> Markup:
    return Markup(environment().get_template(template).render(**context))
