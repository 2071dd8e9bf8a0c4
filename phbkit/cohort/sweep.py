"""Scenarios of a case about money: read from a table, run as notebooks, and set beside each other.

One row a scenario: `scenario` names it, and every other column is a step and a field, such as
`running.share`. An empty cell keeps the area's own figure.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from phbkit.casebank import Case, CaseBank
from phbkit.casebank.area import read_area
from phbkit.cohort.run import Options, Progress, cases_played, run_cohort
from phbkit.documents.document import Document, Heading, Paragraph, Table
from phbkit.documents.page import as_html
from phbkit.documents.svg import bars
from phbkit.errors import AnswersError, AreaError, Fault
from phbkit.files import write_whole
from phbkit.money.fields import CSV, FIELDS, check_figures, crossed
from phbkit.money.pence import in_pounds
from phbkit.money.sums import LABELS, PACES, PaceName, Sums, written
from phbkit.money.views import roughly
from phbkit.settings import Settings
from phbkit.text import neutral

SCENARIO = "scenario"
MOST_SCENARIOS = 5000
TABLE, PAGE = "comparison.csv", "comparison.html"
_MOST_BARS = 40
_MONTHS = {"balances", "repaid"}


@dataclass(frozen=True)
class Given:
    """One scenario: its name, and its figures by step."""

    name: str
    answers: dict[str, dict[str, str]]


def read_scenarios(file: Path, case: Case, area: Path | None = None) -> list[Given]:
    """Read scenarios, and hold every figure against what it may be.

    Raises
    ------
    AreaError
        Everything that is wrong, with its line and column. Nothing was run.
    """
    pasted = _own_area(area)
    shared = {"block": {CSV: pasted}} if pasted else {}
    try:
        text = file.read_text(encoding="utf-8-sig")
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows = [(lines.line_num, row) for row in lines if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        fault = Fault(file, 0, "", f"cannot be read: {error}.", "Give a UTF-8 CSV file.")
        raise AreaError.of(file, [str(fault)]) from error
    header = [name.strip() for name in rows[0][1]] if rows else []
    faults = list(_header_faults(file, header))
    found: dict[str, Given] = {}
    if not faults:
        for line, row in rows[1:]:
            faults += _row(file, line, header, row, case, shared, found)
        if not found and not faults:
            faults = [Fault(file, 1, "", "holds no scenario.", "Add one row for each.")]
        if len(found) > MOST_SCENARIOS:
            problem = f"holds {len(found)} scenarios."
            faults = [Fault(file, 0, "", problem, f"Give at most {MOST_SCENARIOS}.")]
    if faults:
        raise AreaError.of(file, list(map(str, sorted(faults))))
    return list(found.values())


def _own_area(area: Path | None) -> str:
    if area is None:
        return ""
    found = read_area(area)
    if isinstance(found, list):
        raise AreaError.of(area, list(map(str, found)))
    return area.read_text(encoding="utf-8-sig")


def _header_faults(file: Path, header: Sequence[str]) -> Iterator[Fault]:
    known = [f"{step}.{field.name}" for step, fields in FIELDS.items() for field in fields]
    if SCENARIO not in header:
        yield Fault(file, 1, "", f"has no column {SCENARIO!r}.", "Name each row there.")
    for place, name in enumerate(header, start=1):
        if name not in known and name != SCENARIO:
            near = get_close_matches(name, known, n=1)
            cure = f"Did you mean {near[0]!r}?" if near else "Name it like running.share."
            yield Fault(file, 1, f"column {place}", f"{name!r} is no figure known here.", cure)
        if header.index(name) + 1 < place:
            yield Fault(file, 1, f"column {place}", f"{name!r} is there twice.", "Keep one.")


def _row(  # noqa: PLR0913, PLR0917  one row beside all that it is held against
    file: Path,
    line: int,
    header: Sequence[str],
    row: Sequence[str],
    case: Case,
    shared: Mapping[str, dict[str, str]],
    found: dict[str, Given],
) -> Iterator[Fault]:
    if len(row) != len(header):
        problem = f"has {len(row)} cells for {len(header)} columns."
        cure = "Write numbers without commas; leave a cell empty where the area's figure stays."
        yield Fault(file, line, "", problem, cure)
        return
    cells = dict(zip(header, map(str.strip, row), strict=True))
    name = cells.pop(SCENARIO)
    if not name or len(name) > 80 or not name.isprintable() or name in found:
        cure = "Give each row a short name of its own."
        yield Fault(file, line, SCENARIO, f"is {name[:40]!r}, empty, long or twice.", cure)
        return
    answers: dict[str, dict[str, str]] = {step: dict(given) for step, given in shared.items()}
    for key, text in cells.items():
        if text:
            step, _, field = key.partition(".")
            answers.setdefault(step, {})[field] = text
    problems: dict[str, str] = {}
    for step, given in answers.items():
        try:
            check_figures(step, given)
        except AnswersError as error:
            problems |= error.problems
    if not problems:
        figures = Sums.of(case, answers).figures
        for step in FIELDS:
            problems |= crossed(step, figures)
    for key, problem in problems.items():
        place = f"{key}, column {header.index(key) + 1}" if key in header else key
        yield Fault(file, line, place, problem, "")
    found[name] = Given(name, answers)


def run_scenarios(  # noqa: PLR0913  what a command gives
    workbooks: Sequence[Path],
    parameters: Path,
    out: Path,
    options: Options,
    *,
    area: Path | None = None,
    using: Settings,
) -> Progress:
    """Run a notebook for each scenario, and write one table and one page that compare them.

    Raises
    ------
    AreaError, RunError, CohortError, CaseError
        Why it cannot begin or go on. What is done is kept.
    """
    played, _ = cases_played(workbooks, CaseBank(using.need_folder("casebank")))
    case = next((each for each in played.values() if each.area is not None), None)
    if case is None or len(played) != 1:
        raise AreaError("--parameters: name the one workbook that is about an area's money.")
    given = read_scenarios(parameters, case, area)
    with tempfile.TemporaryDirectory(prefix="phb-scenarios-") as folder:
        source = Path(folder) / f"{parameters.stem}.jsonl"
        attempts = (
            {"learner": each.name, "case": case.id, "answers": each.answers} for each in given
        )
        source.write_text("".join(json.dumps(each) + "\n" for each in attempts), encoding="utf-8")
        progress = run_cohort(workbooks, str(source), out, options, using=using)
    write_comparison(out, case, given)
    return progress


def compare(case: Case, given: Sequence[Given]) -> list[tuple[str, PaceName, dict[str, Any]]]:
    """Work out the figures of every scenario at both paces: pence, months and chances.

    They are what the scenario's notebook shows: the same functions work both out.
    """
    sums = {each.name: Sums.of(case, each.answers) for each in given}
    return [(name, pace, each.outcome(pace)) for name, each in sums.items() for pace in PACES]


def write_comparison(out: Path, case: Case, given: Sequence[Given]) -> None:
    """Write `comparison.csv`, in pounds, and `comparison.html`, each whole."""
    rows = compare(case, given)
    names = list(rows[0][2])
    file = io.StringIO(newline="")
    table = csv.writer(file, lineterminator="\n")
    table.writerow([SCENARIO, "pace", *names])
    for scenario, pace, found in rows:
        table.writerow([neutral(scenario), pace, *(_plain(name, found[name]) for name in names)])
    write_whole(out / TABLE, file.getvalue().encode())
    write_whole(out / PAGE, as_html(_document(case, given, rows)))


def _plain(name: str, value: Any) -> str:
    if name.startswith("chance"):
        return f"{value:.4f}"
    return str(value) if name in _MONTHS else f"{in_pounds(value):.2f}"


def _rounded(name: str, value: Any) -> str:
    """Write a figure for the page: sums as far as anybody can know them."""
    known = name.startswith("chance") or name in _MONTHS
    return written(name, value) if known else roughly(value)


def _document(
    case: Case, given: Sequence[Given], rows: Sequence[tuple[str, PaceName, dict[str, Any]]]
) -> Document:
    first = Sums.of(case, given[0].answers)
    ranked = sorted(rows, key=lambda row: -row[2]["deepest, half below"])
    shown = ranked[:_MOST_BARS]
    deepest = [row[2] for row in shown]
    picture = bars(
        [
            (f"{name}, {pace}", row["deepest, 1 in 10 below"] / 100,
             row["deepest, 9 in 10 below"] / 100)
            for name, pace, row in shown
        ],
        f"Bar chart of {len(shown)} of {len(rows)} roll-outs, the deepest first: each bar is where "
        "the deepest hole lies in four of five draws. The deepest: "
        f"{shown[0][0]}, {shown[0][1]}, {roughly(deepest[0]['deepest, half below'])} in "
        "the middle of the draws. The table below has every number.",
        up="Deepest hole, 4 draws in 5",
    )  # fmt: skip
    columns = ("deepest", "balances", "deepest, half below", "deepest, 9 in 10 below",
               "chance bridging is enough", "carried by commissioner", "carried by provider",
               "carried by person")  # fmt: skip
    table = Table(
        f"{len(given)} scenarios at both paces, {first.area.year} prices, pounds",
        ("Scenario and pace", *(LABELS[name] for name in columns)),
        (2.0, *(1.0 for _ in columns)),
        tuple(
            (f"{name}, {pace}", *(_rounded(column, row[column]) for column in columns))
            for name, pace, row in rows
        ),
    )
    whose = "A made-up area" if first.made_up else "Figures of your own"
    said = (
        f"{whose}. It follows from the figures that were put in: neither a forecast nor evidence. "
        f"Each scenario has the same draws ({first.draws[0]:,} unless it says otherwise), so that "
        "differences are not luck. No figure here is a saving: the deepest hole is what has to be "
        "carried, and the last columns say by whom, over and above bridging money."
    )
    blocks = (
        Heading("Where the hole lies"),
        Paragraph(said),
        picture,
        Heading("Every scenario"),
        table,
    )
    return Document(f"{case.title}: scenarios compared", blocks, whose)
