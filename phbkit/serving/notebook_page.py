"""Notebooks as pages: run and written by Voilà's handler and renderer, with a template of ours.

The prose is sent before there is a kernel, and what each cell shows once it has run. Voilà's own
`get_generator` starts the kernel before it sends anything, and keeps it for visitors who have gone.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any

import nbformat
from jinja2 import FileSystemBytecodeCache
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from nbformat import NotebookNode
from tornado.web import HTTPError
from voila.notebook_renderer import NotebookRenderer
from voila.tornado.handler import TornadoVoilaHandler

from phbkit.errors import RefusedError
from phbkit.forms import FORM_IS_THERE
from phbkit.serving import assets
from phbkit.serving.owners import Owner
from phbkit.serving.pages import Page
from phbkit.serving.threads import in_thread
from phbkit.text import prose, quotes

FAILED = Markup(
    '<p class="phb-failed">This part of the page could not be made. Your answers are kept. '
    "Tell whoever runs this site what you were doing.</p>"
)
_NOT_STARTED = (
    '<p class="phb-failed">This page could not be started. Your answers are kept. Open it again '
    "in a minute; if that does not help, tell whoever runs this site.</p>"
)
NOT_STARTED = Markup(
    '<script type="application/json" class="phb-cell" data-place="phb-not-started">{}</script>'
).format(htmlsafe_json_dumps([{"html": _NOT_STARTED}]))
_WIDGET = "application/vnd.jupyter.widget-view+json"
_TEXTS: dict[str, Callable[[str], Markup]] = {
    "text/html": Markup, "image/svg+xml": Markup, "text/markdown": prose
}  # fmt: skip
_PICTURES = ("image/png", "image/jpeg")
_log = logging.getLogger(__name__)


class NotebookPage(Page, TornadoVoilaHandler):  # type: ignore[misc]
    """A page with a kernel behind it, which is the page's own and ends with it."""

    _kernel_id = ""
    _shows: Mapping[str, Any]
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
        self,
        name: str,
        owner: Owner,
        given: Mapping[str, str],
        *,
        shown_first: int = 0,
        beside: Mapping[str, str] | None = None,
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
        beside
            The address of a picture and a text, as `picture` and `brief`, shown where a screen is
            wide enough.

        Raises
        ------
        HTTPError
            503: there are as many kernels as there may be.
        """
        about = {"QUERY_STRING": self.request.query, FORM_IS_THERE: "1"}
        self._kernel_id = await self.kernel_manager.place_for(
            owner, {**about, **given}, self.current_user.sign_in
        )
        if not self._kernel_id:
            raise HTTPError(503)
        self._shows = {"shown_first": shown_first, "beside": beside}
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
        renderer.resources.update(self._shows)
        compiled = FileSystemBytecodeCache(self.settings["voila"].connection_dir)
        renderer.exporter.environment.bytecode_cache = compiled
        renderer.exporter.register_filter("shown", partial(shown, renderer))
        _ = self.xsrf_token  # sets the cookie that the page sends back when it is closed
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")  # a proxy is not to keep the beginning back
        starting = self._start(renderer)
        try:
            pieces = renderer.generate_content_generator(self._kernel_id, starting)
            async for piece, _ in pieces:
                if self._left:
                    return
                yield piece
            self._complete = True
        except Exception:  # noqa: BLE001  whatever broke, the page must say so
            _log.exception("The page %s could not be made", path)
            yield NOT_STARTED
        finally:
            starting.close()  # where its visitor left before it began
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


def has_failed(cell: NotebookNode) -> bool:
    """Say whether a cell could not be run to its end."""
    return any(_is_error(output) for output in cell.get("outputs", []))


def _is_error(output: Mapping[str, Any]) -> bool:
    """Say whether an output is an error; what a notebook prints as one is left out by Voilà."""
    return output["output_type"] == "error" or output.get("name") == "stderr"


FILTERS = {
    "asset": assets.address,
    "failed": has_failed,
    "prose": prose,
    "quotes": quotes,
    "sections": sections,
}


def shown(renderer: NotebookRenderer, cell: NotebookNode) -> list[dict[str, Any]]:
    """Say what a cell shows: widgets by their id and state, anything else as HTML."""
    outputs = [] if _for_trainers(cell) else cell.get("outputs", [])
    states, found = renderer.executor.widget_state, []
    for output in outputs:
        data = output.get("data", {})
        model = data.get(_WIDGET, {}).get("model_id")
        if model in states:
            found.append({"model": model, "state": states[model]})
        elif html := FAILED if _is_error(output) else _html(data):
            found.append({"html": html})
    return found


def _html(data: Mapping[str, str]) -> Markup:
    """Write an output as HTML; a notebook's HTML is trusted as much as its code."""
    for kind, write in _TEXTS.items():
        if kind in data:
            return write(data[kind])
    for kind in _PICTURES:
        if kind in data:
            image = Markup('<img alt="{}" src="data:{};base64,{}">')
            return image.format(data.get("text/plain", ""), kind, data[kind].strip())
    return Markup("<pre>{}</pre>").format(data["text/plain"]) if "text/plain" in data else Markup()


class ModuleHandler(NotebookPage):
    """One module, played in a kernel of its own, and begun again."""

    async def get(self, name: str) -> None:
        """Run the module's notebook and show it."""
        card = await self.card(name)
        learner = self.learner.id
        owner = Owner("learner", learner)
        beside = {"picture": card.case.picture, "brief": card.case.about.brief or ""}
        given = {"PHB_LEARNER": learner}
        await self.play(name, owner, given, shown_first=card.at, beside=beside)

    async def post(self, name: str) -> None:
        """Begin a new attempt, and open it."""
        card = await self.card(name)
        try:
            await in_thread(self.catalogue.start_again, card)
        except RefusedError as error:
            raise HTTPError(429) from error
        self.redirect(f"{self.base_url}module/{name}", status=303)
