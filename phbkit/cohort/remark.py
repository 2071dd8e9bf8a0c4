"""Scoring a run again with another case bank, without running a notebook: who crosses the line."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phbkit.casebank import Case, CaseBank
from phbkit.casebank.models import AGAIN, SURE
from phbkit.cohort.folder import RunFolder
from phbkit.cohort.jobs import RunError, digest
from phbkit.cohort.report.results import Run, points_of, possible_of, read_run, whole_percent
from phbkit.cohort.report.standards import CUTS, read_cuts
from phbkit.cohort.scores import score_cohort
from phbkit.cohort.tables import rounded, write_frame
from phbkit.errors import AnswersError, need_known
from phbkit.files import write_whole
from phbkit.scoring import score
from phbkit.scoring.marking import critical_errors
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
    dropped
        Items that nobody was scored on, `case/question`.
    refused
        Whose answers the new case bank does not take: learner, case and reason.
    not_done
        Jobs without a result, which have no score to compare.
    critical
        Learner, case, and where there were critical errors `before` and are `after`, where these
        are not the same ones.
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
    dropped: Sequence[str]
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


def remark(
    run: Path, bank: CaseBank, cuts: Mapping[str, float] | None = None, drop: Collection[str] = ()
) -> Remark:
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
    drop
        Items that count for nobody, `case/question`, in the new case bank or not.

    Raises
    ------
    RunError
        There is no finished run, no case bank, or no line.
    CaseError, UnknownNameError
        A case has faults, or is not in the case bank; or no key or item is called so.
    """
    if not (bank.root / "cases").is_dir():
        raise RunError(f"{bank.root}: is no case bank: there is no folder {bank.root / 'cases'}.")
    before = read_run(run, bank)
    cases = _without(before, [bank.load(case) for case in before.case_ids], drop)
    lines = dict(cuts) if cuts else read_cuts(run)
    if not lines:
        raise RunError(
            f"{run}: holds no pass mark ({CUTS}; phb report --standards writes it). Give the line: "
            "--cut 60, or --cut clinicians=70 for a panel."
        )
    blank = {case_id: score(case, {}) for case_id, case in cases.items()}
    keys = list(dict.fromkeys([*before.keys, *(k for each in blank.values() for k in each.keys)]))
    for key in lines:
        need_known("key", key, keys, str(run))
    formative = {key for each in blank.values() for key, _ in each.formative}
    played = before.manifest["cases"]
    versions = {name: (played[name]["version"], case.version) for name, case in cases.items()}
    after, refused, critical = _score_again(before, cases, drop)
    rows = _compare(before, after, keys, refused)
    told = json.dumps([versions, lines, bool(cuts), *sorted(drop)], sort_keys=True).encode()
    result = Remark(
        folder=run / f"remark-{digest(told)[:8]}",
        versions=versions,
        cuts=lines,
        each_case=bool(cuts),
        rows=rows.assign(crosses=_crosses(rows, lines, each_case=bool(cuts)))[_COLUMNS],
        dropped=sorted(drop),
        refused=refused,
        not_done=len(before.results) - len(before.done),
        critical=critical,
        simulated=before.simulated,
        formative=[key for key in lines if before.drafts or key in formative],
    )
    with RunFolder(run).alone():
        _write(result)
    return result


def _without(run: Run, cases: Sequence[Case], drop: Collection[str]) -> dict[str, Case]:
    """Leave items out of the cases, of which a changed case bank may have lost some already."""
    known = {f"{case.id}/{question.id}" for case in cases for question in case.questions}
    known |= set(run.marks["case"] + "/" + run.marks["question"])
    for item in drop:
        need_known("item", item, known, "--drop")
    left = [[q for q in case.questions if f"{case.id}/{q.id}" not in drop] for case in cases]
    pairs = zip(cases, left, strict=True)
    return {case.id: replace(case, questions=tuple(questions)) for case, questions in pairs}


def _score_again(
    run: Run, cases: Mapping[str, Case], drop: Collection[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Score the answers of every job that is done; only first answers count.

    The second of the three has whose answers are no longer taken, and the third whose critical
    errors are others, one by one.
    """
    were = run.critical.groupby(["learner", "case"])["where"].agg(list).to_dict()
    gone = {*drop, *(item + SURE for item in drop)}
    taken: dict[str, dict[str, dict[str, Any]]] = {case: {} for case in cases}
    refused, critical = [], []
    for attempt in run.attempts():
        who, case = (attempt.learner, attempt.case), attempt.case
        first = {k: v for k, v in attempt.answers.items() if not k.endswith(AGAIN)}
        given = {key: value for key, value in first.items() if f"{case}/{key}" not in gone}
        try:
            answers = check_answers(cases[case], {"answers": given})
        except AnswersError as error:
            refused.append((*who, str(error)))
        else:
            taken[case][attempt.learner] = answers
            before = were.get(who, [])
            now = [error.where for error in critical_errors(cases[case], answers)]
            if set(before) != set(now):
                critical.append((*who, before, now))
    tables = []
    for name, answers in taken.items():
        columns = pd.DataFrame(list(answers.values()), index=list(answers), dtype=object)
        scores = score_cohort(cases[name], columns).rename_axis("learner")
        tables.append(scores.reset_index().assign(case=name))
    why = pd.DataFrame(refused, columns=["learner", "case", "reason"])
    others = pd.DataFrame(critical, columns=["learner", "case", "before", "after"])
    return pd.concat(tables, ignore_index=True), why, others


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
        "dropped": result.dropped,
        "answers_no_longer_taken": result.refused.to_dict("records"),
        "critical_errors": result.critical.to_dict("records"),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1)
    write_whole(result.folder / "remark.json", f"{text}\n".encode())
    written["note"] = written["note"].str.split().str.join(" ")
    write_frame(result.folder / "remarked.csv", written)
