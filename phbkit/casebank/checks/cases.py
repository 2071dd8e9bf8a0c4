"""Checks of the parts of a case, and of what it rests on: sources, bodies and the deal."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any, get_args

from phbkit.casebank.case import case_steps
from phbkit.casebank.checks.registry import Context, Found, check, parts_at, unknown
from phbkit.casebank.models import MONEY_STEPS, CaseFile, Claim, PlanItem, SignOff, StepId
from phbkit.casebank.reference_data import Body, Rule, Source

_MOST_RISKS = 20
_BOTH = ["panel", "person"]
_NEEDED: dict[str, tuple[str, ...]] = {
    "meet": ("person", "outcomes"),
    "deal": ("deal",),
    "gates": ("gates",),
    "voices": ("voices",),
    "plan": ("person", "outcomes", "items", "budget"),
    "risk": ("risks",),
    "decide": ("person", "budget", "replies", "plans"),
    "after": ("after",),
    "setting": ("person", "money"),
    **dict.fromkeys(MONEY_STEPS[1:], ("money",)),
}
_SHOWN_AT_ONE: tuple[StepId, ...] = ("deal", "gates", "voices", "after")
_CONDITIONS = ("risks.*", "critical.*", "after.*", "replies.person.*", "replies.commissioner.*")
_NAMES: dict[str, tuple[str, tuple[str, ...]]] = {
    "source": ("sources.sources", ("bodies.bodies.*.*.source",)),
    "rule of the deal": ("deal.rules.*.id", ("case.exceptions.*.rule",)),
    "glossary entry": ("glossary.glossary", ("case.glossary.*",)),
    "outcome": ("case.outcomes.*.id", ("case.items.*.serves",)),
    "gate": ("case.gates.*.id", ("questions.questions.*.gate",)),
    "plan item": ("case.items.*.id", (
        "case.plans.*.items", "case.replies.person.*.not_to", "case.replies.commissioner.*.not_to",
        *(f"case.{part}.when.{field}" for part in _CONDITIONS
          for field in ("with_all", "with_any", "without")),
    )),
}  # fmt: skip
"""By what a name is the name of: where those are that there are, and where one is named."""


def _check_names(what: str, names: str | Sequence[str], context: Context) -> Found:
    """Find names that lead nowhere."""
    known = context.names(_NAMES[what][0])
    return {"unknown-name": unknown([names] if isinstance(names, str) else names, known, what)}


for _what, (_known, _patterns) in _NAMES.items():
    check(*_patterns, needs=_known.partition(".")[0])(partial(_check_names, _what))


@check("case")
def check_whole(case: CaseFile, context: Context) -> Found:
    """Find a case by another name than its folder's, and parts that its steps need or lack."""
    steps, risks = case_steps(case), case.risks
    arc = [step for step in get_args(StepId) if step in case.steps]
    needed = [(part, step) for step in steps for part in _NEEDED.get(step, ())]
    sittings = [sitting.begins for sitting in case.sittings]
    return {
        "not-the-folder": case.id != context.case_id,
        "steps-out-of-order": list(case.steps) != arc and [arc],
        "sittings-out-of-order": sittings != [step for step in steps if step in sittings]
        or (sittings[:1] not in ([], [steps[0]]) and steps[0]),
        "part-missing": [pair for pair in needed if not getattr(case, pair[0])],
        "part-not-shown": [p for p in _SHOWN_AT_ONE if getattr(case, p) and p not in steps],
        "too-many-risks": len(risks) > _MOST_RISKS and (len(risks), _MOST_RISKS),
        "no-risk-of-not-doing": risks and not any(risk.of == "not doing" for risk in risks),
        "plans-of-others": sorted(plan.whose for plan in case.plans) not in ([], _BOTH),
    }


@check("case.outcomes", "case.gates", "case.voices", "case.items", "case.risks", "case.critical")
@check("case.plans", "case.safeguards", "case.after", "case.panels")
@check("questions.questions", "questions.questions.*.options", "questions.questions.*.rubric")
@check("deal.rules")
def check_ids(entries: Sequence[Any], _: Context) -> Found:
    """Find ids that two entries of one part share."""
    ids = [entry.id for entry in entries]
    last = {name: index for index, name in enumerate(ids)}
    return {"repeated-id": [(last[name], name) for name, n in Counter(ids).items() if n > 1]}


@check("case.items.*")
def check_item(item: PlanItem, context: Context) -> Found:
    """Find prices that cannot be added up, items in place of no other, and harm that is let by."""
    case = context.case
    others = {other.id for other in case.items} - {item.id}
    year = case.budget.price_year if case.budget else item.price_year
    caught = {name for error in case.critical for name in error.when.items}
    in_part = item.how == "bought" and item.own_share <= item.price
    return {
        "price-of-the-nhs": item.how == "nhs" and item.price,
        "price-of-another-year": item.price_year != year and year,
        "share-of-no-price": item.own_share and not in_part,
        "uncaught-harm": item.safety.grade == "could harm" and item.id not in caught,
        "unknown-name": unknown(item.instead_of, others, "other plan item", "instead_of"),
    }


@check("case.as_of", "case.sign_off.next_review")
def check_working_day(day: dt.date, _: Context) -> Found:
    """Find days at the weekend."""
    return {"weekend": day.weekday() > 4}


@check("case.sign_off")
def check_sign_off(signed: SignOff, context: Context) -> Found:
    """Find a case that nobody qualified has signed off, or whose next review is past."""
    draft, due = signed.state == "draft", signed.next_review
    return {
        "reviewed-by-nobody": not (draft or (signed.role and signed.signed and due)),
        "draft": draft,
        "review-overdue": not draft and due and due < context.today,
    }


@check("case.items.*.safety", "case.gates.*", "case.critical.*", needs="sources")
def check_safety_sources(claim: Claim, context: Context) -> Found:
    """Find claims about safety that rest on an opening, a copy or a practitioner's page alone."""
    return {"weakly-sourced": not is_sound(claim, context.sources.sources) and "sources"}


def is_sound(claim: Claim, sources: Mapping[str, Source]) -> bool:
    """Say whether a claim rests on a source that is enough for safety."""
    return any(sources[name].sound for name in claim.sources if name in sources)


def _check_mark(read: str, mark: str, context: Context) -> Found:
    """Find marks that no rule reads."""
    known = [name for _, name in parts_at(context.deal, read)]
    if mark in known:
        return {}
    near = get_close_matches(mark, known, n=1)
    return {"misspelt-mark": near} if near else {"unread-mark": ", ".join(known)}


check("case.marks.*", needs="deal")(partial(_check_mark, "rules.*.case_mark"))
check("case.items.*.marks.*", needs="deal")(partial(_check_mark, "rules.*.mark"))


@check("sources.sources.*")
def check_source(source: Source, context: Context) -> Found:
    """Find sources that were checked in the future, or are not sure enough to show."""
    return {
        "source-of-the-future": source.checked > context.today,
        "due-too-early": source.due <= source.checked,
        "unverified": source.sure == "unverified",
    }


@check("bodies.bodies.*")
def check_bodies(bodies: Sequence[Body], _: Context) -> Found:
    """Find bodies that hold a role at the same time as the one before."""
    ends = [body.until or dt.date.max for body in bodies]
    late = [n for n, body in enumerate(bodies) if n and ends[n - 1] >= body.since]
    return {"overlapping-body": late}


@check("deal.rules.*")
def check_rule(rule: Rule, _: Context) -> Found:
    """Find rules that end before they begin."""
    return {"ends-before-it-begins": rule.since and rule.until and rule.until < rule.since}


@check("deal.rules.*", needs="functions")
def check_function(rule: Rule, context: Context) -> Found:
    """Find rules that nothing holds a plan against: neither a mark nor a function."""
    return {"rule-without-function": not rule.mark and rule.id not in context.functions}
