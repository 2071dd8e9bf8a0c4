"""Reliability, the pass mark, who passes and how sure that is."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING

from phbkit.cohort.report.results import Run
from phbkit.cohort.report.standards import METHODS, Standard
from phbkit.cohort.report.words import MOST_ROWS, between, key_name, number, percent, table
from phbkit.cohort.statistics.pass_decision import BORDERLINE, Decisions, borderline, pass_chances
from phbkit.cohort.statistics.reliability import SMALL_COHORT, Reliability, reliability
from phbkit.documents.document import Block, Bullets, Heading, Paragraph
from phbkit.files import part_of
from phbkit.text import neutral

if TYPE_CHECKING:
    import pandas as pd

DECISIONS = "decisions.csv"
Reasons = Mapping[str, tuple[str, ...]]
_HOW = tuple(
    """\
angoff: by judge and item, the share of borderline learners who would get it right, 0 to 1;
borderline: global ratings by learner, and the rating that means borderline;
fixed: a pass mark that somebody decided, and why;
hofstee: by judge, least and most acceptable pass mark and share failing, per cent: a check only.\
""".splitlines()
)


@dataclass(frozen=True, eq=False)
class Decided:
    """Who passes by one key, and how sure that is.

    `scores` are per cent, by learner; `critical` counts critical errors, which are in no score.
    """

    standard: Standard
    scores: pd.Series
    made: Decisions
    look_again: frozenset[int]
    critical: Mapping[str, int]

    def again(self, place: int) -> str:
        """Say whether a person should look at a learner again; it may be that nobody can tell."""
        if place in self.look_again:
            return "look again"
        unknown = isnan(float(self.made.chance[place])) and self.verdict(place) != "no decision"
        return "cannot be told" if unknown else ""

    def errors(self, place: int) -> int:
        """Count a learner's critical errors."""
        return self.critical.get(str(self.scores.index[place]), 0)

    def verdict(self, place: int) -> str:
        """Say on which side of the pass mark a learner stands."""
        score = float(self.scores.iloc[place])
        if isnan(score):
            return "no decision"
        return "at or above" if score >= self.standard.cut else "below"

    def row(self, place: int) -> tuple[str, ...]:
        """Tell of one learner."""
        chance = float(self.made.chance[place])
        return (
            str(self.scores.index[place]),
            percent(float(self.scores.iloc[place]), 2, "none"),
            self.verdict(place),
            percent(float(self.made.true_score[place]), 1),
            _chance(chance),
            str(self.errors(place)),
            self.again(place),
        )

    @property
    def wrong(self) -> float:
        """How many decisions would be the other way round, were true scores known."""
        chance = self.made.chance
        passing = self.scores.to_numpy() >= self.standard.cut
        missed = [1 - c if p else c for c, p in zip(chance, passing, strict=True) if not isnan(c)]
        return float(sum(missed)) if missed else nan


def _chance(chance: float) -> str:
    """Write a probability; none is quite 0 or 1."""
    if chance < 0.0005:
        return "under 0.001"
    return "over 0.999" if chance > 0.9995 else number(chance, 3)


HEADER = (
    "Learner", "Score", "Beside the mark", "True score", "P(pass)", "Critical errors", "Borderline"
)  # fmt: skip


def reliabilities(run: Run) -> dict[str, Reliability]:
    """Work out how far case totals go together, for each key."""
    return {key: reliability(run.points(key).to_numpy()) for key in run.keys}


def decide(run: Run, standards: Mapping[str, Standard]) -> dict[str, Decided]:
    """Set scores beside each pass mark there is."""
    decided = {}
    for key, standard in standards.items():
        if isnan(standard.cut):
            continue
        scores, known = run.percent(key), reliability(run.points(key).to_numpy())
        alpha = known.alpha if known.low > 0 else nan  # its interval reaches 0: it says nothing
        made = pass_chances(scores.to_numpy(), standard.cut, alpha)
        again = frozenset(int(place) for place in borderline(made.chance))
        critical = Counter(each.learner for each in run.critical)
        decided[key] = Decided(standard, scores, made, again, critical)
    return decided


def reliability_part(run: Run, made: Mapping[str, Reliability]) -> Iterator[Block]:
    """Say how far scores can be trusted."""
    yield Paragraph(
        "Alpha says how far cases rank learners alike, 1 at most. It is worked out over the totals "
        "of whole cases: questions within one case hang together, so that alpha over single "
        "questions would promise too much. SEM is how far a score would move by itself if the "
        "same learner took another such set of cases. Sources: Cronbach 1951; Feldt 1965, as in "
        "Feldt, Woodruff and Salih 1987."
    )
    rows = []
    for key, each in made.items():
        possible = run.possible(key)
        share = 100 / possible if possible else float("nan")
        rows.append(
            (
                key_name(key),
                each.learners,
                each.parts,
                between(each.alpha, each.low, each.high),
                percent(each.sem * share),
                percent(each.sd * share),
            )
        )
    header = ("Key", "Learners", "Cases", "Alpha (95 % interval)", "SEM", "SD of scores")
    yield table("Reliability over case totals", header, rows)
    few = any(each.learners < SMALL_COHORT for each in made.values())
    if few:
        yield Paragraph(
            f"Under {SMALL_COHORT} learners read the interval and not the figure: no adjective is "
            "given, because so few are compatible with very different assessments."
        )
    yield Bullets(
        tuple(
            f"{key_name(key)}: {each.words()}"
            + (f" {each.left_out} left out for a missing case." if each.left_out else "")
            for key, each in made.items()
        )
    )


def standard_part(standards: Mapping[str, Standard]) -> Iterator[Block]:
    """Tell the pass marks and what they rest on, or how to give some."""
    if not standards:
        yield Paragraph(
            "No standard was set, so nobody passes and nobody fails here. To set one, give phb "
            "report a file: --standards FILE. It is JSON with what judges said of each key:"
        )
        yield Bullets(_HOW)
        yield Paragraph(
            'Like this: {"format": "phbkit-standards/1", "keys": {"key": {"angoff": {"judge 1": '
            '{"case/question": 0.6}}, "hofstee": {"judge 1": [50, 65, 5, 30]}}}}'
        )
        return
    yield Paragraph(
        "The pass mark is a score over all cases, per cent. Its standard error says how far it "
        "would move with other judges (Angoff) or other learners (borderline regression). Sources: "
        "Angoff 1971, as in Shulruf 2016, BMC Med Educ 16:134; Hejri 2013, J Res Med Sci 18:887; "
        "Hofstee as in F1000Research 2021;10:450."
    )
    for key, standard in standards.items():
        yield Heading(key_name(key), 3)
        cut = percent(standard.cut, 2, "could not be set")
        yield Paragraph(f"Pass mark: {cut}. Method: {METHODS[standard.method]}.")
        header = ("Method", "Pass mark", "Standard error (95 % interval)", "From", "To know")
        widths = (2.4, 1, 1.6, 1.4, 2)
        yield table(f"Pass mark by method: {key_name(key)}", header, standard.figures, widths)
        yield Paragraph(standard.accepted)


def decisions_part(decided: Mapping[str, Decided], reasons: Reasons) -> Iterator[Block]:
    """Show who passes, how sure that is, and who should be looked at again."""
    if not decided:
        yield Paragraph("Without a pass mark there is nothing to decide. See the standard above.")
        return
    low, high = BORDERLINE
    yield Paragraph(
        "True score is the score drawn towards the mean by what is not reliable in it. P(pass) is "
        "the chance that a true score lies at or above the pass mark, taken from a normal curve: "
        "poor near the ends of the scale, and without the pass mark’s own error. From "
        f"{low} to {high} it is borderline: a person should look again before anything is decided. "
        "Where the interval of alpha reaches 0, no chance is given. No score makes up for a "
        "critical error. Source: Kelley’s formula, as R’s psychometric has it."
    )
    for key, each in decided.items():
        yield Heading(key_name(key), 3)
        if reasons.get(key):
            yield Paragraph("For learning only: this key may not pass or fail anybody. The reasons "
                            "stand at the head of this report.")  # fmt: skip
        yield from _decisions_of(each)


def _decisions_of(each: Decided) -> Iterator[Block]:
    places = range(len(each.scores))
    counts = Counter(each.verdict(place) for place in places)
    yield Paragraph(
        f"Pass mark {number(each.standard.cut)} %: {counts['at or above']} at or above it, "
        f"{counts['below']} below, {counts['no decision']} without a result in every case or an "
        f"answer. {_borderline(each)}"
    )
    if not isnan(each.wrong):
        yield Paragraph(
            f"Were true scores known, about {number(each.wrong, 1)} of these decisions would be "
            "the other way round: the sum over learners of the chance of that."
        )
    if each.made.note:
        yield Paragraph(each.made.note)
    name = key_name(each.standard.key)
    again = [each.row(place) for place in sorted(each.look_again)]
    if again:
        told = "" if len(again) <= MOST_ROWS else f", the first {MOST_ROWS}"
        yield table(f"Borderline list{told}: {name}", HEADER[:-1],
                    [row[:-1] for row in again[:MOST_ROWS]])  # fmt: skip
    if len(each.scores) <= MOST_ROWS:
        yield table(f"Every learner: {name}", HEADER, [each.row(place) for place in places])
    else:
        yield Paragraph(f"Every one of the {len(each.scores)} learners is in {DECISIONS}.")


def _borderline(each: Decided) -> str:
    if any(each.again(place) == "cannot be told" for place in range(len(each.scores))):
        return "Who is borderline cannot be told: look at everybody."
    return f"Borderline: {len(each.look_again)}."


def write_decisions(folder: Path, decided: Mapping[str, Decided], reasons: Reasons) -> None:
    """Write the decision on every learner as a table."""
    with (
        part_of(folder / DECISIONS) as part,
        Path(part).open("w", encoding="utf-8", newline="") as f,
    ):
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(["learner", "key", "percent", "cut", "side", "true_score", "chance",
                         "borderline", "critical_errors", "formative_only"])  # fmt: skip
        for key, each in decided.items():
            for place, (learner, score) in enumerate(each.scores.items()):
                figures = (float(score), float(each.made.true_score[place]),
                           float(each.made.chance[place]))  # fmt: skip
                told, true, chance = ("" if isnan(x) else f"{x:.4f}" for x in figures)
                writer.writerow([
                    neutral(str(learner)), key, told and f"{score:.2f}",
                    f"{each.standard.cut:.2f}", each.verdict(place), true, chance,
                    {"look again": "yes"}.get(each.again(place), each.again(place)),
                    each.errors(place),
                    "yes" if reasons.get(key) else "",
                ])  # fmt: skip
