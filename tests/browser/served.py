"""A real `phb serve`, with its records in a folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from phbkit.casebank import Case
from phbkit.cohort.register import open_register
from phbkit.errors import UnknownNameError
from phbkit.records import open_store
from phbkit.workbook.module import Module
from tests import programs


def wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers, or fail with its exit code."""
    while process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return  # it answers, though not whoever asks
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
            continue
        return
    raise AssertionError(f"the server stopped with exit code {process.returncode}")


def kernel_of(process: psutil.Process) -> str:
    """Read the id of the kernel that a process is off its sockets; empty where it is none."""
    try:
        sockets = process.net_connections(kind="unix")
    except psutil.NoSuchProcess:
        return ""
    found = (re.search(r"/kernel-([0-9a-f-]+)-ipc-", str(each.laddr)) for each in sockets)
    return next((match[1] for match in found if match), "")


@dataclass
class Served:
    """One server, which tests may share one after the other.

    Parameters
    ----------
    data
        The folder of its records and its log.
    port
        Where it listens, also after it is started again.
    env
        Settings beside those of the tests. A test may change them before it starts the server.
    under
        A command that starts the server's own, such as one that limits what it may do.
    """

    data: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    env: dict[str, str] = field(default_factory=dict)
    under: tuple[str, ...] = ()
    _said_before: int = 0

    def __post_init__(self) -> None:
        self._usual = dict(self.env)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def module_url(self) -> str:
        return f"{self.url}module/chronic_pain_massage"

    @property
    def database(self) -> str:
        return f"sqlite:///{self.data / 'records.sqlite'}"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def arguments(self) -> list[str]:
        return ["serve"]

    def start(self) -> None:
        ours = [sys.executable, "-m", "phbkit", *self.arguments(), "--port", str(self.port)]
        env = {**os.environ, "PHB_DATA_DIR": str(self.data), **self.env}
        with (self.data / "server.log").open("ab") as log:
            self.process = programs.start(
                [*self.under, *ours],
                env=env,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        try:
            wait_until_up(self.url, self.process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self.process:
            programs.end(self.process)

    def be_as_new(self) -> None:
        """Be as a server that was just started, whatever an earlier test did to it."""
        if not self.running or self.env != self._usual:
            self.stop()
            self.env = dict(self._usual)
            self.start()
        self._said_before = len(self._whole_log())
        self.forget_everybody()

    def forget_everybody(self) -> None:
        """End the pages of whoever played here, and erase what is kept of them."""
        self.end_kernels()
        with suppress(UnknownNameError):
            open_register(self.database).erase("local")

    def end_kernels(self) -> None:
        """End the kernels that earlier tests left, as their pages would."""
        with urllib.request.urlopen(self.url) as page:
            [token] = re.findall(r"_xsrf=([^;]+)", str(page.headers))
        headers = {"X-XSRFToken": token, "Cookie": f"_xsrf={token}"}
        for kernel_id in self._kernels().values():
            address = f"{self.url}api/kernels/{kernel_id}"
            ending = urllib.request.Request(address, headers=headers, method="DELETE")
            with suppress(urllib.error.HTTPError):  # it ended meanwhile
                urllib.request.urlopen(ending).close()

    def wait_until_no_kernel_is_left(self) -> None:
        """Wait until every kernel has ended; fail where one does not."""
        for kernel in self.kernels():
            with suppress(psutil.NoSuchProcess):
                psutil.Process(kernel).wait(timeout=programs.ENDS_WITHIN)

    def kernels(self) -> list[int]:
        """Process ids of the kernels that the server runs."""
        return list(self._kernels())

    def kernel_ids(self) -> set[str]:
        """Ids of the kernels that the server runs."""
        return set(self._kernels().values())

    def kernel(self, kernel_id: str) -> int:
        """Find the process of a kernel."""
        return next(pid for pid, found in self._kernels().items() if found == kernel_id)

    def _kernels(self) -> dict[int, str]:
        assert self.process
        below = psutil.Process(self.process.pid).children(recursive=True)
        return {each.pid: kernel_id for each in below if (kernel_id := kernel_of(each))}

    def log(self) -> str:
        """Read what the server has said on its standard error since it was last as new."""
        return self._whole_log()[self._said_before :]

    def _whole_log(self) -> str:
        return (self.data / "server.log").read_text()

    def module(self, case: Case) -> Module:
        """The latest attempt, folded from the database and from nothing else."""
        store = open_store(self.database)
        attempt = store.latest("local", case.id)
        assert attempt
        return Module(case, store.journal(attempt.id))

    def play_to(self, case: Case, step_id: str, answers: Mapping[str, Any]) -> None:
        """Have everything before a step answered, without a browser."""
        store = open_store(self.database)
        attempt = store.resume("local", case.id, case.version)
        module = Module(case, store.journal(attempt.id))
        for step in case.steps[: case.steps.index(step_id)]:
            given = {key: answers[key] for key in module.asked_at(step) if key in answers}
            module.submit(f"played-{step}", step, given)
