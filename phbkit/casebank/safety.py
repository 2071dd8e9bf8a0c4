"""What is unsafe in a case, and what its author may have let through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from phbkit.casebank.checks import (
    MOST_BRANCHED_ITEMS,
    entries_at,
    held_in,
    named_items,
    plans_of,
)
from phbkit.casebank.models import AgreedWhen, CaseFile, Question, QuestionFile, Reply
from phbkit.casebank.reading import Place, Problem, YamlDocument, strings
from phbkit.casebank.reference_data import Source

_RISK_BAND = re.compile(
    r"\b(?:low|medium|moderate|high)(?:er|est)?[- ](?:suicide[- ])?risk (?:of (?:suicide|self-harm)"
    r"|patients?|person|people)\b|\brisk of suicide (?:is|was) (?:low|medium|moderate|high)\b",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r";|,? and (?:that|then|so|also|he|she|it|they|nobody|there|the|a|an|his|her|their|[A-Z]\w+)\b"
)


def check_safety(case: CaseFile) -> Iterator[Problem]:
    """Find unsafe things that can be agreed to, and whatever rewards them."""
    for index, error in enumerate(case.critical):
        if error.when == AgreedWhen():
            cure = "Name the items that are unsafe, or that make it so."
            yield ("critical", index, "when"), "holds for every plan.", cure
    for index, plan in enumerate(case.plans):
        errors = case.unsafe(frozenset(plan.items), plan.held)
        if plan.whose == "panel" and errors:
            place = ("plans", index, "items")
            yield place, f"is unsafe: {errors[0].id}.", "Change the panel's plan."
    yield from _check_agreed(case)


def _check_agreed(case: CaseFile) -> Iterator[Problem]:
    """Find unsafe plans that nothing catches, and commissioner's replies that agree to one.

    Every set of the items that conditions turn on is tried with every way to hold the money. That
    is every plan, decision and part left out: a critical error rests on what is agreed and on
    nothing else.
    """
    replies: Sequence[Reply] = case.replies.commissioner if case.replies else ()
    graded = {item.id: n for n, item in enumerate(case.items) if item.safety.grade == "unsafe"}
    conditions = [*(error.when for error in case.critical), *(reply.when for reply in replies)]
    names = named_items([*conditions, AgreedWhen(with_all=tuple(graded))])
    if len(names) > MOST_BRANCHED_ITEMS:
        problem = f"and the commissioner's replies turn on {len(names)} plan items."
        cure = f"Use at most {MOST_BRANCHED_ITEMS}, so that every plan can be tried."
        yield ("critical",), problem, cure
        return
    problems: dict[Place, tuple[str, str]] = {}
    for items, held in product(plans_of(names), held_in(conditions)):
        plan = ", ".join(sorted(items)) + (f" ({held})" if held else "")
        errors = case.unsafe(items, held)
        if not errors:
            for name in items & graded.keys():
                problem = f"is unsafe, and nothing in `critical` catches a plan of {plan}."
                place: Place = ("items", graded[name], "safety", "grade")
                problems.setdefault(place, (problem, "Add one."))
            continue
        index = next((i for i, r in enumerate(replies) if r.when.holds(items, None, held)), -1)
        if index < 0 or replies[index].says == "does not agree":
            continue
        if case.unsafe(items.difference(replies[index].not_to), held):
            problem = f"{replies[index].says} to {plan}: {errors[0].id}."
            cure = "Refuse the unsafe part in a reply above it."
            problems.setdefault(("replies", "commissioner", index), (problem, cure))
    for place, (problem, cure) in problems.items():
        yield place, problem, cure


def risk_bands(document: YamlDocument) -> Iterator[Problem]:
    """List texts that put a person in a band of risk: most likely wrong, and may be right."""
    for path, text in strings(document.data):
        if band := _RISK_BAND.search(text):
            cure = "Say what was asked and what was agreed; no band of risk decides."
            yield path, f"puts a person in a band of risk ({band[0]!r}).", cure


def uncaught_harm(case: CaseFile) -> Iterator[Problem]:
    """List items that could harm and that no critical error names."""
    caught = {name for error in case.critical for name in named_items([error.when])}
    for index, item in enumerate(case.items):
        if item.safety.grade == "could harm" and item.id not in caught:
            cure = "Is it safe to agree to? If not, add it to `critical`."
            place = ("items", index, "safety", "grade")
            yield place, "could harm, and no `critical` names it.", cure


def several_facts(questions: Sequence[Question]) -> Iterator[Problem]:
    """List concordance questions that add several facts."""
    for index, question in enumerate(questions):
        facts = facts_in(question)
        if facts > 1:
            problem = f"adds {facts} facts, and the format asks how one moves a judgement."
            cure = "Keep the one that honest people weigh differently."
            yield ("questions", index, "learn"), problem, cure


def facts_in(question: Question) -> int:
    """Count the statements in what a concordance question adds: joined clauses are several."""
    return 1 + len(_JOINED.findall(question.learn or ""))


def weakly_sourced(
    file: CaseFile | QuestionFile, sources: Mapping[str, Source]
) -> Iterator[Problem]:
    """Find claims about safety that rest on an opening, a copy or a practitioner's page alone."""
    claims = [
        entry
        for pattern in ("items.*.safety", "gates.*", "critical.*")
        for entry in entries_at(file, pattern)
    ]
    if isinstance(file, QuestionFile):
        claims = [
            (("questions", index, "feedback"), question.feedback)
            for index, question in enumerate(file.questions)
            if question.feedback and (question.critical or question.gate)
        ]
    for place, claim in claims:
        if not any(sources[name].sound for name in claim.sources if name in sources):
            cure = "Read the original, cite a better source, or say that no authority was found."
            problem = "rests on an opening, a copy or a practitioner's page alone."
            yield (*place, "sources"), problem, cure
