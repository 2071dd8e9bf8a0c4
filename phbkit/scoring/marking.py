"""Marking: what answers earn by the keys and panels of a case, and what in them is unsafe."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from phbkit.casebank import SCALE, Case, Panel, Question
from phbkit.casebank.models import AGAIN
from phbkit.decision.agreements import agreed_items
from phbkit.scoring import credit
from phbkit.scoring.baselines import rewarded


@dataclass(frozen=True)
class Mark:
    """What one question earned.

    `credit` is between 0 and 1. `key` names what it was measured by: `key` for questions with a
    right answer, or a panel's id. `sure` is how sure the learner was, from 1 (not sure) to 3
    (sure), where somebody asked; it changes nothing.
    """

    question: str
    format: str
    answered: bool
    credit: Decimal
    key: str
    sure: int | None = None


@dataclass(frozen=True)
class Critical:
    """A critical error: where and at which step it was made, why it is one, and who says so.

    `tries` counts its answers, and `put_right` says whether the last of them is safe.
    """

    where: str
    step: str
    asked: str
    text: str
    sources: tuple[str, ...]
    tries: int = 1
    put_right: bool = False


def marks_of(
    case: Case, answers: Mapping[str, Any], contested: Collection[tuple[str, str]]
) -> Iterator[Mark]:
    """Mark answers: once for each question with a key, and by each panel that is not contested."""
    for question in (each for each in case.questions if each.format != "reflection"):
        by_panel = question.format == "concordance"
        panels: Sequence[Panel | None] = case.panels if by_panel else (None,)
        answered = question.id in answers
        sure = answers.get(question.sure_key) if answered else None
        for panel in panels:
            key = panel.id if panel else "key"
            if (question.id, key) not in contested:
                earned = _credit(question, answers[question.id], panel) if answered else credit.NONE
                yield Mark(question.id, question.format, answered, earned, key, sure)


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


def unsafe_options(question: Question, answer: Any) -> list[str]:
    """List the options that make an answer unsafe: wrong and chosen, or right and left out."""
    chosen = {answer} if isinstance(answer, str) else set(answer) if question.critical else set()
    critical = (option.id for option in question.options if option.id in question.critical)
    return [name for name in critical if (name in chosen) != (name in question.key)]


def critical_errors(case: Case, answers: Mapping[str, Any]) -> tuple[Critical, ...]:
    """List the critical errors in answers: options that are one, and what is agreed to.

    What a decision leaves out, puts off or declines is not agreed to; any other way of agreeing
    counts the same. Answers under `<question>.again` are not looked at.
    """
    found = []
    for question in case.questions:
        given = unsafe_options(question, answers[question.id]) if question.id in answers else ()
        why = " ".join(question.critical[name] for name in given)
        if why:
            sources = question.feedback.sources if question.feedback else ()
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
