"""The kernel of one page: ipykernel's own, around the shell that the template made.

A copy of the template shares the template's memory until it writes there, and to look at an object
is to count a reference to it: what walks over every module copies every module. ipykernel does so
for its debugger, and reads a profile; no page asks for either.
"""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace
from typing import Any

import zmq
from ipykernel import ipkernel
from ipykernel.kernelapp import IPKernelApp

from phbkit.kernels import cells


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


def prepare() -> None:
    """Make in the template what its copies need not make again."""
    log = logging.getLogger("phbkit.page")
    log.setLevel(logging.ERROR)  # each would warn that what it says on loopback is not encrypted
    PageKernelApp.instance(profile_dir=cells.prepare().profile_dir, log=log, parent_handle=1)
    for base in zmq.Socket.mro():
        getattr(base, "__annotations__", None)  # made when first asked for, and Generic's with them


def ready(file: str) -> PageKernelApp:
    """Make of this copy of the template the kernel that a connection file describes."""
    app: PageKernelApp = PageKernelApp.instance()
    app.connection_file = file
    app.initialize([])
    app.shell.parent = app.shell.kernel = app.kernel
    return app
