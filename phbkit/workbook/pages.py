"""What a step shows: HTML of a module's state, the same for live pages and for records."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from phbkit import forms
from phbkit.casebank import SCALE, Case
from phbkit.casebank.case import DRAFT, FICTION
from phbkit.casebank.models import MONEY_STEPS
from phbkit.decision import HOLDERS, Ledger, Plan, Proposal, findings
from phbkit.documents import cpd
from phbkit.errors import AnswersError
from phbkit.money import views
from phbkit.money.fields import FIELDS, check_figures, crossed
from phbkit.money.sums import LABELS, PACES, written
from phbkit.scoring.credit import ranking_points
from phbkit.text import long_date, markdown, plain, pounds, quotes, templates
from phbkit.workbook.answers import BOARD, DECISIONS, HELD, PART
from phbkit.workbook.form_values import (
    decision_values,
    figures_from,
    figures_values,
    ledger_from,
    ledger_values,
)
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
    state = module.state(step.id)
    asks = state in {"open", "stopped"} or (revising and module.revisable(step.id))
    form = live and asks
    kept = _kept_values(module, step.id) if revising or state == "stopped" else {}
    given = {**kept, **(values or {})}
    case, decision = module.case, module.decision
    first = case.person.name.split()[0] if case.about.person else ""
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
        holders=_holder_names(first),
        decision=decision,
        fiction=FICTION,
        draft=DRAFT,
        **_money_context(module, step, form=form),
    )


def effect(module: Module, step_id: str, values: Mapping[str, Any]) -> dict[str, Markup]:
    """Render what the values of an open form would do: a line, and cards where the step has them.

    Nothing where a step answers nothing as it is filled in. The values may be anything.
    """
    if step_id in FIELDS:
        return figures_effect(module, step_id, values)
    if step_id == "plan":
        return plan_effect(module.case, values.get("plan", []))
    if step_id == "risk" and module.plan.risks:
        return ledger_effect(module.plan, values)
    if step_id == "decide" and "plan" in module.answers:
        return decision_effect(module.plan, values)
    return {}


def figures_effect(module: Module, step_id: str, values: Mapping[str, Any]) -> dict[str, Markup]:
    """Render what the figures of a page about money come to, or what is wrong with them."""
    try:
        figures = check_figures(step_id, figures_from(step_id, values))
        sums = module.sums_with(step_id, figures)
        problems = crossed(step_id, sums.figures)
    except AnswersError as error:
        sums, problems = module.sums, error.problems
    if problems:
        labels = {f"{step_id}.{field.name}": field.label for field in FIELDS[step_id]}
        told = {labels.get(name, "Your own figures"): text for name, text in problems.items()}
        line = _render("money/mend_line.html.j2", told=told)
        return {"line": line, "cards": _render("money/mend.html.j2", told=told)}
    shown = views.SHOWN[step_id](sums) | {"sums": sums}
    line = _render(f"money/{step_id}_line.html.j2", **shown)
    return {"line": line, "cards": _render(f"money/{step_id}.html.j2", **shown)}


def _money_context(module: Module, step: Step, *, form: bool) -> dict[str, Any]:
    """Give what a page about money shows beside its form: nothing, for other pages."""
    if module.state(step.id) == "locked" or step.id not in MONEY_STEPS:
        return {}
    sums = module.sums
    kept = figures_values(step.id, module.answers.get(step.id, {}))
    return {
        "sums": sums,
        "lessons": [each for each in module.case.money.lessons if each.step == step.id],
        "fields_here": FIELDS.get(step.id, ()),
        "own": {} if form or step.id == "board" else figures_effect(module, step.id, kept),
        "both": {pace: sums.outcome(pace) for pace in PACES} if step.id == "board" else {},
        "board": module.answers.get("board", {}),
        "boards": BOARD,
        "labels": LABELS,
    }


def _kept_values(module: Module, step_id: str) -> dict[str, Any]:
    """Fill the form of a step that is changed with what was kept of it."""
    if step_id == "decide":
        return decision_values(module.decision)
    if step_id == "risk":
        return ledger_values(module.answers.get("ledger", {}))
    if step_id in FIELDS:
        return figures_values(step_id, module.answers.get(step_id, {}))
    return {"plan": module.answers.get("plan", [])}


def _decisions(plan: Plan) -> dict[str, str]:
    """Leave out what cannot be decided: a plan of one item has no part."""
    return {key: words for key, words in DECISIONS.items() if key != PART or len(plan.items) > 1}


def _holder_names(first: str) -> dict[str, str]:
    """Say who may hold a risk, to a learner who plays the healthcare professional."""
    return HOLDERS | {
        "person": first,
        "close": f"somebody close to {first}",
        "professional": "the healthcare professional (you)",
    }


def ledger_effect(plan: Plan, values: Mapping[str, Any]) -> dict[str, Markup]:
    """Render who holds how many of the risks that a plan brings: in a line, and in cards."""
    ledger = Ledger.of(plan.risks, ledger_from(values))
    first = plan.case.person.name.split()[0]
    shown = {"ledger": ledger, "first": first, "holders": _holder_names(first)}
    line = _render("ledger_line.html.j2", **shown)
    return {"line": line, "cards": _render("ledger.html.j2", **shown)}


def decision_effect(plan: Plan, values: Mapping[str, Any]) -> dict[str, Markup]:
    """Render in a line what would be agreed of a plan."""
    choice, ticked = values.get("decision.choice"), values.get("decision.not_to", [])
    left = plan.without([item.id for item in plan.items if item.id in ticked])
    shown = {"plan": plan, "left": left, "choice": choice, "part": PART}
    return {"line": _render("decision_line.html.j2", **shown)}


def plan_effect(case: Case, chosen: Collection[str]) -> dict[str, Markup]:
    """Render what a plan does to money, outcomes, the deal and risks: in a line, and in cards."""
    plan = Plan.of(case, (item.id for item in case.about.items if item.id in chosen))
    found = findings(Proposal(plan))
    line = _render("line.html.j2", plan=plan, found=found)
    return {"line": line, "cards": _render("live.html.j2", plan=plan, found=found)}


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
    environment = templates(Path(__file__).parent / "templates", forms.TEMPLATES)
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
        "svg": Markup,  # only what phbkit.documents.svg drew
        "money": views.exact,
        "roughly": views.roughly,
        "written": lambda value, name: written(name, value),
        "zip": lambda left, right: list(zip(left, right, strict=True)),
    }
    environment.filters.update(filters)
    environment.globals.update(scales=SCALES, loop_index=SCALE.index, key_name=key_name, dict=dict)
    environment.globals.update(planned=Plan.of, levels=LEVELS, ranking_points=ranking_points)
    environment.tests["contains"] = lambda ids, item: item in ids
    for name in ("fields", "formats", "parts"):
        environment.globals[name] = environment.get_template(f"{name}.html.j2").module
    return environment


def _render(template: str, **context: Any) -> Markup:
    return Markup(environment().get_template(template).render(**context))
