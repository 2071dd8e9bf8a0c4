"""A hundred learners at one server: no page fails, and every acknowledged answer is kept."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from phbkit.casebank import Case
from phbkit.serving.owners import MOST
from tests.browser.player import read
from tests.serving.crowd import Crowd, crowd_in
from tests.serving.killing import Book, serving, tally

LEARNERS = 100


def test_a_hundred_learners_find_every_page_and_lose_no_answer(
    tmp_path: Path, address: str, case: Case
) -> None:
    together = int(os.environ.get("PHB_MOST_KERNELS", MOST))
    crowd = Crowd(Book(case, read("strong")), together)
    with serving(tmp_path, address, case) as server:
        assert server.process
        asyncio.run(crowd_in(server.url, server.process.pid, crowd, LEARNERS))
    found = tally(address, crowd.book)
    sys.stdout.write(f"{crowd}\n{found}\n")
    assert crowd.failures == []
    assert found.troubles == [], str(found)
    assert (crowd.pages, crowd.finished) == (LEARNERS, LEARNERS)
    talks = [crowd.book.answers[talk.id] for talk in case.talks]
    forms = len(case.steps) - len(talks)
    forms += sum(len(talk["turns"]) + ("rated" in talk) for talk in talks)
    assert found.acknowledged == LEARNERS * forms
