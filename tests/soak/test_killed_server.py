"""A server killed with -9 a hundred times while answers flow, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from phbkit.casebank import Case
from tests.serving.killing import killed

KILLS = 100


def test_a_hundred_kills_lose_no_acknowledged_answer_and_count_none_twice(
    tmp_path: Path, address: str, case: Case
) -> None:
    found = killed(tmp_path, address, case, kills=KILLS, learners=4)
    assert found.troubles == [], str(found)
    assert found.acknowledged >= KILLS
