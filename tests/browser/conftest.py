"""A real server, a real browser, and nothing else on the network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from phbkit.casebank import Case
from phbkit.records import open_store
from phbkit.workbook.module import Module

CHROMIUM_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()

PATIENCE_MS = 20_000  # the machines that run this may be busy
expect.set_options(timeout=PATIENCE_MS)


def free_port() -> int:
    """Ask the system for a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


def ports_of(process: psutil.Process) -> set[int]:
    """List the ports that a process listens on."""
    try:
        found = process.net_connections(kind="tcp")
    except psutil.NoSuchProcess:
        return set()
    return {each.laddr.port for each in found if each.status == psutil.CONN_LISTEN}


@dataclass
class Served:
    """One `phb serve`, with its data in a folder of its own."""

    data: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    env: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def module_url(self) -> str:
        return f"{self.url}module/chronic_pain_massage"

    def arguments(self) -> list[str]:
        return ["serve"]

    def start(self) -> None:
        command = [sys.executable, "-m", "phbkit", *self.arguments(), "--port", str(self.port)]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, "PHB_DATA_DIR": str(self.data), **self.env},
            stdout=subprocess.DEVNULL,
            stderr=(self.data / "server.log").open("ab"),
            start_new_session=True,
        )
        wait_until_up(self.url, self.process)

    def stop(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)

    def kernels(self) -> list[int]:
        """Process ids of the kernels that the server runs: those below it that listen."""
        assert self.process
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [each.pid for each in below if ports_of(each)]

    def kernel(self, kernel_id: str) -> int:
        """Find the process of a kernel, by the ports that its connection file names."""
        file = next(Path(tempfile.gettempdir()).glob(f"voila_*/kernel-{kernel_id}.json"))
        port = json.loads(file.read_text())["shell_port"]
        return next(pid for pid in self.kernels() if port in ports_of(psutil.Process(pid)))

    def module(self, case: Case) -> Module:
        """The latest attempt, folded from the database and from nothing else."""
        store = open_store(f"sqlite:///{self.data / 'records.sqlite'}")
        attempt = store.latest("local", case.id)
        assert attempt
        return Module(case, store.journal(attempt.id))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path, free_port())
    server.start()
    yield server
    if server.process and server.process.poll() is None:
        server.stop()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all tests of a module: for those that leave nothing behind."""
    server = Served(tmp_path_factory.mktemp("served"), free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser for this package only: while it is open, a loop runs that asyncio trips over."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


class Windows:
    """Browser windows that can reach this machine only, and remember what they tried."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.outside: list[str] = []
        self.errors: list[str] = []

    def open(self, **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = self._browser.new_context(accept_downloads=True, **options)
        context.set_default_timeout(PATIENCE_MS)
        context.route("**/*", self._keep_inside)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def _keep_inside(self, route: Route) -> None:
        address = route.request.url
        if address.startswith(("http://127.0.0.1:", "data:", "blob:")):
            return route.continue_()
        self.outside.append(address)
        return route.abort()

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def windows(browser: Browser) -> Iterator[Windows]:
    opened = Windows(browser)
    yield opened
    opened.close()
    assert opened.outside == []
    assert opened.errors == []


@pytest.fixture
def page(windows: Windows) -> Page:
    return windows.open()
