"""A notebook as a sheet of HTML: its prose and its cells' places, then what the cells show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from nbformat import NotebookNode

from phbkit.serving.assets import environment
from phbkit.serving.notebook_run import Run
from phbkit.text import prose

FAILED = Markup(
    '<p class="phb-failed">This part of the page could not be made. Your answers are kept. '
    "Tell whoever runs this site what you were doing.</p>"
)
NOT_STARTED = Markup(
    '<p class="phb-failed">This page could not be started. Your answers are kept. Open it again '
    "in a minute; if that does not help, tell whoever runs this site.</p>"
)
_PICTURES = ("image/png", "image/jpeg")
_SCRIPT = Markup('<script type="application/json" {}>{}</script>\n')


@dataclass
class Section:
    """What stands under one heading: prose, and the places of cells."""

    title: str = ""
    parts: list[Markup] = field(default_factory=list)


def sections(notebook: NotebookNode) -> list[Section]:
    """Lay out a notebook: the introduction, then one section for each cell that begins `## `.

    Cells tagged `trainer` are left out; every other code cell has a place for what it shows.
    """
    found = [Section()]
    for cell in notebook.cells:
        if _for_trainers(cell):
            continue
        if cell.cell_type == "markdown":
            if cell.source.startswith("## "):
                found.append(Section(cell.source.splitlines()[0][3:]))
            found[-1].parts.append(
                Markup('<div class="phb-prose">{}</div>').format(prose(cell.source))
            )
        elif cell.cell_type == "code":
            found[-1].parts.append(Markup('<div id="cell-{}"></div>').format(cell.id))
    return found


def _for_trainers(cell: NotebookNode) -> bool:
    return "trainer" in cell.metadata.get("tags", [])


def shown(run: Run, outputs: list[NotebookNode]) -> list[dict[str, Any]]:
    """Say what a cell shows: widgets by their id and state, anything else as HTML."""
    found: list[dict[str, Any]] = []
    for output in outputs:
        if output.output_type == "error" or output.get("name") == "stderr":
            found.append({"html": FAILED})
        elif widget := run.widget(output):
            found.append(widget)
        elif html := _html(output.get("data", {})):
            found.append({"html": html})
    return found


def _html(data: Mapping[str, str]) -> Markup:
    """Write an output as HTML; a notebook's HTML is trusted as much as its code."""
    for kind in ("text/html", "image/svg+xml"):
        if kind in data:
            return Markup(data[kind])
    if "text/markdown" in data:
        return prose(data["text/markdown"])
    for kind in _PICTURES:
        if kind in data:
            image = Markup('<img alt="{}" src="data:{};base64,{}">')
            return image.format(data.get("text/plain", ""), kind, data[kind].strip())
    return Markup("<pre>{}</pre>").format(data["text/plain"]) if "text/plain" in data else Markup()


def _script(attributes: Markup, value: Any) -> Markup:
    """Write a value as JSON that a page's script can read and nothing runs."""
    text = json.dumps(value, ensure_ascii=False)
    safe = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return _SCRIPT.format(attributes, Markup(safe))


def outputs_of(cell: NotebookNode, run: Run, outputs: list[NotebookNode]) -> Markup:
    """Write what a cell shows, for the page's script to put in the cell's place."""
    found = [] if _for_trainers(cell) else shown(run, outputs)
    place = Markup('class="phb-cell" data-place="cell-{}"').format(cell.id)
    return _script(place, found) if found else Markup()


def line_to(kernel_id: str, base: str) -> Markup:
    """Write which kernel the page is to talk to."""
    return _script(Markup('id="jupyter-config-data"'), {"baseUrl": base, "kernelId": kernel_id})


def begin(notebook: NotebookNode, base: str, shown_first: int) -> Markup:
    """Write the page as far as it is known without a kernel.

    Parameters
    ----------
    base
        The path of the site's root.
    shown_first
        Which section is seen until the page's script takes over, from 0.
    """
    intro, *others = sections(notebook)
    page = environment().get_template("notebook.html.j2")
    return Markup(
        page.render(
            base=base,
            title=notebook.metadata.get("title", "Module"),
            review=notebook.metadata.get("phbkit", {}).get("page") == "review",
            intro=intro,
            sections=others,
            shown_first=min(shown_first, max(len(others) - 1, 0)),
        )
    )


def end(base: str) -> Markup:
    """Write what comes after the last output."""
    page = environment().get_template("notebook_end.html.j2")
    return Markup(page.render(base=base))
