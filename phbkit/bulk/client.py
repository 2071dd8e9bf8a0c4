"""papermill's own client, at a kernel on a pipe instead of one on sockets."""

from __future__ import annotations

import asyncio
import os
import pickle
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import Empty
from typing import Any

import nbformat
from jupyter_client.client import KernelClient
from jupyter_client.session import Session
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient

from phbkit.bulk import template
from phbkit.bulk.limits import Limits
from phbkit.bulk.wire import IOPUB, SHELL

_KERNEL = "phbkit.bulk.kernel:serve"
_ENDING_SECONDS = 1.0


class Channel:
    """Messages of one kind that came from the kernel, and the way to it."""

    def __init__(self, client: PipeClient) -> None:
        self._client = client
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def put(self, message: dict[str, Any] | None) -> None:
        """Take what came; None where nothing will come any more."""
        self._messages.put_nowait(message)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the kernel."""
        self._client.post(message)

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """Wait for a message.

        Raises
        ------
        queue.Empty
            None came in `timeout` seconds.
        DeadKernelError
            None will ever come.
        """
        self._client.listen()
        try:
            message = await asyncio.wait_for(self._messages.get(), timeout)
        except TimeoutError:
            raise Empty from None
        if message is None:
            self.put(None)
            raise DeadKernelError(self._client.epitaph)
        return message

    def is_alive(self) -> bool:
        """Channels need no starting."""
        return True


class PipeClient(KernelClient):
    """Speaks to one process of `phbkit.bulk.kernel`."""

    allow_stdin = False

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        super().__init__(session=Session(key=b""))
        self._process, self._pipe = process, pipe
        self._channels = {name: Channel(self) for name in (IOPUB, SHELL)}
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def shell_channel(self) -> Any:
        """Replies to requests."""
        return self._channels[SHELL]

    @property
    def iopub_channel(self) -> Any:
        """Outputs."""
        return self._channels[IOPUB]

    def is_alive(self) -> bool:
        """Say whether the process still runs."""
        return self._process.is_alive()

    @property
    def epitaph(self) -> str:
        """How the process ended, in words."""
        self._process.join(_ENDING_SECONDS)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"the notebook’s process was killed by signal {-code}"
        return f"the notebook’s process ended with exit code {code}"

    def post(self, message: dict[str, Any]) -> None:
        """Send a message to the kernel; a dead one gets none, and the next read says so."""
        parts = [bytes(part) for part in self.session.serialize(message)]
        parts += [bytes(part) for part in message.get("buffers", [])]
        try:
            self._pipe.send_bytes(pickle.dumps(parts))
        except (BrokenPipeError, ConnectionError):
            self._end()

    def listen(self) -> None:
        """Read the pipe in the loop that runs now."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            loop.add_reader(self._pipe.fileno(), self._read)

    def _read(self) -> None:
        try:
            channel, parts = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  our own copy wrote it
        except (EOFError, ConnectionError):
            self._end()
            return
        _, parts = self.session.feed_identities(parts)
        self._channels[channel].put(self.session.deserialize(parts))

    def _end(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._pipe.fileno())
        for channel in self._channels.values():
            channel.put(None)

    def close(self) -> None:
        """End the process."""
        if self._loop is not None:
            self._loop.remove_reader(self._pipe.fileno())
        self._pipe.close()
        self._process.join(_ENDING_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


class ForkingClient(PapermillNotebookClient):
    """papermill's client with a process forked from the template as its kernel."""

    def __init__(self, nb_man: Any, *, limits: Limits, folder: str, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._limits, self._folder = limits, folder

    def execute(self, **kwargs: Any) -> Any:
        """Execute the notebook in a process of its own."""
        process, pipe = template.start(_KERNEL, dict(os.environ), self._folder, self._limits)
        self.kc = PipeClient(process, pipe)
        try:
            self.reset_execution_trackers()
            self.papermill_execute_cells()
            if self.kc.is_alive():
                told = self.wait_for_reply(self.kc.kernel_info())
                self.nb.metadata["language_info"] = told["content"]["language_info"]
            self.set_widgets_metadata()
        finally:
            self.kc.close()
        return self.nb

    def execute_cell(self, cell: Any, cell_index: int, **kwargs: Any) -> Any:
        """Execute one cell; whatever stops it stands in its output."""
        try:
            return super().execute_cell(cell, cell_index, **kwargs)
        except CellTimeoutError:
            ename = "TimeoutError"
            evalue = (
                f"This cell ran for more than {self._get_timeout(cell)} seconds and was stopped."
            )
        except DeadKernelError as error:
            ename, evalue = "DeadKernelError", f"This cell was never finished: {error}."
        output = nbformat.v4.new_output("error", ename=ename, evalue=evalue, traceback=[])
        output.traceback = [f"{ename}: {evalue}"]
        cell.outputs.append(output)
        raise CellExecutionError("\n".join(output.traceback), ename, evalue)
