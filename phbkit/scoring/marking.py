"""Scoring: a pure function of a case and its answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from phbkit.casebank import SCALE, Case, Panel, Question
from phbkit.casebank.models import AGAIN
from phbkit.decision.decision import agreed_items
from phbkit.scoring import credit
from phbkit.scoring.baselines import rewarded
from phbkit.scoring.result import MIME, Critical, Mark, Result, Retry, Sure, ToMark

__all__ = [
    "MIME",
    "Critical",
    "Mark",
    "Result",
    "Retry",
    "Sure",
    "ToMark",
    "critical_errors",
    "latest",
    "score",
]


def score(case: Case, answers: Mapping[str, Any]) -> Result:
    """Score answers to a case. Reads no clock, no file and no widget.

    Parameters
    ----------
    case
        The case, with its keys and panels.
    answers
        Question id to answer: an option id for `single`, a collection of option ids for
        `multiple` and `key-features`, all option ids in order for `ranking`, an integer from -2
        to 2 for `concordance`, text for `reflection`; and `<question>.sure`, 1 to 3. Questions
        that are missing earn nothing. `<question>.again` has the answers after an unsafe first
        one, in their order: they earn nothing and say whether it was put right; `plan.again` and
        `decision.again` the same of plans and decisions. Other keys are left alone.

    Returns
    -------
    Result
        One mark for each question with a key, and one for each panel for a concordance question,
        where the panel is not contested. Reflections are counted as answered and never scored.
        How sure somebody was of an answer they did not give counts for nothing.
    """
    contested = tuple(
        (question.id, panel.id)
        for question in case.questions
        if question.format == "concordance"
        for panel in case.panels
        if credit.contested(panel.counts[question.id])
    )
    marks = tuple(
        mark
        for question in case.questions
        for mark in _marks(case, question, answers)
        if (mark.question, mark.key) not in contested
    )
    reasons = ((panel.id, why_formative(panel, contested)) for panel in case.panels)
    formative = tuple((panel, reason) for panel, reason in reasons if reason)
    answered = sum(question.id in answers for question in case.questions)
    critical = critical_errors(case, answers)
    unsafe = tuple(error.where for error in critical_errors(case, latest(answers)))
    return Result(
        case.id,
        case.version,
        case.title,
        len(case.questions),
        answered,
        marks,
        formative,
        critical,
        case.draft,
        tuple(_certainty(case, marks, answers)),
        tuple(
            ToMark(question.id, str(answers[question.id]), question.rubric)
            for question in case.questions
            if question.rubric and question.id in answers
        ),
        contested,
        retries=tuple(_retry(error, unsafe, answers) for error in critical),
        unsafe=unsafe,
    )


def why_formative(panel: Panel, contested: Collection[tuple[str, str]] = ()) -> str:
    """Say why a panel may not decide a pass; empty where it may.

    Beside what the panel says of itself: a form on which somebody who judges nothing does about as
    well as the panel's own members is for learning only.

    Parameters
    ----------
    contested
        Questions and panels that give no mark.
    """
    scored = [q for q in panel.judgements if (q, panel.id) not in contested]
    if panel.formative_only or not scored:
        return panel.formative_only
    rows = tuple(zip(*(panel.judgements[question] for question in scored), strict=True))
    names = ", ".join(rewarded(rows) or ())
    return f"the form rewards whoever judges nothing ({names})" if names else ""


def _certainty(case: Case, marks: Iterable[Mark], answers: Mapping[str, Any]) -> Iterator[Sure]:
    earned = {mark.question: mark.credit for mark in marks if mark.answered}
    for question in case.questions:
        if question.sure_key in answers and question.id in earned:
            yield Sure(question.id, answers[question.sure_key], earned[question.id])


def critical_errors(case: Case, answers: Mapping[str, Any]) -> tuple[Critical, ...]:
    """List the critical errors in answers: options that are one, and what is agreed to.

    What a decision leaves out, puts off or declines is not agreed to; any other way of agreeing
    counts the same. Answers under `<question>.again` are not looked at.
    """
    found = []
    for question in case.questions:
        given = answers.get(question.id, ())
        chosen = (given,) if isinstance(given, str) else given if question.critical else ()
        sources = question.feedback.sources if question.feedback else ()
        why = " ".join(
            question.critical[option] for option in chosen if option in question.critical
        )
        if why:
            found.append(Critical(question.id, question.step, question.stem, why, sources))
    decision = answers.get("decision", {})
    items = agreed_items(answers.get("plan", ()), decision)
    for error in case.about.unsafe(items, decision.get("held")):
        asked = "The plan and the decision"
        found.append(Critical(error.id, "decide", asked, error.text, error.sources))
    return tuple(found)


def latest(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Give each answer as it stands after every try."""
    tried = {key: [answers[key], *answers.get(key + AGAIN, ())][-1] for key in answers}
    return {key: value for key, value in tried.items() if not key.endswith(AGAIN)}


def _retry(error: Critical, unsafe: Collection[str], answers: Mapping[str, Any]) -> Retry:
    key = error.where if error.where in answers else "decision"
    tries = 1 + len(answers.get(key + AGAIN, ()))
    return Retry(error.where, tries, error.where not in unsafe)


def _marks(case: Case, question: Question, answers: Mapping[str, Any]) -> Iterator[Mark]:
    """Mark a question by its key, or beside every panel."""
    panels: Sequence[Panel | None] = case.panels if question.format == "concordance" else (None,)
    answered = question.id in answers
    for panel in panels if question.format != "reflection" else ():
        earned = _credit(question, answers[question.id], panel) if answered else credit.NONE
        key = panel.id if panel else "key"
        yield Mark(question.id, question.format, answered, earned, key)


def _credit(question: Question, answer: Any, panel: Panel | None) -> Decimal:
    if panel:
        return credit.concordance(SCALE.index(answer), panel.counts[question.id])
    if question.format == "single":
        return credit.single(answer, question.key)
    if question.most:
        return credit.key_features(answer, question.key, question.most)
    if question.variant:
        return credit.ranking(answer, question.key, question.variant)
    return credit.multiple(answer, question.key, len(question.options))
