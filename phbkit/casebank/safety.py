"""What an author may have let through: unsafe plans, doses, bands of risk, identifiers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from phbkit import identifiers
from phbkit.casebank.checks import MOST_BRANCHED_ITEMS, held_in, named_items, plans_of
from phbkit.casebank.models import AgreedWhen, CaseFile, Claim, Question, QuestionFile, Reply
from phbkit.casebank.reading import Document, Place, strings
from phbkit.casebank.reference_data import Source
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
    """Find unsafe things that can be agreed to, and whatever rewards them."""
    for index, error in enumerate(case.critical):
        if error.when == AgreedWhen():
            cure = "Name the items that are unsafe, or that make it so."
            yield document.fault(("critical", index, "when"), "holds for every plan.", cure)
    for index, plan in enumerate(case.plans):
        errors = case.unsafe(frozenset(plan.items), plan.held)
        if plan.whose == "panel" and errors:
            problem = f"is unsafe: {errors[0].id}."
            yield document.fault(("plans", index, "items"), problem, "Change the panel's plan.")
    yield from _check_agreed(document, case)


def _check_agreed(document: Document, case: CaseFile) -> Iterator[Fault]:
    """Find unsafe plans that nothing catches, and commissioner's replies that agree to one.

    Every set of the items that conditions turn on is tried with every way to hold the money. That
    is every plan, decision and part left out: a critical error rests on what is agreed and on
    nothing else.
    """
    replies: Sequence[Reply] = case.replies.commissioner if case.replies else ()
    graded = {item.id: n for n, item in enumerate(case.items) if item.safety.grade == "unsafe"}
    conditions = [*(error.when for error in case.critical), *(reply.when for reply in replies)]
    named = named_items([*conditions, AgreedWhen(with_all=tuple(graded))])
    if len(named) > MOST_BRANCHED_ITEMS:
        problem = f"and the commissioner's replies turn on {len(named)} plan items."
        cure = f"Use at most {MOST_BRANCHED_ITEMS}, so that every plan can be tried."
        yield document.fault(("critical",), problem, cure)
        return
    found: dict[Place, tuple[str, str]] = {}
    for items, held in product(plans_of(named), held_in(conditions)):
        told = ", ".join(sorted(items)) + (f" ({held})" if held else "")
        errors = case.unsafe(items, held)
        if not errors:
            for name in items & graded.keys():
                problem = f"is unsafe, and nothing in `critical` catches a plan of {told}."
                found.setdefault(("items", graded[name], "safety", "grade"), (problem, "Add one."))
            continue
        index = next((i for i, r in enumerate(replies) if r.when.holds(items, None, held)), -1)
        if index < 0 or replies[index].says == "does not agree":
            continue
        if case.unsafe(items.difference(replies[index].not_to), held):
            problem = f"{replies[index].says} to {told}: {errors[0].id}."
            cure = "Refuse the unsafe part in a reply above it."
            found.setdefault(("replies", "commissioner", index), (problem, cure))
    for place, (problem, cure) in found.items():
        yield document.fault(place, problem, cure)


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
