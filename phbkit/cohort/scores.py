"""Scoring a cohort at once: each distinct answer is scored once, by the notebook's own `score`.

Credits are kept as whole ten-thousandths and percentages as whole hundredths, so that sums are
exact and equal to `Result.total` and `Result.percent` to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from phbkit.casebank import Case
from phbkit.casebank.models import AGAIN
from phbkit.cohort.columns import Column, columns_of, read_columns
from phbkit.cohort.statistics.validation import ReadOnly
from phbkit.errors import PhbError
from phbkit.scoring.credit import PARTS, percent
from phbkit.scoring.marking import score
from phbkit.scoring.result import Critical

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["CohortScores", "columns_of", "score_cohort"]

Check = Callable[[Case, Mapping[str, Any]], Mapping[str, Any]]
_DECIDED = ("choice", "held", "not_to")


@dataclass(frozen=True, eq=False)
class CohortScores(ReadOnly):
    """What scoring says of a cohort's answers to one case. Arrays are read only.

    Attributes
    ----------
    case, version
        The case and its version.
    marks
        Question and key of each mark, in the order `score` gives them.
    credits
        Shape (learners, marks): ten-thousandths, 0 where not answered.
    answered
        Shape (learners, marks): whether the question was answered.
    possible
        By key: how many questions are measured by it.
    refused
        By place of the learner: why the answers cannot be taken. Nothing else here counts them.
    errors
        Critical errors by where they were made: the distinct ones, and which each learner made.
    """

    case: str
    version: str
    marks: tuple[tuple[str, str], ...]
    credits: NDArray[np.int32]
    answered: NDArray[np.bool_]
    possible: Mapping[str, int]
    refused: Mapping[int, str]
    errors: tuple[tuple[tuple[tuple[Critical, ...], ...], NDArray[np.int_]], ...]

    @property
    def learners(self) -> int:
        """How many learners there are, those with answers that cannot be taken among them."""
        return len(self.credits)

    def total(self, key: str = "key") -> NDArray[np.int64]:
        """Sum of credits measured by one key, in ten-thousandths, shape (learners,)."""
        import numpy as np

        wanted = [place for place, (_, by) in enumerate(self.marks) if by == key]
        totals: NDArray[np.int64] = self.credits[:, wanted].sum(axis=1, dtype=np.int64)
        return totals

    def percent(self, key: str = "key") -> NDArray[np.int64]:
        """Credits over what was possible, in hundredths of a per cent, half up; (learners,)."""
        hundredths: NDArray[np.int64] = percent(self.total(key), self.possible.get(key, 0))
        return hundredths

    def critical(self, learner: int) -> tuple[Critical, ...]:
        """Critical errors of the learner at this place."""
        return tuple(error for made, codes in self.errors for error in made[codes[learner]])

    def critical_count(self) -> NDArray[np.int64]:
        """How many critical errors each learner made, shape (learners,)."""
        import numpy as np

        count = np.zeros(self.learners, dtype=np.int64)
        for made, codes in self.errors:
            count += np.array([len(errors) for errors in made], dtype=np.int64)[codes]
        return count

    def frame(self) -> pd.DataFrame:
        """Give totals, possible points and percentages as a run's results table has them."""
        import pandas as pd

        table: dict[str, Any] = {"critical_errors": self.critical_count()}
        for key, possible in self.possible.items():
            table[f"{key}_total"] = self.total(key) / PARTS
            table[f"{key}_possible"] = possible
            table[f"{key}_percent"] = self.percent(key) / 100
        return pd.DataFrame(table).drop(index=list(self.refused))


def score_cohort(
    case: Case, columns: Mapping[str, Any] | pd.DataFrame, *, check: Check | None = None
) -> CohortScores:
    """Score a cohort's answers to a case. Reads no clock, no file and no widget.

    Parameters
    ----------
    case
        The case, with its keys and panels.
    columns
        By question, and by `plan` and `decision`: an array-like of shape (learners,) of answers as
        `score` takes them, None or NaN where not answered; or a pandas column of categories. Whole
        numbers may come as floats, as pandas keeps them beside missing ones.
    check
        Holds answers against the case and returns them as they are kept, or raises PhbError, as
        `phbkit.workbook.answers.check_answers` does. Without it answers count as held already.

    Returns
    -------
    CohortScores
        Equal, learner by learner, to what `score` says of their answers.

    Raises
    ------
    StatisticsError
        Two columns have different lengths.
    """
    import numpy as np

    learners, read = read_columns(columns)
    refused = _hold(case, read, check) if check else {}
    none = np.full(learners, -1, dtype=np.int64)
    marks, earned, answered, errors = [], [], [], []
    for question in case.questions:
        panels = case.panels if question.format == "concordance" else ()
        alone = replace(case, questions=(question,), panels=panels)
        column = read.get(question.id, Column(none, []))
        # A text earns nothing whatever it says, and there are as many as learners.
        values = column.distinct if question.format != "reflection" else []
        codes = column.codes if question.format != "reflection" else none
        results = [score(alone, {question.id: value}) for value in values]
        results.append(score(alone, {}))  # where it is missing, its code is -1: the last
        for place, mark in enumerate(results[-1].marks):
            parts = [int(result.marks[place].credit.scaleb(4)) for result in results]
            marks.append((question.id, mark.key))
            earned.append(np.array(parts, dtype=np.int32)[codes])
            answered.append(codes >= 0)
        if question.critical:
            errors.append((tuple(result.critical for result in results), codes))
    errors.append(_decided(case, read, none))
    whole = score(case, {})
    shape = (len(marks), learners)
    return CohortScores(
        case=case.id,
        version=case.version,
        marks=tuple(marks),
        credits=np.array(earned, dtype=np.int32).reshape(shape).T,
        answered=np.array(answered, dtype=bool).reshape(shape).T,
        possible={key: whole.possible(key) for key in whole.keys},
        refused=refused,
        errors=tuple(errors),
    )


def _hold(case: Case, read: dict[str, Column], check: Check) -> dict[int, str]:
    """Hold each distinct answer against the case, once; put in what is kept, or note who erred."""
    import numpy as np

    refused: dict[int, str] = {}
    for key, column in read.items():
        if key.endswith(AGAIN):
            continue
        for code, value in enumerate(column.distinct):
            try:
                column.distinct[code] = check(case, {"answers": {key: value}})[key]
            except PhbError as error:
                for learner in np.flatnonzero(column.codes == code).tolist():
                    refused.setdefault(learner, str(error))
    for learner, parts in _together(read):
        if learner not in refused:
            try:
                check(case, {"answers": parts})
            except PhbError as error:
                refused[learner] = str(error)
    for column in read.values():
        column.leave_out(list(refused))
    return refused


def _together(read: dict[str, Column]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Find answers that are held together: a decision that leaves a part out, and later tries."""
    tried = {key for key in read if key.endswith(AGAIN)}
    wanted = {"plan", "decision", *tried, *(key.removesuffix(AGAIN) for key in tried)}
    columns = {key: column for key, column in read.items() if key in wanted}
    for learner, codes in enumerate(
        zip(*(c.codes.tolist() for c in columns.values()), strict=True)
    ):
        coded = zip(columns.items(), codes, strict=True)
        given = {key: column.distinct[code] for (key, column), code in coded if code >= 0}
        said = given.get("decision")
        if not tried.isdisjoint(given) or (isinstance(said, Mapping) and said.get("not_to")):
            yield learner, given


def _decided(
    case: Case, read: dict[str, Column], none: NDArray[np.int64]
) -> tuple[tuple[tuple[Critical, ...], ...], NDArray[np.int64]]:
    """Find the critical errors of each distinct plan and decision."""
    import numpy as np

    alone = replace(case, questions=(), panels=())
    if not {"plan", "decision"} <= set(read) or not case.about.critical:
        return ((),), none
    plans, plan_codes = _merged(read["plan"], lambda plan: tuple(sorted(set(plan))))
    decisions, decision_codes = _merged(read["decision"], _what_counts)
    both = np.where(
        (plan_codes < 0) | (decision_codes < 0), -1, plan_codes * len(decisions) + decision_codes
    )
    pairs, codes = np.unique(both, return_inverse=True)
    made: list[tuple[Critical, ...]] = []
    for pair in pairs.tolist():
        plan, decision = divmod(pair, len(decisions) or 1)
        given = {"plan": plans[plan], "decision": dict(decisions[decision])} if pair >= 0 else {}
        made.append(score(alone, given).critical)
    return (tuple(made) or ((),)), codes.astype(np.int64)


def _what_counts(decision: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Keep of a decision what a critical error can rest on: not its texts."""
    kept = ((name, decision[name]) for name in _DECIDED if name in decision)
    return tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in kept)


def _merged(column: Column, counts: Callable[[Any], Any]) -> tuple[list[Any], NDArray[np.int64]]:
    """Merge answers that count alike."""
    import numpy as np

    known: dict[Any, int] = {}
    places = [known.setdefault(counts(value), len(known)) for value in column.distinct]
    codes = np.array([*places, -1], dtype=np.int64)[column.codes]
    return list(known), codes
