"""A kernel without sockets: it runs a notebook's cells in this process.

It is ipykernel's own kernel. Only the way messages travel differs, so outputs cannot.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import multiprocessing.util
import os
import pickle
import random
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

import ipykernel.debugger
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session
from traitlets.config import Config

from phbkit.kernels.limits import Limits
from phbkit.kernels.printing import BareStream, flush_soon, sound
from phbkit.kernels.wire import IOPUB, SHELL, Deliver, Messages

_PATH = [place for place in sys.path if place]
_PLAIN = {int, bool}
_CONFIG = Config(
    {
        "HistoryManager": {"enabled": False},  # a thread and a database that nobody would read
        "BareKernel": {"_execute_sleep": 0.0},
    }
)


class BareSession(Session):
    """Hands whole messages over as they are, each with the channel it belongs to."""

    def __init__(self, deliver: Deliver) -> None:
        super().__init__(key=b"unused", digest_history_size=0)
        self._deliver, self._turn, self._process = deliver, threading.Lock(), os.getpid()
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
        if os.getpid() != self._process:  # a fork that the notebook made shares our pipe
            return message
        told = {**message, "buffers": [bytes(b) for b in buffers or message.get("buffers", ())]}
        told["content"] = self._plain(message["content"])
        channel = IOPUB if stream == IOPUB else SHELL
        with self._turn:
            self._waiting.append((channel, told))
            if not _another_follows(told):
                self._deliver(self._waiting)
                self._waiting = []
        return message

    def _plain(self, value: Any) -> Any:
        """Copy what is said as JSON would leave it: the notebook may change its own later."""
        if type(value) is str:
            return sound(value)
        if value is None or type(value) in _PLAIN:
            return value
        if type(value) is dict and all(type(key) is str for key in value):
            return {key: self._plain(each) for key, each in value.items()}
        if type(value) is list:
            return [self._plain(each) for each in value]
        return self.unpack(self.pack(value))

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


class BareKernel(IPythonKernel):  # type: ignore[misc]
    """ipykernel's kernel without sockets. The template makes one, and each copy puts it to use."""

    shell_channel_thread = SimpleNamespace(parent_thread=None)  # so nobody listens for interrupts
    _supports_kernel_subshells = False

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Abort nothing: requests come one at a time."""

    @classmethod
    def ready(cls) -> BareKernel:
        """Return the kernel of this process."""
        if not cls.initialized():
            ipykernel.debugger._is_debugpy_available = False  # noqa: SLF001  nobody debugs here
            log = logging.getLogger("phbkit.kernel")
            options = {"config": _CONFIG, "log": log, "user_ns": None}
            cls.instance(session=Session(key=b"unused"), iopub_socket=IOPUB, **options)
            IPKernelApp.instance().kernel = cls.instance()  # where matplotlib looks for it
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
        look_like_a_kernel(environment, folder)
        self.shell.init_environment()
        self.session = BareSession(deliver)
        self.shell.displayhook.session = self.session
        self.shell.display_pub.session = self.session
        most = limits.most_printed
        self._streams = tuple(BareStream(name, self, most) for name in ("stdout", "stderr"))
        self._printed_to = self._streams
        limits.apply()

    def say(self, name: str, text: str, parent: Any) -> None:
        """Send what the cell `parent` printed."""
        self.session.send(IOPUB, "stream", {"name": name, "text": text}, parent)

    def flush(self) -> None:
        """Send what was printed."""
        for stream in self._streams:
            stream.flush()

    async def obey(self, message: dict[str, Any]) -> None:
        """Do what a message asks; meanwhile what is printed goes to the notebook."""
        kept = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self._printed_to
        try:
            await self.dispatch_shell(message)
        finally:
            self._printed_to = sys.stdout, sys.stderr  # the notebook may have put its own there
            sys.stdout, sys.stderr = kept


def serve(pipe: Connection, environment: Mapping[str, str], folder: str, limits: Limits) -> None:
    """Run the cells that come up a pipe until it is closed."""

    def deliver(messages: Messages) -> None:
        with suppress(ConnectionError):  # nobody listens any more: the next read ends us
            pipe.send_bytes(pickle.dumps(messages, pickle.HIGHEST_PROTOCOL))

    kernel = BareKernel.ready()
    kernel.put_to_use(deliver, environment, folder, limits)
    flush_soon(kernel.flush)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with suppress(EOFError, ConnectionError):
        loop.run_until_complete(_obey_all(kernel, pipe))
    finish()


async def _obey_all(kernel: BareKernel, pipe: Connection) -> None:
    """Do what comes up a pipe; the notebook's own tasks go on between cells."""
    came = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), came.set)
    while True:
        await came.wait()
        came.clear()
        if pipe.poll():  # the loop may tell twice of one request
            asked = pickle.loads(pipe.recv_bytes())  # noqa: S301  from the process that forked us
            await kernel.obey(asked)


def finish() -> None:
    """End this process after what the notebook wanted done at its end."""
    atexit._run_exitfuncs()  # noqa: SLF001
    os._exit(0)


def _may_start_processes() -> None:
    """Let the notebook start processes as if `multiprocessing` had not started this one."""
    config: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined]  # noqa: SLF001
    config["daemon"] = False
    multiprocessing.set_start_method(None, force=True)  # the system's own


def _path(environment: Mapping[str, str]) -> list[str]:
    """Return where code is found: in the current folder too, after the standard library.

    That is where IPython puts it; the template itself must not look there.
    """
    if environment.get("PYTHONSAFEPATH"):
        return _PATH
    named = (place.endswith(("/site-packages", "/dist-packages")) for place in _PATH)
    first = next((number for number, site in enumerate(named) if site), 0)
    return [*_PATH[:first], "", *_PATH[first:]]


def look_like_a_kernel(environment: Mapping[str, str], folder: str) -> None:
    """Make of a copy of the template a process that looks as a kernel's does."""
    atexit._clear()  # noqa: SLF001  the template's own are not for a copy
    atexit.register(multiprocessing.util._exit_function)  # type: ignore[attr-defined]  # noqa: SLF001
    _may_start_processes()
    os.environ.clear()
    os.environ.update(environment)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    os.chdir(folder)
    sys.argv = ["ipykernel_launcher.py"]
    sys.path[:] = _path(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
