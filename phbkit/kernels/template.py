"""The template: a process that has imported the libraries; each notebook runs in a copy of it.

It is the standard library's forkserver. Nothing that must not be copied is born in it: no thread,
no socket, no random state.
"""

from __future__ import annotations

import fcntl
import importlib
import multiprocessing
import os
import random
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

_PRELOADED = ["phbkit.kernels.preloaded"]
_PATH = [place for place in sys.path if place]
_SITE = next((n for n, place in enumerate(_PATH) if place.endswith("-packages")), 0)
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONSAFEPATH": "1",  # or whatever lies in the current folder would be imported
}
_lock = threading.Lock()


def why_not() -> str:
    """Say why processes cannot be forked from a template here; empty where they can."""
    if not sys.platform.startswith("linux"):
        return f"forking from a template is for Linux, and this is {sys.platform}"
    return ""


def begin(*modules: str) -> None:
    """Start the template, without waiting until it has imported everything.

    Parameters
    ----------
    modules
        Names of modules that it imports besides, unless it has started already.
    """
    with _lock:
        _PRELOADED.extend(name for name in modules if name not in _PRELOADED)
        forkserver.set_forkserver_preload(_PRELOADED)
        before = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        os.environ.update(_ENVIRONMENT)
        try:
            forkserver.ensure_running()
        finally:
            for name in _ENVIRONMENT:
                del os.environ[name]
            os.environ.update(before)


def start(
    target: str,
    *arguments: Any,
    folder: str = "",
    environment: Mapping[str, str] | None = None,
    method: Literal["forkserver", "fork"] = "forkserver",
) -> tuple[BaseProcess, Connection]:
    """Start a copy of the template that runs `target(pipe, *arguments)`.

    It ends with the process that asked for it, however that ends.

    Parameters
    ----------
    target
        A function as `module:name`, which this process need not import.
    folder, environment
        What the copy has; by default those of this process.
    method
        `fork` in a copy of the template that has one thread and has run no notebook.

    Returns
    -------
    tuple
        The process, and this end of its pipe.
    """
    if method == "forkserver":
        begin()
    context: Any = multiprocessing.get_context(method)
    ours, theirs = context.Pipe()
    with _lock:  # while a template starts, the environment is its own
        place = folder or str(Path.cwd()), dict(os.environ if environment is None else environment)
        process = context.Process(
            target=_run, args=(target, theirs, *place, arguments), daemon=True
        )
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")  # a script must not be run in the copy
        multiprocessing.current_process().daemon = False  # a worker of Dask's is one
        try:
            process.start()
        finally:
            sys.modules["__main__"] = main
    theirs.close()
    return process, ours


def end(process: BaseProcess) -> None:
    """End a process that was started here, and what it started itself."""
    process.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    wait([process.sentinel])
    with _lock:  # starting a process looks at all others
        process.join()
        process.close()


def _run(
    target: str, pipe: Connection, folder: str, environment: Mapping[str, str], arguments: Any
) -> None:
    _end_with_parent()
    if _lock.locked():  # a fork has the lock of whoever forked it
        _lock.release()
    os.setsid()
    multiprocessing.current_process().daemon = False  # it may start processes,
    multiprocessing.set_start_method(None, force=True)  # as its system does
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[:] = _PATH
    if not environment.get("PYTHONSAFEPATH"):  # as IPython does, after the standard library
        sys.path.insert(_SITE, "")
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    module, _, name = target.partition(":")
    getattr(importlib.import_module(module), name)(pipe, *arguments)


def _end_with_parent() -> None:
    """Have the system end this process, even in the middle of C code, when its parent ends.

    The read end of a pipe that only the parent can write to sends SIGIO when that has gone.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("Only a copy of the template has a parent to end with.")
    fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, os.O_ASYNC)
    if wait([parent.sentinel], 0):
        os._exit(1)
