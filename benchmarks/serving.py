"""Time to the first usable form, beside stock Voilà on the same notebook."""

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
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.timing import interleave, row

RUNS = 5
ROOT = Path(__file__).parent.parent
WORKBOOK = ROOT / "workbooks" / "chronic_pain_massage.ipynb"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
USABLE = ".phb-step-meet button[type=submit]"


@dataclass
class Visit:
    """What one cold visit cost."""

    seconds: float
    requests: int
    bytes: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(module: list[str], port: int, folder: Path) -> Iterator[None]:
    environment = {**os.environ, "PHB_DATA_DIR": str(folder)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", *module], env=environment, stdout=quiet, stderr=quiet
    )
    try:
        while process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/phb/static/page.css", timeout=5)
            except urllib.error.HTTPError:
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
                continue
            break
        yield
    finally:
        process.terminate()
        process.wait()


def visit(browser: Browser, address: str) -> Visit:
    """Open a page with an empty cache; requests outside the machine are refused at once."""
    context = browser.new_context()
    page = context.new_page()
    inside = "http://127.0.0.1"
    context.route(lambda url: not url.startswith((inside, "data:", "blob:")), lambda r: r.abort())
    sizes: list[int] = []
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    client.on("Network.loadingFinished", lambda done: sizes.append(int(done["encodedDataLength"])))
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(USABLE, timeout=60_000)
    seconds = time.perf_counter() - start
    found = Visit(seconds, len(sizes), sum(sizes))
    page.goto("about:blank")  # lets Voilà end the kernel
    context.close()
    return found


def rows() -> Iterator[tuple[str, ...]]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    ours_port, stock_port = free_port(), free_port()
    serve = ["phbkit", "serve", "--port", str(ours_port)]
    voila = [
        "voila",
        str(WORKBOOK),
        "--no-browser",
        "--port",
        str(stock_port),
        "--Voila.ip=127.0.0.1",
    ]
    with (
        tempfile.TemporaryDirectory() as name,
        server(serve, ours_port, Path(name)),
        server(voila, stock_port, Path(name)),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        pages = (
            f"http://127.0.0.1:{ours_port}/module/chronic_pain_massage",
            f"http://127.0.0.1:{stock_port}/",
        )
        found: dict[str, list[Visit]] = {page: [] for page in pages}

        def measure(page: str) -> float:
            found[page].append(visit(browser, page))
            return found[page][-1].seconds

        interleave(RUNS, *(partial(measure, page) for page in pages))
        browser.close()
    ours, stock = found[pages[0]], found[pages[1]]
    yield row("first usable form, cold", [v.seconds for v in ours], [v.seconds for v in stock])
    yield row("requests", [v.requests for v in ours], [v.requests for v in stock], unit="")
    yield row("kilobytes", [v.bytes / 1000 for v in ours], [v.bytes / 1000 for v in stock], unit="")
