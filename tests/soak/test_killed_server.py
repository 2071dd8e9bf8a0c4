"""Kills while answers flow and a meeting goes on, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import random
import signal
import sys
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Error, expect, sync_playwright

from phbkit.casebank import Case
from tests.browser.player import opens_again
from tests.browser.reviewing import Meetings, bring_to_ratings
from tests.browser.windows import Windows, launched
from tests.ports import free_port
from tests.serving.killing import kill_now, killed

KILLS = int(os.environ.get("PHB_KILLS", "100"))  # on each
WITH_A_BROWSER = KILLS // 4
PATIENCE_MS = 20_000
MARKED = "(rated) => rated.map((each) => each.querySelector('input:checked')?.value ?? '')"


def test_kills_lose_nothing_that_was_acknowledged_and_count_nothing_twice(
    tmp_path: Path, address: str, case: Case
) -> None:
    found = killed(tmp_path, address, case, kills=KILLS, learners=4)
    assert found.troubles == [], str(found)
    assert found.acknowledged >= KILLS


def test_kills_lose_no_mark_that_was_typed_and_not_sent(tmp_path: Path, address: str) -> None:
    """One marks on, and sends nothing, while kernel or server are killed under the page."""
    server = Meetings(tmp_path, free_port(), env={"PHB_DATABASE": address})
    server.start()
    try:
        with sync_playwright() as playwright:
            windows = Windows(launched(playwright))
            chair, ann, pam = (windows.open() for _ in range(3))
            bring_to_ratings(server, chair, ann, pam)
            pam.close()
            again = ann.get_by_role("button", name="Open the page again")
            marks = [""] * ann.locator(".phb-rating").count()
            for kill in range(WITH_A_BROWSER):
                place, value = random.randrange(len(marks)), str(random.randint(1, 9))
                rated = ann.locator(".phb-rating")
                rated.nth(place).locator(f"input[value='{value}']").check(force=True)
                marks[place] = value
                with opens_again(ann):
                    if kill % 4:
                        os.kill(server.kernel_of(ann), signal.SIGKILL)
                    else:
                        kill_now(server, whole_group=True)
                        server.start()
                    with suppress(
                        Error
                    ):  # where it has not opened itself meanwhile: it waits longer
                        again.click(timeout=PATIENCE_MS)  # each time
                expect(ann.locator("#phb-status")).to_contain_text("is back on this page")
                assert rated.evaluate_all(MARKED) == marks, f"after {kill + 1} kills"
    finally:
        server.stop()
    sys.stdout.write(f"{WITH_A_BROWSER} kills under a page: no mark of {len(marks)} was lost\n")
