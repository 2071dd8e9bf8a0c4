"""Plays a notebook for whoever opened its page."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import nbformat
from jupyter_server.base.handlers import JupyterHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from phbkit.forms import FORM_IS_THERE
from phbkit.serving import page_template
from phbkit.serving.notebook_run import Run
from phbkit.serving.owners import Owner

_log = logging.getLogger(__name__)


class PlayHandler(JupyterHandler):  # type: ignore[misc]
    """A page with a kernel behind it: its prose is sent at once, what cells show when they ran."""

    gone = False

    def on_connection_close(self) -> None:
        """Notice that nobody waits for the page any more."""
        self.gone = True

    def refuse_unasked(self) -> None:
        """Start no kernel for a part of another page, or for a browser that only guesses.

        Raises
        ------
        HTTPError
            403 or 503.
        """
        if self.request.headers.get("Sec-Fetch-Dest", "document") != "document":
            raise HTTPError(403)
        if "prefetch" in self.request.headers.get("Sec-Purpose", ""):
            raise HTTPError(503)

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
            Which section is seen before it is ready, from 0.
        """
        workbooks: Path = self.settings["workbooks"]
        notebook = nbformat.read(workbooks / f"{name}.ipynb", as_version=4)
        _ = self.xsrf_token  # sets the cookie that the page sends back when it is closed
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")  # a proxy is not to keep the beginning back
        self.write(page_template.begin(notebook, self.base_url, shown_first))
        run = Run(self.kernel_manager, notebook)
        about = {"QUERY_STRING": self.request.query, FORM_IS_THERE: "1"}
        try:
            with self.kernel_manager.opened_by(owner, {**about, **given}):
                await self.flush()
                await self._fill(run)
            self.write(page_template.end(self.base_url))
            await self.finish()
        except StreamClosedError:
            self.gone = True
        finally:
            run.let_go()
            if self.gone:
                await run.end()

    async def _fill(self, run: Run) -> None:
        """Send what the cells show, and which kernel the page is to talk to."""
        try:
            kernel_id = await run.start()
        except Exception:  # noqa: BLE001  whatever broke, the page must say so
            _log.exception("A kernel could not be started")
            await run.end()
            self.write(page_template.NOT_STARTED)
            return
        async for cell, outputs in run.outputs():
            if self.gone:
                return
            self.write(page_template.outputs_of(cell, run, outputs))
        self.write(page_template.line_to(kernel_id, self.base_url))
