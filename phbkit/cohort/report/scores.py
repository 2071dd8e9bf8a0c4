"""Scores as frames, case by case and item by item, and what is in no score, a frame each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from phbkit.cohort.report.results import KEY, Run
from phbkit.cohort.report.standards import Standard
from phbkit.cohort.statistics.calibration import calibration
from phbkit.cohort.statistics.items import item_statistics
from phbkit.workbook.talk_steps import RATED, conversations

_EDGES = tuple(range(0, 101, 10))


def summary(run: Run, standards: Mapping[str, Standard]) -> pd.DataFrame:
    """Sum up the scores over all cases, a row a key: learners, and their scores in per cent."""
    percents = pd.DataFrame({key: run.percent(key) for key in run.keys}, index=run.learners)
    figures = ["count", "mean", "std", "median", "min", "max"]
    names = ["learners", "mean_percent", "sd_percent", "median_percent", "min_percent"]
    frame = pd.DataFrame({name: percents.agg(name) for name in figures})
    frame = frame.set_axis([*names, "max_percent"], axis=1).rename_axis("key").reset_index()
    frame["left_out"] = len(percents) - frame["learners"]
    frame["questions"] = frame["key"].map(run.possible)
    cuts = {key: standard.cut for key, standard in standards.items()}
    frame["cut_percent"] = frame["key"].map(cuts)
    return frame


def distribution(run: Run) -> pd.DataFrame:
    """Count learners by score, a row ten per cent and a column a key; 100 is in the last row."""
    *lower, last = pairwise(_EDGES)
    names = [*(f"{low} to under {high}" for low, high in lower), f"{last[0]} to {last[1]}"]
    scores = {key: run.percent(key).dropna() for key in run.keys}
    counts = {key: np.histogram(known, _EDGES)[0] for key, known in scores.items() if len(known)}
    bounds = {"from_percent": _EDGES[:-1], "to_percent": _EDGES[1:]}
    return pd.DataFrame({"score": names, **bounds, **counts})


def cases(run: Run) -> pd.DataFrame:
    """Sum up each case, a row a case: notebooks, and for each key scores in per cent."""
    rows = []
    for case in run.case_ids:
        done = run.done[(run.done["case"] == case) & ~run.done["learner"].isin(run.absent)]
        row: dict[str, Any] = {"case": case, "title": run.title(case), "done": len(done)}
        row["failed"] = int((run.failed["case"] == case).sum())
        for key in run.keys:
            scores = done.loc[done[f"{key}_possible"].gt(0), f"{key}_percent"]
            row[f"{key}_median_percent"] = scores.median()
            row[f"{key}_lowest_percent"] = scores.min()
            row[f"{key}_highest_percent"] = scores.max()
        rows.append(row)
    return pd.DataFrame(rows)


def items(run: Run) -> pd.DataFrame:
    """Describe each item by each key: facility 0 to 1, discrimination -1 to 1.

    `rest` is the item-rest correlation, `upper_lower` is D, `learners` are those who answered
    anything, and `reasons` says why a figure is missing.
    """
    frames = []
    for key in run.keys:
        credit = run.items(key)
        names = credit.columns.str.partition("/", expand=False)
        item = pd.DataFrame({"key": key, "case": names.str[0], "question": names.str[2]})
        frames.append(pd.concat([item, item_statistics(credit)], axis=1))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def critical_errors(run: Run) -> pd.DataFrame:
    """Count learners by critical error, the commonest first."""
    errors = ["case", "where", "text"]
    counts = run.critical.groupby(errors, sort=False).size().reset_index(name="learners")
    counts["title"] = counts["case"].map(run.title)
    return counts.sort_values("learners", ascending=False, kind="stable")


def critical_learners(run: Run) -> pd.DataFrame:
    """Count critical errors by learner, the most first; `cases` are pairs of case and count."""
    rows = [
        (learner, len(errors), int((~errors["put_right"]).sum()), dict(Counter(errors["case"])))
        for learner, errors in run.critical.groupby("learner", sort=False)
    ]
    frame = pd.DataFrame(rows, columns=["learner", "errors", "not_put_right", "cases"])
    return frame.sort_values("errors", ascending=False, kind="stable")


def confidence(run: Run) -> pd.DataFrame:
    """Set how sure learners were beside how often they were wholly right, a row a level.

    `stated_percent` is what the level claims; `brier` is of all answers.
    """
    marks = run.marks[(run.marks["key"] == KEY) & run.marks["answered"] & run.marks["sure"].notna()]
    levels = calibration(marks["sure"], marks["credit"] == 1)
    for share in ("share", "low", "high", "stated"):
        levels[f"{share}_percent"] = 100 * levels.pop(share)
    return levels


def gaps(run: Run) -> pd.DataFrame:
    """Sum up by case, conversation and part how learners rated theirs, 0 to 9, beside the person.

    `higher` counts the ratings above the person's own. Only of cases that are as they were.
    """
    rows = []
    for attempt in run.attempts():
        if attempt.case in run.changed:
            continue
        for held in conversations(run.cases[attempt.case], attempt.answers):
            rated = attempt.answers.get(held.talk.id, {}).get("rated") or {}
            for part, own in rated.items():
                place = (attempt.case, held.talk.id, RATED[part])
                rows.append((*place, attempt.learner, int(own), held.ratings[part]))
    by = ["case", "talk", "part"]
    both = pd.DataFrame(rows, columns=[*by, "learner", "own", "theirs"])
    more = both.assign(apart=both["own"] - both["theirs"], higher=both["own"] > both["theirs"])
    summed = more.groupby(by, sort=False).agg(
        learners=("learner", "nunique"),
        own_mean=("own", "mean"),
        theirs_mean=("theirs", "mean"),
        apart_mean=("apart", "mean"),
        higher=("higher", "sum"),
    )
    return summed.reset_index()
