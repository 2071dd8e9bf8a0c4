"""Scenarios of a case about money: read from a table, run as notebooks, and set beside each other.

One row a scenario: `scenario` names it, and every other column is a step and a field, such as
`running.share`. An empty cell keeps the area's own figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.csv_files import csv_file
from phbkit.cohort.jobs import CohortAttempt
from phbkit.cohort.page import as_html
from phbkit.cohort.report.render import render
from phbkit.cohort.run import Options, RunProgress, cases_played, run_attempts
from phbkit.documents.document import Document
from phbkit.errors import AnswersError, AreaError, Fault
from phbkit.files import write_whole
from phbkit.money.area import read_area
from phbkit.money.charts import bars
from phbkit.money.fields import CSV, FIELDS, check_figures, crossed
from phbkit.money.pence import in_pounds, roughly, written
from phbkit.money.sums import PACES, Sums
from phbkit.money.words import OUTCOMES
from phbkit.settings import Settings
from phbkit.tables import PRINTABLE, CsvTable, Row

SCENARIO = "scenario"
MOST_SCENARIOS = 5000
TABLE, PAGE = "comparison.csv", "comparison.html"
_MOST_BARS = 40
Scenarios = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Figures by step and field of each scenario, by its name."""


class _Scenario(Row, extra="allow"):
    """A scenario; every other column is a figure."""

    UNIQUE, CURE = SCENARIO, "Give each row a short name of its own."

    scenario: Annotated[str, Field(
        min_length=1, max_length=80, pattern=PRINTABLE,
        description="is {0!r:.42}, empty or long.",
    )]  # fmt: skip


def read_scenarios(file: Path, case: Case, area: Path | None = None) -> Scenarios:
    """Read scenarios, and hold every figure against what it may be.

    Raises
    ------
    AreaError
        Everything that is wrong, with its line and column. Nothing was run.
    """
    known = [f"{step}.{field.name}" for step, fields in FIELDS.items() for field in fields]
    table = CsvTable(file, _Scenario, allowed=known)
    lines = list(table)
    pasted = _own_area(area) if area else ""
    scenarios = {}
    for line in lines:
        answers: dict[str, dict[str, str]] = {"block": {CSV: pasted}} if pasted else {}
        for key, text in line.cells.items():
            step, _, field = key.partition(".")
            if field and text.strip():
                answers.setdefault(step, {})[field] = text.strip()
        scenarios[line.row.scenario] = answers
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
) -> RunProgress:
    """Run a notebook for each scenario, and write one table and one page that compare them.

    Raises
    ------
    AreaError, RunError, CaseError
        Why it cannot begin or go on. What is done is kept.
    """
    played = cases_played(workbooks, CaseBank(using.need_folder("casebank")))
    case = next((each for each in played.values() if each.area is not None), None)
    if case is None or len(played) != 1:
        raise AreaError("--parameters: name the one workbook that is about an area's money.")
    scenarios = read_scenarios(parameters, case, area)
    attempts = (CohortAttempt(name, case.id, dict(given)) for name, given in scenarios.items())
    progress = run_attempts(played, attempts, parameters.name, out, options)
    write_comparison(out, case, scenarios)
    return progress


def compare(case: Case, scenarios: Scenarios) -> list[dict[str, Any]]:
    """Work out the figures of every scenario at both paces: pence, months and chances.

    They are what the scenario's notebook shows: the same functions work both out.
    """
    sums = {name: Sums.of(case, given) for name, given in scenarios.items()}
    return [
        {SCENARIO: name, "pace": pace, **each.outcome(pace)}
        for name, each in sums.items()
        for pace in PACES
    ]


def write_comparison(out: Path, case: Case, scenarios: Scenarios) -> None:
    """Write `comparison.csv`, in pounds, and `comparison.html`, each whole."""
    rows = compare(case, scenarios)
    with csv_file(out / TABLE, rows[0]) as write:
        for row in rows:
            write(_exact(name, value) for name, value in row.items())
    write_whole(out / PAGE, as_html(_document(case, scenarios, rows)))


def _exact(name: str, value: Any) -> str | Decimal:
    if name.startswith("chance"):
        return f"{value:.4f}"
    if name in {"balances", "repaid"}:
        return str(value or "")  # never
    return value if isinstance(value, str) else round(in_pounds(value), 2)


def _document(case: Case, scenarios: Scenarios, rows: Sequence[Mapping[str, Any]]) -> Document:
    """Put the page together: a chart of the deepest holes, and a table of every scenario."""
    sums = Sums.of(case, next(iter(scenarios.values())))
    ranked = sorted(rows, key=lambda row: -row["deepest, half below"])[:_MOST_BARS]
    ends = ("deepest, 1 in 10 below", "deepest, 9 in 10 below")
    blocks, _ = render(
        "comparison.j2",
        bars=bars,
        labels=OUTCOMES,
        ranked=ranked,
        roughly=roughly,
        rows=pd.DataFrame(rows, dtype=object),
        spans=[
            (f"{row[SCENARIO]}, {row['pace']}", *(row[end] / 100 for end in ends)) for row in ranked
        ],
        sums=sums,
        written=written,
    )
    whose = "A made-up area" if sums.made_up else "Figures of your own"
    return Document(f"{case.title}: scenarios compared", blocks, whose)
