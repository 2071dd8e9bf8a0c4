"""A finished run, read for its report: tables, outcomes, and the cases that were played."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.folder import RunError, RunFolder, jobs_of
from phbkit.cohort.jobs import DONE, FAILED, Outcome
from phbkit.cohort.tables import ended
from phbkit.errors import UnknownNameError
from phbkit.scoring.credit import PARTS, percent

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

KEY = "key"
_EMPHASIS = re.compile(r"(\*{1,2})(\S(?:.*?\S)?)\1")


@dataclass(frozen=True)
class Text:
    """A text that waits for people to mark it. Each criterion is what it asks and its most."""

    learner: str
    case: str
    question: str
    text: str
    rubric: tuple[tuple[str, int], ...]

    @property
    def most(self) -> int:
        """The most a marker can give, points."""
        return sum(most for _, most in self.rubric)


@dataclass(frozen=True)
class CriticalMade:
    """A critical error that a learner made: told apart from every score."""

    learner: str
    case: str
    where: str
    text: str
    put_right: bool


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
    critical, texts
        Critical errors and texts to mark, in the order of the cohort.
    drafts
        Cases that nobody qualified had signed off when they were played.
    """

    folder: Path
    manifest: dict[str, Any]
    cases: dict[str, Case]
    results: pd.DataFrame
    marks: pd.DataFrame
    critical: tuple[CriticalMade, ...]
    texts: tuple[Text, ...]
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
        found = keys_of(self.results)
        return tuple(key for key in found if self.results[f"{key}_possible"].gt(0).any())

    @property
    def done(self) -> pd.DataFrame:
        """The rows of the jobs that are done."""
        return self.results[self.results["state"] == DONE]

    @property
    def failed(self) -> pd.DataFrame:
        """The rows of the jobs that failed."""
        return self.results[self.results["state"] == FAILED]

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Cases that are no longer in the case bank as they were when they were played."""
        played = self.manifest["cases"]
        return tuple(
            case
            for case in self.case_ids
            if case not in self.cases or self.cases[case].version != played[case]["version"]
        )

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
        found = points_of(self.done, key)
        return found.drop(index=list(self.absent), errors="ignore").reindex(index=self.learners)

    def possible(self, key: str) -> int:
        """How many questions of all cases are measured by a key."""
        return possible_of(self.done, key)

    def percent(self, key: str) -> pd.Series:
        """Per cent over all cases, by learner, half up to two places; NaN where one is missing."""
        return whole_percent(self.points(key), self.possible(key))

    def items(self, key: str) -> pd.DataFrame:
        """Credits by learner and item (`case/question`); NaN where not answered."""
        import numpy as np

        marks = self.marks[self.marks["key"] == key]
        marks = marks.assign(
            item=marks["case"] + "/" + marks["question"],
            credit=np.where(marks["answered"], marks["credit"], np.nan),
        )
        table = marks.set_index(["learner", "item"])["credit"].unstack()  # noqa: PD010
        return table.reindex(columns=list(dict.fromkeys(marks["item"])))

    @cached_property
    def judged(self) -> dict[str, dict[str, dict[str, int]]]:
        """By case and learner: what they chose at each concordance question; only of jobs done."""
        wanted = {
            case_id: {q.id for q in case.questions if q.format == "concordance"}
            for case_id, case in self.cases.items()
        }
        done = set(zip(self.done["learner"], self.done["case"], strict=True))
        judged: dict[str, dict[str, dict[str, int]]] = {case: {} for case in wanted}
        for attempt in RunFolder(self.folder).cohort():
            if (attempt.learner, attempt.case) in done and attempt.case in wanted:
                given = attempt.answers.items()
                chosen = {key: value for key, value in given if key in wanted[attempt.case]}
                judged[attempt.case][attempt.learner] = chosen
        return judged

    def judgements(self, case: str, questions: list[str]) -> NDArray[np.float64]:
        """Choices at concordance questions, -2 to 2, shape (learners, questions); NaN for none."""
        import numpy as np

        rows = [[row.get(q, np.nan) for q in questions] for row in self.judged[case].values()]
        return np.array(rows, dtype=float).reshape(-1, len(questions))


def keys_of(results: pd.DataFrame) -> list[str]:
    """List the keys that a table of results has columns for."""
    ending = "_percent"
    return [name.removesuffix(ending) for name in map(str, results) if name.endswith(ending)]


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
    parts = (points * PARTS).round().sum(axis=1, skipna=False)
    return percent(parts, possible) / 100 if possible else parts * nan


def read_run(folder: Path, bank: CaseBank) -> Run:
    """Read what a run left behind.

    Raises
    ------
    RunError
        There is no finished table there.
    CaseError
        A case of the case bank has faults.
    """
    import pandas as pd

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
    cases = {}
    for case in manifest["cases"]:
        try:
            cases[case] = bank.load(case)
        except UnknownNameError:
            continue
    critical: list[CriticalMade] = []
    texts: list[Text] = []
    drafts: set[str] = set()
    for outcome in _ended(kept, manifest):
        result = outcome.result or {}
        who, case = outcome.learner, outcome.case
        critical += [
            CriticalMade(
                who,
                case,
                each["where"],
                _EMPHASIS.sub(r"\2", each["text"]),
                each.get("put_right", False),
            )
            for each in result.get("critical_errors", ())
        ]
        texts += [
            Text(
                who,
                case,
                each["question"],
                each["text"],
                tuple((part["asks"], part["most"]) for part in each["rubric"]),
            )
            for each in result.get("for_marking", ())
        ]
        if result.get("draft_case"):
            drafts.add(case)
    return Run(
        folder, manifest, cases, results, marks, tuple(critical), tuple(texts), frozenset(drafts)
    )


def _ended(folder: RunFolder, manifest: dict[str, Any]) -> Iterator[Outcome]:
    """Read the outcomes the tables were made of, in the order of the cohort."""
    playing = {
        case: (told["workbook"], told["workbook_sha256"], told["version"])
        for case, told in manifest["cases"].items()
    }
    return ended(folder, {job.key: job.fingerprint for job in jobs_of(folder.cohort(), playing)})
