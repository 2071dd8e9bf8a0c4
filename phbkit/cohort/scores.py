"""Scoring a cohort at once: each distinct answer is scored once, by the notebook's own `score`.

Credits are added as whole ten-thousandths, so that sums are exact and equal to `Result.total` and
`Result.percent` to the last digit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phbkit.casebank import Case
from phbkit.scoring.credit import PARTS, percent
from phbkit.scoring.result import score


def score_cohort(case: Case, answers: pd.DataFrame) -> pd.DataFrame:
    """Score a cohort's answers to a case. Reads no clock, no file and no widget.

    Parameters
    ----------
    case
        The case, with its keys and panels.
    answers
        A row a learner and a column a question: objects as `score` takes them, NaN where not
        answered.

    Returns
    -------
    DataFrame
        The rows of `answers`, equal to what `score` says of each: for each key `_total` and
        `_possible` points and `_percent`, as a run's table of results has them.
    """
    nothing = score(case, {})
    possible = {key: nothing.possible(key) for key in nothing.keys}
    totals = {key: np.zeros(len(answers), dtype=np.int64) for key in possible}
    for question in case.questions:
        if question.format == "reflection" or question.id not in answers:
            continue  # a text earns nothing whatever it says
        panels = case.panels if question.format == "concordance" else ()
        alone = replace(case, questions=(question,), panels=panels)
        codes, distinct = _factorise(answers[question.id])
        # The last result is of no answer, whose code is -1.
        results = [*(score(alone, {question.id: each}) for each in distinct), score(alone, {})]
        for place, mark in enumerate(results[-1].marks):
            parts = [int(result.marks[place].credit * PARTS) for result in results]
            totals[mark.key] += np.array(parts)[codes]
    table: dict[str, Any] = {}
    for key, total in totals.items():
        table[f"{key}_total"] = total / PARTS
        table[f"{key}_possible"] = possible[key]
        table[f"{key}_percent"] = percent(total, possible[key]) / 100
    return pd.DataFrame(table, index=answers.index)


def _factorise(column: pd.Series) -> tuple[NDArray[np.int64], list[Any]]:
    """Find the distinct answers; True, 1 and 1.0 are distinct, and so are a list's orders."""
    plain = pd.api.types.infer_dtype(column) in {"string", "integer"}
    codes, _ = pd.factorize(column if plain else column.map(repr, na_action="ignore"))
    firsts = pd.Series(codes).drop_duplicates()
    return codes, column.iloc[firsts.index[firsts >= 0]].tolist()
