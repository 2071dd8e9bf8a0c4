"""What is in no score: critical errors, and how sure learners were."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from phbkit.cohort.report.results import KEY, Run
from phbkit.cohort.statistics.calibration import Calibration, calibration


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


def confidence(run: Run) -> Calibration:
    """Set how sure learners were beside how often they were wholly right."""
    marks = run.marks[(run.marks["key"] == KEY) & run.marks["answered"] & run.marks["sure"].notna()]
    return calibration([marks["sure"].astype(float)], [marks["credit"] == 1])


def confidence_frame(found: Calibration) -> pd.DataFrame:
    """Describe each level of confidence; shares are per cent, `claim` is what the level claims."""
    return pd.DataFrame(
        {
            "level": [1, 2, 3],
            "answers": found.answers,
            "right": found.right,
            "right_percent": 100 * found.share,
            "right_percent_low": 100 * found.low,
            "right_percent_high": 100 * found.high,
            "claim_percent": 100 * found.stated,
        }
    )
