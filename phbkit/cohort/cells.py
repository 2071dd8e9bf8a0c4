"""Running a notebook's cells in this process, with ipykernel's own shell and no kernel around it.

What cells show is handed over as Jupyter messages, as a kernel would send them.
"""

from __future__ import annotations

import asyncio
import builtins
import fcntl
import getpass
import io
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from multiprocessing.connection import Connection
from operator import itemgetter
from types import SimpleNamespace
from typing import Any

import comm
from comm.base_comm import BaseComm
from ipykernel.ipkernel import IPythonKernel
from ipykernel.jsonutil import json_clean
from IPython.core.error import StdinNotImplementedError
from jupyter_client.session import Session

from phbkit.kernels.limits import Limits
from phbkit.kernels.shell import shell

Message = dict[str, Any]
Show = Callable[[Message], object]
_MOST_BYTES = 16 * 1024 * 1024
_BETWEEN_CELLS_SECONDS = 0.01
_FLUSH_SECONDS = 0.2


class PrintedTooMuchError(Exception):
    """A notebook that shows things without end."""


class Cells:
    """The cells of one notebook. Make it in a copy of the template that is for this notebook."""

    def __init__(self, limits: Limits) -> None:
        self._shell, self._outputs = shell(), _Outputs(limits.characters)
        self._shell.init_environment()
        self._shell.kernel = SimpleNamespace(get_parent=self._shell.get_parent, eventloop=None)
        self._shell.displayhook.session = self._shell.display_pub.session = self._outputs
        sys.stdout, sys.stderr = self._outputs.streams
        builtins.input = getpass.getpass = _refuse_input
        _Comm.outputs, comm.create_comm = self._outputs, _Comm
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        sys.argv = ["ipykernel_launcher.py"]
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        limits.apply()

    def run(self, source: str, show: Show, messages: Sequence[Message] = ()) -> dict[str, Any]:
        """Run a cell.

        Parameters
        ----------
        source
            The code of the cell.
        messages
            What the widgets that they name are told before.
        show
            Takes each message: `stream`, `display_data`, `error`, `comm_open` and their like.

        Returns
        -------
        dict
            The content of Jupyter's `execute_reply`.
        """
        self._outputs.show = show
        for message in messages:
            to_widgets: Any = comm.get_comm_manager()
            to_widgets.comm_msg(None, None, {"buffers": [], **message})
        result = self._loop.run_until_complete(self._run(source))
        self._outputs.flush()
        self._outputs.show = None
        reply = {"status": "ok", "metadata": {"language_info": IPythonKernel.language_info}}
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            reply |= {"status": "error", "ename": type(error).__name__, "evalue": str(error)}
        return reply

    async def _run(self, source: str) -> Any:
        if len(asyncio.all_tasks()) > 1:  # what earlier cells began would go on between cells
            await asyncio.sleep(_BETWEEN_CELLS_SECONDS)
        shell, outputs = self._shell, self._outputs
        shell.set_parent(outputs.msg("execute_request"))
        outputs.send(None, "execute_input", {"execution_count": shell.execution_count})
        try:
            code = shell.transform_cell(source)
        except SyntaxError:
            return shell.run_cell(source, store_history=True)  # which says what is wrong
        result = await shell.run_cell_async(source, store_history=True, transformed_cell=code)
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", result)
        return result

    def flush_often(self) -> None:
        """Hand over what a cell prints while it goes on; for a thread."""
        while True:
            time.sleep(_FLUSH_SECONDS)
            self._outputs.flush()


def serve(pipe: Connection, limits: Limits) -> None:
    """Run the cells that come up a pipe, until it is closed; messages and replies go down it."""
    cells = Cells(limits)
    threading.Thread(target=cells.flush_often, daemon=True, name="phbkit-flush").start()
    with suppress(EOFError):
        while True:
            source, messages = pipe.recv()
            reply = cells.run(source, pipe.send, messages)
            pipe.send({"msg_type": "execute_reply", "content": reply})


class _Outputs(Session):
    """Hands over what the shell sends, in place of a connection."""

    def __init__(self, characters: float) -> None:
        super().__init__(key=b"unused")
        self.show: Show | None = None  # between cells
        self.streams = _Stream("stdout", 1, self), _Stream("stderr", 2, self)
        self._most, self._shown = characters, 0
        self.process, self._turn = os.getpid(), threading.RLock()
        self._printed: list[tuple[str, str]] = []

    def send(  # type: ignore[override]
        self, _: object, msg_or_type: Any, content: Any = None, parent: Any = None, **more: Any
    ) -> None:
        """Hand over one message, after what was printed before."""
        if os.getpid() != self.process:  # one that the notebook forked
            return
        message = msg_or_type
        if isinstance(message, str):
            message = self.msg(message, content, parent or shell().get_parent())
        values = (message["content"].get("data") or {}).values()
        self._count(*values)
        if not all(isinstance(value, str) for value in values):  # as JSON makes them
            message["content"] = self.unpack(self.pack(message["content"]))
        with self._turn:
            self.flush()
            if self.show:  # a thread may show things between cells
                buffers = [bytes(buffer) for buffer in more.get("buffers") or ()]
                self.show({**message, "buffers": buffers})

    def print(self, name: str, text: str) -> None:
        """Keep what was printed until it is flushed."""
        self._count(text)
        with self._turn:
            self._drain()
            self._printed.append((name, text))

    def flush(self) -> None:
        """Hand over what was printed, to the next cell where none runs."""
        with self._turn:
            self._drain()
            if self.show is None:
                return
            printed, self._printed = self._printed, []
            for name, texts in groupby(printed, key=itemgetter(0)):
                text = "".join(text for _, text in texts).encode(errors="replace").decode()
                content = {"name": name, "text": text}
                self.show(self.msg("stream", content, shell().get_parent()))

    def _drain(self) -> None:
        for stream in self.streams:
            text = stream.drain()
            if text:
                self._printed.append((stream.name, text))

    def _count(self, *values: object) -> None:
        more = sum(len(value) for value in values if isinstance(value, str))
        self._shown += more
        if more and self._shown > self._most:
            raise PrintedTooMuchError(
                f"This notebook has printed and displayed more than {self._most} characters."
            )


class _Comm(BaseComm):
    outputs: _Outputs  # of this process

    def publish_msg(self, msg_type: str, data: Any = None, *_: Any, **keys: Any) -> None:
        """Hand over what a widget says."""
        buffers, _metadata = keys.pop("buffers", None), keys.pop("metadata", None)
        content = json_clean({"data": data or {}, "comm_id": self.comm_id, **keys})
        self.outputs.send(None, msg_type, content, buffers=buffers)


class _Stream(io.TextIOBase):
    """What is printed: from Python at once; from other programs and C code, drained from a file.

    That file is in memory, in the place of the file descriptor; what does not fit is refused.
    """

    encoding, errors = "UTF-8", None

    def __init__(self, name: str, number: int, outputs: _Outputs) -> None:
        self.name, self._number, self._outputs = name, number, outputs
        self._file = os.memfd_create(name, os.MFD_ALLOW_SEALING)
        os.ftruncate(self._file, _MOST_BYTES)
        fcntl.fcntl(self._file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
        os.dup2(self._file, number)

    def write(self, text: str) -> int:
        """Print a text."""
        if self.closed:
            raise ValueError("I/O operation on closed file")
        if os.getpid() == self._outputs.process:
            self._outputs.print(self.name, text)
        else:  # a process that the notebook forked
            os.write(self._number, text.encode(errors="replace"))
        return len(text)

    def drain(self) -> str:
        """Take what was written to the file descriptor."""
        try:
            size = os.lseek(self._file, 0, os.SEEK_CUR)
            if not size:
                return ""
            written = os.pread(self._file, size, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
        except OSError:  # the notebook closed it
            return ""
        return written.decode(errors="replace")

    def flush(self) -> None:
        """Hand over what was printed."""
        if os.getpid() == self._outputs.process:
            self._outputs.flush()

    def fileno(self) -> int:
        """Give the file descriptor, for other programs to write to."""
        return self._number

    def writable(self) -> bool:
        """Say that it is."""
        return True


def _refuse_input(*_: object, **__: object) -> str:
    raise StdinNotImplementedError("Nobody sits at this notebook to answer it.")
