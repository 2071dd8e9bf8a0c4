"""Notebooks as pages: run and written by Voilà's handler and renderer, with a template of ours.

The prose is sent before there is a kernel, and what each cell shows once it has run. Voilà's own
`get_generator` starts the kernel before it sends anything, and keeps it for visitors who have gone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

import nbformat
from jinja2 import FileSystemBytecodeCache
from markupsafe import Markup
from nbformat import NotebookNode
from tornado.web import HTTPError
from voila.notebook_renderer import NotebookRenderer
from voila.tornado.handler import TornadoVoilaHandler

from phbkit.forms import FORM_IS_THERE
from phbkit.serving import assets
from phbkit.serving.owners import Owner
from phbkit.serving.pages import Page
from phbkit.text import prose

FAILED = Markup(
    '<p class="phb-failed">This part of the page could not be made. Your answers are kept. '
    "Tell whoever runs this site what you were doing.</p>"
)
NOT_STARTED = Markup(
    '<p class="phb-failed">This page could not be started. Your answers are kept. Open it again '
    "in a minute; if that does not help, tell whoever runs this site.</p>"
)
_WIDGET = "application/vnd.jupyter.widget-view+json"
_PICTURES = ("image/png", "image/jpeg")
_log = logging.getLogger(__name__)


class NotebookPage(Page, TornadoVoilaHandler):  # type: ignore[misc]
    """A page with a kernel behind it, which is the page's own and ends with it."""

    _kernel_id = ""
    _shown_first = 0
    _left = False  # by its visitor
    _complete = False

    def initialize(self, **_: Any) -> None:
        """Take what Voilà gives its own handlers."""
        voila = self.settings["voila"]
        super().initialize(
            voila_configuration=voila.voila_configuration,
            template_paths=voila.template_paths,
            config=voila.config,
        )

    async def prepare(self) -> None:
        """Start no kernel for a part of another page, or for a browser that only guesses."""
        await super().prepare()
        if self.request.headers.get("Sec-Fetch-Dest", "document") != "document":
            raise HTTPError(403)
        if "prefetch" in self.request.headers.get("Sec-Purpose", ""):
            raise HTTPError(503)

    def on_connection_close(self) -> None:
        """Notice that nobody waits for the page any more."""
        self._left = True

    async def play(
        self, name: str, owner: Owner, given: Mapping[str, str], *, shown_first: int = 0
    ) -> None:
        """Send the page of a notebook.

        Parameters
        ----------
        name
            Of the notebook's file, without its ending.
        owner
            Whose the kernel is.
        given
            Variables for its environment.
        shown_first
            Which section is seen until the page's script takes over, from 0.

        Raises
        ------
        HTTPError
            503: there are as many kernels as there may be.
        """
        about = {"QUERY_STRING": self.request.query, FORM_IS_THERE: "1"}
        self._kernel_id = await self.kernel_manager.place_for(owner, {**about, **given})
        if not self._kernel_id:
            raise HTTPError(503)
        self._shown_first = shown_first
        try:
            await super().get(str(self.using.workbooks / f"{name}.ipynb"))
        finally:
            if self._left or not self._complete:
                await self.kernel_manager.end(self._kernel_id)

    async def get_generator(self, path: str) -> AsyncIterator[str]:
        """Give the page piece by piece: what can be read at once, then what its cells show."""
        renderer = Renderer(
            voila_configuration=self.voila_configuration,
            traitlet_config=self.traitlet_config,
            notebook_path=path,
            template_paths=self.template_paths,
            kernel_spec_manager=self.kernel_spec_manager,
            base_url=self.base_url,
            page_config={},
        )
        await renderer.initialize()
        renderer.resources["shown_first"] = self._shown_first
        compiled = FileSystemBytecodeCache(self.settings["voila"].connection_dir)
        renderer.exporter.environment.bytecode_cache = compiled
        renderer.exporter.register_filter("outputs", partial(outputs_of, renderer))
        renderer.exporter.register_filter("line", partial(line_to, base=self.base_url))
        _ = self.xsrf_token  # sets the cookie that the page sends back when it is closed
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")  # a proxy is not to keep the beginning back
        try:
            pieces = renderer.generate_content_generator(self._kernel_id, self._start(renderer))
            async for piece, _ in pieces:
                if self._left:
                    return
                yield piece
            self._complete = True
        except Exception:  # noqa: BLE001  whatever broke, the page must say so
            _log.exception("The page %s could not be made", path)
            yield _outputs("phb-not-started", {"html": NOT_STARTED})
        finally:
            executor = getattr(renderer, "executor", None)
            if executor and executor.kc:  # a failed cell ends the notebook, and not its client
                executor.kc.stop_channels()

    async def _start(self, renderer: NotebookRenderer) -> Any:
        """Start the kernel, and return what manages it."""
        kernel_name = renderer.notebook.metadata.kernelspec.name
        await self.kernel_manager.start_kernel(
            kernel_id=self._kernel_id, kernel_name=kernel_name, path=""
        )
        return self.kernel_manager.get_kernel(self._kernel_id)


class Renderer(NotebookRenderer):  # type: ignore[misc]
    """Voilà's renderer, which warns of no notebook that nobody has signed as trusted."""

    async def load_notebook(self, path: str) -> NotebookNode:
        """Read a notebook."""
        notebook: NotebookNode = await self.fix_notebook(nbformat.read(path, as_version=4))
        return notebook


def sections(notebook: NotebookNode) -> list[tuple[str, list[tuple[int, NotebookNode]]]]:
    """Group cells by headings: the introduction, then a section for each that begins `## `.

    Cells tagged `trainer` are left out. Each cell comes with its place in the notebook.
    """
    found: list[tuple[str, list[tuple[int, NotebookNode]]]] = [("", [])]
    for place, cell in enumerate(notebook.cells):
        if _for_trainers(cell):
            continue
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            found.append((cell.source.splitlines()[0][3:], []))
        found[-1][1].append((place, cell))
    return found


def _for_trainers(cell: NotebookNode) -> bool:
    return "trainer" in cell.metadata.get("tags", [])


def outputs_of(renderer: NotebookRenderer, cell: NotebookNode, place: int) -> Markup:
    """Write what a cell shows, for the page's script to put in the cell's place."""
    if _for_trainers(cell):
        return Markup()
    states = renderer.executor.widget_state
    shown = [each for output in cell.get("outputs", []) if (each := _shown(output, states))]
    return _outputs(f"cell-{place}", *shown) if shown else Markup()


def has_failed(cell: NotebookNode) -> bool:
    """Say whether a cell could not be run to its end."""
    return any(_is_error(output) for output in cell.get("outputs", []))


def _is_error(output: Mapping[str, Any]) -> bool:
    """Say whether an output is an error; what a notebook prints as one is left out by Voilà."""
    return output["output_type"] == "error" or output.get("name") == "stderr"


def _shown(output: Mapping[str, Any], states: Mapping[str, Any]) -> dict[str, Any] | None:
    """Say what an output shows: a widget by its id and state, anything else as HTML."""
    data = output.get("data", {})
    model = data.get(_WIDGET, {}).get("model_id")
    if model in states:
        return {"model": model, "state": states[model]}
    html = FAILED if _is_error(output) else _html(data)
    return {"html": html} if html else None


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


def _outputs(place: str, *shown: dict[str, Any]) -> Markup:
    return _script(Markup('class="phb-cell" data-place="{}"').format(place), shown)


def line_to(kernel_id: str, *, base: str) -> Markup:
    """Write which kernel the page is to talk to."""
    return _script(Markup('id="jupyter-config-data"'), {"baseUrl": base, "kernelId": kernel_id})


def _script(attributes: Markup, value: Any) -> Markup:
    """Write a value as JSON that a page's script can read and nothing runs."""
    text = json.dumps(value, ensure_ascii=False)
    safe = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    made = Markup('<script type="application/json" {}>{}</script>\n')
    return made.format(attributes, Markup(safe))


FILTERS = {"asset": assets.address, "failed": has_failed, "prose": prose, "sections": sections}


class ModuleHandler(NotebookPage):
    """One module, played in a kernel of its own, and begun again."""

    async def get(self, name: str) -> None:
        """Run the module's notebook and show it."""
        card = self.card(name)
        learner = self.learner.id
        owner = Owner("learner", learner)
        await self.play(name, owner, {"PHB_LEARNER": learner}, shown_first=card.at)

    def post(self, name: str) -> None:
        """Begin a new attempt, and open it."""
        self.catalogue.start_again(self.card(name))
        self.redirect(f"{self.base_url}module/{name}", status=303)
