"""Scenarios of a case about money: read from a table, run as notebooks, and set beside each other.

One row a scenario: `scenario` names it, and every other column is a step and a field, such as
`running.share`. An empty cell keeps the area's own figure.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.page import as_html
from phbkit.cohort.run import Options, Progress, cases_played, run_cohort
from phbkit.documents.document import Document, Heading, Paragraph, Table
from phbkit.errors import AnswersError, AreaError, Fault
from phbkit.files import write_whole
from phbkit.money.area import read_area
from phbkit.money.charts import bars
from phbkit.money.fields import CSV, FIELDS, check_figures, crossed
from phbkit.money.pence import in_pounds, roughly, written
from phbkit.money.sums import LABELS, PACES, PaceName, Sums
from phbkit.settings import Settings
from phbkit.tables import PRINTABLE, Row, csv_file, read_table

SCENARIO = "scenario"
MOST_SCENARIOS = 5000
TABLE, PAGE = "comparison.csv", "comparison.html"
_MOST_BARS = 40
_MONTHS = {"balances", "repaid"}
_COLUMNS = ("deepest", "balances", "deepest, half below", "deepest, 9 in 10 below",
            "chance bridging is enough", "carried by commissioner", "carried by provider",
            "carried by person")  # fmt: skip
_NAME = "Give each row a short name of its own."


@dataclass(frozen=True)
class Given:
    """One scenario: its name, and its figures by step."""

    name: str
    answers: dict[str, dict[str, str]]


class _Scenario(Row, extra="allow"):
    """A scenario; every other column is a figure."""

    MISSING = ("", "has no column {name!r}.", "Name each row there.")
    UNKNOWN = ("column {place}", "{name!r} is no figure known here.", "Name it like running.share.")
    REPEATED = ("column {place}", "{name!r} is there twice.", "Keep one.")
    AGAIN = (SCENARIO, "is {value!r}, empty, long or twice.", _NAME)
    UNIQUE, CURE = SCENARIO, _NAME

    scenario: Annotated[str, Field(
        min_length=1, max_length=80, pattern=PRINTABLE,
        description="is {0!r:.42}, empty, long or twice.",
    )]  # fmt: skip


def read_scenarios(file: Path, case: Case, area: Path | None = None) -> list[Given]:
    """Read scenarios, and hold every figure against what it may be.

    Raises
    ------
    AreaError
        Everything that is wrong, with its line and column. Nothing was run.
    """
    known = [f"{step}.{field.name}" for step, fields in FIELDS.items() for field in fields]
    table, lines = read_table(file, _Scenario, allowed=known)
    pasted = _own_area(area) if area else ""
    scenarios = []
    for line in lines:
        answers: dict[str, dict[str, str]] = {"block": {CSV: pasted}} if pasted else {}
        for key, text in line.cells.items():
            step, _, field = key.partition(".")
            if field and text.strip():
                answers.setdefault(step, {})[field] = text.strip()
        scenarios.append(Given(line.row.scenario, answers))
        for key, problem in _problems(case, answers).items():
            place = f", column {table.headings.index(key) + 1}" if key in table.headings else ""
            table.faults.append(Fault(file, line.number, key + place, problem, ""))
    if not lines and not table.faults:
        table.faults.append(Fault(file, 1, "", "holds no scenario.", "Add one row for each."))
    if len(lines) > MOST_SCENARIOS:
        problem = f"holds {len(lines)} scenarios."
        table.faults = [Fault(file, 0, "", problem, f"Give at most {MOST_SCENARIOS}.")]
    if table.faults:
        raise AreaError.of(file, list(map(str, sorted(table.faults))))
    return scenarios


def _own_area(area: Path) -> str:
    faults = read_area(area)
    if isinstance(faults, list):
        raise AreaError.of(area, list(map(str, faults)))
    return area.read_text(encoding="utf-8-sig")


def _problems(case: Case, answers: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Find what is wrong with the figures of a scenario: with each, or else with some together."""
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
    return problems


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
    sums = [(scenario.name, Sums.of(case, scenario.answers)) for scenario in given]
    return [(name, pace, of.outcome(pace)) for name, of in sums for pace in PACES]


def write_comparison(out: Path, case: Case, given: Sequence[Given]) -> None:
    """Write `comparison.csv`, in pounds, and `comparison.html`, each whole."""
    rows = compare(case, given)
    with csv_file(out / TABLE, [SCENARIO, "pace", *rows[0][2]]) as write:
        for scenario, pace, figures in rows:
            write([scenario, pace, *(_exact(name, value) for name, value in figures.items())])
    write_whole(out / PAGE, as_html(_document(case, given, rows)))


def _exact(name: str, value: Any) -> str | Decimal:
    if name.startswith("chance"):
        return f"{value:.4f}"
    return str(value) if name in _MONTHS else round(in_pounds(value), 2)


def _rounded(name: str, value: Any) -> str:
    """Write a figure for the page: sums as far as anybody can know them."""
    known = name.startswith("chance") or name in _MONTHS
    return written(name, value) if known else roughly(value)


def _document(
    case: Case, given: Sequence[Given], rows: Sequence[tuple[str, PaceName, dict[str, Any]]]
) -> Document:
    first = Sums.of(case, given[0].answers)
    ranked = sorted(rows, key=lambda row: -row[2]["deepest, half below"])[:_MOST_BARS]
    name, pace, deepest = ranked[0]
    ends = ("deepest, 1 in 10 below", "deepest, 9 in 10 below")
    picture = bars(
        [(f"{name}, {pace}", *(row[end] / 100 for end in ends)) for name, pace, row in ranked],
        f"Bar chart of {len(ranked)} of {len(rows)} roll-outs, the deepest first: each bar is "
        "where the deepest hole lies in four of five draws. The deepest: "
        f"{name}, {pace}, {roughly(deepest['deepest, half below'])} in "
        "the middle of the draws. The table below has every number.",
        up="Deepest hole, 4 draws in 5",
    )
    table = Table(
        f"{len(given)} scenarios at both paces, {first.area.year} prices, pounds",
        ("Scenario and pace", *(LABELS[column] for column in _COLUMNS)),
        (2.0, *[1.0] * len(_COLUMNS)),
        tuple(
            (f"{name}, {pace}", *(_rounded(column, row[column]) for column in _COLUMNS))
            for name, pace, row in rows
        ),
    )
    whose = "A made-up area" if first.made_up else "Figures of your own"
    text = (
        f"{whose}. It follows from the figures that were put in: neither a forecast nor evidence. "
        f"Each scenario has the same draws ({first.draws[0]:,} unless it says otherwise), so that "
        "differences are not luck. No figure here is a saving: the deepest hole is what has to be "
        "carried, and the last columns say by whom, over and above bridging money."
    )
    first_part = (Heading("Where the hole lies"), Paragraph(text), picture)
    blocks = (*first_part, Heading("Every scenario"), table)
    return Document(f"{case.title}: scenarios compared", blocks, whose)
