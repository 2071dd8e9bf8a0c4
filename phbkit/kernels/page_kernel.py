"""The kernel of one page: the template's own shell, and as little written to as can be.

A copy of the template shares the template's memory until it writes there, and to look at an object
is to count a reference to it: what walks over every module copies every module. ipykernel does so
twice, for its debugger and for `%reset`, and reads a profile; no page asks for any of them.
"""

from __future__ import annotations

import logging
import os
import sys
from types import SimpleNamespace
from typing import Any

import zmq
from ipykernel import ipkernel
from ipykernel.kernelapp import IPKernelApp

from phbkit.kernels.bare_kernel import BareKernel


class PageKernelApp(IPKernelApp):  # type: ignore[misc]
    """ipykernel's application around the shell that the template made ready."""

    def _configure_logging(self) -> None:
        """Log as the template does."""

    def parse_command_line(self, argv: list[str] | None = None) -> None:
        """Parse nothing: a page's kernel is told what it needs by name."""

    def init_profile_dir(self) -> None:
        """Read no profile: a page is the same for whoever serves it."""

    init_config_files = load_config_file = init_profile_dir

    def init_kernel(self) -> None:
        """Make the kernel, without its list of all modules, which only a debugger reads."""
        looked_at: Any = ipkernel
        looked_at.sys = SimpleNamespace(modules={})
        try:
            super().init_kernel()
        finally:
            looked_at.sys = sys

    def init_code(self) -> None:
        """Run nothing before the notebook."""


def prepare() -> None:
    """Make in the template what its copies need not make again."""
    shell = BareKernel.ready().shell
    log = logging.getLogger("phbkit.page")
    log.setLevel(logging.ERROR)  # each would warn that what it says on loopback is not encrypted
    IPKernelApp.clear_instance()
    PageKernelApp.instance(profile_dir=shell.profile_dir, log=log, kernel=shell.kernel)
    for each in zmq.Socket.mro():
        getattr(each, "__annotations__", None)  # made when first asked for, and all Generic's told


def ready(file: str) -> PageKernelApp:
    """Make of this copy of the template the kernel that a connection file describes.

    It ends with the process that asked for it.
    """
    app: PageKernelApp = PageKernelApp.instance()
    shell = app.kernel.shell
    BareKernel.clear_instance()  # its shell stays
    app.connection_file, app.parent_handle = file, os.getppid()
    app.initialize([])
    shell.parent = shell.kernel = app.kernel
    return app
