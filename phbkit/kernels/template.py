"""The template: a process that has imported the libraries, of which each notebook gets a copy.

It is the standard library's forkserver. Nothing that must not be copied is born in it: no thread,
no socket, no random state. A worker is a copy that runs no notebook's code, so it can be copied in
turn.
"""

from __future__ import annotations

import ctypes
import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any

PRELOADED = ["phbkit.kernels.preloaded"]
_PR_SET_PDEATHSIG = 1
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONSAFEPATH": "1",  # or whatever lies in the current folder would be imported
}


class _This:
    """What is known of this process. `clean`: no notebook's code ever ran in this copy."""

    clean = False
    starting = threading.Lock()


_ENDING_SECONDS = 1.0


def why_not() -> str:
    """Say why processes cannot be forked from a template here; empty where they can."""
    if not sys.platform.startswith("linux"):
        return f"forking from a template is for Linux, and this is {sys.platform}"
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return "this Python has no forkserver"
    return ""


def context() -> ForkServerContext:
    """Return the context whose processes are copies of the template."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(PRELOADED)
    return made


@contextmanager
def starting() -> Iterator[None]:
    """While processes start: the template sees one thread a library, and no program to run again.

    A copy needs nothing of the program that asked for it, and a script without a `__main__` guard
    must not be run twice. A worker of Dask's is a daemon and may ask all the same: copies end with
    whoever asked for them.
    """
    with _This.starting:
        before = {name: os.environ.get(name) for name in _ENVIRONMENT}
        main = sys.modules["__main__"]
        config: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined]  # noqa: SLF001
        daemon = config.pop("daemon", None)
        os.environ.update(_ENVIRONMENT)
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
            if daemon is not None:
                config["daemon"] = daemon
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def begin(*more: str) -> None:
    """Start the template, without waiting until it has imported everything.

    `more` names modules that it imports besides, unless it has started already.
    """
    PRELOADED.extend(name for name in more if name not in PRELOADED)
    context()
    with starting():
        forkserver.ensure_running()


def become_worker() -> None:
    """Make this copy of the template a worker, which ignores Ctrl-C and can be copied in turn."""
    _end_with_whoever_asked()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _This.clean = True
    _This.starting = threading.Lock()  # the copy of one that is held, where a worker was copied


def start(target: str, *arguments: Any) -> tuple[BaseProcess, Connection]:
    """Start a copy of the template that runs `target(pipe, *arguments)`.

    Parameters
    ----------
    target
        A function as `module:name`, which this process need not import.

    Returns
    -------
    tuple
        The process, and this end of its pipe.
    """
    forks = _can_be_copied()
    here: ForkContext | ForkServerContext
    here = multiprocessing.get_context("fork") if forks else context()
    ours, theirs = here.Pipe()
    held = ours if forks else None
    process = here.Process(target=_run, args=(target, theirs, held, arguments), daemon=True)
    with starting():
        process.start()
    theirs.close()
    return process, ours


def end(process: BaseProcess) -> None:
    """End a process that was started here, and what it started itself; leave nothing of it."""
    process.join(_ENDING_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    with suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.close()


def _run(target: str, pipe: Connection, held: Connection | None, arguments: Any) -> None:
    _end_with_whoever_asked()
    if held is not None:
        held.close()  # a fork has the other end too, and would never see it closed
    os.setsid()
    _This.clean = False
    module, _, name = target.partition(":")
    getattr(importlib.import_module(module), name)(pipe, *arguments)


def _can_be_copied() -> bool:
    return _This.clean and len(list(Path("/proc/self/task").iterdir())) == 1


def _end_with_whoever_asked() -> None:
    """End this process when the one that asked for it ends, however that happens.

    The template ends when nobody holds its other end any more, so a copy lets go of it; and a
    copy ends with the template.
    """
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    held: Any = forkserver._forkserver  # noqa: SLF001
    if held._forkserver_alive_fd is not None:  # noqa: SLF001
        os.close(held._forkserver_alive_fd)  # noqa: SLF001
        held._forkserver_alive_fd = held._forkserver_address = None  # noqa: SLF001
