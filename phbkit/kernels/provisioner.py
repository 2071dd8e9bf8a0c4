"""Warm kernels: each kernel is a copy of the template, ready in a fraction of the usual time."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import suppress
from functools import partialmethod
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from phbkit.kernels import template

NAME = "phb-warm"  # as the entry point calls it
_log = logging.getLogger(__name__)


class WarmProvisioner(LocalProvisioner):
    """Starts kernels as copies of the template; where that cannot work, as they always were."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start a kernel."""
        file = cmd[cmd.index("-f") + 1] if "-f" in cmd else ""
        reason = template.why_not() or ("" if file else f"{cmd} is no Python kernel of ours")
        if reason:
            _log.warning("This kernel is started cold: %s.", reason)
            return await super().launch_kernel(cmd, **kwargs)
        folder = str(kwargs.get("cwd") or Path.cwd())
        template.begin("pandas")
        become, given = "phbkit.kernels.shell:become_kernel", kwargs.get("env")
        process, pipe = await asyncio.to_thread(  # the template may still be importing
            template.start, become, file, folder=folder, environment=given
        )
        pipe.close()
        kernel = ForkedKernel(process)
        self.process = kernel  # type: ignore[assignment]
        self.pid = self.pgid = kernel.pid
        self.cwd = folder
        return self.connection_info


class ForkedKernel:
    """A copy of the template, as jupyter_client looks at a process it started itself."""

    stdin = stdout = stderr = None

    def __init__(self, process: BaseProcess) -> None:
        self._process, self.pid = process, process.pid or 0

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """Wait until it ended."""
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    kill = partialmethod(send_signal, signal.SIGKILL)
    terminate = partialmethod(send_signal, signal.SIGTERM)
