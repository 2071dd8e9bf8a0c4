"""Scoring a run again with another case bank, without running a notebook: who crosses the line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.folder import RunFolder
from phbkit.cohort.jobs import RunError
from phbkit.cohort.report.results import Run, points_of, possible_of, read_run, whole_percent
from phbkit.cohort.report.standards import CUTS, read_cuts
from phbkit.cohort.scores import score_cohort
from phbkit.cohort.tables import rounded, write_frame
from phbkit.errors import AnswersError, UnknownNameError
from phbkit.files import write_whole
from phbkit.scoring import score
from phbkit.workbook.answers import check_answers

ALL_CASES = "all cases"
UP, DOWN = "up", "down"
_COLUMNS = ["learner", "case", "key", "before", "after", "crosses", "note"]


@dataclass(frozen=True, eq=False)
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
        Every score, in the order of the cohort: `before` and `after` are per cent, NaN for none;
        `crosses` is up, down or empty, and `note` says why there is no score.
    refused
        Whose answers the new case bank does not take: learner, case and reason.
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
    rows: pd.DataFrame
    refused: pd.DataFrame
    not_done: int
    critical: pd.DataFrame
    simulated: bool
    formative: Sequence[str]

    @property
    def crossing(self) -> pd.DataFrame:
        """The rows of those who cross the line."""
        return self.rows[self.rows["crosses"] != ""]

    @property
    def changed(self) -> list[str]:
        """The cases whose version is another."""
        return [case for case, (before, after) in self.versions.items() if before != after]


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
    blank = {case_id: score(case, {}) for case_id, case in cases.items()}
    keys = list(dict.fromkeys([*before.keys, *(k for each in blank.values() for k in each.keys)]))
    for key in lines:
        if key not in keys:
            raise UnknownNameError.among("key", key, keys, str(run))
    formative = {key for each in blank.values() for key, _ in each.formative}
    played = before.manifest["cases"]
    versions = {name: (played[name]["version"], case.version) for name, case in cases.items()}
    after, refused = _score_again(before, cases)
    rows = _compare(before, after, keys, refused)
    told = json.dumps([versions, lines, bool(cuts)], sort_keys=True).encode()
    result = Remark(
        folder=run / f"remark-{hashlib.sha256(told).hexdigest()[:8]}",
        versions=versions,
        cuts=lines,
        each_case=bool(cuts),
        rows=rows.assign(crosses=_crosses(rows, lines, each_case=bool(cuts)))[_COLUMNS],
        refused=refused,
        not_done=len(before.results) - len(before.done),
        critical=_critical(before.done, after),
        simulated=before.simulated,
        formative=[key for key in lines if before.drafts or key in formative],
    )
    with RunFolder(run).alone():
        _write(result)
    return result


def _score_again(run: Run, cases: Mapping[str, Case]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score the answers of every job that is done; tell whose answers are no longer taken."""
    done = set(zip(run.done["learner"], run.done["case"], strict=True))
    taken: dict[str, dict[str, dict[str, Any]]] = {case: {} for case in cases}
    refused = []
    for attempt in RunFolder(run.folder).cohort():
        if (attempt.learner, attempt.case) in done:
            try:
                answers = check_answers(cases[attempt.case], {"answers": attempt.answers})
            except AnswersError as error:
                refused.append((attempt.learner, attempt.case, str(error)))
            else:
                taken[attempt.case][attempt.learner] = answers
    tables = []
    for name, answers in taken.items():
        columns = pd.DataFrame(list(answers.values()), index=list(answers), dtype=object)
        scores = score_cohort(cases[name], columns).rename_axis("learner")
        tables.append(scores.reset_index().assign(case=name))
    why = pd.DataFrame(refused, columns=["learner", "case", "reason"])
    return pd.concat(tables, ignore_index=True), why


def _compare(
    run: Run, after: pd.DataFrame, keys: Sequence[str], refused: pd.DataFrame
) -> pd.DataFrame:
    """Set every score beside the one before: case by case, then over all cases, by key."""
    reasons = refused.set_index(["learner", "case"])["reason"].to_dict()
    done = list(zip(run.done["learner"], run.done["case"], strict=True))
    places = [*done, *((learner, ALL_CASES) for learner in run.learners)]
    tables = []
    for key in keys:
        table = pd.DataFrame(places, columns=["learner", "case"]).assign(key=key)
        for name, results in (("before", run.done), ("after", after)):
            table[name] = pd.Series(places).map(_scores(results, key)).astype(float)
        table["note"] = [reasons.get(place, "") for place in places]
        tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    over_all = table["case"] == ALL_CASES
    not_taken = table["learner"].isin(refused["learner"])
    table.loc[over_all & table["before"].isna(), "note"] = "Not every case was done."
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


def _crosses(table: pd.DataFrame, cuts: Mapping[str, float], *, each_case: bool) -> Any:
    """Say of each score whether it crosses the line, where there is one."""
    cut = table["key"].map(cuts).where(each_case | (table["case"] == ALL_CASES))
    before, after = table["before"], table["after"]
    ways = [(before < cut) & (after >= cut), (before >= cut) & (after < cut)]
    return np.select(ways, [UP, DOWN], "")


def _critical(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Find whose critical errors differ in number."""
    columns = {"critical_errors_x": "before", "critical_errors_y": "after"}
    both = before.merge(after, on=["learner", "case"]).rename(columns=columns)
    both = both[["learner", "case", *columns.values()]].astype({"before": int, "after": int})
    return both[both["before"] != both["after"]]


def _write(result: Remark) -> None:
    """Write the table and what changed; the table last, so that it is never there alone."""
    written = rounded(result.rows, {"before": 2, "after": 2})
    content = {
        "format": "phbkit-remark/1",
        "cases": {
            case: {"before": before, "after": after, "changed": before != after}
            for case, (before, after) in result.versions.items()
        },
        "cuts": {key: f"{cut:.2f}" for key, cut in result.cuts.items()},
        "cuts_hold_for": "each case and all cases" if result.each_case else ALL_CASES,
        "simulated": result.simulated,
        "for_learning_only": result.formative,
        "scores": len(result.rows),
        "without_a_result": result.not_done,
        "crossing": written[written["crosses"] != ""].to_dict("records"),
        "answers_no_longer_taken": result.refused.to_dict("records"),
        "critical_errors": result.critical.to_dict("records"),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1)
    write_whole(result.folder / "remark.json", f"{text}\n".encode())
    written["note"] = written["note"].str.split().str.join(" ")
    write_frame(result.folder / "remarked.csv", written)
