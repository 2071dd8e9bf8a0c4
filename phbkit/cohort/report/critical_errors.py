"""What is in no score: critical errors, and how sure learners were."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from phbkit.cohort.report.results import KEY, Run
from phbkit.cohort.statistics.calibration import LEVELS, calibration


def critical_errors(run: Run) -> pd.DataFrame:
    """Count learners by critical error, the commonest first."""
    errors = ["case", "where", "text"]
    counts = run.critical.groupby(errors, sort=False).size().reset_index(name="learners")
    counts["title"] = counts["case"].map(run.title)
    return counts.sort_values("learners", ascending=False, kind="stable")


def critical_learners(run: Run) -> pd.DataFrame:
    """Count critical errors by learner, the most first; `cases` are pairs of case and count."""
    rows = [
        {
            "learner": learner,
            "errors": len(errors),
            "not_put_right": int((~errors["put_right"]).sum()),
            "cases": dict(Counter(errors["case"])),
        }
        for learner, errors in run.critical.groupby("learner", sort=False)
    ]
    frame = pd.DataFrame(rows, columns=["learner", "errors", "not_put_right", "cases"])
    return frame.sort_values("errors", ascending=False, kind="stable")


def confidence(run: Run) -> pd.DataFrame:
    """Set how sure learners were beside how often they were wholly right, a row a level.

    `stated_percent` is what the level claims; `brier` is of all answers.
    """
    marks = run.marks[(run.marks["key"] == KEY) & run.marks["answered"] & run.marks["sure"].notna()]
    found = calibration([marks["sure"].astype(float)], [marks["credit"] == 1])
    frame = pd.DataFrame({"level": LEVELS, **vars(found)})
    for share in ("share", "low", "high", "stated"):
        frame[f"{share}_percent"] = 100 * frame.pop(share)
    return frame
