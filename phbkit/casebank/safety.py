"""What an author may have let through: unsafe plans, doses, bands of risk, identifiers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from phbkit import identifiers
from phbkit.casebank.case import case_steps
from phbkit.casebank.checking import (
    HELD,
    MOST_BRANCHED_ITEMS,
    NEEDED,
    named_items,
    plans_of,
)
from phbkit.casebank.ground import Source
from phbkit.casebank.models import AgreedWhen, CaseFile, Claim, Question, Reply
from phbkit.casebank.reading import Document, Place, strings
from phbkit.errors import Fault

_DOSE = re.compile(
    r"\b\d[\d.,]*\s?(?:mg|mcg|µg|micrograms?|milligrams?|ml|millilitres?|tablets?|capsules?)\b",
    re.IGNORECASE,
)
_RISK_BAND = re.compile(
    r"\b(?:low|medium|moderate|high)(?:er|est)?[- ](?:suicide[- ])?risk (?:of (?:suicide|self-harm)"
    r"|patients?|person|people)\b|\brisk of suicide (?:is|was) (?:low|medium|moderate|high)\b",
    re.IGNORECASE,
)
_ELSEWHERE = {"person", "outcomes", "items", "budget", "risks", "money", "replies", "plans"}
_FEWEST_VOICES = 5
Combination = tuple[frozenset[str], str]


def check_texts(document: Document, today: dt.date) -> Iterator[Fault]:
    """Find doses, and what in a text could identify a real person."""
    for path, text in strings(document.data):
        dose = _DOSE.search(text)
        if dose:
            cure = "Take it out: no case gives a dose."
            yield document.fault(path, f"looks like a dose ({dose[0]!r}).", cure)
        told = identifiers.find(text, today)
        found = [each for each in told if each.kind != "date of birth"]  # laws have dates too
        if found:
            cure = "Take it out: every person is invented, and nothing may look like a record."
            yield document.fault(path, identifiers.describe(found), cure)


def check_safety(document: Document, case: CaseFile) -> Iterator[Fault]:
    """Find unsafe things that can be agreed to, and whatever rewards them.

    Every set of the items that conditions turn on is tried with every way to hold the money. That
    is every plan, decision and part left out: a critical error rests on what is agreed and on
    nothing else.
    """
    for index, error in enumerate(case.critical):
        if error.when == AgreedWhen():
            cure = "Name the items that are unsafe, or that make it so."
            yield document.fault(("critical", index, "when"), "holds for every plan.", cure)
    for index, item in enumerate(case.items):
        escape = _escape(case, item.id) if item.safety.grade == "unsafe" else None
        if escape:
            problem = f"is unsafe, and nothing in `critical` catches a plan of {_told(escape)}."
            yield document.fault(("items", index, "safety", "grade"), problem, "Add one.")
    for index, plan in enumerate(case.plans):
        errors = unsafe_in(case, frozenset(plan.items), plan.held)
        if plan.whose == "panel" and errors:
            problem = f"is unsafe: {', '.join(errors)}."
            yield document.fault(("plans", index, "items"), problem, "Change the panel's plan.")
    yield from _check_replies(document, case)


def check_consistent(document: Document, case: CaseFile) -> Iterator[Fault]:
    """Find prices of another year or share, parts that no step shows, and days at a weekend."""
    for index, item in enumerate(case.items):
        if item.price_year != (case.budget.price_year if case.budget else item.price_year):
            problem = f"is {item.price_year}; the budget's is another, and the two are added up."
            cure = "Bring the price to the budget's year."
            yield document.fault(("items", index, "price_year"), problem, cure)
        if item.own_share > item.price or (item.own_share and item.how != "bought"):
            cure = "Give less than `price`, for what the budget buys in part."
            yield document.fault(("items", index, "own_share"), "is no part of the price.", cure)
    steps = case_steps(case)
    for part in sorted({part for parts in NEEDED.values() for part in parts} - _ELSEWHERE):
        shown = any(part in parts for step, parts in NEEDED.items() if step in steps)
        if getattr(case, part) and not shown:
            cure = "Add the step that shows it to `steps`, or take it out."
            yield document.fault((part,), "is shown by no step of this case.", cure)
    days: dict[Place, dt.date | None] = {
        ("as_of",): case.as_of,
        ("sign_off", "next_review"): case.sign_off.next_review,
    }
    for path, day in days.items():
        if day and day.weekday() > 4:
            problem = f"is a {day:%A}, and reviews are counted from it in weeks."
            yield document.fault(path, problem, "Give a working day.")


def unsafe_in(case: CaseFile, items: frozenset[str], held: str | None) -> list[str]:
    """List the critical errors that agreeing to `items` makes."""
    return [error.id for error in case.critical if error.when.met(items, held)]


def _check_replies(document: Document, case: CaseFile) -> Iterator[Fault]:
    """Find commissioner's replies that agree to what is unsafe."""
    replies: Sequence[Reply] = case.replies.commissioner if case.replies else ()
    told: set[int] = set()
    for items, held in _combinations(case, [reply.when for reply in replies]):
        errors = unsafe_in(case, items, held)
        index = next((i for i, r in enumerate(replies) if r.when.holds(items, None, held)), -1)
        if not errors or index < 0 or index in told or replies[index].says == "does not agree":
            continue
        left = items.difference(replies[index].not_to)
        if unsafe_in(case, left, held):
            told.add(index)
            problem = f"{replies[index].says} to {_told((items, held))}: {', '.join(errors)}."
            cure = "Refuse the unsafe part in a reply above it."
            yield document.fault(("replies", "commissioner", index), problem, cure)


def _escape(case: CaseFile, item: str) -> Combination | None:
    """Find a plan with an unsafe item that makes no critical error."""
    for items, held in _combinations(case, [AgreedWhen(with_all=(item,))]):
        if item in items and not unsafe_in(case, items, held):
            return items, held
    return None


def _combinations(case: CaseFile, also: Sequence[AgreedWhen]) -> Iterator[Combination]:
    named = named_items([*(error.when for error in case.critical), *also])
    if len(named) <= MOST_BRANCHED_ITEMS:
        yield from product(plans_of(named), HELD)


def _told(combination: Combination) -> str:
    items, held = combination
    return f"{', '.join(sorted(items))} ({held})"


def warnings(
    document: Document, asked: Document, case: CaseFile, questions: Sequence[Question]
) -> Iterator[Fault]:
    """List what is most likely wrong, and may be right."""
    for each in (document, asked):
        for path, text in strings(each.data):
            band = _RISK_BAND.search(text)
            if band:
                cure = "Say what was asked and what was agreed; no band of risk decides."
                yield each.fault(path, f"puts a person in a band of risk ({band[0]!r}).", cure)
    caught = {name for error in case.critical for name in named_items([error.when])}
    for index, item in enumerate(case.items):
        if item.safety.grade == "could harm" and item.id not in caught:
            cure = "Is it safe to agree to? If not, add it to `critical`."
            path = ("items", index, "safety", "grade")
            yield document.fault(path, "could harm, and no `critical` names it.", cure)
    if case.voices and len(case.voices) < _FEWEST_VOICES:
        cure = f"Give {_FEWEST_VOICES} or more: who is missing from the room?"
        yield document.fault(("voices",), f"are {len(case.voices)}.", cure)
    for index, question in enumerate(questions):
        facts = facts_in(question.learn or "")
        if facts > 1:
            problem = f"adds {facts} facts, and the format asks how one moves a judgement."
            cure = "Keep the one that honest people weigh differently."
            yield asked.fault(("questions", index, "learn"), problem, cure)


_JOINED = re.compile(
    r";|,? and (?:that|then|so|also|he|she|it|they|nobody|there|the|a|an|his|her|their|[A-Z]\w+)\b"
)


def facts_in(learn: str) -> int:
    """Count the statements in what a concordance question adds: joined clauses count as several."""
    opening = re.sub(r"^and then you learn(?: all this)?:?", "", learn)
    return 1 + len(_JOINED.findall(opening)) if opening else 0


def weakly_sourced(
    document: Document, claims: Iterable[tuple[Place, Claim]], sources: Mapping[str, Source]
) -> Iterator[Fault]:
    """Find claims about safety that rest on an opening, a copy or a practitioner's page alone."""
    for place, claim in claims:
        known = [sources[name] for name in claim.sources if name in sources]
        if known and not any(source.sound for source in known):
            cure = "Read the original, cite a better source, or say that no authority was found."
            problem = "rests on an opening, a copy or a practitioner's page alone."
            yield document.fault((*place, "sources"), problem, cure)


def safety_claims(case: CaseFile) -> Iterator[tuple[Place, Claim]]:
    """List the claims about safety in `case.yaml`."""
    yield from ((("items", n, "safety"), item.safety) for n, item in enumerate(case.items))
    yield from ((("gates", n), gate) for n, gate in enumerate(case.gates))
    yield from ((("critical", n), error) for n, error in enumerate(case.critical))


def claims_asked(questions: Sequence[Question]) -> Iterator[tuple[Place, Claim]]:
    """List the claims about safety in `questions.yaml`."""
    for index, question in enumerate(questions):
        if question.feedback and (question.critical or question.gate):
            yield ("questions", index, "feedback"), question.feedback
