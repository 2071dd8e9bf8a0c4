"""How far apart a conversation's two ratings lie: the learner's own, and the other's."""

from __future__ import annotations

import pandas as pd

from phbkit.cohort.folder import RunFolder
from phbkit.cohort.report.results import Run
from phbkit.workbook.talk_steps import RATED, conversations

_RATED = ["learner", "case", "talk", "part", "own", "theirs"]


def ratings(run: Run) -> pd.DataFrame:
    """List the ratings of conversations, 0 to 9: a row a learner, conversation and part.

    Only of jobs done, and of cases that are as they were.
    """
    done = set(zip(run.done["learner"], run.done["case"], strict=True))
    rows = []
    for attempt in RunFolder(run.folder).cohort():
        if (attempt.learner, attempt.case) not in done or attempt.case in run.changed:
            continue
        for talk in conversations(run.cases[attempt.case], attempt.answers):
            rated = attempt.answers.get(talk.talk.id, {}).get("rated") or {}
            for part, own in rated.items():
                who = (attempt.learner, attempt.case, talk.talk.id, RATED[part])
                rows.append((*who, int(own), talk.ratings[part]))
    return pd.DataFrame(rows, columns=_RATED)


def gaps(run: Run) -> pd.DataFrame:
    """Sum up by case, conversation and part: mean ratings from 0 to 9, and who rated higher."""
    rated = ratings(run)
    more = rated.assign(apart=rated["own"] - rated["theirs"], higher=rated["own"] > rated["theirs"])
    found = more.groupby(["case", "talk", "part"], sort=False)
    summed = found.agg(
        learners=("learner", "nunique"),
        own_mean=("own", "mean"),
        theirs_mean=("theirs", "mean"),
        apart_mean=("apart", "mean"),
        higher=("higher", "sum"),
    )
    return summed.reset_index()
