"""A hundred learners play on while somebody tries to shut them out."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from phbkit.casebank import Case
from tests import programs
from tests.browser.player import read
from tests.browser.served import Served
from tests.serving.attacks import ATTACKS
from tests.serving.crowd import Crowd, crowd_in
from tests.serving.killing import Book, serving, tally

LEARNERS, TOGETHER = 100, 24
SLOWER = 2  # times, at most


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, case: Case) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, f"sqlite:///{folder / 'records.sqlite'}", case) as server:
        yield server


def play(server: Served, case: Case, named: str) -> float:
    """Let everybody play; return the 95th percentile of an answer, in milliseconds."""
    crowd = Crowd(Book(case, read("strong")), TOGETHER)
    assert server.process
    asyncio.run(crowd_in(server.url, server.process.pid, crowd, LEARNERS, named))
    found = tally(server.env["PHB_DATABASE"], crowd.book)
    sys.stdout.write(f"{named}: {crowd}\n{found}\n")
    assert crowd.failures == []
    assert (found.lost, found.wrong) == ([], []), str(found)
    assert (crowd.pages, crowd.finished) == (LEARNERS, LEARNERS)
    return 1000 * statistics.quantiles(crowd.took["answer"], n=20, method="inclusive")[18]


@pytest.fixture(scope="module")
def quiet(server: Served, case: Case) -> float:
    return play(server, case, "quiet")


@contextmanager
def attacked(server: Served, attack: str, folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.serving.attacks", attack, server.url]
    with (folder / "said").open("w") as said:
        process = programs.start(command, stdout=subprocess.PIPE, stderr=said)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"begins\n"
        yield
        assert process.poll() is None, (folder / "said").read_text()
    finally:
        programs.end(process)


@pytest.mark.parametrize("attack", ATTACKS)
def test_learners_play_on(
    server: Served, case: Case, quiet: float, attack: str, tmp_path: Path
) -> None:
    with attacked(server, attack, tmp_path):
        slower = play(server, case, attack) / quiet
    sys.stdout.write(f"{attack}: {slower:.2f} of the quiet 95th percentile, {quiet:.0f} ms\n")
    assert slower <= SLOWER
    assert "Traceback" not in server.log()
