"""A server that is killed while answers flow: alone and with its kernels; more in tests/soak."""

from __future__ import annotations

from pathlib import Path

from phbkit.casebank import Case
from tests.serving.killing import killed


def test_a_server_killed_while_answers_flow_loses_none_and_counts_none_twice(
    tmp_path: Path, case: Case
) -> None:
    address = f"sqlite:///{tmp_path / 'records.sqlite'}"
    found = killed(tmp_path, address, case, kills=2, learners=2)
    assert found.troubles == [], str(found)
    assert found.acknowledged >= 2
