"""Concordance: two panels as two keys, the gap between them, and what the form rewards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, compress
from typing import Any

import numpy as np
import pandas as pd

from phbkit.casebank import SCALE, Panel
from phbkit.cohort.report.results import KEY, Run
from phbkit.cohort.statistics import concordance
from phbkit.cohort.statistics.arrays import Floats
from phbkit.scoring import credit
from phbkit.scoring.baselines import rewarded

Reasons = dict[str, tuple[str, ...]]
"""By key: why it is for learning only; nothing where it may decide a pass."""

BASELINES = {
    "all middle": "always the middle",
    "never extreme": "never an extreme",
    "random": "at random",
}
"""How answerers who judge nothing answer."""


@dataclass(frozen=True, eq=False)
class PanelForm:
    """The concordance questions of one case beside one panel.

    Attributes
    ----------
    case, panel, questions
        Whose they are.
    answers
        Of learners whose jobs are done, -2 to 2, shape (learners, questions); NaN for none.
    """

    case: str
    panel: Panel
    questions: list[str]
    answers: Floats

    @cached_property
    def judgements(self) -> Floats:
        """Of the panellists, -2 to 2, shape (panellists, questions)."""
        return np.array([self.panel.judgements[q] for q in self.questions], dtype=float).T

    @cached_property
    def scored(self) -> list[bool]:
        """False where the panel is contested."""
        return [not credit.contested(self.panel.counts[q]) for q in self.questions]

    @property
    def roles(self) -> list[tuple[str, int]]:
        """Who is on the panel, the commonest role first: scores move with that."""
        return Counter(filter(None, self.panel.roles)).most_common()

    @cached_property
    def rewarded(self) -> tuple[str, ...] | None:
        """What the form rewards that judges nothing; None where the panel is too small to tell."""
        names = rewarded(tuple(map(tuple, self.judgements[:, self.scored].astype(int).tolist())))
        return None if names is None else tuple(BASELINES[name] for name in names)

    @property
    def formative(self) -> tuple[str, ...]:
        """Why this form may not decide a pass; nothing where it may."""
        reasons = [self.panel.formative_only] if self.panel.formative_only else []
        if self.rewarded is None:
            reasons.append("the panel is too small to tell whether its form rewards guessing")
        return (*reasons, *(f"its form rewards answering {name}" for name in self.rewarded or ()))


def forms_of(run: Run) -> list[PanelForm]:
    """Make the forms of every case that is still as it was played."""
    cases = [run.cases[name] for name in run.case_ids if name not in run.changed]
    given: dict[str, list[dict[str, Any]]] = {case.id: [] for case in cases}
    for attempt in run.attempts():
        if attempt.case in given:
            given[attempt.case].append(attempt.answers)
    forms = []
    for case in cases:
        questions = [asked.id for asked in case.questions if asked.format == "concordance"]
        answers = pd.DataFrame(given[case.id], columns=questions).to_numpy(dtype=float)
        if questions:
            forms += [PanelForm(case.id, panel, questions, answers) for panel in case.panels]
    return forms


def formative_reasons(run: Run, forms: Sequence[PanelForm]) -> Reasons:
    """Say of each key why it may not decide a pass; nothing where it may."""
    shared = ["answers are simulated: nobody real gave them"] if run.simulated else []
    drafts = [case for case in run.case_ids if case in run.drafts]
    if drafts:
        shared.append(f"nobody qualified has signed off {_cases(run, drafts, 'any of the')}")
    reasons = {}
    for key in run.keys:
        where: dict[str, list[str]] = {}
        for form in forms:
            for why in form.formative if form.panel.id == key else ():
                where.setdefault(why, []).append(form.case)
        given = run.done[["case", f"{key}_formative_only"]].drop_duplicates().dropna()
        for case, why in given.itertuples(index=False):
            if why and case in run.changed:  # of the others the forms say the same, in full
                where.setdefault(why, []).append(case)
        if key != KEY and run.changed:
            why = "the case bank has changed, so that the panel cannot be looked at here"
            where[why] = list(run.changed)
        by_case = (f"{why}, in {_cases(run, cases)}" for why, cases in where.items())
        reasons[key] = (*shared, *by_case)
    return reasons


def _cases(run: Run, cases: Sequence[str], every: str = "all") -> str:
    """Name cases; all of them in short."""
    if len(cases) == len(run.case_ids) > 1:
        return f"{every} {len(cases)} cases"
    return "; ".join(run.title(case) for case in cases)


def panel_items(forms: Sequence[PanelForm]) -> pd.DataFrame:
    """Set panels beside each other, a row a concordance question.

    Columns are each panel's mean judgement, -2 to 2, and how many of it chose each step; the gap
    between the means of two panels; the learners' mean; and the panels that are contested.
    """
    frames = []
    for case in dict.fromkeys(form.case for form in forms):
        group = [form for form in forms if form.case == case]
        frame = pd.DataFrame({"case": case, "question": group[0].questions})
        for form in group:
            frame[f"{form.panel.id}_mean"] = form.judgements.mean(axis=0)
            for step in SCALE:
                frame[f"{form.panel.id}_chose_{step}"] = (form.judgements == step).sum(axis=0)
        names = [form.panel.id for form in group]
        for one, other in combinations(names, 2):
            frame[f"gap_{one}_{other}"] = (frame[f"{one}_mean"] - frame[f"{other}_mean"]).abs()
        frame["learners_mean"] = pd.DataFrame(group[0].answers).mean()
        contested = ~np.array([form.scored for form in group]).T
        frame["contested_by"] = [tuple(compress(names, row)) for row in contested]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def panel_forms(forms: Sequence[PanelForm]) -> pd.DataFrame:
    """Describe each form, a row a case and panel.

    Columns are the learners' mean score by four keys, per cent; how far a score would move with
    another such panel, points of a hundred; what answerers who judge nothing would earn, the
    panel's own members and the line drawn from them, per cent.
    """
    rows = []
    for form in forms:
        judgements, answers = form.judgements[:, form.scored], form.answers[:, form.scored]
        row: dict[str, Any] = {"case": form.case, "panel": form.panel.id}
        row["members"] = form.panel.size
        for name, key in concordance.keys(concordance.chosen(judgements).sum(axis=0)).items():
            row[f"{name}_percent"] = pd.Series(concordance.percent(answers, key)).mean()
        error = concordance.panel_error(judgements, answers)
        row["panel_error_points"] = pd.Series(error).mean()
        for name, earned in concordance.baselines(judgements).items():
            row[f"{name.replace(' ', '_')}_percent"] = earned
        row["panel_sd_points"], row["rewarded"] = row.pop("panel_sd_percent"), form.rewarded
        rows.append(row)
    return pd.DataFrame(rows)
