"""Files that cannot be read as YAML, and how a case with faults is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from phbkit.casebank import CaseBank
from phbkit.errors import CaseError, Fault

ID = "chronic-pain-massage"
TODAY = dt.date(2026, 11, 30)


@pytest.fixture
def file(bank_copy: Path) -> Path:
    return bank_copy / f"cases/{ID}/case.yaml"


def refusal(file: Path) -> CaseError:
    with pytest.raises(CaseError) as caught:
        CaseBank(file.parents[2], today=TODAY).load(ID)
    return caught.value


def edit(file: Path, after: str, old: str, new: str) -> int:
    """Replace the first `old` that follows `after`; return the line where the edit begins."""
    text = file.read_text(encoding="utf-8")
    start = text.index(old, text.index(after))
    file.write_text(text[:start] + new + text[start + len(old) :], encoding="utf-8")
    return text.count("\n", 0, start) + 1


def test_a_repeated_key_is_placed_at_its_second_use(file: Path) -> None:
    line = edit(file, "", "minutes: ", "minutes: 30\nminutes: ")
    [fault] = refusal(file).faults
    assert (fault.file, fault.line) == (file, line + 1)
    assert "found duplicate key 'minutes'" in fault.problem
    assert fault.cure == "Mend it near this line."


def test_a_file_cut_short_is_placed_where_it_stops_being_yaml(file: Path) -> None:
    text = file.read_text()
    cut = text.index("[loft-saturday]") + len("[loft")
    file.write_text(text[:cut])
    [fault] = refusal(file).faults
    assert fault.file == file
    assert fault.line in {text.count("\n", 0, cut) + 1, text.count("\n", 0, cut) + 2}
    assert fault.problem.startswith("is not valid YAML: ")
    assert fault.cure == "Mend it near this line."


def test_words_that_other_readers_take_for_something_else_stay_words(file: Path) -> None:
    edit(file, "id: person\n", "name: Owen", "name: no")
    edit(file, "id: partner\n", "name: Denise", "name: 1e3")
    voices = CaseBank(file.parents[2], today=TODAY).load(ID).about.voices
    assert [voice.name for voice in voices[:2]] == ["no", "1e3"]


def test_a_file_that_is_not_utf8_is_placed_at_the_byte_that_is_not(file: Path) -> None:
    line = edit(file, "id: broker", "name:", "name: K#t")
    file.write_bytes(file.read_bytes().replace(b"K#t", b"K\xeft"))
    fault = Fault(file, line, "", "is not UTF-8.", "Save the file as UTF-8.")
    assert refusal(file).faults == (fault,)


def test_a_byte_order_mark_is_no_fault(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert CaseBank(file.parents[2], today=TODAY).load(ID).id == ID


def test_a_file_over_a_megabyte_is_not_read(file: Path) -> None:
    file.write_text(file.read_text() + "# and so on\n" * 90_000)
    fault = Fault(file, 0, "", "is over 1 MB.", "Split it, or shorten the prose.")
    assert refusal(file).faults == (fault,)


def test_a_missing_file_is_a_fault(file: Path) -> None:
    file.unlink()
    assert refusal(file).faults == (Fault(file, 0, "", "is missing.", "Add the file."),)


def test_all_faults_are_reported_at_once_and_the_case_never_half_loads(file: Path) -> None:
    made = {
        "items.6.price": edit(file, "id: adapted-tools", "price: ", "price: -"),
        "budget.price_year": edit(file, "budget:", "2026/27", "this year"),
        "voices.2.sources.0": edit(file, "id: gp\n", "[jhsrp-2013]", "[jhsrp-2031]"),
        "items.7.title": edit(file, "id: counselling-acceptance", "title:", "title: <b>"),
        "questions.12.key": edit(file.with_name("questions.yaml"), "id: cautions", "[a, b,", "[y,"),
    }
    error = refusal(file)
    assert {fault.field: fault.line for fault in error.faults} == made
    assert str(error).startswith(f"The case {ID!r} was not loaded: 5 faults.\n")
    for fault in error.faults:
        assert f"  {fault.file}:{fault.line}: {fault.field}: {fault.problem}" in str(error)
