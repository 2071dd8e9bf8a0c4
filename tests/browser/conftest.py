"""A real server, a real browser, and nothing else on the network: one of each a worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from phbkit.casebank import CaseBank
from tests.browser.altered import altered_workbooks
from tests.browser.reviewing import Meetings
from tests.browser.served import Served
from tests.browser.training import Training
from tests.browser.windows import Windows, launched
from tests.packaging.conftest import files, runtime, site
from tests.ports import free_port

__all__ = ["files", "runtime", "site"]
S = TypeVar("S", bound=Served)


def _until_ended(server: S) -> Iterator[S]:
    yield server
    server.stop()


@pytest.fixture(scope="session")
def learners_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from _until_ended(Served(tmp_path_factory.mktemp("served"), free_port()))


@pytest.fixture
def served(learners_server: Served) -> Served:
    """The server of one machine, at which nobody has played yet."""
    learners_server.be_as_new()
    return learners_server


@pytest.fixture(scope="session")
def altered_server(
    tmp_path_factory: pytest.TempPathFactory, ranked_bank: CaseBank
) -> Iterator[Served]:
    env = {
        "PHB_WORKBOOKS": str(altered_workbooks(tmp_path_factory.mktemp("altered") / "workbooks")),
        "PHB_CASEBANK": str(ranked_bank.root),
        "PHB_CONTACT": "<trainer@example.org>",
    }
    yield from _until_ended(Served(tmp_path_factory.mktemp("served"), free_port(), env=env))


@pytest.fixture
def altered(altered_server: Served) -> Served:
    """A server of other workbooks and another case bank, whose tests are of the group ALTERED."""
    altered_server.be_as_new()
    return altered_server


@pytest.fixture(scope="session")
def training_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Training]:
    yield from _until_ended(Training(tmp_path_factory.mktemp("training"), free_port()))


@pytest.fixture
def training(training_server: Training) -> Training:
    """The server of learners with personal links, at which nobody was invited yet."""
    training_server.be_as_new()
    return training_server


@pytest.fixture(scope="session")
def meetings_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meetings]:
    yield from _until_ended(Meetings(tmp_path_factory.mktemp("meetings"), free_port()))


@pytest.fixture
def meetings(meetings_server: Meetings) -> Meetings:
    """The server of case reviews."""
    meetings_server.be_as_new()
    return meetings_server


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser for this package only: while it is open, a loop runs that asyncio trips over."""
    with sync_playwright() as playwright:
        started = launched(playwright)
        yield started
        started.close()


@pytest.fixture
def windows(browser: Browser) -> Iterator[Windows]:
    opened = Windows(browser)
    yield opened
    opened.close()
    assert opened.outside == []
    assert opened.errors == []


@pytest.fixture
def page(windows: Windows) -> Page:
    return windows.open()
