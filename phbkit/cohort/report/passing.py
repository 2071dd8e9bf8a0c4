"""Reliability, who passes and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd

from phbkit.cohort.report.results import Run
from phbkit.cohort.report.standards import Standard
from phbkit.cohort.statistics.pass_decision import BORDERLINE, pass_chances
from phbkit.cohort.statistics.reliability import Reliability
from phbkit.cohort.tables import rounded, write_frame

DECISIONS = "decisions.csv"


@dataclass(frozen=True, eq=False)
class Decided:
    """Who passes by one key, and how sure that is.

    Attributes
    ----------
    standard
        The pass mark.
    frame
        A row a learner: score and true score, per cent; the chance that the true score is at or
        above the pass mark, 0 to 1; `side` of the pass mark; whether it is `borderline`, None where
        nobody can tell; and critical errors, which are in no score.
    note
        Why there are no chances, or a caution.
    """

    standard: Standard
    frame: pd.DataFrame
    note: str

    @property
    def wrong(self) -> float:
        """How many decisions would be the other way round, were true scores known."""
        chance, passes = self.frame["chance"], self.frame["side"] == "at or above"
        return float((1 - chance).where(passes, chance).sum(min_count=1))


def reliability_frame(run: Run, reliabilities: Mapping[str, Reliability]) -> pd.DataFrame:
    """Say how far case totals go together, a row a key; SEM and SD are per cent of all points."""
    frame = pd.DataFrame([{"key": key, **asdict(each)} for key, each in reliabilities.items()])
    for figure in ("sem", "sd") if len(frame) else ():
        frame[f"{figure}_percent"] = frame[figure] * (100 / frame["key"].map(run.possible))
    return frame


def decide(run: Run, standard: Standard, reliability: Reliability, *, formative: bool) -> Decided:
    """Set scores beside a pass mark. `formative` says that its key may not pass anybody."""
    scores = run.percent(standard.key)
    alpha = reliability.alpha if reliability.alpha_low > 0 else nan  # else it says nothing
    true, chance, note = pass_chances(scores, standard.cut, alpha)
    again = pd.Series(chance).between(*BORDERLINE).astype(object)
    errors = run.critical["learner"].value_counts()
    side = np.where(scores >= standard.cut, "at or above", "below")
    frame = pd.DataFrame(
        {
            "learner": scores.index,
            "key": standard.key,
            "score_percent": scores.to_numpy(),
            "cut_percent": standard.cut,
            "side": np.where(scores.isna(), "no decision", side),
            "true_score_percent": true,
            "chance": chance,
            "borderline": again.where(~np.isnan(chance) | scores.isna().to_numpy(), None),
            "critical_errors": errors.reindex(scores.index, fill_value=0).to_numpy(),
            "formative_only": formative,
        }
    )
    return Decided(standard, frame, note)


def write_decisions(folder: Path, decisions: pd.DataFrame) -> None:
    """Write the decision on every learner as a table."""
    yes = {True: "yes", False: "", None: "cannot be told"}
    written = decisions.assign(
        borderline=[yes[each] for each in decisions["borderline"]],
        formative_only=decisions["formative_only"].map(yes),
    )
    names = {"score_percent": "percent", "cut_percent": "cut", "true_score_percent": "true_score"}
    places = {"percent": 2, "cut": 2, "true_score": 4, "chance": 4}
    write_frame(folder / DECISIONS, rounded(written.rename(columns=names), places))
