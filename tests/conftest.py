"""The shipped case bank, and copies of it that a test may break."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from phbkit.casebank import Case, CaseBank
from tests import databases
from tests.ranking import add_ranking

server, file, address = databases.server, databases.file, databases.address
outage = databases.outage

CASEBANK = Path(__file__).parent.parent / "casebank"

settings.register_profile("phbkit", deadline=None)
settings.load_profile("phbkit")


@pytest.fixture(scope="session")
def bank() -> CaseBank:
    return CaseBank(CASEBANK, today=dt.date(2026, 11, 30))


@pytest.fixture(scope="session")
def case(bank: CaseBank) -> Case:
    return bank.load("chronic-pain-massage")


@pytest.fixture(scope="session")
def ranked_bank(tmp_path_factory: pytest.TempPathFactory) -> CaseBank:
    """The case bank with a ranking question in one case."""
    copy = shutil.copytree(CASEBANK, tmp_path_factory.mktemp("ranked") / "casebank")
    return CaseBank(add_ranking(Path(copy)), today=dt.date(2026, 11, 30))


@pytest.fixture
def bank_copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CASEBANK, tmp_path / "casebank"))
