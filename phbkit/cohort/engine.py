"""A papermill engine: `papermill --engine phb`. Each notebook runs in a copy of a warm template."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from time import monotonic
from types import SimpleNamespace
from typing import Any, Literal

from jupyter_client.session import Session
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine

from phbkit.kernels import template
from phbkit.kernels.limits import Limits

NAME = "phb"
_log = logging.getLogger("papermill")
_ENDING_SECONDS = 1.0
_UNUSED = ("input_path", "start_timeout", "startup_timeout", "timeout", "execution_timeout")

Message = dict[str, Any]
Show = Callable[[Message], object]
RunCell = Callable[[str, Show, Sequence[Message]], dict[str, Any]]
"""Runs a cell's source, after what waits for its widgets; returns the `execute_reply`'s content."""


class ForkedCells:
    """Runs the cells of one notebook in a process made for it, and says how that ended.

    Parameters
    ----------
    limits
        What the notebook may use.
    method
        `fork` where this process is itself a copy of the template that has run no notebook.
    """

    def __init__(
        self, limits: Limits, method: Literal["forkserver", "fork"] = "forkserver"
    ) -> None:
        self._seconds, self.killed = limits.seconds, False
        serve = "phbkit.cohort.cells:serve"
        self._process, self._pipe = template.start(serve, limits, method=method)

    def run(self, source: str, show: Show, messages: Sequence[Message]) -> dict[str, Any]:
        """Run a cell; where its process does not come back, show that as the cell's error."""
        end = None if self._seconds is None else monotonic() + self._seconds
        try:
            self._pipe.send((source, list(messages)))
            while self._pipe.poll(None if end is None else max(0, end - monotonic())):
                message: Message = self._pipe.recv()
                if message["msg_type"] == "execute_reply":
                    return dict(message["content"])
                show(message)
        except (EOFError, ConnectionError):
            return _failed("DeadKernelError", self._epitaph())
        self._process.kill()
        seconds = f"This cell ran for more than {self._seconds:g} seconds and was stopped."
        return _failed("TimeoutError", seconds)

    def _epitaph(self) -> str:
        self._process.join(_ENDING_SECONDS)
        code = self._process.exitcode or 0
        self.killed = code == -signal.SIGKILL
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"This cell was never finished: the notebook’s process {how}."

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        template.end(self._process)


class PhbEngine(NBClientEngine):  # type: ignore[misc]
    """Runs Python notebooks in processes forked from a template that has imported the libraries.

    Options beside papermill's own: `mebibytes`, the memory that a notebook may use, and `run_cell`,
    what runs its cells, if not a new process. Where forking cannot work, or what is asked for needs
    a kernel of its own, papermill's stock engine runs the notebook and the log says why.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        run_cell: RunCell | None = None,
        mebibytes: int | None = None,
        **options: Any,
    ) -> Any:
        """Execute the notebook that `nb_man` manages."""
        reason = template.why_not() or _why_not(kernel_name, options)
        if reason:
            _log.warning("The stock engine runs this notebook: %s.", reason)
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        seconds = options.get("execution_timeout") or options.get("timeout")
        options = {name: value for name, value in options.items() if name not in _UNUSED}
        options |= {"kernel_name": kernel_name, "log": _log}
        if run_cell is not None:
            return _Client(nb_man, run_cell, **options).execute()
        with closing(ForkedCells(Limits(seconds, mebibytes))) as forked:
            return _Client(nb_man, forked.run, **options).execute()


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's own client; its cells are run by us instead of a kernel."""

    def __init__(self, nb_man: Any, run_cell: RunCell, **options: Any) -> None:
        super().__init__(nb_man, record_timing=False, **options)
        self._run_cell = run_cell
        self._waiting: list[Message] = []  # what nbclient's output widgets say, for the next cell
        channel = SimpleNamespace(send=self._waiting.append)
        self.kc = SimpleNamespace(session=Session(key=b"unused"), shell_channel=channel)

    def execute(self, **_: Any) -> Any:
        """Execute the notebook."""
        self.reset_execution_trackers()
        self.papermill_execute_cells()
        self.set_widgets_metadata()
        return self.nb

    def execute_cell(self, cell: Any, cell_index: int, **_: Any) -> Any:
        """Execute one cell.

        Raises
        ------
        CellExecutionError
            It failed, and is not allowed to.
        """
        tags = cell.metadata.get("tags", [])
        skipped = self.skip_cells_with_tag in tags or not cell.source.strip()
        if cell.cell_type != "code" or skipped:
            return cell
        if self.on_cell_start is not None:
            self.on_cell_start(cell=cell, cell_index=cell_index)
        self.clear_before_next_output = False
        show = partial(self.process_message, cell=cell, cell_index=cell_index)
        messages = self._waiting.copy()
        self._waiting.clear()
        reply = self._run_cell(cell.source, show, messages)
        self.nb.metadata.update(reply["metadata"])
        if reply["status"] == "error":
            if not any(output.output_type == "error" for output in cell.outputs):
                said = f"{reply['ename']}: {reply['evalue']}"
                words = {"ename": reply["ename"], "evalue": reply["evalue"], "traceback": [said]}
                cell.outputs.append(new_output("error", **words))
            allowed = self.allow_errors or "raises-exception" in tags
            if not (allowed or reply["ename"] in self.allow_error_names):
                raise CellExecutionError.from_cell_and_msg(cell, reply)
        return cell


def _why_not(kernel_name: str, options: dict[str, Any]) -> str:
    if kernel_name not in {"python3", "python"}:
        return f"its kernel is {kernel_name!r}, and the template is for Python"
    for name in ("km", "kernel_manager_class", "resources"):
        if options.get(name) is not None:
            return f"{name} was given"
    return ""


def _failed(ename: str, evalue: str) -> dict[str, Any]:
    """Reply for a cell that cannot do so itself."""
    return {"status": "error", "metadata": {}, "ename": ename, "evalue": evalue}
