"""papermill's own client, at a kernel without sockets."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import Empty
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_client.client import KernelClient
from jupyter_client.session import Session
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient

from phbkit.kernels import template
from phbkit.kernels.limits import Limits
from phbkit.kernels.wire import IOPUB, SHELL, Messages

if TYPE_CHECKING:
    from phbkit.kernels.bare_kernel import BareKernel

_KERNEL = "phbkit.kernels.bare_kernel:serve"
_ENDING_SECONDS = 1.0
_BETWEEN_CELLS_SECONDS = 0.01


class Channel:
    """Messages of one kind that came from the kernel, and the way to it."""

    def __init__(self, client: BareClient) -> None:
        self._client = client
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def put(self, message: dict[str, Any] | None) -> None:
        """Take what came; None where nothing will come any more."""
        self._messages.put_nowait(message)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the kernel."""
        self._client.post({**message, "buffers": [bytes(b) for b in message.get("buffers", ())]})

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # noqa: ASYNC109
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
        """Say that there is nothing to start."""
        return True


class BareClient(KernelClient):
    """Speaks to a kernel without sockets. How messages travel is for its children to say."""

    allow_stdin = False
    epitaph = ""

    def __init__(self) -> None:
        super().__init__(session=Session(key=b"unused"))
        self._channels = {name: Channel(self) for name in (IOPUB, SHELL)}

    @property
    def shell_channel(self) -> Any:
        """Replies to requests."""
        return self._channels[SHELL]

    @property
    def iopub_channel(self) -> Any:
        """Outputs."""
        return self._channels[IOPUB]

    def take(self, messages: Messages) -> None:
        """Take what the kernel says."""
        for channel, message in messages:
            self._channels[channel].put(message)


class PipeClient(BareClient):
    """Speaks to the kernel of another process."""

    def __init__(self, process: BaseProcess, pipe: Connection, most: int | None) -> None:
        super().__init__()
        self._process, self._pipe = process, pipe
        self._came, self._most = 0, most
        self._loop: asyncio.AbstractEventLoop | None = None

    def is_alive(self) -> bool:
        """Say whether the process still runs."""
        return not self._pipe.closed and self._process.is_alive()

    @property
    def epitaph(self) -> str:  # type: ignore[override]
        """How the process ended, in words."""
        if self._most is not None and self._came > self._most:
            return "the notebook showed too much, and was stopped"
        self._process.join(_ENDING_SECONDS)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"the notebook’s process was killed by signal {-code}"
        return f"the notebook’s process ended with exit code {code}"

    def post(self, message: dict[str, Any]) -> None:
        """Send a message to the kernel; a dead one gets none, and the next read says so."""
        try:
            self._pipe.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
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
            came = self._pipe.recv_bytes()
        except (EOFError, ConnectionError):
            self._end()
            return
        self._came += len(came)
        self.take(pickle.loads(came))  # noqa: S301  our own copy wrote it
        if self._most is not None and self._came > self._most:
            self._process.kill()
            self._end()

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
        template.end(self._process)


class InsideClient(BareClient):
    """Speaks to the kernel of this process, which is a copy of the template made for one notebook.

    A cell that runs for longer than it may, or takes the kernel down, ends the process: whoever
    made it has to notice.
    """

    def __init__(self, kernel: BareKernel, seconds: float | None) -> None:
        super().__init__()
        self._kernel, self._seconds = kernel, seconds or 0
        self._asked: list[dict[str, Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._left: set[asyncio.Task[Any]] = set()  # what cells began and have not ended
        self._answered = False

    def is_alive(self) -> bool:
        """Say that it runs: who asks is the same process."""
        return True

    def post(self, message: dict[str, Any]) -> None:
        """Send a message to the kernel."""
        self._asked.append(message)

    def listen(self) -> None:
        """Have the kernel do what it was asked, in the loop that runs now."""
        for message in self._asked:
            task = asyncio.get_running_loop().create_task(self._obey(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._asked.clear()

    def take(self, messages: Messages) -> None:
        """Take what the kernel says."""
        self._answered = self._answered or any(channel == SHELL for channel, _ in messages)
        super().take(messages)

    async def _obey(self, message: dict[str, Any]) -> None:
        if not message["header"]["msg_type"].endswith("_request"):
            await self._kernel.obey(message)
            return
        self._left = {task for task in self._left if not task.done()}
        if self._left:  # a kernel of its own would go on with them between cells
            await asyncio.sleep(_BETWEEN_CELLS_SECONDS)
        before = asyncio.all_tasks()
        self._answered = False
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        try:
            await self._kernel.obey(message)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            if not self._answered:
                os._exit(1)
            self._left |= asyncio.all_tasks() - before

    def close(self) -> None:
        """Leave the process to end."""


class BareNotebookClient(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client at a kernel without sockets; what stops a cell stands in its output."""

    def __init__(
        self, nb_man: Any, kernel_client: PipeClient | InsideClient, **options: Any
    ) -> None:
        super().__init__(nb_man, **options)
        self.kc = kernel_client
        self._stopped = False

    def execute(self, **kwargs: Any) -> Any:
        """Execute the notebook."""
        try:
            self.reset_execution_trackers()
            self.papermill_execute_cells()
            if self.kc.is_alive() and not self._stopped:
                with suppress(CellTimeoutError, DeadKernelError):  # all cells have run
                    told = self.wait_for_reply(self.kc.kernel_info(), *self.nb.cells[-1:])
                    self.nb.metadata["language_info"] = told["content"]["language_info"]
            self.set_widgets_metadata()
        finally:
            self.kc.close()
        return self.nb

    def execute_cell(self, cell: Any, cell_index: int, **kwargs: Any) -> Any:
        """Execute one cell."""
        try:
            return super().execute_cell(cell, cell_index, **kwargs)
        except CellExecutionError as error:
            if any(output.output_type == "error" for output in cell.outputs):
                raise
            ename, evalue = error.ename, error.evalue
        except CellTimeoutError:
            self._stopped = True
            seconds = self._get_timeout(cell)
            ename = "TimeoutError"
            evalue = f"This cell ran for more than {seconds} seconds and was stopped."
        except DeadKernelError as error:
            ename, evalue = "DeadKernelError", f"This cell was never finished: {error}."
        output = nbformat.v4.new_output("error", ename=ename, evalue=evalue, traceback=[])
        output.traceback = [f"{ename}: {evalue}"]
        cell.outputs.append(output)
        raise CellExecutionError("\n".join(output.traceback), ename, evalue)


def make_client(
    nb_man: Any, *, limits: Limits, folder: str, inside: bool, **options: Any
) -> BareNotebookClient:
    """Make the client of one notebook.

    Parameters
    ----------
    folder
        Where the notebook's code runs.
    inside
        Run it in this very process, which must be a copy of the template made for this.
    """
    kernel_client: PipeClient | InsideClient
    if inside:
        from phbkit.kernels.bare_kernel import BareKernel

        kernel = BareKernel.ready()
        kernel_client = InsideClient(kernel, limits.seconds)
        kernel.put_to_use(kernel_client.take, dict(os.environ), folder, limits)
    else:
        process, pipe = template.start(_KERNEL, dict(os.environ), folder, limits)
        kernel_client = PipeClient(process, pipe, limits.most_shown)
        options["timeout"] = limits.seconds
    return BareNotebookClient(nb_man, kernel_client, **options)
