"""Kills while answers flow and a meeting goes on, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path

from phbkit.casebank import Case
from tests.serving.killing import killed

KILLS = int(os.environ.get("PHB_KILLS", "100"))  # on each


def test_kills_lose_nothing_that_was_acknowledged_and_count_nothing_twice(
    tmp_path: Path, address: str, case: Case
) -> None:
    found = killed(tmp_path, address, case, kills=KILLS, learners=4)
    assert found.troubles == [], str(found)
    assert found.acknowledged >= KILLS
