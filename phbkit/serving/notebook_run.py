"""One notebook at work in a kernel of its own, cell by cell."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from queue import Empty
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

_WIDGET = "application/vnd.jupyter.widget-view+json"
_STARTING_SECONDS, _CELL_SECONDS = 45.0, 45.0
_STARTS = 3
_log = logging.getLogger(__name__)


class Run:
    """A kernel that plays a notebook, and the client that runs its cells.

    Parameters
    ----------
    kernels
        Those of the server; the kernel is one of them until it is ended.
    notebook
        Its cells get their outputs as they are run.
    """

    def __init__(self, kernels: AsyncMappingKernelManager, notebook: NotebookNode) -> None:
        self._kernels, self._notebook = kernels, notebook
        self._client: NotebookClient | None = None
        self.kernel_id = ""

    async def start(self) -> str:
        """Start the kernel, wait until it answers, and return its id.

        One that dies is started again: its ports are chosen before it takes them, and meanwhile
        anybody on the machine may have taken one.

        Raises
        ------
        RuntimeError, TimeoutError
            It died each time, or has not answered in time.
        """
        for _ in range(_STARTS - 1):
            try:
                return await self._start()
            except RuntimeError as error:
                _log.warning("A kernel is started again: %s", error)
                await self.end()
        return await self._start()

    async def _start(self) -> str:
        given = {**os.environ, "VOILA_PREHEAT": "False"}  # says that somebody sits at the notebook
        name = self._kernels.default_kernel_name
        self.kernel_id = await self._kernels.start_kernel(kernel_name=name, path="", env=given)
        kernel = self._kernels.get_kernel(self.kernel_id)
        self._client = NotebookClient(self._notebook, km=kernel, timeout=_CELL_SECONDS)
        self._client.kc = kernel.client()
        self._client.kc.start_channels()
        await asyncio.wait_for(_answers(self._client.kc), _STARTING_SECONDS)
        return self.kernel_id

    async def outputs(self) -> AsyncIterator[tuple[NotebookNode, list[NotebookNode]]]:
        """Run the cells in order and give each with its outputs, as far as the first that fails.

        A failing cell's outputs end with an error.
        """
        assert self._client  # noqa: S101  it was started
        for place, cell in enumerate(self._notebook.cells):
            if cell.cell_type != "code":
                continue
            cell.outputs = []
            try:
                await self._client.async_execute_cell(cell, place, store_history=False)
            except Exception:  # noqa: BLE001  whatever broke, the page must say so
                _log.exception("The cell %r failed", cell.get("id"))
                yield cell, [NotebookNode(output_type="error")]
                return
            yield cell, cell.outputs

    def widget(self, output: NotebookNode) -> dict[str, Any] | None:
        """Return the id and the state of the widget that an output shows, if it shows one."""
        model = output.get("data", {}).get(_WIDGET, {}).get("model_id")
        states = self._client.widget_state if self._client else {}
        return {"model": model, "state": states[model]} if model in states else None

    def let_go(self) -> None:
        """Leave the kernel to the page."""
        if self._client and self._client.kc:
            self._client.kc.stop_channels()

    async def end(self) -> None:
        """End the kernel: nobody will use it."""
        self.let_go()
        if self.kernel_id in self._kernels:
            await self._kernels.shutdown_kernel(self.kernel_id, now=True)


async def _answers(client: Any) -> None:
    """Wait until a kernel has answered and is heard on its broadcast channel.

    It asks again until both are so: what a kernel broadcasts before it knows of a listener is
    lost. jupyter_client's own waiting adds 0.2 s of silence, which only clients need that cannot
    tell the answers to their own messages.
    """
    answered = heard = False
    while not (answered and heard):
        client.kernel_info()
        answered = await _comes(client.shell_channel, 1.0) or answered
        heard = heard or await _comes(client.iopub_channel, 0.1)
        if not answered and not await client.is_alive():
            raise RuntimeError("The kernel died before it answered")


async def _comes(channel: Any, seconds: float) -> bool:
    try:
        await channel.get_msg(timeout=seconds)
    except Empty:
        return False
    return True
