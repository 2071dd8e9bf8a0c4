"""Concordance: two panels as two keys, the gap between them, and what the form rewards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from phbkit.casebank import Panel
from phbkit.cohort.report.pictures import panels_beside
from phbkit.cohort.report.results import KEY, Run
from phbkit.cohort.report.words import NAMES, listed, number, percent, table
from phbkit.cohort.statistics import concordance
from phbkit.cohort.statistics.baselines import Baselines, baselines, panel_error
from phbkit.documents.document import Block, Bullets, Heading, Paragraph

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_HOW = tuple(
    " ".join(each.split())
    for each in """
Item by item: the panel’s mean judgement, and in brackets how many of it chose −2, −1, 0, 1, 2. The
gap is between the means. A contested question splits a panel in two: it is shown, and left unscored
for that panel.

Four keys: aggregate gives an answer its share of the commonest one’s panellists, and is what
learners are shown; modal counts the commonest only; three-point does not tell −2 from −1, nor 2
from 1; distance takes a quarter off a step. Sources: Gagnon 2005, Med Educ 39:284; BMC Surgery
2016;16, s12893-016-0173-y.

Panel error: how far a learner’s aggregate score would move, in points of a hundred, with another
such panel. Source: bootstrap of the panellists.

Who judges nothing: what answering always the middle, never an extreme, or at random would earn,
beside the panel’s own members, each scored by the others’ key. What earns more than their mean less
two standard deviations, the line, is rewarded, and the form is then for learning only. Sources:
Lineberry 2013, Med Educ 47:1175; Lubarsky 2018; the line is our own choice.
""".strip().split("\n\n")
)


@dataclass(frozen=True, eq=False)
class Form:
    """The concordance questions of one case beside one panel.

    Attributes
    ----------
    case, panel, questions
        Whose they are.
    judgements, answers
        Of panellists and of learners, -2 to 2, shape (people, questions).
    scored
        False where the panel is contested.
    baselines
        What answerers who judge nothing would earn.
    """

    case: str
    panel: Panel
    questions: tuple[str, ...]
    judgements: NDArray[np.float64]
    answers: NDArray[np.float64]
    scored: NDArray[np.bool_]
    baselines: Baselines

    @property
    def formative(self) -> tuple[str, ...]:
        """Why this form may not decide a pass; nothing where it may."""
        reasons = [self.panel.formative_only] if self.panel.formative_only else []
        if self.baselines.rewarded is None:
            reasons.append("the panel is too small to tell whether its form rewards guessing")
        rewarded = self.baselines.rewarded or ()
        return (*reasons, *(f"its form rewards answering {NAMES[name]}" for name in rewarded))


def forms_of(run: Run) -> list[Form]:
    """Make the forms of every case that is still as it was played."""
    import numpy as np

    forms = []
    for case_id in run.case_ids:
        if case_id in run.changed:
            continue
        case = run.cases[case_id]
        questions = [q.id for q in case.questions if q.format == "concordance"]
        for panel in case.panels if questions else ():
            judgements = np.array([panel.judgements[q] for q in questions], dtype=float).T
            scored = ~concordance.contested([panel.counts[q] for q in questions])
            forms.append(
                Form(
                    case_id,
                    panel,
                    tuple(questions),
                    judgements,
                    run.judgements(case_id, questions),
                    scored,
                    baselines(judgements, scored=scored),
                )
            )
    return forms


def formative_reasons(run: Run, forms: Sequence[Form]) -> dict[str, tuple[str, ...]]:
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
        told = run.done[["case", f"{key}_formative_only"]].drop_duplicates().dropna()
        for case, why in told.itertuples(index=False):
            if why and case in run.changed:  # of the others the forms say the same, in full
                where.setdefault(why, []).append(case)
        if key != KEY and run.changed:
            why = "the case bank has changed, so that the panel cannot be looked at here"
            where[why] = list(run.changed)
        own = (f"{why}, in {_cases(run, cases)}" for why, cases in where.items())
        reasons[key] = (*shared, *own)
    return reasons


def _cases(run: Run, cases: Sequence[str], every: str = "all") -> str:
    """Name cases; all of them in short."""
    if len(cases) == len(run.case_ids) > 1:
        return f"{every} {len(cases)} cases"
    return "; ".join(run.title(case) for case in cases)


def concordance_part(run: Run, forms: Sequence[Form]) -> Iterator[Block]:
    """Show panels beside each other, item by item, and the form beside who games it."""
    if not forms:
        yield Paragraph("No case of this run, as the case bank has it now, has a panel.")
        return
    yield Paragraph(
        "A concordance question has no right answer: a learner’s judgement is set beside those of "
        "a panel. Clinicians and budget holders are separate keys and are never averaged. The gap "
        "between them is what to talk about. Source: panels of the case bank; answers of this run."
    )
    yield Bullets(_HOW)
    by_case: dict[str, list[Form]] = {}
    for form in forms:
        by_case.setdefault(form.case, []).append(form)
    for case, group in by_case.items():
        yield Heading(run.title(case), 3)
        yield from _beside(run.title(case), group)
        yield from _four_keys(run.title(case), group)
        yield from _gaming(run.title(case), group)


def _beside(title: str, group: Sequence[Form]) -> Iterator[Block]:
    import numpy as np

    means = {form.panel.id: form.judgements.mean(axis=0) for form in group}
    items = list(group[0].questions)
    drawn = {name: values.tolist() for name, values in means.items()}
    yield Bullets(tuple(_make_up(form.panel) for form in group))
    yield panels_beside(items, drawn, f"{title}, panels side by side")
    pairs = list(combinations(means, 2))
    answers = group[0].answers
    given = (~np.isnan(answers)).sum(axis=0)
    learners = np.divide(
        np.nansum(answers, axis=0), given, out=np.full(len(items), np.nan), where=given > 0
    )
    rows = [
        (
            item,
            *(f"{number(form.judgements[:, n].mean())} [{_spread(form, item)}]"
              for form in group),
            *(number(abs(means[a][n] - means[b][n])) for a, b in pairs),
            number(learners[n]),
            _contested(group, n),
        )
        for n, item in enumerate(items)
    ]  # fmt: skip
    gaps = ("Gap",) if len(pairs) == 1 else tuple(f"Gap, {a} and {b}" for a, b in pairs)
    header = ("Question", *means, *gaps, "Learners’ mean", "Contested")
    widths = (1.8, *(1.7 for _ in means), *(0.6 for _ in pairs), 0.9, 1.2)
    yield table(f"Panels item by item: {title}", header, rows, widths)


def _make_up(panel: Panel) -> str:
    """Say who is on a panel: scores move with that."""
    roles = Counter(role for role in panel.roles if role)
    told = ", ".join(f"{count} {role}" for role, count in roles.most_common())
    members = f"{panel.title} ({panel.id}), {panel.size} members" + (f": {told}." if told else ".")
    return f"{members} {panel.note}"


def _spread(form: Form, item: str) -> str:
    return ", ".join(map(str, form.panel.counts[item]))


def _contested(group: Sequence[Form], n: int) -> str:
    split = [form.panel.id for form in group if not form.scored[n]]
    return f"Yes: {listed(split)}. Unscored." if split else "No"


def _four_keys(title: str, group: Sequence[Form]) -> Iterator[Block]:
    import numpy as np

    rows = []
    for form in group:
        made = concordance.keys([form.panel.counts[item] for item in form.questions])
        cells = [
            percent(_mean(concordance.percent(form.answers, getattr(made, name), form.scored)))
            for name in concordance.KEYS
        ]
        error = panel_error(form.judgements, form.answers, scored=form.scored)
        known = error[~np.isnan(error)]
        size = f"{form.panel.id}, {form.panel.size}"
        rows.append((size, *cells, number(_mean(known), 1)))
    header = ("Panel, members", *(NAMES[name] for name in concordance.KEYS), "Panel error")
    yield table(f"Learners’ mean score by four keys, per cent: {title}", header, rows)


def _gaming(title: str, group: Sequence[Form]) -> Iterator[Block]:
    rows = []
    for form in group:
        base = form.baselines
        rewarded = "not known" if base.rewarded is None else (
            listed(NAMES[name] for name in base.rewarded) if base.rewarded else "none"
        )  # fmt: skip
        rows.append(
            (
                form.panel.id,
                percent(base.all_middle),
                percent(base.never_extreme),
                percent(base.random),
                f"{percent(base.panel_mean)} (SD {number(base.panel_sd, 1)})",
                percent(base.line),
                rewarded,
            )
        )
    header = ("Panel", "Always middle", "Never an extreme", "At random", "Panel itself", "Line",
              "Rewarded")  # fmt: skip
    yield table(
        f"Who judges nothing, and what that earns: {title}",
        header,
        rows,
        (1.1, 0.9, 1, 0.9, 1.3, 0.8, 2.6),
    )
    for form in group:
        if form.formative:
            yield Paragraph(
                f"{form.panel.title}: for learning only, because {'; '.join(form.formative)}."
            )


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else float("nan")
