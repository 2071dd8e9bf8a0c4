"""The case bank as a whole."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from phbkit.casebank import CaseBank
from phbkit.errors import CaseError, UnknownNameError
from tests.made import WORKBOOKS

ID = "chronic-pain-massage"
TODAY = dt.date(2026, 11, 30)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def version(root: Path) -> str:
    return CaseBank(root, today=TODAY).load(ID).version


def test_the_shipped_bank_has_no_faults(bank: CaseBank) -> None:
    assert set(WORKBOOKS.values()) <= set(bank.case_ids)
    assert bank.check()["fault"] == []


def test_an_unknown_case_is_refused_with_the_name_that_was_meant(bank: CaseBank) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'chronic-pain-massage'"):
        bank.load("chronic-pain-masage")


@pytest.mark.parametrize("name", ["", ".", "..", "../cases/chronic-pain-massage", "/etc"])
def test_a_path_is_not_a_case(bank: CaseBank, name: str) -> None:
    with pytest.raises(UnknownNameError, match="no case is called"):
        bank.load(name)


def test_a_fault_in_one_case_does_not_keep_another_from_loading(bank_copy: Path) -> None:
    second = bank_copy / "cases" / "second"
    shutil.copytree(bank_copy / "cases" / ID, second)
    change(second / "case.yaml", f"id: {ID}", "id: second")
    change(second / "case.yaml", "price: 385.00", "price: -1")
    bank = CaseBank(bank_copy, today=TODAY)
    assert bank.load(ID).id == ID
    assert [fault.file for fault in bank.check()["fault"]] == [second / "case.yaml"]
    with pytest.raises(CaseError, match=r"items\.6\.price"):
        bank.load("second")


def test_a_fault_in_what_all_cases_rest_on_keeps_every_case_from_loading(bank_copy: Path) -> None:
    change(bank_copy / "deal.yaml", "sources: [bmj-2011", "sources: [bmj-2111")
    with pytest.raises(CaseError, match=r"deal\.yaml:\d+: rules\.2\.sources\.0: cites 'bmj-2111'"):
        CaseBank(bank_copy, today=TODAY).load(ID)


def test_a_source_is_in_the_future_only_until_its_day(bank_copy: Path) -> None:
    change(bank_copy / "sources.yaml", "checked: 2026-11-01", "checked: 2026-12-01")
    assert len(CaseBank(bank_copy, today=dt.date(2026, 11, 30)).check()["fault"]) == 1
    assert CaseBank(bank_copy, today=dt.date(2026, 12, 1)).check()["fault"] == []


def test_sources_due_for_a_check_are_listed_longest_overdue_first(bank: CaseBank) -> None:
    assert bank.due() == {}
    later = CaseBank(bank.root, today=dt.date(2030, 1, 1)).due()
    assert list(later.values()) == sorted(later.values(), key=lambda source: source.due)
    assert set(later) == set(bank.load(ID).sources)


def test_a_case_has_the_same_version_wherever_it_stands(bank: CaseBank, bank_copy: Path) -> None:
    change(bank_copy / "glossary.yaml", "term: ", "term: The ")
    assert version(bank_copy) == bank.load(ID).version


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (f"cases/{ID}/questions.yaml", "key: [b]", "key: [a]"),
        (f"cases/{ID}/panels/holders.csv", "h01,Budget holder,2", "h01,Budget holder,1"),
        (f"cases/{ID}/case.yaml", "price: 385.00", "price: 386.00"),
        ("deal.yaml", "finding: stop", "finding: discuss"),
    ],
)
def test_a_case_has_another_version_when_its_results_could_change(
    bank: CaseBank, bank_copy: Path, name: str, old: str, new: str
) -> None:
    change(bank_copy / name, old, new)
    assert version(bank_copy) != bank.load(ID).version
