"""Names of bodies that change come from one dated place."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from phbkit.casebank import CaseBank
from phbkit.casebank.checks import named
from phbkit.casebank.reference_data import Body

ID = "chronic-pain-massage"
TODAY = dt.date(2026, 11, 30)


def load(root: Path) -> str:
    return CaseBank(root, today=TODAY).load(ID).about.person.story  # type: ignore[union-attr]


def test_prose_names_the_body_that_holds_the_role_on_the_case_s_day(bank_copy: Path) -> None:
    assert "integrated care board (ICB)" in load(bank_copy)
    file = bank_copy / f"cases/{ID}/case.yaml"
    file.write_text(file.read_text().replace("as_of: 2026-11-02", "as_of: 2021-11-02", 1))
    assert "clinical commissioning group (CCG)" in load(bank_copy)


def test_a_new_name_is_one_edit_in_one_file(bank_copy: Path) -> None:
    file = bank_copy / "bodies.yaml"
    text = file.read_text()
    at = text.index("since: 2022-07-01")
    end = text.index("source:", at)
    file.write_text(
        text[:end]
        + "until: 2026-10-31\n      source: standing-rules-reg2\n"
        + "    - name: strategic board\n      short: SB\n      since: 2026-11-01\n      "
        + text[end:]
    )
    assert "strategic board (SB)" in load(bank_copy)


@pytest.mark.parametrize("name", ["NHS England", "the ICB", "a clinical commissioning group"])
def test_a_name_written_out_is_a_fault(bank_copy: Path, name: str) -> None:
    file = bank_copy / f"cases/{ID}/case.yaml"
    file.write_text(file.read_text().replace("title: Chronic", f"title: {name} and chronic", 1))
    [fault] = CaseBank(bank_copy, today=TODAY).check()["fault"]
    assert (fault.line, fault.field) == (2, "title")
    assert "a name that changes" in fault.problem


def test_a_role_that_nobody_holds_is_a_fault(bank_copy: Path) -> None:
    file = bank_copy / f"cases/{ID}/case.yaml"
    file.write_text(file.read_text().replace("title: C", 'title: "[[tax-office]]" # C', 1))
    [fault] = CaseBank(bank_copy, today=TODAY).check()["fault"]
    assert "[[tax-office]] is held by no body on 2026-11-02." in fault.problem


def test_a_role_is_named_in_every_text_and_nothing_else_is_touched() -> None:
    day = dt.date(2026, 11, 2)
    body = Body(name="integrated care board", short="ICB", since=day, source="a-source")
    data = {"a": ["[[nhs-commissioner]]", 1, {"b": "x [[nhs-commissioner:name]]"}], "day": day}
    assert named(data, {"nhs-commissioner": (body,)}, day) == {
        "a": ["ICB", 1, {"b": "x integrated care board"}],
        "day": day,
    }
