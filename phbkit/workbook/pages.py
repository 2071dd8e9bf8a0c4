"""What a step shows: HTML of a module's state, the same for live pages and for records."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from phbkit import forms
from phbkit.casebank import SCALE, Case
from phbkit.casebank.case import DRAFT, FICTION
from phbkit.deciding import Plan, Proposal, findings
from phbkit.exports import cpd
from phbkit.text import long_date, markdown, plain, pounds, quotes
from phbkit.workbook.answers import DECISIONS, HELD
from phbkit.workbook.arc import Step, find_step
from phbkit.workbook.module import Module

_SCALE_WORDS = {
    "appropriate": (
        "How does that change it?",
        ("Much less appropriate", "Less appropriate", "No change", "More appropriate",
         "Much more appropriate"),
    ),
    "likely": (
        "How does that change it?",
        ("Much less likely", "Less likely", "No change", "More likely", "Much more likely"),
    ),
    "important": (
        "How does that change it?",
        ("Much less important", "Less important", "No change", "More important",
         "Much more important"),
    ),
}  # fmt: skip
SCALES = {
    name: {"asks": asks, "options": tuple(zip(SCALE, words, strict=True))}
    for name, (asks, words) in _SCALE_WORDS.items()
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
    form = live and (state == "open" or (revising and module.revisable(step.id)))
    given = {**({"plan": module.answers.get("plan", [])} if revising else {}), **(values or {})}
    case, decision = module.case, module.decision
    return _render(
        "step.html.j2",
        module=module,
        case=case,
        about=case.about,
        person=case.about.person,
        first=case.person.name.split()[0] if case.about.person else "",
        step=step,
        number=module.place(step.id) + 1,
        total=len(module.steps),
        state=state,
        mode="form" if form else "record",
        is_live=live,
        values=given,
        next_step=module.step_after(step.id),
        waiting_for=find_step(module.current).title if module.current else "",
        live=plan_effect(case, given.get("plan", [])) if step.id == "plan" and form else {},
        review_date=review_date(module),
        cited=sorted(cited(case), key=lambda name: case.sources[name].title),
        checked=min(case.sources[name].checked for name in cited(case)),
        hours=f"{math.ceil(case.about.minutes / 15) / 4:.2f}",
        cpd=cpd.as_text(cpd_entry(module)) if "cpd" in module.answers else "",
        decisions=DECISIONS,
        held=HELD,
        decision=decision,
        fiction=FICTION,
        draft=DRAFT,
    )


def plan_effect(case: Case, chosen: Collection[str]) -> dict[str, Markup]:
    """Render what a plan does to money, outcomes, the deal and risks: in a line, and in cards."""
    plan = Plan.of(case, (item.id for item in case.about.items if item.id in chosen))
    found = findings(Proposal(plan))
    levels = [finding.level for finding in found]
    line = _render(
        "line.html.j2", plan=plan, stops=levels.count("stop"), discuss=levels.count("discuss")
    )
    return {"line": line, "cards": _render("live.html.j2", plan=plan, found=found)}


def review_date(module: Module) -> dt.date | None:
    """Return the day of the first review: weeks counted from the day the case plays."""
    weeks = module.decision.get("review_weeks")
    return module.case.about.as_of + dt.timedelta(weeks=weeks) if weeks else None


def cpd_entry(module: Module) -> cpd.Entry:
    """Make the learner's entry for appraisal from what they wrote."""
    written = module.answers["cpd"]
    about = module.case.about
    return cpd.Entry(
        title=f"Personal health budgets, deciding together: {about.title}",
        date=module.closed["reflect"].astimezone().date(),
        hours=Decimal(written["hours"]),
        learnt=written["learnt"],
        changes=tuple(written["changes"]),
    )


def cited(case: Case) -> set[str]:
    """List the sources that a learner can meet in a case."""
    about = case.about
    items = [claim.sources for item in about.items for claim in (item.evidence, item.safety)]
    told = [point.sources for point in about.deal] + [voice.sources for voice in about.voices]
    told += [gate.sources for gate in about.gates] + [error.sources for error in about.critical]
    told += [risk.sources for risk in about.risks] + [branch.sources for branch in about.after]
    reasons = [question.feedback.sources for question in case.questions if question.feedback]
    rules = [rule.sources for rule in case.rules.values()]
    return {name for names in (*items, *told, *reasons, *rules) for name in names}


def key_name(case: Case, key: str) -> str:
    """Say in words what a mark was measured by."""
    titles = {panel.id: f"the {panel.title[0].lower()}{panel.title[1:]}" for panel in case.panels}
    return titles.get(key, "questions with a right answer")


def _inline(source: str) -> Markup:
    """Render Markdown that must not be a block: one paragraph without its tags."""
    html = str(markdown(source)).strip()
    if html.startswith("<p>") and html.count("<p>") == 1:
        html = html.removeprefix("<p>").removesuffix("</p>")
    return Markup(html)


@cache
def _environment() -> Environment:
    folders = [Path(__file__).parent / "templates", forms.TEMPLATES]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "markdown": markdown,
        "markdown_inline": _inline,
        "pounds": pounds,
        "date": long_date,
        "plain": plain,
        "quotes": quotes,
        "zip": lambda left, right: list(zip(left, right, strict=True)),
    }
    environment.filters.update(filters)
    environment.globals.update(scales=SCALES, loop_index=SCALE.index, key_name=key_name, dict=dict)
    for name in ("fields", "parts"):
        environment.globals[name] = environment.get_template(f"{name}.html.j2").module
    return environment


def _render(template: str, **context: Any) -> Markup:
    return Markup(_environment().get_template(template).render(**context))
