"""Reliability, who passes and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isnan, nan
from pathlib import Path

import numpy as np
import pandas as pd

from phbkit.cohort.report.render import Column, Row, column, write_csv
from phbkit.cohort.report.results import Run
from phbkit.cohort.report.standards import Standard
from phbkit.cohort.statistics.pass_decision import borderline, pass_chances
from phbkit.cohort.statistics.reliability import Reliability
from phbkit.text import neutral

DECISIONS = "decisions.csv"
_YES = {True: "yes", False: "", None: "cannot be told"}


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
    rows = [{"key": key, **asdict(figures)} for key, figures in reliabilities.items()]
    frame = pd.DataFrame(rows).rename(columns={"low": "alpha_low", "high": "alpha_high"})
    for figure in ("sem", "sd") if rows else ():
        share = 100 / frame["key"].map(run.possible)
        frame[f"{figure}_percent"] = frame[figure] * share
    return frame


def decide(run: Run, standard: Standard, reliability: Reliability, *, formative: bool) -> Decided:
    """Set scores beside a pass mark. `formative` says that its key may not pass anybody."""
    scores = run.percent(standard.key)
    alpha = reliability.alpha if reliability.low > 0 else nan  # else its interval says nothing
    chances = pass_chances(scores.to_numpy(), standard.cut, alpha)
    again = np.full(len(scores), None, dtype=object)
    again[~np.isnan(chances.chance) | scores.isna().to_numpy()] = False
    again[borderline(chances.chance)] = True
    errors = run.critical["learner"].value_counts()
    side = np.where(scores >= standard.cut, "at or above", "below")
    frame = pd.DataFrame(
        {
            "learner": scores.index,
            "key": standard.key,
            "score_percent": scores.to_numpy(),
            "cut_percent": standard.cut,
            "side": np.where(scores.isna(), "no decision", side),
            "true_score_percent": chances.true_score,
            "chance": chances.chance,
            "borderline": again,
            "critical_errors": errors.reindex(scores.index, fill_value=0).to_numpy(),
            "formative_only": formative,
        }
    )
    return Decided(standard, frame, chances.note)


def write_decisions(folder: Path, decisions: pd.DataFrame) -> None:
    """Write the decision on every learner as a table."""
    columns = [
        Column("learner", lambda row: neutral(str(row["learner"]))),
        column("key", "key"),
        _decimals("percent", "score_percent", 2),
        _decimals("cut", "cut_percent", 2),
        column("side", "side"),
        _decimals("true_score", "true_score_percent", 4),
        _decimals("chance", "chance", 4),
        Column("borderline", lambda row: _YES[row["borderline"]]),
        column("critical_errors", "critical_errors"),
        Column("formative_only", lambda row: _YES[row["formative_only"]]),
    ]
    write_csv(folder / DECISIONS, decisions, columns)


def _decimals(header: str, name: str, places: int) -> Column:
    def write(row: Row) -> str:
        return "" if isnan(row[name]) else f"{row[name]:.{places}f}"

    return Column(header, write)
