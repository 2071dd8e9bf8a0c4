"""A kernel without sockets: what the process of one notebook runs, on one pipe.

It is ipykernel's own kernel. Only the way messages travel differs, so outputs cannot.
"""

from __future__ import annotations

import asyncio
import atexit
import io
import logging
import os
import pickle
import random
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

import ipykernel.debugger
import zmq
from ipykernel.ipkernel import IPythonKernel
from jupyter_client.session import Session
from traitlets.config import Config

from phbkit.bulk.limits import Limits
from phbkit.bulk.wire import IOPUB, SHELL

_CONFIG = Config(
    {
        "HistoryManager": {"enabled": False},  # a thread and a database that nobody would read
        "PipeKernel": {"_execute_sleep": 0.0},
    }
)


class PipeSession(Session):
    """Puts whole messages on a pipe."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__(key=b"", digest_history_size=0)
        self._pipe, self._turn = pipe, threading.Lock()

    def send(  # noqa: PLR0913  the parent's own
        self,
        stream: object,
        msg_or_type: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        buffers: Any = None,
        track: bool = False,
        header: Any = None,
        metadata: Any = None,
    ) -> Any:
        """Send one message; whatever is not for iopub answers a request."""
        message = msg_or_type
        if isinstance(msg_or_type, str):
            message = self.msg(msg_or_type, content, parent, header, metadata)
        parts = [bytes(part) for part in self.serialize(message)]
        parts += [bytes(buffer) for buffer in buffers or message.get("buffers", [])]
        channel = IOPUB if stream == IOPUB else SHELL
        packed = pickle.dumps((channel, parts), protocol=pickle.HIGHEST_PROTOCOL)
        with self._turn:
            self._pipe.send_bytes(packed)
        return message


class PipeStream(io.TextIOBase):
    """What is printed, sent whenever the kernel flushes."""

    def __init__(self, kernel: PipeKernel, name: str, number: int) -> None:
        self._kernel, self.name, self._number = kernel, name, number
        self._texts: list[str] = []
        self._length = 0

    def write(self, text: str) -> int:
        """Keep a text until it is flushed."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._texts.append(text)
        self._length += len(text)
        if self._length > 64 * 1024:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Send what was written."""
        text, self._texts, self._length = "".join(self._texts), [], 0
        if text:
            parent = self._kernel.get_parent()
            content = {"name": self.name, "text": text}
            self._kernel.session.send(IOPUB, "stream", content, parent)

    def fileno(self) -> int:
        """Give the file descriptor of the process, which is not shown in the notebook."""
        return self._number

    def isatty(self) -> bool:
        """Nobody looks."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    encoding = "UTF-8"
    errors = None


class PipeKernel(IPythonKernel):
    """ipykernel's kernel on a pipe. The template makes one; each copy puts its own pipe to it."""

    @classmethod
    def ready(cls) -> PipeKernel:
        """Return the kernel of this process, without a pipe until it has one."""
        if not cls.initialized():
            ipykernel.debugger._is_debugpy_available = False  # noqa: SLF001  nobody debugs here
            log = logging.getLogger("phbkit.kernel")
            cls.instance(session=Session(key=b""), iopub_socket=IOPUB, config=_CONFIG, log=log)
        kernel: PipeKernel = cls.instance()
        return kernel

    def listen(self, pipe: Connection) -> None:
        """Send what the kernel says up a pipe, and what is printed."""
        self.session = PipeSession(pipe)
        self.shell.displayhook.session = self.session
        self.shell.display_pub.session = self.session
        sys.stdout = PipeStream(self, "stdout", 1)
        sys.stderr = PipeStream(self, "stderr", 2)

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Abort nothing: requests come one at a time."""


def serve(pipe: Connection, environment: Mapping[str, str], folder: str, limits: Limits) -> None:
    """Run the cells that come up the pipe until it is closed."""
    _come_from_the_template(environment, folder)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    kernel = PipeKernel.ready()
    kernel.shell.init_environment()
    kernel.listen(pipe)
    limits.apply()
    while True:
        try:
            parts = pickle.loads(pipe.recv_bytes())  # noqa: S301  from the process that forked us
        except (EOFError, ConnectionError):
            break
        frames = [zmq.Frame(part) for part in parts]
        loop.run_until_complete(kernel.dispatch_shell(frames))
    atexit._run_exitfuncs()  # noqa: SLF001  what the notebook asked for
    os._exit(0)


def _come_from_the_template(environment: Mapping[str, str], folder: str) -> None:
    """Make of a copy of the template a process that looks as a kernel's does."""
    atexit._clear()  # noqa: SLF001  the template's own are not for a copy
    os.environ.clear()
    os.environ.update(environment)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    os.chdir(folder)
    sys.argv = ["ipykernel_launcher.py"]
    if "" not in sys.path:
        sys.path.insert(0, "")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
