"""The shell that the template makes, and the kernel that a copy of the template becomes around it.

A copy of the template shares the template's memory until it writes there, and to look at an object
is to count a reference to it: what walks over every module copies every module. ipykernel does so
for its debugger, and reads a profile; no page asks for either.
"""

from __future__ import annotations

import logging
import os
import sys
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

import zmq
from ipykernel import ipkernel
from ipykernel.compiler import XCachingCompiler
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from ipywidgets import register_comm_target
from traitlets.config import Config

from phbkit.forms import FORM_IS_THERE
from phbkit.kernels.limits import Limits

_OF_A_PAGE = Limits(mebibytes=512)  # a page at rest has half of it, most of that the template's
_UNREADABLE = {"invalid message", "invalid control message"}  # as ipykernel's log has it


class NotebookShell(ZMQInteractiveShell):  # type: ignore[misc]
    """ipykernel's shell where nobody sits: it opens no windows."""

    def enable_gui(self, gui: Any = None) -> None:
        """Leave windows alone; figures are shown inline."""


class PageKernelApp(IPKernelApp):  # type: ignore[misc]
    """ipykernel's application around the shell that the template made ready."""

    def parse_command_line(self, argv: Any = None) -> None:
        """Parse nothing: a page's kernel is told what it needs by name."""

    def init_profile_dir(self) -> None:
        """Read no profile: a page is the same for whoever serves it."""

    init_config_files = load_config_file = init_code = init_profile_dir

    def init_kernel(self) -> None:
        """Make the kernel, without its list of all modules, which only a debugger reads."""
        module: Any = ipkernel
        module.sys = SimpleNamespace(modules={})
        try:
            super().init_kernel()
        finally:
            module.sys = sys


def shell() -> NotebookShell:
    """Return the shell of this process, which the template makes and its copies find made."""
    config = Config({"HistoryManager": {"enabled": False}})
    made: NotebookShell = NotebookShell.instance(config=config, compiler_class=XCachingCompiler)
    return made


def prepare() -> None:
    """Make in the template what its copies need not make again."""
    logging.getLogger("Comm").setLevel(logging.ERROR)  # ipykernel looks for comms before they open
    log = logging.getLogger("phbkit.page")
    log.addFilter(_in_a_line)
    PageKernelApp.instance(profile_dir=shell().profile_dir, log=log, parent_handle=1)
    for base in zmq.Socket.mro():
        getattr(base, "__annotations__", None)  # made when first asked for, and Generic's with them


def _in_a_line(record: logging.LogRecord) -> bool:
    """Have what a browser sends that cannot be read told in a line; ipykernel tells its stack."""
    if str(record.msg).lower() in _UNREADABLE and record.exc_info:
        record.msg, record.exc_info = f"Invalid message: {record.exc_info[1]}", None
    return True


def become_kernel(pipe: Connection, file: str) -> None:
    """Make of this copy of the template the kernel that a connection file describes."""
    pipe.close()
    if FORM_IS_THERE in os.environ:
        _OF_A_PAGE.apply()
        app = PageKernelApp.instance()
        app.connection_file = file
        app.initialize([])
        app.shell.parent = app.shell.kernel = app.kernel
    else:
        NotebookShell.clear_instance()  # the template's own
        PageKernelApp.clear_instance()
        app = IPKernelApp.instance()
        app.initialize(["-f", file, "--IPKernelApp.parent_handle=1"])
    register_comm_target()  # which importing ipywidgets does only where a kernel is
    app.start()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__  # those of ipykernel have ended
