"""What a notebook shows, written for a page's script to read and for nothing to run."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config
from voila.configuration import VoilaConfiguration

from phbkit.serving.assets import TEMPLATES
from phbkit.serving.notebook_page import FILTERS, Renderer, outputs_of
from phbkit.serving.pages import as_contact

WIDGET = "application/vnd.jupyter.widget-view+json"
HOSTILE = "</script><!--<script>alert(1)//\u2028"


def written(*outputs: NotebookNode, states: dict[str, Any] | None = None, **cell: Any) -> str:
    renderer: Any = SimpleNamespace(executor=SimpleNamespace(widget_state=states or {}))
    made = new_code_cell("secret = 1", outputs=list(outputs), **cell)
    return str(outputs_of(renderer, made, 7))


def read_back(text: str) -> Any:
    found = re.fullmatch(r"<script [^<>]*>(.*)</script>\n", text)
    assert found, text
    return json.loads(found[1])


def test_what_a_widget_shows_comes_whole_and_cannot_end_its_script() -> None:
    output = new_output("display_data", {WIDGET: {"model_id": "w1"}})
    text = written(output, states={"w1": {"html": HOSTILE}})
    assert read_back(text) == [{"model": "w1", "state": {"html": HOSTILE}}]
    assert text.count("<") == 2
    assert "\u2028" not in text


def test_tables_text_and_pictures_are_shown_and_errors_are_not() -> None:
    outputs = [
        new_output("display_data", {"text/html": "<b>4</b>", "text/plain": "4"}),
        new_output("display_data", {"text/plain": HOSTILE}),
        new_output("display_data", {"text/markdown": "*so* <script>"}),
        new_output("display_data", {"image/png": "QUJD\n", "text/plain": 'a "plot"'}),
        new_output("error", ename="KeyError", evalue="secret", traceback=["secret.py"]),
    ]
    shown = [each["html"] for each in read_back(written(*outputs))]
    assert shown[0] == "<b>4</b>"
    assert shown[1].startswith("<pre>&lt;/script&gt;")
    assert shown[2] == "<p><em>so</em> &lt;script&gt;</p>\n"
    assert shown[3] == '<img alt="a &#34;plot&#34;" src="data:image/png;base64,QUJD">'
    assert "could not be made" in shown[4]
    assert "secret" not in "".join(shown)


def test_trainers_cells_and_cells_that_show_nothing_are_left_out() -> None:
    output = new_output("display_data", {"text/plain": "4"})
    assert written(output, metadata={"tags": ["trainer"]}) == ""
    assert written() == ""


async def beginning(file: Path, shown_first: int) -> str:
    """Write the page of a notebook as far as it can be written without a kernel."""
    config = Config()
    config.VoilaExporter.filters = {**FILTERS, "outputs": lambda *_: "", "line": lambda _: ""}
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
    async for piece, _ in renderer.generate_content_generator("", None):
        return str(piece)
    raise AssertionError("nothing was written")


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
    file = tmp_path / "played.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"title": HOSTILE}), file)
    page = asyncio.run(beginning(file, 7))
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
