"""What was run, how scores are spread, case by case and item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan

from phbkit.cohort.report.pictures import bin_names, count_bins, histogram
from phbkit.cohort.report.results import KEY, Run
from phbkit.cohort.report.standards import Standard
from phbkit.cohort.report.words import MOST_ROWS, between, counted, key_name, listed, number, table
from phbkit.cohort.statistics.items import FEWEST_LEARNERS, Items, item_statistics
from phbkit.documents.document import Block, Bullets, Fields, Heading, Paragraph

SIMULATED = (
    "Simulated answers: nobody real gave them. Figures show how the report works, and nothing else."
)


def what_was_run(run: Run, reasons: Mapping[str, tuple[str, ...]]) -> Iterator[Block]:
    """Say what was run, and what the scores may be used for."""
    results, manifest = run.results, run.manifest
    played = [f"{run.title(case)} ({case})" for case in run.case_ids]
    jobs = f"{manifest.get('jobs', len(results))} in all: {len(run.done)} done"
    jobs += f", {len(run.failed)} failed"
    yield Fields(
        (
            ("Learners", str(results["learner"].nunique())),
            ("Notebooks", jobs),
            ("Run", f"{manifest['state']}, with phbkit {manifest['phbkit']}"),
            ("Cohort", str(manifest["cohort"])),
            ("Cases", "; ".join(played)),
        )
    )
    if run.simulated:
        yield Paragraph(SIMULATED)
    if run.absent:
        named = listed(run.absent[:MOST_ROWS])
        yield Paragraph(
            f"{counted(len(run.absent), 'learner')} answered nothing: {named}. Nobody knows what "
            "they can do, so they are in no figure here but the counts of notebooks."
        )
    if manifest["state"] != "finished":
        yield Paragraph("The run is not finished: these figures leave out who is still to come.")
    if run.changed:
        yield Paragraph(
            f"The case bank has changed since this run: {listed(run.changed)}. Scores here are as "
            "they were given. To score the answers by the case bank of today, use phb remark."
        )
    yield from _uses(reasons)


def _uses(reasons: Mapping[str, tuple[str, ...]]) -> Iterator[Block]:
    """Say which keys are for learning only: first what holds for all of them, then the rest."""
    lists = list(reasons.values())
    if not lists:
        yield Paragraph("No notebook is done, so there are no scores.")
        return
    shared = tuple(why for why in lists[0] if all(why in each for each in lists[1:]))
    if shared:
        yield Paragraph("For learning only, not to pass or fail anybody by, whatever the key:")
        yield Bullets(tuple(map(_sentence, shared)))
    for key, why in reasons.items():
        own = tuple(_sentence(each) for each in why if each not in shared)
        if own:
            also = "for learning only for these reasons too" if shared else "for learning only"
            yield Paragraph(f"{key_name(key)}: {also}:")
            yield Bullets(own)
        elif not why:
            yield Paragraph(f"{key_name(key)}: nothing found that rules out a pass decision.")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def distribution(run: Run, standards: Mapping[str, Standard]) -> Iterator[Block]:
    """Show how the scores over all cases are spread, for each key."""
    yield Paragraph(
        "Each learner’s score over all cases: credits over the most there are, per cent. Missing "
        "answers earn nothing. Learners without a result in every case are left out, as their "
        "scores are of another assessment, and so is whoever answered nothing at all. Source: "
        "results.parquet of this run."
    )
    counts: dict[str, list[int]] = {}
    for key in run.keys:
        scores = run.percent(key)
        known = scores.dropna()
        yield Heading(key_name(key), 3)
        if known.empty:
            yield Paragraph("No learner has a result in every case.")
            continue
        cut = standards[key].cut if key in standards else nan
        counts[key] = [count for _, count in count_bins(known.to_numpy())]
        yield histogram(known.to_numpy(), key_name(key), cut)
        spread = number(float(known.std()), 1) if len(known) > 1 else "not known"
        said = (
            f"Mean {number(known.mean(), 1)} %, standard deviation {spread}, middle score "
            f"{number(known.median(), 1)} %, from {number(known.min(), 1)} to "
            f"{number(known.max(), 1)} %, of {counted(len(known), 'learner')} and "
            f"{counted(run.possible(key), 'question')}."
        )
        left = len(scores) - len(known)
        yield Paragraph(said + (f" {counted(left, 'learner')} left out." if left else ""))
    if counts:
        header = ("Score, per cent", *(key_name(key) for key in counts))
        yield table(
            "Learners by score and key", header, zip(bin_names(), *counts.values(), strict=True)
        )


def by_case(run: Run) -> Iterator[Block]:
    """Show each case apart."""
    yield Paragraph(
        "Scores in each case, per cent: middle score, and the lowest and highest. Source: "
        "results.parquet of this run."
    )
    rows = []
    for case in run.case_ids:
        of_case = run.results[run.results["case"] == case]
        done = of_case[(of_case["state"] == "done") & ~of_case["learner"].isin(run.absent)]
        failed = int((of_case["state"] == "failed").sum())
        cells = [run.title(case), str(len(done)), str(failed)]
        for key in run.keys:
            scores = done[f"{key}_percent"][done[f"{key}_possible"].gt(0)]
            cells.append(
                f"{number(scores.median(), 1)} ({number(scores.min(), 1)} to "
                f"{number(scores.max(), 1)})" if len(scores) else "none"
            )  # fmt: skip
        rows.append(cells)
    header = ("Case", "Done", "Failed", *(key_name(key) for key in run.keys))
    widths = (2.2, 0.7, 0.7, *(1.7 for _ in run.keys))
    yield table("Scores by case", header, rows, widths)


def item_table(run: Run) -> Iterator[Block]:
    """Show each item: how hard it was, and whether it went with the rest."""
    yield Paragraph(
        "Facility is the mean credit of those who answered, over the most there is: 1 where "
        "everybody earned all of it. Item-rest is how an item’s credit goes with the score on all "
        "other items, −1 to 1, with its 95 % interval. D is the facility of the upper 27 % of "
        "learners less that of the lower 27 %. Source: marks.parquet of this run; D after Kelley "
        "1939, Rasch Measurement Transactions 1998;12:626; item-rest with Fisher’s interval."
    )
    for key in run.keys:
        credit = run.items(key)
        made = item_statistics(credit.to_numpy())
        yield Heading(key_name(key), 3)
        if made.learners < FEWEST_LEARNERS:
            yield Paragraph(
                f"Here are {counted(made.learners, 'learner')}. Under {FEWEST_LEARNERS} nothing is "
                "said of how items tell learners apart: a correlation from so few is noise."
            )
        yield from _tables(run, key, list(credit.columns), made)


def _tables(run: Run, key: str, items: list[str], made: Items) -> Iterator[Block]:
    for case in run.case_ids:
        places = [n for n, item in enumerate(items) if item.partition("/")[0] == case]
        if not places:
            continue
        rows = [
            (
                items[n].partition("/")[2],
                made.answered[n],
                number(made.facility[n]),
                between(made.rest[n], made.rest_low[n], made.rest_high[n]),
                number(made.upper_lower[n], none="none"),
                _note(made, n),
            )
            for n in places
        ]
        named = run.title(case) if key == KEY else f"{run.title(case)}, panel {key}"
        header = ("Question", "Answered", "Facility", "Item-rest", "D", "To know")
        yield table(f"Items: {named}", header, rows, (2, 0.9, 0.9, 1.9, 0.8, 2.2))


def _note(made: Items, n: int) -> str:
    if made.rest_high[n] < 0:
        return "Those who did well elsewhere did worse here: look at the key."
    if made.rest[n] < -0.005:
        return f"Item-rest is below 0, and may be chance. {made.reasons[n]}".strip()
    return made.reasons[n]
