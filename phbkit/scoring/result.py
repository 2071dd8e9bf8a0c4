"""What scoring says of one learner's answers: marks, totals, and what is in no score."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from phbkit.casebank.case import DRAFT, FICTION
from phbkit.casebank.models import Criterion
from phbkit.scoring import credit
from phbkit.text import plain, table

if TYPE_CHECKING:
    import pandas as pd

SIMULATED = "These answers are simulated: nobody gave them."
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
    """A critical error: where and at which step it was made, why it is one, and who says so."""

    where: str
    step: str
    asked: str
    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Retry:
    """What became of a critical error: how many answers it took, and whether the last is safe."""

    where: str
    tries: int
    put_right: bool


@dataclass(frozen=True)
class Sure:
    """How sure a learner was of an answer, from 1 (not sure) to 3 (sure), and what it earned."""

    question: str
    level: int
    credit: Decimal


@dataclass(frozen=True)
class ToMark:
    """A text that waits for people to mark it, and what they look for."""

    question: str
    text: str
    rubric: tuple[Criterion, ...]


@dataclass(frozen=True)
class Result:
    """What scoring says of one learner's answers to one case.

    `critical` has the errors of first answers, and `retries` what became of each, in the same
    order; `unsafe` says where there still is one, which stops the module. `contested` names the
    questions and panels that give no mark, because the panel has two peaks. `certainty` and
    `for_marking` are in no score. `simulated` answers are nobody's.
    """

    case: str
    case_version: str
    title: str
    asked: int
    answered: int
    marks: tuple[Mark, ...]
    formative: tuple[tuple[str, str], ...]
    critical: tuple[Critical, ...] = ()
    draft: bool = False
    certainty: tuple[Sure, ...] = ()
    for_marking: tuple[ToMark, ...] = ()
    contested: tuple[tuple[str, str], ...] = ()
    simulated: bool = False
    retries: tuple[Retry, ...] = ()
    unsafe: tuple[str, ...] = ()

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
            earned = [sure.credit for sure in self.certainty if sure.level == level]
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
            "case": self.case,
            "case_version": self.case_version,
            "asked": self.asked,
            "answered": self.answered,
            "complete": self.answered == self.asked and not self.unsafe,
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
                {
                    **_plain(error, leave_out={"asked"}),
                    "tries": retry.tries,
                    "put_right": retry.put_right,
                }
                for error, retry in zip(self.critical, self.retries, strict=True)
            ],
            "unsafe": list(self.unsafe),
            "questions": [_plain(mark) for mark in self.marks],
            "certainty": [_plain(sure) for sure in self.certainty],
            "contested": [
                {"question": question, "panel": panel} for question, panel in self.contested
            ],
            "for_marking": [_plain(text) for text in self.for_marking],
            "simulated": self.simulated,
            "note": FICTION,
        }

    def frame(self) -> pd.DataFrame:
        """Give the marks as a table, one row for each question and key.

        `sure` is 1 to 3, and missing where nobody asked or nobody said.
        """
        import pandas as pd

        levels = {sure.question: sure.level for sure in self.certainty}
        columns = ["question", "format", "measured by", "answered", "credit", "sure"]
        rows = [
            (m.question, m.format, m.key, m.answered, float(m.credit), levels.get(m.question))
            for m in self.marks
        ]
        frame = pd.DataFrame(rows, columns=columns).astype({"sure": "Int8"})
        return frame.set_index(["question", "measured by"])

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
        rows += [
            (
                "Critical error",
                f"{error.where}: {error.text}",
                f"Put right in {retry.tries} tries." if retry.put_right else "Not put right.",
            )
            for error, retry in zip(self.critical, self.retries, strict=True)
        ]
        rows += [
            ("Contested", f"{name} beside {panel}", "Not scored.") for name, panel in self.contested
        ]
        rows += [("Waits for a marker", text.question, "") for text in self.for_marking]
        said = "This module has not been answered."
        if self.answered:
            said = f"{self.answered} of {self.asked} questions answered."
        said += f" {DRAFT}" if self.draft else ""
        said += f" {SIMULATED}" if self.simulated else ""
        return table(f"{self.title}: result", rows) + Markup("<p>{} {}</p>").format(said, FICTION)


def _plain(entry: Any, leave_out: Collection[str] = ()) -> dict[str, Any]:
    """Give the fields of a part as data for JSON: a decimal is a string, a tuple a list."""
    return {n: _plain_value(value) for n, value in vars(entry).items() if n not in leave_out}


def _plain_value(value: Any) -> Any:
    match value:
        case Decimal():
            return str(value)
        case tuple():
            return [_plain_value(part) for part in value]
        case Criterion():
            return value.model_dump()
    return value
