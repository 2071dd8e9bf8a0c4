"""Making the notebook of a case: a heading and one short line for each step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from phbkit.casebank import Case
from phbkit.text import templates
from phbkit.workbook.steps import steps_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def make_notebook(case: Case) -> NotebookNode:
    """Make a notebook that plays a case live, in JupyterLab and headless.

    Cells have stable ids. What stands under the headings is for the author to rewrite.
    """
    from nbformat import v4

    template = templates(Path(__file__).parent / "templates").get_template("notebook.j2")
    text = template.render(case=case, steps=steps_of(case))
    new_cell: dict[str, Any] = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell}
    cells = []
    for part in f"\n{text}".split("\n%% ")[1:]:
        heading, _, source = part.partition("\n")
        kind, name, *tags = heading.split()
        made = new_cell[kind](source.strip(), id=name)
        if tags:
            made.metadata.tags = tags
        cells.append(made)
    about = {"title": case.title, "phbkit": {"case": case.id, "order": 9}}
    metadata = {"kernelspec": _KERNEL, "language_info": {"name": "python"}, **about}
    notebook: NotebookNode = v4.new_notebook(cells=cells, metadata=metadata)
    return notebook
