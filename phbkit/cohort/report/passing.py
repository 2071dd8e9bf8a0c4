"""Reliability, who passes and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from math import isnan
from pathlib import Path

import numpy as np
import pandas as pd

from phbkit.cohort.report.panels import Reasons
from phbkit.cohort.report.results import Run
from phbkit.cohort.report.standards import Standard
from phbkit.cohort.statistics.pass_decision import BORDERLINE, pass_chances
from phbkit.cohort.statistics.reliability import Reliability, reliability
from phbkit.cohort.tables import rounded, write_frame

DECISIONS = "decisions.csv"


def reliability_frame(run: Run) -> pd.DataFrame:
    """Say how far case totals go together, a row a key; SEM and SD are per cent of all points."""
    rows = [{"key": key, **asdict(reliability(run.points(key)))} for key in run.keys]
    frame = pd.DataFrame(rows, columns=["key", *(each.name for each in fields(Reliability))])
    for figure in ("sem", "sd"):
        frame[f"{figure}_percent"] = frame[figure] * (100 / frame["key"].map(run.possible))
    return frame


def decisions(
    run: Run, standards: Mapping[str, Standard], reliabilities: pd.DataFrame, reasons: Reasons
) -> pd.DataFrame:
    """Set scores beside pass marks, a row a learner and key that has one.

    Columns are score and true score, per cent; the chance that the true score is at or above the
    pass mark, 0 to 1; `side` of the pass mark; whether it is `borderline`, None where nobody can
    tell; critical errors, which are in no score; and a `note` of why there are no chances, or a
    caution.

    Parameters
    ----------
    reasons
        By key: why it may not pass anybody, if anything is against it.
    """
    errors = run.critical["learner"].value_counts()
    by_key = reliabilities.set_index("key")
    alphas = by_key["alpha"].mask(by_key["alpha_low"] <= 0, 0)  # it says nothing
    frames = []
    for key, standard in standards.items():
        if isnan(standard.cut):
            continue
        scores = run.percent(key)
        true, chance, note = pass_chances(scores, standard.cut, float(alphas[key]))
        again = np.full(len(scores), None, dtype=object)
        again[~np.isnan(chance) | scores.isna()] = False
        again[(chance >= BORDERLINE[0]) & (chance <= BORDERLINE[1])] = True
        side = np.where(scores >= standard.cut, "at or above", "below")
        frame = {
            "learner": scores.index,
            "key": key,
            "score_percent": scores.to_numpy(),
            "cut_percent": standard.cut,
            "side": np.where(scores.isna(), "no decision", side),
            "true_score_percent": true,
            "chance": chance,
            "borderline": again,
            "critical_errors": errors.reindex(scores.index, fill_value=0).to_numpy(),
            "formative_only": bool(reasons[key]),
            "note": note,
        }
        frames.append(pd.DataFrame(frame))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def wrong_decisions(frame: pd.DataFrame) -> float:
    """Say how many decisions would be the other way round, were true scores known."""
    chance, passes = frame["chance"], frame["side"] == "at or above"
    return float((1 - chance).where(passes, chance).sum(min_count=1))


def write_decisions(folder: Path, frame: pd.DataFrame) -> None:
    """Write the decision on every learner as a table."""
    yes = {True: "yes", False: "", None: "cannot be told"}
    written = frame.drop(columns="note").assign(
        borderline=[yes[each] for each in frame["borderline"]],
        formative_only=frame["formative_only"].map(yes),
    )
    names = {"score_percent": "percent", "cut_percent": "cut", "true_score_percent": "true_score"}
    places = {"percent": 2, "cut": 2, "true_score": 4, "chance": 4}
    write_frame(folder / DECISIONS, rounded(written.rename(columns=names), places))
