"""Scoring: a pure function of a case and its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from phbkit.assessing import credit
from phbkit.casebank import SCALE, Case, Question
from phbkit.casebank.case import DRAFT, FICTION
from phbkit.text import plain, table

if TYPE_CHECKING:
    import pandas as pd

_HUNDREDTH = Decimal("0.01")
MIME = "application/vnd.phbkit.result+json"


@dataclass(frozen=True)
class Mark:
    """What one question earned.

    `credit` is between 0 and 1. `key` names what it was measured by: `key` for questions with a
    right answer, or a panel's id.
    """

    question: str
    format: str
    answered: bool
    credit: Decimal
    key: str


@dataclass(frozen=True)
class Critical:
    """A critical error: where it was made, why it is one, and who says so."""

    where: str
    asked: str
    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What scoring says of one learner's answers to one case."""

    case: str
    case_version: str
    title: str
    asked: int
    answered: int
    marks: tuple[Mark, ...]
    formative: tuple[tuple[str, str], ...]
    critical: tuple[Critical, ...] = ()
    draft: bool = False

    def total(self, key: str = "key") -> Decimal:
        """Sum of credits measured by one key."""
        return sum((m.credit for m in self.marks if m.key == key), credit.NONE)

    def possible(self, key: str = "key") -> int:
        """How many questions are measured by one key."""
        return sum(mark.key == key for mark in self.marks)

    def percent(self, key: str = "key") -> Decimal:
        """Credits over what was possible, per cent to two places."""
        possible = self.possible(key)
        share = 100 * self.total(key) / possible if possible else Decimal(0)
        return share.quantize(_HUNDREDTH, ROUND_HALF_UP)

    @property
    def keys(self) -> tuple[str, ...]:
        """`key`, then the panels, in the order they were used."""
        return tuple(dict.fromkeys(["key", *(mark.key for mark in self.marks)]))

    def arithmetic(self, key: str = "key") -> str:
        """Write the sum out: `1 + 0.6667 + 0 = 1.6667 of 3 = 55.56 %`."""
        terms = " + ".join(plain(mark.credit) for mark in self.marks if mark.key == key)
        return f"{terms} = {plain(self.total(key))} of {self.possible(key)} = {self.percent(key)} %"

    def as_dict(self) -> dict[str, Any]:
        """Give the result as data for JSON; numbers that must stay exact are strings."""
        reasons = dict(self.formative)
        return {
            "case": self.case,
            "case_version": self.case_version,
            "asked": self.asked,
            "answered": self.answered,
            "complete": self.answered == self.asked,
            "draft_case": self.draft,
            "scores": {
                key: {
                    "total": str(self.total(key)),
                    "possible": self.possible(key),
                    "percent": str(self.percent(key)),
                    "formative_only": reasons.get(key, ""),
                }
                for key in self.keys
            },
            "critical_errors": [
                {"where": error.where, "text": error.text, "sources": list(error.sources)}
                for error in self.critical
            ],
            "questions": [
                {
                    "question": mark.question,
                    "format": mark.format,
                    "answered": mark.answered,
                    "credit": str(mark.credit),
                    "key": mark.key,
                }
                for mark in self.marks
            ],
            "note": FICTION,
        }

    def frame(self) -> pd.DataFrame:
        """Give the marks as a table, one row for each question and key."""
        import pandas as pd

        columns = ["question", "format", "measured by", "answered", "credit"]
        rows = [(m.question, m.format, m.key, m.answered, float(m.credit)) for m in self.marks]
        return pd.DataFrame(rows, columns=columns).set_index(["question", "measured by"])

    def __repr__(self) -> str:
        scores = ", ".join(f"{key} {self.percent(key)} %" for key in self.keys)
        return f"<Result {self.case}: {self.answered} of {self.asked} answered; {scores}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {
            MIME: self.as_dict(),
            "text/html": str(self._html()),
            "text/plain": repr(self),
        }

    def _html(self) -> Markup:
        reasons = dict(self.formative)
        rows = [
            (
                "Questions with a right answer" if key == "key" else f"Beside the panel: {key}",
                self.arithmetic(key),
                f"For learning only: {reasons[key]}." if key in reasons else "",
            )
            for key in self.keys
        ]
        rows += [("Critical error", f"{error.where}: {error.text}", "") for error in self.critical]
        said = "This module has not been answered."
        if self.answered:
            said = f"{self.answered} of {self.asked} questions answered."
        said += f" {DRAFT}" if self.draft else ""
        return table(f"{self.title}: result", rows) + Markup("<p>{} {}</p>").format(said, FICTION)


def score(case: Case, answers: Mapping[str, Any]) -> Result:
    """Score answers to a case. Reads no clock, no file and no widget.

    Parameters
    ----------
    case
        The case, with its keys and panels.
    answers
        Question id to answer: an option id for `single`, a collection of option ids for
        `multiple`, an integer from -2 to 2 for `concordance`, text for `reflection`. Questions
        that are missing earn nothing. What the `decision` leaves out of the `plan` counts in no
        critical error. Other keys are left alone.

    Returns
    -------
    Result
        One mark for each question with a key, and one for each panel for a concordance question.
        Reflections are counted as answered and never scored.
    """
    marks = tuple(mark for question in case.questions for mark in _marks(case, question, answers))
    formative = tuple((p.id, p.formative_only) for p in case.panels if p.formative_only)
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
    )


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


def _marks(case: Case, question: Question, answers: Mapping[str, Any]) -> list[Mark]:
    answered = question.id in answers
    answer = answers.get(question.id)
    if question.format == "reflection":
        return []
    if question.format == "concordance":
        return [
            Mark(
                question.id,
                question.format,
                answered,
                credit.concordance(SCALE.index(answer), panel.counts[question.id])
                if answer is not None
                else credit.NONE,
                panel.id,
            )
            for panel in case.panels
        ]
    if not answered:
        earned = credit.NONE
    elif question.format == "single":
        earned = credit.single(str(answer), question.key)
    else:
        earned = credit.multiple(answer or (), question.key, len(question.options))
    return [Mark(question.id, question.format, answered, earned, "key")]
