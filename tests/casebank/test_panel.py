"""Panels: counted as hand-counted, and refused whole when one judgement cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from phbkit.casebank import Case, Panel
from phbkit.casebank.models import PanelFile
from phbkit.casebank.panel import read_panel
from phbkit.errors import Fault

ROWS = ["panellist,role,q1,q2", "p1,GP,-2,1", "p2,Nurse,-2,0", "p3,Carer,2,1"]


def read(folder: Path, rows: list[str], name: str = "panel.csv") -> Panel | list[Fault]:
    (folder / "panel.csv").write_text("\n".join(rows) + "\n")
    spec = PanelFile(id="p", title="A panel", file=name, illustrative=False, note="Real people.")
    return read_panel(spec, folder, ["q1", "q2"])


def test_judgements_are_counted_from_much_less_to_much_more(tmp_path: Path) -> None:
    panel = read(tmp_path, ROWS)
    assert isinstance(panel, Panel)
    assert panel.size == 3
    assert panel.counts == {"q1": (2, 0, 0, 0, 1), "q2": (0, 0, 1, 2, 0)}


def test_each_panellists_judgement_and_role_are_kept_in_the_order_of_the_rows(
    tmp_path: Path,
) -> None:
    panel = read(tmp_path, ROWS)
    assert isinstance(panel, Panel)
    assert panel.judgements == {"q1": (-2, -2, 2), "q2": (1, 0, 1)}
    assert panel.roles == ("GP", "Nurse", "Carer")
    nameless = read(tmp_path, ["q1,q2", "1,0"])
    assert isinstance(nameless, Panel)
    assert nameless.roles == ("",)


def test_the_shipped_panels_count_as_counted_by_hand(case: Case) -> None:
    clinicians, holders = case.panels
    assert (clinicians.size, holders.size) == (15, 12)
    assert clinicians.counts["first-lean"] == (0, 2, 4, 8, 1)
    assert clinicians.counts["bruise-rule"] == (4, 7, 2, 2, 0)
    assert holders.counts["denise-in-the-room"] == (0, 1, 2, 6, 3)
    assert all(sum(panel.counts[q]) == panel.size for panel in case.panels for q in panel.counts)


@pytest.mark.parametrize("value", ["3", "-3", "", "1.0", "+1", "one"])
def test_a_judgement_out_of_scale_is_placed_at_its_line(tmp_path: Path, value: str) -> None:
    faults = read(tmp_path, [*ROWS[:2], f"p2,Nurse,{value},0", ROWS[3]])
    problem = f"must be -2, -1, 0, 1 or 2; found {value!r}."
    assert faults == [Fault(tmp_path / "panel.csv", 3, "q1", problem, "Change it.")]


def test_columns_must_be_the_concordance_questions(tmp_path: Path) -> None:
    problem, cure = (
        "has a column 'q3', which is not known here.",
        "Its columns: panellist, role, q1, q3.",
    )
    assert read(tmp_path, ["panellist,role,q1,q3", "p1,GP,1,1"]) == [
        Fault(tmp_path / "panel.csv", 1, "", "has no column 'q2'.", cure),
        Fault(tmp_path / "panel.csv", 1, "", problem, "Take it out."),
    ]


@pytest.mark.parametrize("name", ["../panel.csv", "/etc/passwd", "link.csv"])
def test_a_panel_outside_the_case_folder_is_never_opened(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    read(tmp_path, ROWS)
    (folder / "link.csv").symlink_to(tmp_path / "panel.csv")
    [fault] = read(folder, ROWS, name)
    assert (fault.file, fault.field) == (folder / "case.yaml", "panels.p")
    assert fault.problem == "points outside."
    assert fault.cure == "Keep it inside the case's folder."


def test_a_panel_file_that_cannot_be_read_says_what_is_wanted(tmp_path: Path) -> None:
    [missing] = read(tmp_path, ROWS, "other.csv")
    assert missing.file == tmp_path / "other.csv"
    assert missing.cure == "Give a UTF-8 CSV file."
    (tmp_path / "latin.csv").write_bytes("panellist,q1,q2\nRené,1,1\n".encode("latin-1"))
    [latin] = read(tmp_path, ROWS, "latin.csv")
    assert latin.problem.startswith("cannot be read: ")


REAL_ENOUGH = [
    (9, False, "the panel has 9 members, fewer than 10"),
    (10, False, ""),
    (50, True, "the panel is illustrative: nobody real gave these judgements"),
]


@pytest.mark.parametrize(("size", "illustrative", "why"), REAL_ENOUGH)
def test_only_a_real_panel_of_ten_may_decide_a_pass(
    size: int, illustrative: bool, why: str
) -> None:
    about = {"id": "p", "title": "A panel", "file": "p.csv", "illustrative": illustrative}
    assert Panel(**about, note="N", judgements={}, roles=("GP",) * size).formative_only == why
