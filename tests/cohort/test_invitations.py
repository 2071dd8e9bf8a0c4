"""Tables of people: every fault by its line, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from phbkit.cohort.invitations import read_people, write_links
from phbkit.cohort.reading import CohortError
from phbkit.records.learners import Learner


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "people.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_a_table_from_a_spreadsheet_is_read_with_its_own_columns(tmp_path: Path) -> None:
    text = (
        "name,learner,mail,role,cohort\r\nÅnn, ann ,a@example.org,,spring\r\nTess,t1,,trainer,\r\n"
    )
    people = read_people(table(tmp_path, text, "utf-8-sig"))
    assert people.learners == (
        Learner("ann", "Ånn", "spring"), Learner("t1", "Tess", "", "trainer")
    )  # fmt: skip
    assert people.rows[0]["mail"] == "a@example.org"


FAULTS = {
    "no name column": ("learner\nann\n", ["people.csv:1: has no column 'name'"]),
    "nothing at all": ("", ["people.csv:1: has no column 'learner'"]),
    "nobody": ("learner,name\n", ["people.csv: has nobody in it"]),
    "twice": (
        "learner,name\nann,A\nben,B\nann,C\n", ["people.csv:4: 'ann' is on line 2 already"]
    ),
    "two columns": ("learner,name,name\nann,A,B\n", ["people.csv:1: has two columns 'name'"]),
    "a link column": ("learner,name,link\nann,A,x\n", ["people.csv:1: has a column 'link'"]),
    "too many cells": ("learner,name\nann,A,x\n", ["people.csv:2: ann: has 3 cells for 2 columns"]),
    "too few": ("learner,name\nann\n", ["people.csv:2: ann: has 1 cells for 2 columns"]),
    "an id with a space": ("learner,name\nann b,A\n", ["people.csv:2: learner 'ann b' must be"]),
    "no id": ("learner,name\n,A\n", ["people.csv:2: learner '' must be"]),
    "an id that is a path": ("learner,name\n../x,A\n", ["people.csv:2: learner '../x' must be"]),
    "no name": ("learner,name\nann,\n", ["people.csv:2: name must be"]),
    "a long name": (f"learner,name\nann,{'a' * 121}\n", ["people.csv:2: name must be"]),
    "a control character": ("learner,name\nann,A\x07\n", ["people.csv:2: name must be"]),
    "a long cohort": (
        f"learner,name,cohort\nann,A,{'c' * 61}\n", ["people.csv:2: cohort must have at most 60"]
    ),
    "a strange role": (
        "learner,name,role\nann,A,boss\n", ["people.csv:2: role must be learner, trainer or empty"]
    ),
    "an open quotation": ('learner,name\nann,"A\n', ["cannot be read as CSV"]),
    "two faults": (
        "learner,name\n,A\nben,\n", ["people.csv:2: learner", "people.csv:3: name must be"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told_by_its_line_and_nobody_is_invited(tmp_path: Path, name: str) -> None:
    text, wanted = FAULTS[name]
    with pytest.raises(CohortError) as told:
        read_people(table(tmp_path, text))
    for each in wanted:
        assert each in str(told.value)


def test_a_file_that_is_not_there_or_not_utf_8_says_so(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="there is no such file"):
        read_people(tmp_path / "none.csv")
    with pytest.raises(CohortError, match="not UTF-8"):
        read_people(table(tmp_path, "learner,name\nann,Ånn\n", "latin-1"))


def test_a_hundred_faults_do_not_fill_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="and 80 more"):
        read_people(table(tmp_path, "learner,name\n" + ",x\n" * 100))


def test_what_looks_like_a_formula_is_written_as_text(tmp_path: Path) -> None:
    text = 'learner,name,note\nann,"=HYPERLINK(""x"")","@x, y"\nben,Ben,withdrawn\n'
    people = read_people(table(tmp_path, text))
    out = tmp_path / "links.csv"
    write_links(out, people, ["https://phb.example/enter/x", ""], "2027-01-01")
    [row] = csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig")))
    assert row["name"] == '\'=HYPERLINK("x")'
    assert row["note"] == "'@x, y"
    assert (row["link"], row["until"]) == ("https://phb.example/enter/x", "2027-01-01")
