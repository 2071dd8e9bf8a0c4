"""A kernel without sockets: it runs a notebook's cells in this process.

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
from ipykernel.ipkernel import IPythonKernel
from jupyter_client.session import Session
from traitlets.config import Config

from phbkit.bulk.limits import Limits
from phbkit.bulk.wire import IOPUB, SHELL, Deliver, Messages

_CONFIG = Config(
    {
        "HistoryManager": {"enabled": False},  # a thread and a database that nobody would read
        "BareKernel": {"_execute_sleep": 0.0},
    }
)


class BareSession(Session):
    """Hands whole messages over as they are, each with the channel it belongs to."""

    def __init__(self, deliver: Deliver) -> None:
        super().__init__(key=b"", digest_history_size=0)
        self._deliver, self._turn = deliver, threading.Lock()
        self._waiting: Messages = []

    def send(  # noqa: PLR0913, PLR0917  the parent's own
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
        told = {**message, "buffers": [bytes(b) for b in buffers or message.get("buffers", ())]}
        if message["msg_type"].startswith("comm"):  # all else was made plain already
            told["content"] = self.unpack(self.pack(message["content"]))
        channel = IOPUB if stream == IOPUB else SHELL
        with self._turn:
            self._waiting.append((channel, told))
            if not _another_follows(told):
                self._deliver(self._waiting)
                self._waiting = []
        return message

    def feed_identities(self, msg_list: Any, copy: bool = True) -> Any:
        """Find no identities: there is one peer."""
        return [], msg_list

    def deserialize(self, msg_list: Any, content: bool = True, copy: bool = True) -> Any:
        """Take a message as it came."""
        return msg_list


def _another_follows(message: dict[str, Any]) -> bool:
    """Say whether the kernel sends another message at once: the input, or that it is idle."""
    kind, state = message["msg_type"], message["content"].get("execution_state")
    return kind == "execute_reply" or bool(kind == "status" and state == "busy")


class BareStream(io.TextIOBase):
    """What is printed, sent whenever the kernel flushes."""

    def __init__(self, kernel: BareKernel, name: str, number: int) -> None:
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
        """Say that nobody looks."""
        return False

    def writable(self) -> bool:
        """Say that it is."""
        return True

    encoding = "UTF-8"
    errors = None


class BareKernel(IPythonKernel):  # type: ignore[misc]
    """ipykernel's kernel without sockets. The template makes one, and each copy puts it to use."""

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Abort nothing: requests come one at a time."""

    @classmethod
    def ready(cls) -> BareKernel:
        """Return the kernel of this process."""
        if not cls.initialized():
            ipykernel.debugger._is_debugpy_available = False  # noqa: SLF001  nobody debugs here
            log = logging.getLogger("phbkit.kernel")
            cls.instance(session=Session(key=b""), iopub_socket=IOPUB, config=_CONFIG, log=log)
        kernel: BareKernel = cls.instance()
        return kernel

    def put_to_use(
        self, deliver: Deliver, environment: Mapping[str, str], folder: str, limits: Limits
    ) -> None:
        """Make of a copy of the template what a notebook expects of its process.

        Parameters
        ----------
        deliver
            Takes what the kernel says.
        environment, folder
            Those of whoever asked for the notebook to be run.
        """
        _come_from_the_template(environment, folder)
        self.shell.init_environment()
        self.session = BareSession(deliver)
        self.shell.displayhook.session = self.session
        self.shell.display_pub.session = self.session
        self._streams = BareStream(self, "stdout", 1), BareStream(self, "stderr", 2)
        limits.apply()

    async def obey(self, message: dict[str, Any]) -> None:
        """Do what a message asks; meanwhile what is printed goes to the notebook."""
        kept = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self._streams
        try:
            await self.dispatch_shell(message)
        finally:
            sys.stdout, sys.stderr = kept


def serve(pipe: Connection, environment: Mapping[str, str], folder: str, limits: Limits) -> None:
    """Run the cells that come up a pipe until it is closed."""

    def deliver(messages: Messages) -> None:
        pipe.send_bytes(pickle.dumps(messages, pickle.HIGHEST_PROTOCOL))

    kernel = BareKernel.ready()
    kernel.put_to_use(deliver, environment, folder, limits)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    while True:
        try:
            asked = pickle.loads(pipe.recv_bytes())  # noqa: S301  from the process that forked us
        except (EOFError, ConnectionError):
            break
        loop.run_until_complete(kernel.obey(asked))
    finish()


def finish() -> None:
    """End this process after what the notebook wanted done at its end."""
    atexit._run_exitfuncs()  # noqa: SLF001
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
