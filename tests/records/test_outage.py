"""A database that goes away is told apart from answers that cannot be taken, and is used again."""

from __future__ import annotations

import pytest

from phbkit.casebank import Case
from phbkit.errors import UnreachableError
from phbkit.records import Store
from phbkit.records.database import open_database
from phbkit.workbook.module import Module
from phbkit.workbook.workbook import Workbook
from tests.databases import Outage


def test_what_could_not_be_written_is_written_once_when_the_database_is_back(
    outage: Outage,
) -> None:
    store = Store(open_database(outage.address, busy_seconds=0.2))
    journal = store.journal(store.start("ann", "c", "v1").id)
    outage.begin()
    for _ in range(2):
        with pytest.raises(UnreachableError):
            journal.append("s1", "judge", {"a": 1}, after=0)
    outage.end()
    moment = journal.append("s1", "judge", {"a": 1}, after=0)
    assert journal.append("s1", "judge", {"a": 1}, after=0) == moment
    assert [event.question for event in journal.events()] == ["a", ""]


def test_a_browser_is_told_to_send_it_again_and_nothing_of_where_the_database_is(
    outage: Outage, case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(open_database(outage.address, busy_seconds=0.2))
    journal = store.journal(store.start("ann", case.id, case.version).id)
    workbook = Workbook(Module(case, journal), live=True)
    save = {"do": "save", "ticket": "t1", "values": {}}
    outage.begin()
    told = workbook._receive("meet", save)[0]
    outage.end()
    assert told == {"did": "later", "problems": {"": UnreachableError.told}, "ticket": "t1"}
    assert "The answers were not saved" in caplog.text
    assert workbook._receive("meet", save)[0]["did"] == "saved"
    assert workbook._receive("meet", save)[0]["did"] == "saved"
    assert len(journal.events()) == 1
