"""What an author may have let through: unsafe plans, doses, bands of risk, identifiers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from phbkit import identifiers
from phbkit.casebank.checking import HELD, MOST_BRANCHED_ITEMS, named_items, plans_of
from phbkit.casebank.ground import Source
from phbkit.casebank.models import AgreedWhen, CaseFile, Claim, Question, QuestionFile, Reply
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
_JOINED = re.compile(
    r";|,? and (?:that|then|so|also|he|she|it|they|nobody|there|the|a|an|his|her|their|[A-Z]\w+)\b"
)
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
        errors = case.unsafe(frozenset(plan.items), plan.held)
        if plan.whose == "panel" and errors:
            problem = f"is unsafe: {errors[0].id}."
            yield document.fault(("plans", index, "items"), problem, "Change the panel's plan.")
    yield from _check_replies(document, case)


def _check_replies(document: Document, case: CaseFile) -> Iterator[Fault]:
    """Find commissioner's replies that agree to what is unsafe."""
    replies: Sequence[Reply] = case.replies.commissioner if case.replies else ()
    told: set[int] = set()
    for items, held in _combinations(case, [reply.when for reply in replies]):
        errors = case.unsafe(items, held)
        index = next((i for i, r in enumerate(replies) if r.when.holds(items, None, held)), -1)
        if not errors or index < 0 or index in told or replies[index].says == "does not agree":
            continue
        left = items.difference(replies[index].not_to)
        if case.unsafe(left, held):
            told.add(index)
            problem = f"{replies[index].says} to {_told((items, held))}: {errors[0].id}."
            cure = "Refuse the unsafe part in a reply above it."
            yield document.fault(("replies", "commissioner", index), problem, cure)


def _escape(case: CaseFile, item: str) -> Combination | None:
    """Find a plan with an unsafe item that makes no critical error."""
    plans = _combinations(case, [AgreedWhen(with_all=(item,))])
    return next((plan for plan in plans if item in plan[0] and not case.unsafe(*plan)), None)


def _combinations(case: CaseFile, also: Sequence[AgreedWhen]) -> Iterator[Combination]:
    named = named_items([*(error.when for error in case.critical), *also])
    if len(named) <= MOST_BRANCHED_ITEMS:
        yield from product(plans_of(named), HELD)


def _told(combination: Combination) -> str:
    items, held = combination
    return f"{', '.join(sorted(items))} ({held})"


def warnings(
    document: Document, case: CaseFile, asked: Document, questions: QuestionFile
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
            place: Place = ("items", index, "safety", "grade")
            cure = "Is it safe to agree to? If not, add it to `critical`."
            yield document.fault(place, "could harm, and no `critical` names it.", cure)
    for index, question in enumerate(questions.questions):
        facts = facts_in(question)
        if facts > 1:
            problem = f"adds {facts} facts, and the format asks how one moves a judgement."
            cure = "Keep the one that honest people weigh differently."
            yield asked.fault(("questions", index, "learn"), problem, cure)


def facts_in(question: Question) -> int:
    """Count the statements in what a concordance question adds: joined clauses are several."""
    return 1 + len(_JOINED.findall(question.learn or ""))


def weakly_sourced(
    document: Document,
    case: CaseFile,
    asked: Document,
    questions: QuestionFile,
    sources: Mapping[str, Source],
) -> Iterator[Fault]:
    """Find claims about safety that rest on an opening, a copy or a practitioner's page alone."""
    claims: list[tuple[Document, Place, Claim]] = [
        (document, ("items", n, "safety"), item.safety) for n, item in enumerate(case.items)
    ]
    claims += [(document, ("gates", n), gate) for n, gate in enumerate(case.gates)]
    claims += [(document, ("critical", n), error) for n, error in enumerate(case.critical)]
    claims += [
        (asked, ("questions", n, "feedback"), question.feedback)
        for n, question in enumerate(questions.questions)
        if question.feedback and (question.critical or question.gate)
    ]
    for file, place, claim in claims:
        known = [sources[name] for name in claim.sources if name in sources]
        if not any(source.sound for source in known):
            cure = "Read the original, cite a better source, or say that no authority was found."
            problem = "rests on an opening, a copy or a practitioner's page alone."
            yield file.fault((*place, "sources"), problem, cure)
