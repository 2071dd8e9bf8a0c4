"""The shipped case bank, and copies of it that a test may break; and who runs which test."""

from __future__ import annotations

import datetime as dt
import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from phbkit.casebank import Case, CaseBank
from tests import databases
from tests.ranking import add_ranking

server, file, address = databases.server, databases.file, databases.address
cluster, outage = databases.cluster, databases.outage

ROOT = Path(__file__).parent.parent
CASEBANK = ROOT / "casebank"

settings.register_profile("phbkit", deadline=None)
settings.load_profile("phbkit")
# What a shell starts behind itself ignores Ctrl-C, and so would every program that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

SLOWEST_FIRST = ("browser", "deploy", "cohort", "notebooks", "serving", "kernels")
THEN = ("test_cli.py", "casebank", "records")  # so that no long one is alone in the end
TOGETHER = {  # files whose tests ask for one thing that takes long to start
    "test_hostile.py", "test_hostile_learner.py", "test_hostile_review.py", "test_learners.py",
    "test_review.py", "test_limits.py", "test_cluster.py", "test_nginx.py", "test_report.py",
    "test_run.py", "test_simulate.py", "test_sweep.py", "test_cohort_report.py",
    "test_papermill.py", "test_service.py", "test_register.py", "test_played_from_a_package.py",
}  # fmt: skip


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a file of quick tests to one worker, and one whose tests share what is slow to start.

    Some tests of several files name their group themselves. Whatever is in no group goes to the
    next worker that has nothing to do.
    """
    if _together(item) and not _grouped(item):
        item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(ROOT))))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    order = {folder: place for place, folder in enumerate((*SLOWEST_FIRST, *THEN))}
    items.sort(key=lambda item: (order.get(_folder(item), len(order)), not _grouped(item)))


def _grouped(item: pytest.Item) -> bool:
    return item.get_closest_marker("xdist_group") is not None


def _together(item: pytest.Item) -> bool:
    return _folder(item) not in SLOWEST_FIRST or item.path.name in TOGETHER


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT).parts[1]


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
