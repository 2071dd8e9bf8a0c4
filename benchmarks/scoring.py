"""A million answers scored without notebooks, beside the same scoring one learner at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchmarks.cohort import cases
from benchmarks.timing import interleave, row
from phbkit.cohort.scores import score_cohort
from phbkit.cohort.simulate import simulate
from phbkit.scoring import Result, score

RUNS = 3
LEARNERS, ONE_BY_ONE = 12_500, 250


def given(learners: int) -> dict[str, list[dict[str, Any]]]:
    """Answers of so many learners to each case; no two write the same text."""
    found: dict[str, list[dict[str, Any]]] = {case.id: [] for case in cases()}
    written = {q.id for case in cases() for q in case.questions if q.format == "reflection"}
    for number, attempt in enumerate(simulate(cases(), learners, 7)):
        for question in written & set(attempt.answers):
            attempt.answers[question] = f"I saw {number}."
        found[attempt.case].append(attempt.answers)
    return found


def count(rows: dict[str, list[dict[str, Any]]]) -> int:
    """Count answers to questions; what the arc itself asks is not counted."""
    asked = {case.id: {question.id for question in case.questions} for case in cases()}
    return sum(len(asked[case] & set(answers)) for case in rows for answers in rows[case])


def figures(result: Result) -> list[tuple[Any, ...]]:
    """Work out what a cohort's table has of a result: it is worked out when it is asked for."""
    return [(result.total(k), result.possible(k), result.percent(k)) for k in result.keys]


def rows() -> Iterator[tuple[str, ...]]:
    many, few = given(LEARNERS), given(ONE_BY_ONE)
    columns = {case: pd.DataFrame(answers, dtype=object) for case, answers in many.items()}
    per_million = 1_000_000 / count(many), 1_000_000 / count(few)

    def together() -> float:
        start = time.perf_counter()
        for case in cases():
            score_cohort(case, columns[case.id])
        return (time.perf_counter() - start) * per_million[0]

    def one_by_one() -> float:
        start = time.perf_counter()
        for case in cases():
            for answers in few[case.id]:
                figures(score(case, answers))
        return (time.perf_counter() - start) * per_million[1]

    ours, stock = interleave(RUNS, together, one_by_one)
    yield row("a million answers scored (stock: learner by learner)", ours, stock)
