"""Scoring: a pure function of a case and its answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from phbkit.assessing import credit
from phbkit.assessing.result import MIME, Critical, Mark, Result, Sure, ToMark
from phbkit.casebank import SCALE, Case, Panel, Question

__all__ = ["MIME", "Critical", "Mark", "Result", "Sure", "ToMark", "score"]


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
        that are missing earn nothing. What the `decision` leaves out of the `plan` counts in no
        critical error. Other keys are left alone.

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
    return Result(
        case.id,
        case.version,
        case.title,
        len(case.questions),
        answered,
        marks,
        formative,
        tuple(_critical(case, answers)),
        case.draft,
        tuple(_certainty(case, marks, answers)),
        tuple(
            ToMark(question.id, str(answers[question.id]), question.rubric)
            for question in case.questions
            if question.rubric and question.id in answers
        ),
        contested,
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
    from phbkit.assessing.panel import baselines

    rows = list(zip(*(panel.judgements[question] for question in scored), strict=True))
    rewarded = baselines(rows).rewarded
    told = ", ".join(name.replace("_", " ") for name in rewarded or ())
    return f"the form rewards whoever judges nothing ({told})" if told else ""


def _certainty(case: Case, marks: Iterable[Mark], answers: Mapping[str, Any]) -> Iterator[Sure]:
    earned = {mark.question: mark.credit for mark in marks if mark.answered}
    for question in case.questions:
        if question.sure_key in answers and question.id in earned:
            yield Sure(question.id, answers[question.sure_key], earned[question.id])


def _critical(case: Case, answers: Mapping[str, Any]) -> Iterator[Critical]:
    for question in case.questions:
        given = answers.get(question.id, ())
        chosen = {given} if isinstance(given, str) else set(given) if question.critical else set()
        if question.feedback and chosen & set(question.critical):
            yield Critical(
                question.id, question.stem, question.feedback.text, question.feedback.sources
            )
    decision = answers.get("decision")
    if decision is None or "plan" not in answers:
        return
    items = frozenset(answers["plan"]).difference(decision.get("not_to", ()))
    for error in case.about.critical:
        if error.when.holds(items, decision["choice"], decision["held"]):
            yield Critical(error.id, "The plan and the decision", error.text, error.sources)


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
