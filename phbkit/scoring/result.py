"""What scoring says of one learner's answers: marks, totals, and what is in no score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from phbkit.casebank import Case
from phbkit.casebank.case import DRAFT, FICTION
from phbkit.casebank.models import AGAIN
from phbkit.scoring import credit
from phbkit.scoring.marking import Critical, Mark, critical_errors, latest, marks_of, why_formative
from phbkit.text import plain, shown

if TYPE_CHECKING:
    import pandas as pd

SIMULATED = "These answers are simulated: nobody gave them."
MIME = "application/vnd.phbkit.result+json"


@dataclass(frozen=True)
class Result:
    """What scoring says of one learner's answers to one case; `simulated` ones are nobody's."""

    case: Case
    answers: Mapping[str, Any]
    simulated: bool = False

    @property
    def asked(self) -> int:
        """How many questions the case asks."""
        return len(self.case.questions)

    @property
    def answered(self) -> int:
        """How many of them are answered; reflections count, and are never scored."""
        return sum(question.id in self.answers for question in self.case.questions)

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """A mark for each question with a key, and for each panel beside a concordance question."""
        return tuple(marks_of(self.case, self.answers, self.contested))

    @cached_property
    def contested(self) -> tuple[tuple[str, str], ...]:
        """Questions and panels that give no mark, because the panel has two peaks."""
        asked = (each.id for each in self.case.questions if each.format == "concordance")
        pairs = product(asked, self.case.panels)
        return tuple((q, panel.id) for q, panel in pairs if credit.contested(panel.counts[q]))

    @cached_property
    def formative(self) -> tuple[tuple[str, str], ...]:
        """Panels whose score is for learning only, and why."""
        reasons = ((panel.id, why_formative(panel, self.contested)) for panel in self.case.panels)
        return tuple((panel, reason) for panel, reason in reasons if reason)

    @cached_property
    def unsafe(self) -> tuple[str, ...]:
        """Where there still is a critical error after every try, which stops the module."""
        return tuple(error.where for error in critical_errors(self.case, latest(self.answers)))

    @cached_property
    def critical(self) -> tuple[Critical, ...]:
        """The critical errors of first answers, each with what became of it."""
        return tuple(map(self._followed, critical_errors(self.case, self.answers)))

    def _followed(self, error: Critical) -> Critical:
        key = error.where if error.where in self.answers else "decision"
        tries = 1 + len(self.answers.get(key + AGAIN, ()))
        return replace(error, tries=tries, put_right=error.where not in self.unsafe)

    @property
    def for_marking(self) -> tuple[dict[str, Any], ...]:
        """Texts that wait for people to mark them, and what they look for."""
        return tuple(
            {
                "question": question.id,
                "text": str(self.answers[question.id]),
                "rubric": [criterion.model_dump() for criterion in question.rubric],
            }
            for question in self.case.questions
            if question.rubric and question.id in self.answers
        )

    def total(self, key: str = "key") -> Decimal:
        """Sum of credits measured by one key."""
        return sum((m.credit for m in self.marks if m.key == key), credit.NONE)

    def possible(self, key: str = "key") -> int:
        """How many questions are measured by one key."""
        return sum(mark.key == key for mark in self.marks)

    def percent(self, key: str = "key") -> Decimal:
        """Credits over what was possible, per cent to two places."""
        parts = int(self.total(key) * credit.PARTS)
        return Decimal(credit.percent(parts, self.possible(key))).scaleb(-2)

    @property
    def keys(self) -> tuple[str, ...]:
        """`key`, then the panels, in the order they were used."""
        return tuple(dict.fromkeys(["key", *(mark.key for mark in self.marks)]))

    @property
    def calibration(self) -> tuple[tuple[int, int, int, int], ...]:
        """How often what was surest, then less sure, was right, partly right and not right."""
        rows = []
        for level in (3, 2, 1):
            earned = [mark.credit for mark in self.marks if mark.sure == level]
            right, wrong = earned.count(credit.ONE), earned.count(credit.NONE)
            rows.append((level, right, len(earned) - right - wrong, wrong))
        return tuple(row for row in rows if any(row[1:]))

    def arithmetic(self, key: str = "key") -> str:
        """Write the sum out: `1 + 0.6667 + 0 = 1.6667 of 3 = 55.56 %`."""
        terms = " + ".join(plain(mark.credit) for mark in self.marks if mark.key == key)
        return f"{terms} = {plain(self.total(key))} of {self.possible(key)} = {self.percent(key)} %"

    def as_dict(self) -> dict[str, Any]:
        """Give the result as data for JSON; numbers that must stay exact are strings."""
        reasons = dict(self.formative)
        return {
            "case": self.case.id,
            "case_version": self.case.version,
            "asked": self.asked,
            "answered": self.answered,
            "complete": self.answered == self.asked and not self.unsafe,
            "draft_case": self.case.draft,
            "scores": {
                key: {
                    "total": str(self.total(key)),
                    "possible": self.possible(key),
                    "percent": str(self.percent(key)),
                    "formative_only": reasons.get(key, ""),
                }
                for key in self.keys
            },
            "critical_errors": to_jsonable_python(self.critical, exclude={"__all__": {"asked"}}),
            "unsafe": list(self.unsafe),
            "questions": to_jsonable_python(self.marks, exclude={"__all__": {"sure"}}),
            "certainty": [
                {"question": mark.question, "level": mark.sure, "credit": str(mark.credit)}
                for mark in self.marks
                if mark.sure
            ],
            "contested": [
                {"question": question, "panel": panel} for question, panel in self.contested
            ],
            "for_marking": list(self.for_marking),
            "simulated": self.simulated,
            "note": FICTION,
        }

    def frame(self) -> pd.DataFrame:
        """Give the marks as a table, one row for each question and key.

        `sure` is 1 to 3, and missing where nobody asked or nobody said.
        """
        import pandas as pd

        columns = ["question", "key", "format", "answered", "credit", "sure"]
        frame = pd.DataFrame(self.marks, columns=columns).rename(columns={"key": "measured by"})
        frame = frame.astype({"credit": float, "sure": "Int8"})
        return frame.set_index(["question", "measured by"])

    def __repr__(self) -> str:
        scores = ", ".join(f"{key} {self.percent(key)} %" for key in self.keys)
        return f"<Result {self.case.id}: {self.answered} of {self.asked} answered; {scores}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        html = shown(__file__, result=self, draft=DRAFT, simulated=SIMULATED, note=FICTION)
        return {MIME: self.as_dict(), "text/html": html, "text/plain": repr(self)}


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
    return Result(case, dict(answers))
