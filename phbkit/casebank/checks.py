"""What must hold between the parts of a case, beyond the shape of each part.

A check yields problems: a place in the file, what is wrong there and what would put it right.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain, combinations, product
from typing import Any, get_args

from pydantic import BaseModel

from phbkit.casebank.case import case_steps
from phbkit.casebank.formats import format_problems
from phbkit.casebank.models import (
    MONEY_STEPS,
    AgreedWhen,
    CaseFile,
    FollowUp,
    Held,
    QuestionFile,
    Refusal,
    Reply,
    SignOff,
    StepId,
    When,
)
from phbkit.casebank.reading import Place, Problem
from phbkit.casebank.reference_data import Body, DealFile, Source

MOST_BRANCHED_ITEMS = 14
_MOST_RISKS = 20
_ARC_KEYS = {"plan", "ledger", "decision", "cpd", *MONEY_STEPS}
_CONDITIONS = ("risks.*", "critical.*", "after.*", "replies.person.*", "replies.commissioner.*")
_REFUSALS: tuple[str | None, ...] = (None, *get_args(Refusal))
_HELD: tuple[str | None, ...] = get_args(Held)
_ARC: tuple[StepId, ...] = get_args(StepId)
Situation = tuple[frozenset[str], str | None, str | None]
"""The items of a plan, how the decision agrees to nothing, and how the money is held."""

WITH_IDS = (
    "outcomes", "gates", "voices", "items", "risks", "critical", "plans", "safeguards", "after",
    "panels", "rules", "questions", "questions.*.options", "questions.*.rubric",
)  # fmt: skip
"""Parts of a file in which no id may be repeated."""

NAMES = {
    "exceptions.*.rule": "rule of the deal",
    "glossary.*": "glossary entry",
    "money.lessons.*.step": "step about money",
    "items.*.serves": "outcome",
    "plans.*.items": "plan item",
    "replies.person.*.not_to": "plan item",
    "replies.commissioner.*.not_to": "plan item",
    **{
        f"{holder}.when.{field}": "plan item"
        for holder in _CONDITIONS
        for field in ("with_all", "with_any", "without")
    },
    "questions.*.step": "step of this case",
    "questions.*.gate": "gate",
}
"""Fields that hold the name of something, and what it is the name of."""

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


def entries_at(model: BaseModel, pattern: str) -> list[tuple[Place, Any]]:
    """List what stands at a pattern such as `items.*.serves`, each with its place.

    What a model of this kind has not, and what is left out of it, is passed over.
    """
    entries: list[tuple[Place, Any]] = [((), model)]
    for part in pattern.split("."):
        entries = [
            ((*place, name), child)
            for place, parent in entries
            for name, child in (
                enumerate(parent) if part == "*" else [(part, getattr(parent, part, None))]
            )
            if child is not None
        ]
    return entries


def repeated_ids(model: BaseModel) -> Iterator[Problem]:
    """Find ids that two entries of one part share."""
    for pattern in WITH_IDS:
        for place, entries in entries_at(model, pattern):
            ids = [entry.id for entry in entries]
            for name, count in Counter(ids).items():
                if count > 1:
                    last = len(ids) - 1 - ids[::-1].index(name)
                    yield (*place, last), f"repeats the id {name!r}.", "Rename one."


def unknown_names(model: BaseModel, known: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """Find names that lead nowhere; `known` has the names there are, by what they are names of."""
    for pattern, what in NAMES.items():
        if what in known:
            for place, value in entries_at(model, pattern):
                names = value if isinstance(value, tuple) else (value,)
                yield from unknown(place, names, known[what], what)


def unknown(
    place: Place, names: Iterable[str], known: Collection[str], what: str
) -> Iterator[Problem]:
    """Find names that are not among those known."""
    for name in names:
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            yield place, f"names {name!r}, which is no {what}.", f"Known: {listed}."


def strange_marks(
    case: CaseFile, item_marks: Collection[str], case_marks: Collection[str]
) -> Iterator[Problem]:
    """Find marks on a case and its items that no rule reads: most likely misspelt."""
    for pattern, known in (("marks.*", case_marks), ("items.*.marks.*", item_marks)):
        for place, mark in entries_at(case, pattern):
            if mark not in known:
                near = get_close_matches(mark, known, n=1)
                cure = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
                yield place, f"{mark!r} is read by no rule.", cure


def check_sources(sources: Mapping[str, Source], today: dt.date) -> Iterator[Problem]:
    """Find sources that say they were checked in the future, or are not sure enough to show."""
    for name, source in sources.items():
        place = ("sources", name)
        if source.checked > today:
            yield (*place, "checked"), "is in the future.", "Give the day somebody read it."
        if source.due <= source.checked:
            yield (*place, "due"), "is not after `checked`.", "Give a later day."
        if source.sure == "unverified":
            cure = "Verify it, or take out what rests on it."
            yield (*place, "sure"), "may not be shown as fact.", cure


def check_bodies(
    bodies: Mapping[str, Sequence[Body]], sources: Collection[str]
) -> Iterator[Problem]:
    """Find bodies that rest on no source, or that hold a role at the same time as the next."""
    for role, held in bodies.items():
        for index, body in enumerate(held):
            place = ("bodies", role, index)
            yield from unknown((*place, "source"), [body.source], sources, "source")
            if index and (held[index - 1].until or dt.date.max) >= body.since:
                yield (*place, "since"), "overlaps the body before it.", "End the one before first."


def check_rules(deal: DealFile) -> Iterator[Problem]:
    """Find rules with one id, or that end before they begin."""
    yield from repeated_ids(deal)
    for index, rule in enumerate(deal.rules):
        if rule.since and rule.until and rule.until < rule.since:
            yield ("rules", index, "until"), "is before `since`.", "Swap them."


def check_case(
    case: CaseFile, folder: str, rules: Collection[str], glossary: Collection[str]
) -> Iterator[Problem]:
    """Find names in a case that lead nowhere, parts that its steps lack, unreachable branches."""
    if case.id != folder:
        yield ("id",), f"is {case.id!r}.", f"Name it as its folder: {folder}."
    known = {
        "rule of the deal": rules,
        "glossary entry": glossary,
        "step about money": MONEY_STEPS,
        "outcome": {outcome.id for outcome in case.outcomes},
        "plan item": {item.id for item in case.items},
    }
    yield from repeated_ids(case)
    yield from unknown_names(case, known)
    yield from _check_steps(case)
    yield from _check_items(case)
    yield from _check_after(case)
    yield from _check_replies(case)
    yield from _check_sign_off(case)
    if case.plans and sorted(plan.whose for plan in case.plans) != ["panel", "person"]:
        yield ("plans",), "are not the person's and a panel's.", "Give one of each."


def _check_steps(case: CaseFile) -> Iterator[Problem]:
    arc = [step for step in _ARC if step in case.steps]
    if list(case.steps) != arc:
        yield ("steps",), "are not in the arc's order.", f"Write {arc}."
    if len(case.risks) > _MOST_RISKS:
        cure = f"Join some: a page can ask who holds at most {_MOST_RISKS}."
        yield ("risks",), f"are {len(case.risks)}.", cure
    if case.risks and not any(risk.of == "not doing" for risk in case.risks):
        yield ("risks",), "has none of not doing.", "Add one: doing nothing has its own."
    steps = case_steps(case)
    for step in steps:
        for part in _NEEDED.get(step, ()):
            if not getattr(case, part):
                cure = "Add it, or leave the step out of `steps`."
                yield (part,), f"is empty, and step {step!r} shows it.", cure
    for step in _SHOWN_AT_ONE:
        if getattr(case, step) and step not in steps:
            cure = "Add its step to `steps`, or take it out."
            yield (step,), "is shown by no step of this case.", cure


def _check_items(case: CaseFile) -> Iterator[Problem]:
    """Find items in place of no other item, and prices that cannot be added up."""
    ids = {item.id for item in case.items}
    for index, item in enumerate(case.items):
        place = ("items", index)
        instead = (*place, "instead_of")
        yield from unknown(instead, item.instead_of, ids - {item.id}, "other plan item")
        if item.how == "nhs" and item.price:
            cure = "Set it to 0: the budget does not pay for it."
            yield (*place, "price"), "is an NHS service's.", cure
        if case.budget and item.price_year != case.budget.price_year:
            problem = f"is {item.price_year}; the budget's is {case.budget.price_year}."
            cure = "Bring the price to the budget's year: they are added up."
            yield (*place, "price_year"), problem, cure
        if item.own_share > item.price or (item.own_share and item.how != "bought"):
            cure = "Give less than `price`, for what the budget buys in part."
            yield (*place, "own_share"), "is no part of the price.", cure


def _check_sign_off(case: CaseFile) -> Iterator[Problem]:
    signed = case.sign_off
    if signed.state == "reviewed" and not (signed.role and signed.signed and signed.next_review):
        cure = "Give `role`, `signed` and `next_review`, or set the state to draft."
        yield ("sign_off",), "is reviewed, but not by whom and when.", cure
    for pattern in ("as_of", "sign_off.next_review"):
        for place, day in entries_at(case, pattern):
            if day.weekday() > 4:
                problem = f"is a {day:%A}, and reviews are counted from it in weeks."
                yield place, problem, "Give a working day."


def check_published(signed: SignOff, today: dt.date) -> Iterator[Problem]:
    """Find a case that nobody qualified has signed off, or whose next review is past."""
    if signed.state == "draft":
        cure = "Somebody qualified has to review it and give their role and the date."
        yield ("sign_off", "state"), "is draft.", cure
    elif signed.next_review and signed.next_review < today:
        place = ("sign_off", "next_review")
        yield place, f"was due on {signed.next_review}.", "Review it."


def _check_replies(case: CaseFile) -> Iterator[Problem]:
    for who in ("person", "commissioner") if case.replies else ():
        replies: tuple[Reply, ...] = getattr(case.replies, who)
        for index, reply in enumerate(replies):
            yield from _check_reply(("replies", who, index), reply)
        conditions = [reply.when for reply in replies]
        situations = (
            (plan, refusal, held)
            for plan in plans_of(named_items(conditions))
            for refusal, held in product(_REFUSALS, held_in(conditions))
        )
        yield from _check_branches(("replies", who), replies, "reply", situations)


def _check_reply(place: Place, reply: Reply) -> Iterator[Problem]:
    in_part = reply.says == "agrees in part"
    if in_part and not reply.not_to:
        yield place, "agrees in part, but not to what?", "Add `not_to:` with the items refused."
    if not in_part and reply.not_to:
        cure = "Take it out, or say `agrees in part`."
        yield (*place, "not_to"), f"goes with {reply.says!r}.", cure
    for field in ("decision", "held") if "person" in place else ():
        if getattr(reply.when, field):
            problem = "is not known yet: the person speaks first."
            yield (*place, "when", field), problem, "Take it out."


def _check_after(case: CaseFile) -> Iterator[Problem]:
    """Find endings that no safe plan reaches, or none that the budget can pay for."""
    if not case.after:
        return
    branches = [branch.when for branch in case.after]
    conditions = [*branches, *(error.when for error in case.critical)]
    prices = {item.id: item.budget_share * item.times for item in case.items}
    most = case.budget.indicative if case.budget else sum(prices.values())
    ways = list(product(_REFUSALS, held_in(conditions)))

    def situations(*, afforded: bool) -> Iterator[Situation]:
        """List what may be agreed; what is unsafe stops the module before anything comes of it."""
        for plan in plans_of(named_items(conditions)):
            if afforded and sum(prices.get(name, 0) for name in plan) > most:
                continue
            for refusal, held in ways:
                agreed = frozenset() if refusal else plan
                if not case.unsafe(agreed, held):
                    yield agreed, refusal, held

    unreached = list(
        _check_branches(("after",), case.after, "end", situations(afforded=True), conditions)
    )
    dear = any(isinstance(place[-1], int) for place, _, _ in unreached)
    possible = _reached(branches, situations(afforded=False)) if dear else set()
    too_dear = ("needs a plan that the budget cannot pay for.",
                "Change a price, the budget or the condition.")  # fmt: skip
    for place, *words in unreached:
        yield place, *(too_dear if place[-1] in possible else words)


def _check_branches(
    place: Place,
    entries: Sequence[Reply | FollowUp],
    what: str,
    situations: Iterable[Situation],
    turn_on: Sequence[AgreedWhen] = (),
) -> Iterator[Problem]:
    """Find a last entry with a condition, and entries that never come first."""
    conditions = [entry.when for entry in entries]
    if conditions[-1] != When():
        problem = f"leaves some plans without {'an' if what == 'end' else 'a'} {what}."
        yield (*place, len(entries) - 1, "when"), problem, "End with no `when`."
    items = named_items(turn_on or conditions)
    if len(items) > MOST_BRANCHED_ITEMS:
        yield place, f"turns on {len(items)} plan items.", f"Use at most {MOST_BRANCHED_ITEMS}."
        return
    for index in sorted(set(range(len(entries))) - _reached(conditions, situations)):
        yield (*place, index), "can never be reached.", "Move it up, or loosen its condition."


def _reached(conditions: Sequence[When], situations: Iterable[Situation]) -> set[int]:
    """List the places of the conditions that come first in some situation."""
    unreached = set(range(len(conditions)))
    for situation in situations:
        met = (index for index, when in enumerate(conditions) if when.holds(*situation))
        unreached.discard(next(met, -1))
        if not unreached:
            break
    return set(range(len(conditions))) - unreached


def named_items(conditions: Iterable[AgreedWhen]) -> list[str]:
    """List the items that some conditions turn on."""
    return sorted(
        {name for when in conditions for name in (*when.with_all, *when.with_any, *when.without)}
    )


def plans_of(items: Sequence[str]) -> Iterator[frozenset[str]]:
    """Make every plan of some items, small ones first."""
    sizes = range(len(items) + 1)
    return map(frozenset, chain.from_iterable(combinations(items, size) for size in sizes))


def held_in(conditions: Iterable[AgreedWhen]) -> tuple[str | None, ...]:
    """List the ways to hold the money, where a condition turns on it."""
    return _HELD if any(when.held for when in conditions) else (None,)


def check_questions(asked: QuestionFile, case: CaseFile | None) -> Iterator[Problem]:
    """Find questions that cannot be asked, or that no answer can get right.

    `case` is None where it has faults of its own; what depends on it is then not checked.
    """
    questions = asked.questions
    yield from repeated_ids(asked)
    gates = {gate.id for gate in case.gates} if case else {q.gate for q in questions if q.gate}
    if case:
        yield from unknown_names(asked, {"step of this case": case_steps(case), "gate": gates})
    for index, question in enumerate(questions):
        place: Place = ("questions", index)
        if question.id in _ARC_KEYS:
            yield (*place, "id"), "is a name the arc uses itself.", "Rename it."
        options = {option.id for option in question.options}
        wrong = options.difference(question.key)
        earlier = {q.id: q for q in questions[:index] if q.format == question.format}
        again = [question.again] if question.again else []
        yield from unknown((*place, "key"), question.key, options, "option")
        yield from unknown((*place, "critical"), question.critical, wrong, "wrong option")
        yield from unknown((*place, "again"), again, earlier, "earlier such question")
        first = earlier.get(question.again or "", question)
        if first.thinking != question.thinking:
            cure = "Copy it word for word, or take `again` out."
            yield (*place, "thinking"), f"differs from {first.id!r}.", cure
        for field, problem, cure in format_problems(question):
            yield (*place, field), problem, cure
    tried = {question.gate for question in questions if question.critical}
    for gate in sorted(gates - tried):
        index = next((n for n, question in enumerate(questions) if question.gate == gate), 0)
        cure = "Add a question with this `gate` and, in `critical`, an option that fails it."
        yield ("questions", index), f"cannot fail the gate {gate!r}.", cure
