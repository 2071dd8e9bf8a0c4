"""Scoring a run again with another case bank, without running a notebook: who crosses the line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.folder import RunError, RunFolder
from phbkit.cohort.report.results import (
    Run,
    keys_of,
    points_of,
    possible_of,
    read_run,
    whole_percent,
)
from phbkit.cohort.report.standards import CUTS, read_cuts
from phbkit.cohort.scores import columns_of, score_cohort
from phbkit.errors import UnknownNameError
from phbkit.files import write_whole
from phbkit.scoring import score
from phbkit.tables import csv_file
from phbkit.workbook.answers import check_answers

if TYPE_CHECKING:
    import pandas as pd

ALL_CASES = "all cases"
UP, DOWN = "up", "down"
_HEADER = ("learner", "case", "key", "before", "after", "crosses", "note")


@dataclass(frozen=True)
class Remarked:
    """One score before and after, per cent; NaN for none. `crosses` is up, down or empty."""

    learner: str
    case: str
    key: str
    before: float
    after: float
    crosses: str
    note: str = ""

    def words(self, cut: float) -> str:
        """Say it in a line."""
        side = "now at or above" if self.crosses == UP else "now below"
        return (
            f"{self.learner}: {self.case}, {self.key}: {self.before:.2f} % before, "
            f"{self.after:.2f} % after, {side} {cut:.2f} %."
        )


@dataclass(frozen=True)
class Remark:
    """What scoring again came to.

    Attributes
    ----------
    folder
        Where it was written.
    versions
        By case: its version before and after.
    cuts
        By key: the line, per cent.
    each_case
        Whether the line holds for each case too, and not only for all cases together.
    rows
        Every score, in the order of the cohort.
    refused
        Learner, case and reason, where the new case bank does not take the answers.
    not_done
        Jobs without a result, which have no score to compare.
    critical
        Learner, case, and critical errors before and after, where they differ in number.
    simulated
        Whether any of the answers are made up.
    formative
        Keys with a line that are for learning only: a draft case, or a panel that may not decide.
    """

    folder: Path
    versions: Mapping[str, tuple[str, str]]
    cuts: Mapping[str, float]
    each_case: bool
    rows: tuple[Remarked, ...]
    refused: tuple[tuple[str, str, str], ...]
    not_done: int
    critical: tuple[tuple[str, str, int, int], ...]
    simulated: bool
    formative: tuple[str, ...]

    @property
    def crossing(self) -> tuple[Remarked, ...]:
        """Who crosses the line."""
        return tuple(row for row in self.rows if row.crosses)

    @property
    def learners(self) -> int:
        """How many learners the run is of."""
        return len({row.learner for row in self.rows})

    @property
    def changed(self) -> tuple[str, ...]:
        """The cases whose version is another."""
        return tuple(case for case, (before, after) in self.versions.items() if before != after)


def remark(run: Path, bank: CaseBank, cuts: Mapping[str, float] | None = None) -> Remark:
    """Score every finished job of a run again, and write who crosses the line.

    Parameters
    ----------
    run
        The folder of a run; its own tables are left as they are.
    bank
        The case bank to score with.
    cuts
        By key: the line, per cent, for each case and for all cases together. By default the pass
        marks that `phb report --standards` kept, which are for all cases together.

    Raises
    ------
    RunError
        There is no finished run, no case bank, or no line.
    CaseError, UnknownNameError
        A case has faults, or is not in the case bank; or no key is called so.
    """
    if not (bank.root / "cases").is_dir():
        raise RunError(f"{bank.root}: is no case bank: there is no folder {bank.root / 'cases'}.")
    before = read_run(run, bank)
    cases = {case: bank.load(case) for case in before.case_ids}
    lines = dict(cuts) if cuts else read_cuts(run)
    if not lines:
        raise RunError(
            f"{run}: holds no pass mark ({CUTS}; phb report --standards writes it). Give the line: "
            "--cut 60, or --cut clinicians=70 for a panel."
        )
    versions = {
        case_id: (before.manifest["cases"][case_id]["version"], case.version)
        for case_id, case in cases.items()
    }
    after, refused = _score_again(before, cases)
    keys = list(dict.fromkeys([*before.keys, *keys_of(after)]))
    for key in lines:
        if key not in keys:
            raise UnknownNameError.among("key", key, keys, str(run))
    rows = _compare(before, after, keys, refused)
    told = json.dumps([versions, lines, bool(cuts)], sort_keys=True).encode()
    result = Remark(
        folder=run / f"remark-{hashlib.sha256(told).hexdigest()[:8]}",
        versions=versions,
        cuts=lines,
        each_case=bool(cuts),
        rows=tuple(_crossing(rows, lines, each_case=bool(cuts))),
        refused=tuple((*who, why) for who, why in refused.items()),
        not_done=len(before.results) - len(before.done),
        critical=tuple(_critical(before.done, after)),
        simulated=before.simulated,
        formative=tuple(key for key in lines if before.drafts or key in _formative(cases)),
    )
    with RunFolder(run).alone():
        _write(result)
    return result


def _formative(cases: Mapping[str, Case]) -> set[str]:
    return {key for case in cases.values() for key, _ in score(case, {}).formative}


def _score_again(
    run: Run, cases: Mapping[str, Case]
) -> tuple[pd.DataFrame, dict[tuple[str, str], str]]:
    """Score the answers of every job that is done; tell whose answers are no longer taken."""
    import pandas as pd

    done = set(zip(run.done["learner"], run.done["case"], strict=True))
    given: dict[str, dict[str, dict[str, Any]]] = {case: {} for case in cases}
    for attempt in RunFolder(run.folder).cohort():
        if (attempt.learner, attempt.case) in done:
            given[attempt.case][attempt.learner] = attempt.answers
    tables = []
    refused: dict[tuple[str, str], str] = {}
    for case_id, answers in given.items():
        learners = list(answers)
        scores = score_cohort(cases[case_id], columns_of(answers.values()), check=check_answers)
        table = scores.frame()
        table.insert(0, "learner", [learners[place] for place in table.index])
        tables.append(table.assign(case=case_id))
        refused |= {(learners[place], case_id): why for place, why in scores.refused.items()}
    return pd.concat(tables, ignore_index=True), refused


def _compare(
    run: Run, after: pd.DataFrame, keys: Sequence[str], refused: Mapping[tuple[str, str], str]
) -> pd.DataFrame:
    """Set every score beside the one before: case by case, then over all cases, by key."""
    import pandas as pd

    left_out = {learner for learner, _ in refused}
    done = list(zip(run.done["learner"], run.done["case"], strict=True))
    places = [*done, *((learner, ALL_CASES) for learner in run.learners)]
    tables = []
    for key in keys:
        table = pd.DataFrame(places, columns=["learner", "case"]).assign(key=key)
        for name, results in (("before", run.done), ("after", after)):
            table[name] = pd.Series(places).map(_scores(results, key)).astype(float)
        table["note"] = [refused.get(place, "") for place in places]
        tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    over_all = table["case"] == ALL_CASES
    unfinished, not_taken = table["before"].isna(), table["learner"].isin(left_out)
    table.loc[over_all & unfinished, "note"] = "Not every case was done."
    table.loc[over_all & not_taken, "note"] = "Answers to a case are no longer taken."
    scored = over_all | table[["before", "after"]].notna().any(axis=1)
    return pd.concat([table[scored & ~over_all], table[over_all]])


def _scores(results: pd.DataFrame, key: str) -> dict[tuple[str, str], float]:
    """Give percentages by learner and case, and by learner over all cases; NaN where one lacks."""
    if f"{key}_possible" not in results:
        return {}
    measured = results[results[f"{key}_possible"].gt(0)]
    by_case = measured.set_index(["learner", "case"])[f"{key}_percent"].to_dict()
    whole = whole_percent(points_of(results, key), possible_of(results, key))
    return by_case | {(learner, ALL_CASES): percent for learner, percent in whole.items()}


def _crossing(
    table: pd.DataFrame, cuts: Mapping[str, float], *, each_case: bool
) -> Iterator[Remarked]:
    """Say of each score whether it crosses the line, where there is one."""
    import numpy as np

    cut = table["key"].map(cuts).where(each_case | (table["case"] == ALL_CASES))
    before, after = table["before"], table["after"]
    ways = [(before < cut) & (after >= cut), (before >= cut) & (after < cut)]
    crosses = np.select(ways, [UP, DOWN], "")
    for row in table.assign(crosses=crosses)[list(_HEADER)].itertuples(index=False):
        yield Remarked(*row)


def _critical(before: pd.DataFrame, after: pd.DataFrame) -> Iterator[tuple[str, str, int, int]]:
    """Find whose critical errors differ in number."""
    columns = ["learner", "case", "critical_errors"]
    both = before[columns].merge(after[columns], on=["learner", "case"])
    changed = both[both["critical_errors_x"] != both["critical_errors_y"]]
    for learner, case, was, now in changed.itertuples(index=False):
        yield learner, case, int(was), int(now)


def _write(result: Remark) -> None:
    """Write the table and what changed; the table last, so that it is never there alone."""
    content = {
        "format": "phbkit-remark/1",
        "cases": {
            case: {"before": before, "after": after, "changed": before != after}
            for case, (before, after) in result.versions.items()
        },
        "cuts": {key: f"{cut:.2f}" for key, cut in result.cuts.items()},
        "cuts_hold_for": "each case and all cases" if result.each_case else ALL_CASES,
        "simulated": result.simulated,
        "for_learning_only": list(result.formative),
        "scores": len(result.rows),
        "without_a_result": result.not_done,
        "crossing": [
            asdict(row) | {"before": f"{row.before:.2f}", "after": f"{row.after:.2f}"}
            for row in result.crossing
        ],
        "answers_no_longer_taken": [
            {"learner": learner, "case": case, "reason": reason}
            for learner, case, reason in result.refused
        ],
        "critical_errors": [
            {"learner": learner, "case": case, "before": before, "after": after}
            for learner, case, before, after in result.critical
        ],
    }
    written = json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"
    write_whole(result.folder / "remark.json", written)
    with csv_file(result.folder / "remarked.csv", _HEADER) as write:
        for row in result.rows:
            pair = ("" if isnan(value) else f"{value:.2f}" for value in (row.before, row.after))
            write([row.learner, row.case, row.key, *pair, row.crosses, " ".join(row.note.split())])
