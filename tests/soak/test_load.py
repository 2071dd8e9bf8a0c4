"""A hundred learners at one server under the limits of `deploy/phbkit.service`, every place taken.

No page fails, and every acknowledged answer is kept.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from phbkit.casebank import Case
from phbkit.serving.owners import MOST
from tests.browser.player import read
from tests.deploy import unit
from tests.serving.crowd import Crowd, crowd_in
from tests.serving.killing import Book, serving, tally

LEARNERS = 100
UNIT_FILE = Path(__file__).parents[2] / "deploy" / "phbkit.service"
MEBIBYTES = 4 * 1024  # the unit's MemoryMax, which only systemd can put on a server


def test_a_hundred_learners_find_every_page_and_lose_no_answer(
    tmp_path: Path, address: str, case: Case
) -> None:
    together = int(os.environ.get("PHB_MOST_KERNELS", MOST))
    crowd = Crowd(Book(case, read("strong")), together)
    with tempfile.TemporaryDirectory(prefix="phb-run-") as sockets:
        under = (sys.executable, unit.__file__, str(UNIT_FILE), f"{tmp_path}:{sockets}")
        with serving(tmp_path, address, case, under=under, TMPDIR=sockets) as server:
            assert server.process
            asyncio.run(crowd_in(server.url, server.process.pid, crowd, LEARNERS))
    found = tally(address, crowd.book)
    sys.stdout.write(f"{crowd}\n{found}\n")
    assert crowd.failures == []
    assert max(kernels for kernels, _ in crowd.memory) == together
    assert max(kernels * each for kernels, each in crowd.memory) < MEBIBYTES
    assert found.troubles == [], str(found)
    assert (crowd.pages, crowd.finished) == (LEARNERS, LEARNERS)
    talks = [crowd.book.answers[talk.id] for talk in case.talks]
    forms = len(case.steps) - len(talks)
    forms += sum(len(talk["turns"]) + ("rated" in talk) for talk in talks)
    assert found.acknowledged == LEARNERS * forms
