"""What a notebook shows, written for a page's script to read and for nothing to run."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config
from voila.configuration import VoilaConfiguration

from phbkit.forms import FORM_IS_THERE
from phbkit.forms.step_form import StepForm
from phbkit.serving.assets import TEMPLATES
from phbkit.serving.notebook_page import FILTERS, Renderer, shown
from phbkit.serving.pages import as_contact

WIDGET = "application/vnd.jupyter.widget-view+json"
HOSTILE = "</script><!--<script>alert(1)//\u2028"


async def pieces(file: Path, states: dict[str, Any], shown_first: int) -> list[str]:
    """Write the page of a notebook whose cells show what they have shown."""
    config = Config()
    config.VoilaExporter.filters = FILTERS
    renderer = Renderer(
        voila_configuration=VoilaConfiguration(config=config),
        traitlet_config=config,
        notebook_path=str(file),
        template_paths=[str(TEMPLATES)],
        kernel_spec_manager=KernelSpecManager(),
        base_url="/",
        page_config={},
    )
    await renderer.initialize()
    renderer.resources["shown_first"] = shown_first
    renderer.executor = SimpleNamespace(widget_state=states)
    renderer.exporter.register_filter("shown", partial(shown, renderer))

    async def start(_: NotebookNode) -> str:
        return "a-kernel"

    async def run(notebook: NotebookNode, _: str) -> AsyncIterator[NotebookNode]:
        for cell in notebook.cells:
            yield cell

    context = {"kernel_start": start, "cell_generator": run}
    made = renderer.exporter.generate_from_notebook_node(
        renderer.notebook, renderer.resources, context
    )
    return [str(piece) async for piece, _ in made]


def page_of(folder: Path, *cells: NotebookNode, shown_first: int = 0, **more: Any) -> str:
    """Write the page of a notebook of these cells."""
    states = more.pop("states", {})
    file = folder / "played.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata=more), file)
    return "".join(asyncio.run(pieces(file, states, shown_first)))


def outputs_in(page: str) -> list[Any]:
    """Read what the cells of a page show."""
    scripts = re.findall(r'<script [^<>]*class="phb-cell"[^<>]*>([^<>]*)</script>', page)
    return [output for script in scripts for output in json.loads(script)]


def test_what_a_widget_shows_comes_whole_and_cannot_end_its_script(tmp_path: Path) -> None:
    output = new_output("display_data", {WIDGET: {"model_id": "w1"}})
    cell = new_code_cell("secret = 1", outputs=[output])
    page = page_of(tmp_path, cell, states={"w1": {"html": HOSTILE}})
    assert outputs_in(page) == [{"model": "w1", "state": {"html": HOSTILE}}]
    assert "alert(1)//\u2028" not in page
    assert '"kernelId": "a-kernel"' in page


def test_tables_text_and_pictures_are_shown_and_errors_are_not(tmp_path: Path) -> None:
    outputs = [
        new_output("display_data", {"text/html": "<b>4</b>", "text/plain": "4"}),
        new_output("display_data", {"text/plain": HOSTILE}),
        new_output("display_data", {"text/markdown": "*so* <script>"}),
        new_output("display_data", {"image/png": "QUJD\n", "text/plain": 'a "plot"'}),
        new_output("error", ename="KeyError", evalue="secret", traceback=["secret.py"]),
    ]
    after = new_code_cell(outputs=[new_output("display_data", {"text/plain": "after"})])
    page = page_of(tmp_path, new_code_cell("secret = 1", outputs=outputs), after)
    html = [each["html"] for each in outputs_in(page)]
    assert html[0] == "<b>4</b>"
    assert html[1].startswith("<pre>&lt;/script&gt;")
    assert html[2] == "<p><em>so</em> &lt;script&gt;</p>\n"
    assert html[3] == '<img alt="a &#34;plot&#34;" src="data:image/png;base64,QUJD">'
    assert "could not be made" in html[4]
    assert len(html) == 5  # nothing is shown after a cell that failed
    assert "secret" not in page


def test_trainers_cells_and_cells_that_show_nothing_are_left_out(tmp_path: Path) -> None:
    output = new_output("display_data", {"text/plain": "4"})
    trainers = new_code_cell(metadata={"tags": ["trainer"]}, outputs=[output])
    assert outputs_in(page_of(tmp_path, trainers, new_code_cell("1"))) == []


def test_a_notebook_is_laid_out_by_its_headings_and_tells_no_code(tmp_path: Path) -> None:
    trainer = {"tags": ["trainer"]}
    cells = [
        new_markdown_cell("# Title"),
        new_code_cell("secret = 1"),
        new_markdown_cell("## For trainers", metadata=trainer),
        new_markdown_cell("## First <b>"),
        new_code_cell("secret = 2"),
        new_code_cell("secret = 3", metadata=trainer),
    ]
    page = page_of(tmp_path, *cells, shown_first=7, title=HOSTILE)
    assert "secret" not in page
    assert 'id="cell-1"' in page
    assert 'id="cell-4"' in page
    assert "cell-5" not in page
    assert "For trainers" not in page
    assert "<title>&lt;/script&gt;" in page
    assert "<li><span>First &lt;b&gt;</span></li>" in page
    assert "<h2>First &lt;b&gt;</h2>" in page
    assert not re.search(r"<section[^>]* hidden", page)


def test_a_contact_is_a_link_only_where_it_is_an_address() -> None:
    assert as_contact("a@b.org") == '<a href="mailto:a@b.org">a@b.org</a>'
    assert as_contact("https://b.org/x?y=1&z=2").startswith('<a href="https://b.org/x?y=1&amp;z=2"')
    assert as_contact("javascript:alert(1)") == "javascript:alert(1)"
    assert as_contact('<a@b.org?subject="x">') == "&lt;a@b.org?subject=&#34;x&#34;&gt;"
    assert as_contact("") == "whoever gave you the link to this site"


def test_a_page_is_told_what_its_forms_show_and_other_programs_the_whole_widget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form = StepForm("meet", lambda *_: ({}, []), state="open", html="<p>Owen</p>")
    whole = form.get_state()
    assert {"_esm", "_css", "_view_name"} <= whole.keys()
    monkeypatch.setenv(FORM_IS_THERE, "1")
    shown = {"step": "meet", "state": "open", "html": "<p>Owen</p>", "attempt": "", "device": False}
    for_nbclient = {"_model_module": "anywidget", "_model_name": "AnyModel"}
    assert form.get_state() == shown | for_nbclient
