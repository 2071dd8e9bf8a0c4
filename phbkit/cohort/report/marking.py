"""What people have to do: texts to mark, markers to bring together, notebooks that failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from phbkit.cohort.report.results import Run
from phbkit.cohort.report.texts import KEY_FILE, MARKED, TO_MARK, Agreement
from phbkit.cohort.report.words import MOST_ROWS, between, counted, number, percent, table
from phbkit.documents.document import Block, Bullets, Heading, Paragraph


def texts_part(run: Run, found: Sequence[Agreement] | None) -> Iterator[Block]:
    """Tell which texts wait for people, and how far two markers agree."""
    if not run.texts:
        yield Paragraph("No text waits for a marker.")
        return
    yield Paragraph(
        f"{counted(len(run.texts), 'text')} to be marked by people against a rubric. No program "
        f"scores them. {TO_MARK} holds them under ids that say nothing of who wrote them, with "
        f"empty columns: give two markers a copy each. {KEY_FILE} says whose text is whose; keep "
        "it from the markers. A writer’s name inside a text is not taken out."
    )
    waiting = Counter((text.case, text.question, text.rubric) for text in run.texts)
    rows = [
        (
            question,
            run.title(case),
            str(count),
            "; ".join(f"{asks} (0 to {most})" for asks, most in rubric),
        )
        for (case, question, rubric), count in waiting.items()
    ]
    yield table("Texts to mark", ("Question", "Case", "Texts", "Rubric"), rows, (1.2, 1.8, 0.7, 4))
    if found is None:
        yield Paragraph("No marks were given: phb report … --marks A.csv --marks B.csv.")
        return
    yield Heading("Two markers beside each other", 3)
    yield Paragraph(
        "Kappa is agreement beyond chance, differences weighing as their squares. It falls when "
        "one marker is more lenient, and Pearson’s r does not. Mean difference is second less "
        "first, points: above 0 the second is more lenient. Source: Cohen 1968, as in R’s measures."
    )
    figures = [
        (
            each.question,
            str(each.made.texts),
            percent(100 * each.made.equal, 0),
            number(each.made.mean_difference),
            between(each.made.kappa, each.made.kappa_low, each.made.kappa_high),
            number(each.made.pearson, none="none"),
            str(len(each.together)),
        )
        for each in found
    ]
    header = ("Question", "Marked by both", "Same mark", "Mean difference",
              "Kappa (95 % interval)", "Pearson’s r", "Look together")  # fmt: skip
    yield table("How far the markers agree", header, figures)
    notes = tuple(f"{each.question}: {each.made.reason}" for each in found if each.made.reason)
    left = [f"{each.question}: {each.made.left_out} not marked whole by both." for each in found
            if each.made.left_out]  # fmt: skip
    if notes or left:
        yield Bullets((*notes, *left))
    together = [
        (name, each.question, number(first, 1), number(second, 1), str(each.most))
        for each in found
        for name, first, second in (each.rows[place] for place in each.together)
    ]
    if together:
        told = "" if len(together) <= MOST_ROWS else f", the first {MOST_ROWS} of {len(together)}"
        names = ("Text", "Question", "First", "Second", "Most")
        yield table(f"Texts to look at together{told}", names, together[:MOST_ROWS])
        yield Paragraph(
            "Listed are texts whose marks are a quarter of the most or more apart, furthest first. "
            f"{MARKED} has every text with its writer and both marks. Talk first, then agree a "
            "mark: no average is made here."
        )
    else:
        yield Paragraph("No text has marks a quarter of the most or more apart.")


def failed_part(run: Run) -> Iterator[Block]:
    """List the notebooks that failed, with where and why."""
    if run.failed.empty:
        yield Paragraph("None failed.")
        return
    yield Paragraph(
        "Each of these notebooks shows the error in the cell where it happened. Put the answers "
        "right and run the same command again; --retry-failed runs them as they are."
    )
    rows = [
        (row.learner, row.workbook, row.error, _short(str(row.said)))
        for row in run.failed.head(MOST_ROWS).itertuples()
    ]
    count = len(run.failed)
    told = "" if count <= MOST_ROWS else f", the first {MOST_ROWS} of {count}"
    yield table(
        f"Failed notebooks{told}", ("Learner", "Notebook", "Error", "Why"), rows, (1.2, 1.4, 1.2, 4)
    )


def _short(said: str) -> str:
    line = " ".join(said.split())
    return line if len(line) <= 300 else f"{line[:299]}…"
