"""What is in no score: critical errors, and how sure learners were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import isnan

from phbkit.cohort.report.results import KEY, Run
from phbkit.cohort.report.words import MOST_ROWS, between, number, percent, table
from phbkit.cohort.statistics.calibration import calibration
from phbkit.documents.document import Block, Paragraph

SURE = {1: "1, not sure", 2: "2, fairly sure", 3: "3, sure"}


def critical_part(run: Run) -> Iterator[Block]:
    """Tell critical errors, which are in no score."""
    yield Paragraph(
        "A critical error is an answer, or a plan and a decision, that is unsafe whatever the "
        "score. It takes nothing off a score, and no score makes up for it. It stops the module "
        "until it is put right; the first answer is the one that counts. Source: the case bank; "
        "each case says why and who says so."
    )
    if not run.critical:
        yield Paragraph("Nobody made one.")
        return
    made = Counter((each.case, each.where, each.text) for each in run.critical)
    rows = [
        (where, run.title(case), str(count), text)
        for (case, where, text), count in sorted(made.items(), key=lambda entry: -entry[1])
    ]
    yield table(
        "Critical errors", ("Where", "Case", "Learners", "Why it is one"), rows, (1.4, 1.6, 0.8, 4)
    )
    people = Counter(each.learner for each in run.critical)
    worst = sorted(people.items(), key=lambda entry: -entry[1])
    told = "" if len(worst) <= MOST_ROWS else f", the first {MOST_ROWS} of {len(worst)}"
    cases: dict[str, Counter[str]] = {}
    for each in run.critical:
        cases.setdefault(each.learner, Counter())[each.case] += 1
    where = {w: [f"{run.title(c)}: {n}" for c, n in made.items()] for w, made in cases.items()}
    left = Counter(each.learner for each in run.critical if not each.put_right)
    people_rows = [
        (who, str(count), str(left[who]), "; ".join(where[who])) for who, count in worst[:MOST_ROWS]
    ]
    yield table(
        f"Learners with critical errors{told}",
        ("Learner", "Errors", "Not put right", "In"),
        people_rows,
        (1.4, 0.6, 0.9, 3.4),
    )


def certainty_part(run: Run) -> Iterator[Block]:
    """Set how sure learners were beside how often they were right; in no score."""
    yield Paragraph(
        "How sure learners said they were, and how often they were then wholly right. It is for "
        "them to see, and is kept out of pass or fail. Sources: Wilson’s interval; what each level "
        "claims is our own choice, near the middle of what Moodle prints beside it."
    )
    marks = run.marks[(run.marks["key"] == KEY) & run.marks["answered"]]
    marks = marks[marks["sure"].notna()]
    if marks.empty:
        yield Paragraph("Nobody was asked how sure they were, or nobody said.")
        return
    sure, right = marks["sure"].astype(float).to_numpy(), (marks["credit"] == 1).to_numpy(float)
    made = calibration(sure[None, :], right[None, :])
    rows = [
        (
            SURE[level],
            made.answers[n],
            made.right[n],
            between(100 * made.share[n], 100 * made.low[n], 100 * made.high[n], 0),
            percent(100 * made.stated[n], 0),
            _calibrated(made.low[n], made.high[n], made.stated[n]),
        )
        for n, level in enumerate(SURE)
    ]
    header = ("How sure", "Answers", "Right", "Share right, per cent", "Claims", "In words")
    yield table("Certainty beside being right", header, rows)
    yield Paragraph(
        f"Brier score {number(made.brier, 3)}: 0 is best, and a claim of one half at every answer "
        "would have 0.25. The intervals take answers as independent, and one learner’s are not, "
        "so that they are a little too narrow."
    )


def _calibrated(low: float, high: float, stated: float) -> str:
    if isnan(low):
        return "No answers"
    if stated > high:
        return "Surer than right"
    return "Righter than sure" if stated < low else "As sure as right"
