"""What must hold between the parts of a case, beyond the shape of each part."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations, product
from typing import Any, get_args

from phbkit.casebank.case import case_steps
from phbkit.casebank.formats import format_faults
from phbkit.casebank.models import (
    MONEY_STEPS,
    AgreedWhen,
    CaseFile,
    Held,
    Question,
    Refusal,
    Reply,
    StepId,
    When,
)
from phbkit.casebank.reading import Document, Place, strings
from phbkit.casebank.reference_data import Body, GlossaryEntry, Rule, Source
from phbkit.errors import Fault

_PLACEHOLDER = "FILL IN"
_RAW_HTML = re.compile(r"<\s*/?\s*[a-zA-Z!]|javascript:", re.IGNORECASE)
MOST_BRANCHED_ITEMS = 14
_MOST_RISKS = 20
_ARC_KEYS = {"plan", "ledger", "decision", "cpd", *MONEY_STEPS}
_NO_MORE = "Move it up, or loosen its condition."
_WHO_REPLIES = ("person", "commissioner")
_WITH_IDS = (
    "outcomes",
    "gates",
    "voices",
    "items",
    "risks",
    "critical",
    "plans",
    "safeguards",
    "after",
    "panels",
)
_REFUSALS: tuple[str | None, ...] = (None, *get_args(Refusal))
_HELD: tuple[str | None, ...] = get_args(Held)
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


def check_prose(document: Document) -> Iterator[Fault]:
    """Find raw HTML and script links anywhere in a file."""
    for path, text in strings(document.data):
        found = _RAW_HTML.search(text)
        if found:
            cure = "Write Markdown; HTML would be shown as plain text."
            yield document.fault(path, f"holds raw HTML ({found.group()!r}).", cure)


def check_filled_in(document: Document) -> Iterator[Fault]:
    """Find what the skeleton of a new case left for its author."""
    for path, text in strings(document.data):
        if _PLACEHOLDER in text:
            yield document.fault(path, "is still to be filled in.", "Write it in your own words.")


def check_sources(
    document: Document, sources: Mapping[str, Source], today: dt.date
) -> Iterator[Fault]:
    """Find sources that say they were checked in the future, or are not sure enough to show."""
    for name, source in sources.items():
        if source.checked > today:
            cure = "Give the day somebody read it."
            yield document.fault(("sources", name, "checked"), "is in the future.", cure)
        if source.due <= source.checked:
            cure = "Give a later day."
            yield document.fault(("sources", name, "due"), "is not after `checked`.", cure)
        if source.sure == "unverified":
            cure = "Verify it, or take out what rests on it."
            yield document.fault(("sources", name, "sure"), "may not be shown as fact.", cure)


def check_bodies(
    document: Document, bodies: Mapping[str, Sequence[Body]], sources: Mapping[str, Source]
) -> Iterator[Fault]:
    """Find bodies that rest on no source, or that hold a role at the same time as the next."""
    for role, held in bodies.items():
        for index, body in enumerate(held):
            path = ("bodies", role, index)
            yield from _unknown(document, (*path, "source"), [body.source], set(sources), "source")
            if index and (held[index - 1].until or dt.date.max) >= body.since:
                cure = "End the one before first."
                yield document.fault((*path, "since"), "overlaps the body before it.", cure)


def check_dates(document: Document, today: dt.date) -> Iterator[Fault]:
    """Find days on which something is said to have been done that have not come yet."""
    for path, text in strings(document.data):
        if path and path[-1] in {"checked", "signed"} and text > today.isoformat():
            yield document.fault(path, "is in the future.", "Give the day it was done.")


def check_citations(document: Document, sources: Mapping[str, Source]) -> Iterator[Fault]:
    """Find citations of sources that are not in sources.yaml."""
    for path, name in cited(document):
        if name not in sources:
            cure = "Add it to casebank/sources.yaml, or cite another."
            yield document.fault(path, f"cites {name!r}, which is not a known source.", cure)


def cited(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """List every citation in a file with its place."""
    for path, text in strings(document.data):
        if len(path) > 1 and path[-2] == "sources":
            yield path, text


def check_rules(document: Document, rules: Iterable[Rule]) -> Iterator[Fault]:
    """Find rules with one id, or that end before they begin."""
    yield from _repeated(document, ("rules",), [rule.id for rule in rules])
    for index, rule in enumerate(rules):
        if rule.since and rule.until and rule.until < rule.since:
            yield document.fault(("rules", index, "until"), "is before `since`.", "Swap them.")


def check_case(
    document: Document,
    case: CaseFile,
    glossary: Mapping[str, GlossaryEntry],
    folder: str,
    rules: Sequence[str],
) -> Iterator[Fault]:
    """Find names in a case that lead nowhere, parts that its steps lack, unreachable branches."""
    if case.id != folder:
        yield document.fault(("id",), f"is {case.id!r}.", f"Name it as its folder: {folder}.")
    yield from _check_steps(document, case)
    for part in _WITH_IDS:
        yield from _repeated(document, (part,), [entry.id for entry in getattr(case, part)])
    yield from _check_items(document, case)
    known = {"rule of the deal": set(rules), "glossary entry": set(glossary)}
    known["step about money"] = set(map(str, MONEY_STEPS))
    for place, name, what in _names(case):
        yield from _unknown(document, place, [name], known[what], what)
    if case.after:
        yield from _check_branches(document, case)
    yield from _check_replies(document, case)
    yield from _check_plans(document, case)
    yield from _check_sign_off(document, case)


def _names(case: CaseFile) -> Iterator[tuple[Place, str, str]]:
    """List what a case names by its place, and what each name is of."""
    for index, each in enumerate(case.exceptions):
        yield ("exceptions", index, "rule"), each.rule, "rule of the deal"
    for index, name in enumerate(case.glossary):
        yield ("glossary", index), name, "glossary entry"
    for index, lesson in enumerate(case.money.lessons if case.money else ()):
        yield ("money", "lessons", index, "step"), lesson.step, "step about money"


def _check_items(document: Document, case: CaseFile) -> Iterator[Fault]:
    """Find names in items and conditions that lead nowhere, and prices that cannot be added up."""
    outcomes = {outcome.id for outcome in case.outcomes}
    items = {item.id for item in case.items}
    for index, item in enumerate(case.items):
        path = ("items", index)
        yield from _unknown(document, (*path, "serves"), item.serves, outcomes, "outcome")
        others = items - {item.id}
        instead = (*path, "instead_of")
        yield from _unknown(document, instead, item.instead_of, others, "other plan item")
        if item.how == "nhs" and item.price:
            cure = "Set it to 0: the budget does not pay for it."
            yield document.fault((*path, "price"), "is an NHS service's.", cure)
        if case.budget and item.price_year != case.budget.price_year:
            problem = f"is {item.price_year}; the budget's is {case.budget.price_year}."
            cure = "Bring the price to the budget's year: they are added up."
            yield document.fault((*path, "price_year"), problem, cure)
        if item.own_share > item.price or (item.own_share and item.how != "bought"):
            cure = "Give less than `price`, for what the budget buys in part."
            yield document.fault((*path, "own_share"), "is no part of the price.", cure)
    for holder, when in _conditions(case):
        for field in ("with_all", "with_any", "without"):
            names = getattr(when, field)
            yield from _unknown(document, (*holder, "when", field), names, items, "plan item")


def _check_sign_off(document: Document, case: CaseFile) -> Iterator[Fault]:
    signed = case.sign_off
    if signed.state == "reviewed" and not (signed.role and signed.signed and signed.next_review):
        cure = "Give `role`, `signed` and `next_review`, or set the state to draft."
        yield document.fault(("sign_off",), "is reviewed, but not by whom and when.", cure)
    days: dict[Place, dt.date | None] = {
        ("as_of",): case.as_of,
        ("sign_off", "next_review"): signed.next_review,
    }
    for path, day in days.items():
        if day and day.weekday() > 4:
            problem = f"is a {day:%A}, and reviews are counted from it in weeks."
            yield document.fault(path, problem, "Give a working day.")


def _check_steps(document: Document, case: CaseFile) -> Iterator[Fault]:
    arc = [step for step in get_args(StepId) if step in case.steps]
    if list(case.steps) != arc:
        yield document.fault(("steps",), "are not in the arc's order.", f"Write {arc}.")
    if len(case.risks) > _MOST_RISKS:
        cure = f"Join some: a page can ask who holds at most {_MOST_RISKS}."
        yield document.fault(("risks",), f"are {len(case.risks)}.", cure)
    if case.risks and not any(risk.of == "not doing" for risk in case.risks):
        cure = "Add one: doing nothing has its own."
        yield document.fault(("risks",), "has none of not doing.", cure)
    steps = case_steps(case)
    for step in steps:
        for part in _NEEDED.get(step, ()):
            if not getattr(case, part):
                cure = "Add it, or leave the step out of `steps`."
                yield document.fault((part,), f"is empty, and step {step!r} shows it.", cure)
    for step in _SHOWN_AT_ONE:
        if getattr(case, step) and step not in steps:
            cure = "Add its step to `steps`, or take it out."
            yield document.fault((step,), "is shown by no step of this case.", cure)


def _conditions(case: CaseFile) -> Iterator[tuple[tuple[str | int, ...], AgreedWhen]]:
    """List every condition on a plan with the place of what hangs on it."""
    parts: dict[tuple[str, ...], Sequence[Any]] = {
        ("risks",): case.risks,
        ("critical",): case.critical,
        ("after",): case.after,
    }
    for who in _WHO_REPLIES if case.replies else ():
        parts["replies", who] = getattr(case.replies, who)
    for path, entries in parts.items():
        for index, entry in enumerate(entries):
            yield (*path, index), entry.when


def _check_replies(document: Document, case: CaseFile) -> Iterator[Fault]:
    items = {item.id for item in case.items}
    for who in _WHO_REPLIES if case.replies else ():
        replies: tuple[Reply, ...] = getattr(case.replies, who)
        path = ("replies", who)
        for index, reply in enumerate(replies):
            place = (*path, index, "not_to")
            yield from _unknown(document, place, reply.not_to, items, "plan item")
            if reply.says == "agrees in part" and not reply.not_to:
                cure = "Add `not_to:` with the items refused."
                yield document.fault((*path, index), "agrees in part, but not to what?", cure)
            if reply.says != "agrees in part" and reply.not_to:
                cure = "Take it out, or say `agrees in part`."
                yield document.fault(place, f"goes with {reply.says!r}.", cure)
            for field in ("decision", "held") if who == "person" else ():
                if getattr(reply.when, field):
                    problem = "is not known yet: the person speaks first."
                    yield document.fault((*path, index, "when", field), problem, "Take it out.")
        if replies[-1].when != When():
            place = (*path, len(replies) - 1, "when")
            yield document.fault(place, "leaves some plans without a reply.", "End with no `when`.")
        yield from _check_reached(document, path, [reply.when for reply in replies])


def _check_reached(
    document: Document, path: tuple[str | int, ...], conditions: Sequence[When]
) -> Iterator[Fault]:
    """Find conditions that never come first, whatever the plan and the decision."""
    named = named_items(conditions)
    if len(named) > MOST_BRANCHED_ITEMS:
        problem = f"turns on {len(named)} plan items."
        yield document.fault(path, problem, f"Use at most {MOST_BRANCHED_ITEMS}.")
        return
    unreached = set(range(len(conditions)))
    for plan, refusal, held in product(plans_of(named), _REFUSALS, held_in(conditions)):
        if not unreached:
            return
        met = (i for i, when in enumerate(conditions) if when.holds(plan, refusal, held))
        unreached.discard(next(met, -1))
    for index in sorted(unreached):
        yield document.fault((*path, index), "can never be reached.", _NO_MORE)


def _check_plans(document: Document, case: CaseFile) -> Iterator[Fault]:
    items = {item.id for item in case.items}
    for index, plan in enumerate(case.plans):
        yield from _unknown(document, ("plans", index, "items"), plan.items, items, "plan item")
    if case.plans and sorted(plan.whose for plan in case.plans) != ["panel", "person"]:
        cure = "Give one of each."
        yield document.fault(("plans",), "are not the person's and a panel's.", cure)


def named_items(conditions: Iterable[AgreedWhen]) -> list[str]:
    """List the items that some conditions turn on."""
    return sorted(
        {name for when in conditions for name in (*when.with_all, *when.with_any, *when.without)}
    )


def plans_of(named: Sequence[str]) -> Iterator[frozenset[str]]:
    """Make every plan of some items, small ones first."""
    sizes = range(len(named) + 1)
    return map(frozenset, chain.from_iterable(combinations(named, size) for size in sizes))


def held_in(conditions: Iterable[AgreedWhen]) -> tuple[str | None, ...]:
    """List the ways to hold the money, where a condition turns on it."""
    return _HELD if any(when.held for when in conditions) else (None,)


def _check_branches(document: Document, case: CaseFile) -> Iterator[Fault]:
    branches = [branch.when for branch in case.after]
    if branches[-1] != When():
        path = ("after", len(branches) - 1, "when")
        yield document.fault(path, "leaves some plans without an end.", "End with no `when`.")
    conditions = [*branches, *(error.when for error in case.critical)]
    named = named_items(conditions)
    if len(named) > MOST_BRANCHED_ITEMS:
        problem = f"turns on {len(named)} plan items."
        yield document.fault(("after",), problem, f"Use at most {MOST_BRANCHED_ITEMS}.")
        return
    prices = {item.id: item.budget_share * item.times for item in case.items}
    most = case.budget.indicative if case.budget else sum(prices.values())
    reached: set[int] = set()
    afforded: set[int] = set()
    ways = list(product(_REFUSALS, held_in(conditions)))
    for plan in plans_of(named):
        for refusal, held in ways:
            agreed = frozenset() if refusal else plan
            if case.unsafe(agreed, held):
                continue  # it stops the module before anything can come of it
            first = (i for i, when in enumerate(branches) if when.holds(agreed, refusal, held))
            branch = next(first, -1)
            reached.add(branch)
            if sum(prices.get(name, 0) for name in plan) <= most:
                afforded.add(branch)
        if afforded.issuperset(range(len(branches))):
            break
    for index in sorted(set(range(len(branches))) - reached):
        yield document.fault(("after", index), "can never be reached.", _NO_MORE)
    for index in sorted((reached & set(range(len(branches)))) - afforded):
        cure = "Change a price, the budget or the condition."
        yield document.fault(("after", index), "needs a plan that the budget cannot pay for.", cure)


def check_questions(
    document: Document, questions: Sequence[Question], case: CaseFile | None
) -> Iterator[Fault]:
    """Find questions that cannot be asked, or that no answer can get right.

    `case` is None where it has faults of its own; what depends on it is then not checked.
    """
    yield from _repeated(document, ("questions",), [question.id for question in questions])
    steps = {str(s) for s in (case_steps(case) if case else [q.step for q in questions])}
    gates = {gate.id for gate in case.gates} if case else {q.gate for q in questions if q.gate}
    for index, question in enumerate(questions):
        path = ("questions", index)
        if question.id in _ARC_KEYS:
            yield document.fault((*path, "id"), "is a name the arc uses itself.", "Rename it.")
        options = [option.id for option in question.options]
        earlier = {q.id for q in questions[:index] if q.format == question.format}
        yield from _repeated(document, (*path, "options"), options)
        yield from _repeated(document, (*path, "rubric"), [asked.id for asked in question.rubric])
        for field, names, known, what in (
            ("step", [question.step], steps, "step of this case"),
            ("key", question.key, set(options), "option"),
            ("critical", question.critical, set(options) - set(question.key), "wrong option"),
            ("gate", [question.gate] if question.gate else [], gates, "gate"),
            ("again", [question.again] if question.again else [], earlier, "earlier such question"),
        ):
            yield from _unknown(document, (*path, field), names, known, what)
        first = next((q for q in questions[:index] if q.id == question.again), question)
        if first.format == question.format and first.thinking != question.thinking:
            cure = "Copy it word for word, or take `again` out."
            yield document.fault((*path, "thinking"), f"differs from {first.id!r}.", cure)
        for field, problem, cure in format_faults(question):
            yield document.fault((*path, field), problem, cure)
    tried = {question.gate for question in questions if question.critical}
    for gate in sorted(gates - tried):
        place = next((n for n, question in enumerate(questions) if question.gate == gate), 0)
        cure = "Add a question with this `gate` and, in `critical`, an option that fails it."
        yield document.fault(("questions", place), f"cannot fail the gate {gate!r}.", cure)


def _repeated(document: Document, path: tuple[str | int, ...], names: list[str]) -> Iterator[Fault]:
    for name, count in Counter(names).items():
        if count > 1:
            index = len(names) - 1 - names[::-1].index(name)
            yield document.fault((*path, index), f"repeats the id {name!r}.", "Rename one.")


def _unknown(
    document: Document,
    path: tuple[str | int, ...],
    names: Iterable[str],
    known: set[str],
    what: str,
) -> Iterator[Fault]:
    for name in names:
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            yield document.fault(path, f"names {name!r}, which is no {what}.", f"Known: {listed}.")
