"""Making the notebook of a case: a heading and one short line for each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phbkit.casebank import Case
from phbkit.workbook.steps import find_step

if TYPE_CHECKING:
    from nbformat import NotebookNode

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def make_notebook(case: Case) -> NotebookNode:
    """Make a notebook that plays a case live, in JupyterLab and headless.

    Cells have stable ids. What stands under the headings is for the author to rewrite.
    """
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    trainer = {"tags": ["trainer"]}
    parameters, opened = "answers = None", f'Workbook.open("{case.id}", answers)'
    objects = ["case", "plan", "result"]
    if case.about.money:
        parameters += "\narea = None\nscenario = None"
        opened = f'Workbook.open("{case.id}", answers, area=area, scenario=scenario)'
        objects[1] = "sums"
    cells = [
        new_markdown_cell(f"# {case.title}\n\n{case.about.summary}", id="intro"),
        new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]}),
        new_code_cell(f"from phbkit import Workbook\n\nworkbook = {opened}", id="open"),
        new_code_cell("workbook", id="about", metadata=trainer),
    ]
    for step_id in case.steps:
        title = find_step(step_id).title
        if step_id == "meet":
            title = f"Meet {case.person.name.split()[0]}"
        cells += [
            new_markdown_cell(f"## {title}", id=f"about-{step_id}"),
            new_code_cell(f'workbook.step("{step_id}")', id=f"step-{step_id}"),
        ]
    cells.append(new_markdown_cell("## For trainers", id="trainers", metadata=trainer))
    for name in objects:
        source = f"{name} = workbook.{name}\n{name}"
        cells.append(new_code_cell(source, id=name, metadata=trainer))
    metadata = {
        "kernelspec": _KERNEL,
        "language_info": {"name": "python"},
        "title": case.title,
        "phbkit": {"case": case.id, "order": 9},
    }
    made: NotebookNode = new_notebook(cells=cells, metadata=metadata)
    return made
