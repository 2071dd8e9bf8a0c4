"""What a step shows: HTML of a module's state, the same for live pages and for records."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from phbkit import forms, wings
from phbkit.casebank import SCALE, Case
from phbkit.casebank.case import DRAFT, FICTION
from phbkit.decision import Plan
from phbkit.documents import cpd
from phbkit.scoring.credit import ranking_points
from phbkit.text import long_date, markdown, plain, pounds, quotes, templates
from phbkit.workbook.asks import DECISIONS, HELD, PART, Effect, holder_names
from phbkit.workbook.formats import LEVELS, ordinal
from phbkit.workbook.module import Module
from phbkit.workbook.steps import Step, find_step

_BRIEF = 80
_STEPS = ("Much less {}", "Less {}", "No change", "More {}", "Much more {}")
SCALES = {
    name: {
        "asks": "How does that change it?",
        "options": [(step, words.format(name)) for step, words in zip(SCALE, _STEPS, strict=True)],
    }
    for name in ("appropriate", "likely", "important")
}


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
    state, ask = module.state(step.id), step.ask
    asks = state in {"open", "stopped"} or (revising and module.revisable(step.id))
    form = live and asks
    keeps = ask and (revising or state == "stopped") and ask.key in module.answers
    kept = ask.to_form(module.answers[ask.key]) if ask and keeps else {}
    given = {**kept, **(values or {})}
    case, first = module.case, module.first_name
    shown = ask.context(module, form=form) if ask and state != "locked" else {}
    return _render(
        "step.html.j2",
        module=module,
        case=case,
        about=case.about,
        person=case.about.person,
        first=first,
        step=step,
        number=module.place(step.id) + 1,
        total=len(module.steps),
        state=state,
        mode="form" if form else "record",
        is_live=live,
        values=given,
        next_step=module.step_after(step.id),
        waiting_for=find_step(module.current).title if module.current else "",
        unsafe=module.unsafe_at(step.id) if state == "stopped" else (),
        unsafe_first=module.unsafe_first_at(step.id) if state in {"stopped", "done"} else (),
        live=effect(module, step.id, given) if form else {},
        review_date=review_date(module),
        cited=sorted(cited(case), key=lambda name: (case.sources[name].title, name)),
        checked=min(case.sources[name].checked for name in cited(case)),
        hours=f"{math.ceil(case.about.minutes / 15) / 4:.2f}",
        cpd=cpd.as_text(cpd_entry(module)) if "cpd" in module.answers else "",
        decisions=_decisions(module.plan),
        held=HELD,
        holders=holder_names(first),
        decision=module.decision,
        fiction=FICTION,
        draft=DRAFT,
        **{
            name: _rendered(value) if isinstance(value, Effect) else value
            for name, value in shown.items()
        },
    )


def effect(module: Module, step_id: str, values: Mapping[str, Any]) -> dict[str, Markup]:
    """Render what the values of an open form would do: a line, and cards where the step has them.

    Nothing where a step answers nothing as it is filled in. The values may be anything.
    """
    step = find_step(step_id)
    found = step.ask.effect(module, values) if step.ask else None
    return _rendered(found) if found else {}


def _rendered(effect: Effect) -> dict[str, Markup]:
    names = {"line": effect.line, "cards": effect.cards}
    return {part: _render(name, **effect.context) for part, name in names.items() if name}


def _decisions(plan: Plan) -> dict[str, str]:
    """Leave out what cannot be decided: a plan of one item has no part."""
    return {key: words for key, words in DECISIONS.items() if key != PART or len(plan.items) > 1}


def review_date(module: Module) -> dt.date | None:
    """Return the day of the first review: weeks counted from the day the case plays."""
    weeks = module.decision.get("review_weeks")
    return module.case.about.as_of + dt.timedelta(weeks=weeks) if weeks else None


def cpd_entry(module: Module) -> cpd.CpdEntry:
    """Make the learner's entry for appraisal from what they wrote."""
    written = module.answers["cpd"]
    about = module.case.about
    return cpd.CpdEntry(
        title=f"Personal health budgets, deciding together: {about.title}",
        date=module.closed["reflect"].astimezone().date(),
        hours=Decimal(written["hours"]),
        learnt=written["learnt"],
        changes=tuple(written["changes"]),
        unsafe=tuple(_told_unsafe(module)),
    )


def _told_unsafe(module: Module) -> Iterator[str]:
    """Say of each critical error where it was made, and whether it was put right."""
    for error, retry in zip(module.result.critical, module.result.retries, strict=True):
        right = f"put right in {retry.tries} tries" if retry.put_right else "not put right"
        yield f"{find_step(error.step).title}: {_brief(error.asked)} ({right})"


def cited(case: Case) -> set[str]:
    """List the sources that a learner can meet in a case."""
    about = case.about
    items = [claim.sources for item in about.items for claim in (item.evidence, item.safety)]
    told = [point.sources for point in about.deal] + [voice.sources for voice in about.voices]
    told += [gate.sources for gate in about.gates] + [error.sources for error in about.critical]
    told += [risk.sources for risk in about.risks] + [branch.sources for branch in about.after]
    told += [each.sources for each in about.exceptions]
    if about.replies:
        told += [reply.sources for reply in (*about.replies.person, *about.replies.commissioner)]
    if about.money:
        told += [lesson.sources for lesson in about.money.lessons]
        told += [rate.sources for rate in about.money.rates]
    reasons = [question.feedback.sources for question in case.questions if question.feedback]
    rules = [rule.sources for rule in case.rules.values()]
    return {name for names in (*items, *told, *reasons, *rules) for name in names}


def key_name(case: Case, key: str) -> str:
    """Say in words what a mark was measured by."""
    titles = {panel.id: f"the {panel.title[0].lower()}{panel.title[1:]}" for panel in case.panels}
    return titles.get(key, "questions with a right answer")


def _brief(source: str) -> str:
    """Give the beginning of a text that has Markdown, as plain words."""
    words = markdown(source).striptags()
    return words if len(words) <= _BRIEF else words[:_BRIEF].rsplit(" ", 1)[0].rstrip(",;:.") + " …"


def _nearest_pound(amount: Decimal) -> str:
    return pounds(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _sentence(text: str) -> str:
    """Begin with a capital, and leave names as they are."""
    return text[:1].upper() + text[1:]


def _inline(source: str) -> Markup:
    """Render Markdown that must not be a block: one paragraph without its tags."""
    html = str(markdown(source)).strip()
    if html.startswith("<p>") and html.count("<p>") == 1:
        html = html.removeprefix("<p>").removesuffix("</p>")
    return Markup(html)


@cache
def environment() -> Environment:
    """Return the templates of the steps, with the filters and pieces that other pages share."""
    folders = (Path(hook()) for hook in wings.hooks("step_templates"))
    environment = templates(Path(__file__).parent / "templates", forms.TEMPLATES, *folders)
    filters: dict[str, Callable[..., Any]] = {
        "markdown": markdown,
        "markdown_inline": _inline,
        "pounds": pounds,
        "date": long_date,
        "plain": plain,
        "quotes": quotes,
        "brief": _brief,
        "nearest_pound": _nearest_pound,
        "sentence": _sentence,
        "ordinal": ordinal,
        "zip": lambda left, right: list(zip(left, right, strict=True)),
    }
    environment.filters.update(filters)
    for hook in wings.hooks("step_filters"):
        environment.filters.update(hook())
    environment.globals.update(scales=SCALES, loop_index=SCALE.index, key_name=key_name, dict=dict)
    environment.globals.update(planned=Plan.of, levels=LEVELS, ranking_points=ranking_points)
    environment.tests["contains"] = lambda ids, item: item in ids
    for name in ("fields", "formats", "parts"):
        environment.globals[name] = environment.get_template(f"{name}.html.j2").module
    return environment


def _render(template: str, **context: Any) -> Markup:
    return Markup(environment().get_template(template).render(**context))
