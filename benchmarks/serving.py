"""What a page costs to open, to use and to keep open, beside stock Voilà on the same notebook."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from benchmarks.timing import interleave, row

RUNS = 5
ANSWERS, TURNS, SESSIONS = 20, 5, 4
LEAVING = 5.0  # seconds
ROOT = Path(__file__).parent.parent
WORKBOOK = ROOT / "workbooks" / "chronic_pain_massage.ipynb"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
INSIDE_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
FORM = ".phb-step-meet button[type=submit]"
USABLE = f"body[data-ready] {FORM}, body[data-voila] {FORM}"  # ours says when its line is open


ANSWER = """async (place) => {
  const choices = document.querySelectorAll(".phb-step-talk input[type=radio]");
  const kept = new Promise((done) => document.addEventListener("phb:draft", done, { once: true }));
  const start = performance.now();
  choices[place % 2].click();
  await kept;
  return (performance.now() - start) / 1000;
}"""

TURN = """async () => {
  const step = document.querySelector(".phb-step-talk");
  step.querySelector("input[type=radio]").click();
  const drawn = new Promise((done) => document.addEventListener("phb:drawn", ({ detail }) => {
    if (detail.step === "talk") done();
  }));
  const start = performance.now();
  step.querySelector("button[type=submit]").click();
  await drawn;
  return (performance.now() - start) / 1000;
}"""


@dataclass
class Visit:
    """What one cold visit cost."""

    seconds: float = 0.0
    requests: int = 0
    bytes: int = 0

    def listen(self, page: Page) -> None:
        """Count requests, sockets, and what comes in by either."""
        client = page.context.new_cdp_session(page)
        client.send("Network.enable")
        client.on("Network.requestWillBeSent", self._sent)
        client.on("Network.webSocketCreated", lambda _: self._sent({"request": {"url": "http"}}))
        client.on("Network.loadingFinished", lambda done: self._came(done["encodedDataLength"]))
        client.on("Network.webSocketFrameReceived", self._frame)

    def _sent(self, event: dict[str, Any]) -> None:
        self.requests += event["request"]["url"].startswith("http")

    def _came(self, length: float) -> None:
        self.bytes += int(length)

    def _frame(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        coded = frame["opcode"] == 2
        self.bytes += len(frame["payloadData"]) * 3 // 4 if coded else len(frame["payloadData"])


@dataclass
class Site:
    """One of the two servers, and what was measured of it."""

    program: list[str]
    path: str
    folder: Path
    port: int = field(default_factory=lambda: free_port())  # noqa: PLW0108  it comes later
    process: psutil.Process = field(default_factory=psutil.Process)
    visits: list[Visit] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/{self.path}"

    def open(self, browser: Browser) -> tuple[Page, Visit]:
        """Open the page with an empty cache and wait until it can be used."""
        page, cost = browser.new_context().new_page(), Visit()
        cost.listen(page)
        start = time.perf_counter()
        page.goto(self.address, wait_until="commit")
        page.wait_for_selector(USABLE, timeout=60_000)
        cost.seconds = time.perf_counter() - start
        return page, cost

    def visit(self, browser: Browser) -> float:
        """Measure one cold visit."""
        page, cost = self.open(browser)
        leave(page)
        self.visits.append(cost)
        return cost.seconds

    def answers(self, browser: Browser) -> tuple[list[float], list[float]]:
        """Seconds from a choice until the page hears that it is kept; and of turns, until it shows.

        A turn is kept once it shows.
        """
        page, _ = self.open(browser)
        page.click(FORM)
        page.wait_for_selector(".phb-step-talk input[type=radio]")
        taken = [page.evaluate(ANSWER, place) for place in range(ANSWERS + 1)]
        turns = [page.evaluate(TURN) for _ in range(TURNS + 1)]
        leave(page)
        return taken[1:], turns[1:]

    def memory(self) -> float:
        """Mebibytes of the server and all below it, shared pages divided among who shares them."""
        everybody = [self.process, *self.process.children(recursive=True)]
        return float(sum(each.memory_full_info().pss for each in everybody)) / 2**20

    def session(self, browser: Browser) -> float:
        """Mebibytes that one more page takes while it is open."""
        before, those = self.memory(), set(self.process.children(recursive=True))
        pages = [self.open(browser)[0] for _ in range(SESSIONS)]
        taken = (self.memory() - before) / SESSIONS
        for page in pages:
            leave(page)
        give_up = time.monotonic() + LEAVING
        while set(self.process.children(recursive=True)) - those and time.monotonic() < give_up:
            time.sleep(0.1)  # their kernels end after them; some of stock Voilà's never do
        return taken


def leave(page: Page) -> None:
    """Leave a page so that its kernel is ended."""
    page.goto("about:blank")
    page.context.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(site: Site) -> Iterator[Site]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", *site.program, "--port", str(site.port)],
        env={**os.environ, "PHB_DATA_DIR": str(site.folder)},
        stdout=quiet,
        stderr=quiet,
    )
    try:
        while process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{site.port}/phb/static/page.css")
            except urllib.error.HTTPError:
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
                continue
            break
        site.process = psutil.Process(process.pid)
        yield site
    finally:
        process.terminate()
        process.wait()


def launched(playwright: Playwright, *flags: str) -> Browser:
    """Start Chromium, or the headless shell that the tests use."""
    there = filter(None, map(shutil.which, ("chromium", "chromium-headless-shell")))
    program = os.environ.get("CHROMIUM") or next(there, None)
    return playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags])


def rows() -> Iterator[tuple[str, ...]]:
    voila = ["voila", str(WORKBOOK), "--no-browser", "--Voila.ip=127.0.0.1"]
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as two,
        running(Site(["phbkit", "serve"], "module/chronic_pain_massage", Path(one))) as ours,
        running(Site(voila, "", Path(two))) as stock,
        sync_playwright() as playwright,
    ):
        browser = launched(playwright, INSIDE_ONLY)
        for site in (ours, stock):
            site.visit(browser)  # fills the disk's cache and makes the template
            site.visits.clear()
        sites = (ours, stock)
        visits, stock_visits = interleave(RUNS, *(partial(each.visit, browser) for each in sites))
        sessions, theirs = interleave(RUNS, *(partial(each.session, browser) for each in sites))
        (answers, turns), (stock_answers, stock_turns) = (each.answers(browser) for each in sites)
        browser.close()
    yield row("first usable form, cold", visits, stock_visits)
    for what, name, each in (("requests", "requests", 1), ("kilobytes", "bytes", 1000)):
        here, there = ([getattr(visit, name) / each for visit in site.visits] for site in sites)
        yield row(f"{what} to show it, and its socket's", here, there, unit="")
    yield row("an answer, until the page hears that it is kept", answers, stock_answers)
    yield row("a turn of a conversation, kept and on screen", turns, stock_turns)
    yield row("memory of one more open page, MiB", sessions, theirs, unit="")
