"""A finished run, read for its report: tables, outcomes, and the cases that were played."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.folder import RunFolder
from phbkit.cohort.jobs import DONE, FAILED, CohortAttempt, RunError
from phbkit.scoring.credit import PARTS, percent

KEY = "key"
_EMPHASIS = re.compile(r"(\*{1,2})(\S(?:.*?\S)?)\1")


@dataclass(frozen=True)
class Run:
    """What a run left behind.

    Attributes
    ----------
    folder
        Where it is kept.
    manifest
        What was run, with the version of each case.
    cases
        By id: each case as the case bank has it now, where it still has it.
    results, marks
        The tables, one row a job and one a mark.
    critical
        Critical errors, a row each: learner, case, where, text, put_right.
    texts
        Texts to mark, a row each: learner, case, question, text, and the rubric, whose criteria are
        pairs of what is asked and its most.
    drafts
        Cases that nobody qualified had signed off when they were played.
    """

    folder: Path
    manifest: dict[str, Any]
    cases: dict[str, Case]
    results: pd.DataFrame
    marks: pd.DataFrame
    critical: pd.DataFrame
    texts: pd.DataFrame
    drafts: frozenset[str]

    @property
    def case_ids(self) -> tuple[str, ...]:
        """The cases that anybody played."""
        played = set(self.results["case"])
        return tuple(case for case in self.manifest["cases"] if case in played)

    @property
    def simulated(self) -> bool:
        """Whether any of the answers are made up."""
        return bool(self.results["simulated"].any())

    @property
    def keys(self) -> tuple[str, ...]:
        """What marks are measured by: `key` first, then the panels."""
        measured = self.results.filter(like="_possible").gt(0).any()
        return tuple(name.removesuffix("_possible") for name in measured.index[measured])

    @property
    def done(self) -> pd.DataFrame:
        """The rows of the jobs that are done."""
        return self.results[self.results["state"] == DONE]

    @property
    def failed(self) -> pd.DataFrame:
        """The rows of the jobs that failed."""
        return self.results[self.results["state"] == FAILED]

    def attempts(self) -> Iterator[CohortAttempt]:
        """Read the attempts of the jobs that are done, in the order of the cohort."""
        done = set(zip(self.done["learner"], self.done["case"], strict=True))
        cohort = RunFolder(self.folder).cohort()
        return (attempt for attempt in cohort if (attempt.learner, attempt.case) in done)

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Cases that are no longer in the case bank as they were when they were played."""
        now = {name: case.version for name, case in self.cases.items()}
        played = self.manifest["cases"]
        return tuple(case for case in self.case_ids if now.get(case) != played[case]["version"])

    def title(self, case: str) -> str:
        """Give the name of a case."""
        return self.cases[case].title if case in self.cases else case

    @property
    def learners(self) -> list[str]:
        """Who the run is of, in the order of the cohort."""
        return list(dict.fromkeys(self.results["learner"]))

    @cached_property
    def absent(self) -> tuple[str, ...]:
        """Learners whose notebooks are done and who answered nothing in any of them."""
        answered = self.done.groupby("learner", sort=False)["answered"].sum()
        return tuple(answered.index[answered == 0])

    def points(self, key: str) -> pd.DataFrame:
        """Totals by learner and case, points; NaN where a learner has no result, or is absent."""
        points = points_of(self.done, key)
        return points.drop(index=list(self.absent), errors="ignore").reindex(index=self.learners)

    def possible(self, key: str) -> int:
        """How many questions of all cases are measured by a key."""
        return possible_of(self.done, key)

    def percent(self, key: str) -> pd.Series:
        """Per cent over all cases, by learner, half up to two places; NaN where one is missing."""
        return whole_percent(self.points(key), self.possible(key))

    def items(self, key: str) -> pd.DataFrame:
        """Credits by learner and item (`case/question`); NaN where not answered."""
        marks = self.marks[self.marks["key"] == key]
        items = marks["case"] + "/" + marks["question"]
        credit = marks["credit"].where(marks["answered"])
        table = credit.set_axis([marks["learner"], items]).unstack()  # noqa: PD010
        return table.reindex(columns=items.unique())


def points_of(results: pd.DataFrame, key: str) -> pd.DataFrame:
    """Turn rows of results into totals by learner and case, points; NaN for none."""
    measured = results[results[f"{key}_possible"].gt(0)]
    return measured.pivot_table(
        index="learner", columns="case", values=f"{key}_total", sort=False, aggfunc="first"
    )


def possible_of(results: pd.DataFrame, key: str) -> int:
    """Add up over cases how many questions are measured by a key."""
    return int(results.groupby("case")[f"{key}_possible"].max().fillna(0).sum())


def whole_percent(points: pd.DataFrame, possible: int) -> pd.Series:
    """Add up totals over cases, per cent of what was possible, as `Result.percent` rounds it.

    Parameters
    ----------
    points
        Shape (learners, cases), points of four places; a learner with a NaN has no per cent.
    possible
        The most there is in all cases, points.
    """
    total: pd.Series = (points * PARTS).round().sum(axis=1, skipna=False)
    return percent(total, possible) / 100 if possible else total * nan


def read_run(folder: Path, bank: CaseBank) -> Run:
    """Read what a run left behind.

    Raises
    ------
    RunError
        There is no finished table there.
    CaseError
        A case of the case bank has faults.
    """
    kept = RunFolder(folder)
    manifest = kept.manifest
    tables = [folder / "results.parquet", folder / "marks.parquet"]
    if "cases" not in manifest or not all(file.is_file() for file in tables):
        raise RunError(
            f"{folder}: holds no finished run. Run one first: "
            f"phb run WORKBOOKS --answers COHORT --out {folder}"
        )
    results, marks = (pd.read_parquet(file) for file in tables)
    if results.empty:
        raise RunError(f"{folder}: the run has no job that ended. Run it again: it goes on.")
    cases = {case: bank.load(case) for case in manifest["cases"] if case in bank.case_ids}
    critical: list[tuple[Any, ...]] = []
    texts: list[tuple[Any, ...]] = []
    drafts: set[str] = set()
    for outcome in kept.finished(manifest["cases"]):
        result = outcome.result or {}
        who = (outcome.learner, outcome.case)
        for error in result.get("critical_errors", ()):
            text = _EMPHASIS.sub(r"\2", error["text"])
            critical.append((*who, error["where"], text, error.get("put_right", False)))
        for text in result.get("for_marking", ()):
            rubric = tuple((part["asks"], part["most"]) for part in text["rubric"])
            texts.append((*who, text["question"], text["text"], rubric))
        if result.get("draft_case"):
            drafts.add(outcome.case)
    whose = ["learner", "case"]
    errors = pd.DataFrame(critical, columns=[*whose, "where", "text", "put_right"])
    written = pd.DataFrame(texts, columns=[*whose, "question", "text", "rubric"])
    return Run(folder, manifest, cases, results, marks, errors, written, frozenset(drafts))
