"""Case folders that are broken in every way we could think of: located, and harmless to others."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from phbkit.casebank import CaseBank
from phbkit.errors import CaseError
from tests.conftest import CASEBANK

TODAY = dt.date(2026, 11, 30)
SOUND = "chronic-pain-massage"
BROKEN = "broken"


def write(name: str, content: str | bytes) -> Callable[[Path], None]:
    """Make an edit that replaces a file of the broken case."""
    data = content.encode() if isinstance(content, str) else content
    return lambda folder: (folder / name).write_bytes(data) and None


def cut(name: str, share: float) -> Callable[[Path], None]:
    """Make an edit that cuts a file off."""

    def edit(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(len(data) * share)])

    return edit


def swap(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Make an edit that replaces the first `old` in a file."""

    def edit(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return edit


def recode(name: str, encoding: str) -> Callable[[Path], None]:
    """Make an edit that writes a file in another encoding."""
    return lambda folder: (
        (folder / name).write_bytes(
            (folder / name).read_text().replace("thin", "thïn").encode(encoding, "replace")
        )
        and None
    )


def as_folder(name: str) -> Callable[[Path], None]:
    """Make an edit that puts a folder where a file should be."""

    def edit(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return edit


def bomb() -> str:
    """YAML of a few hundred bytes that means a billion texts."""
    lines = ['a0: &a0 "lol"']
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(lines)


CASE, QUESTIONS, PANEL = "case.yaml", "questions.yaml", "panels/clinicians.csv"
EDITS: dict[str, Callable[[Path], None]] = {
    **{f"case cut off at {n} %": cut(CASE, n / 100) for n in (1, 3, 7, 13, 29, 43, 61, 79, 97)},
    **{f"questions cut off at {n} %": cut(QUESTIONS, n / 100) for n in (2, 11, 37, 59, 83, 96)},
    "case empty": write(CASE, ""),
    "case of spaces": write(CASE, " \n \n"),
    "case is a list": write(CASE, "- a\n- b\n"),
    "case is a word": write(CASE, "hello"),
    "case is a number": write(CASE, "42"),
    "case is null": write(CASE, "null"),
    "case is JSON cut off": write(CASE, '{"id": "broken",'),
    "case is binary": write(CASE, bytes(range(256)) * 40),
    "case has null bytes": swap(CASE, "title:", "ti\0tle:"),
    "case has tabs": swap(CASE, "  name:", "\tname:"),
    "case is UTF-16": recode(CASE, "utf-16"),
    "case is Latin-1": recode(CASE, "latin-1"),
    "case is ten megabytes": swap(CASE, "summary: >-\n", "summary: >-\n" + "  word\n" * 1_500_000),
    "case is a folder": as_folder(CASE),
    "questions are a folder": as_folder(QUESTIONS),
    "case is a bomb of aliases": write(CASE, bomb()),
    "case has one alias": swap(CASE, "minutes: 60", "minutes: &m 60\nextra: *m"),
    "case nests ten thousand deep": write(CASE, "a: " + "[" * 10_000),
    "case nests a thousand maps": write(CASE, "".join(" " * n + "a:\n" for n in range(1_000))),
    "case runs Python": write(CASE, "!!python/object/apply:os.system ['touch pwned']"),
    "case has a strange tag": swap(CASE, "minutes: 60", "minutes: !minutes 60"),
    "case has two documents": swap(CASE, "minutes: 60", "minutes: 40\n---\nid: another"),
    "price is infinite": swap(CASE, "price: 45.00", "price: .inf"),
    "price is no number": swap(CASE, "price: 45.00", "price: .nan"),
    "price is enormous": swap(CASE, "price: 45.00", "price: 1" + "0" * 400),
    "times is huge": swap(CASE, "times: 44", "times: 99999999999"),
    "a date that is none": swap(CASE, "as_of: 2026-11-02", "as_of: 2026-02-30"),
    "a date far away": swap(CASE, "as_of: 2026-11-02", "as_of: 1926-11-02"),
    "the id of another case": swap(CASE, "id: broken", f"id: {SOUND}"),
    "an id with a path": swap(CASE, "id: broken", "id: ../../etc"),
    "replies are a list": swap(CASE, "replies:\n  person:", "replies:\n  - person:"),
    "replies of the person are missing": swap(CASE, "replies:\n  person:", "replies:\n  persons:"),
    "a reply that says nothing": swap(CASE, "says: does not agree", "says:"),
    "plans are a word": swap(CASE, "\nplans:\n", "\nplans: none\nold:\n"),
    "a plan of nobody": swap(CASE, "whose: person", "whose: nobody"),
    "safeguards are text": swap(CASE, "\nsafeguards:\n", "\nsafeguards: be careful\nold:\n"),
    "a panel outside": swap(CASE, "file: panels/clinicians.csv", "file: ../../deal.yaml"),
    "a panel by full path": swap(CASE, "file: panels/clinicians.csv", "file: /etc/passwd"),
    "a panel that is a folder": swap(CASE, "file: panels/clinicians.csv", "file: panels"),
    "a panel that is missing": swap(CASE, "file: panels/clinicians.csv", "file: panels/x.csv"),
    "a panel with an unended quote": write(PANEL, 'panellist,role,first-lean\n"c1,GP,1\n'),
    "a panel of one huge field": write(PANEL, "panellist,role\n" + "x" * 300_000 + "\n"),
    "a panel with a missing cell": swap(PANEL, "c01,GP,1,-2,-1,-1,-1,0", "c01,GP,1"),
    "a panel with nobody in it": write(
        PANEL,
        "panellist,role,first-lean,one-pain-or-three,denise-in-the-room,fair-to-others,"
        "bruise-rule,last-lean\n",
    ),
    "a panel in UTF-16": recode(PANEL, "utf-16"),
    "a question for a step nobody plays": swap(QUESTIONS, "step: judge", "step: sums"),
    "a question that is again of itself": swap(QUESTIONS, "again: first-lean", "again: last-lean"),
}


@pytest.fixture(scope="module")
def two_cases(tmp_path_factory: pytest.TempPathFactory) -> CaseBank:
    """A bank of one case, and of the same under another id."""
    root = Path(shutil.copytree(CASEBANK, tmp_path_factory.mktemp("two") / "casebank"))
    for other in set((root / "cases").iterdir()) - {root / "cases" / SOUND}:
        shutil.rmtree(other)
    copy = shutil.copytree(root / "cases" / SOUND, root / "cases" / BROKEN)
    text = (copy / CASE).read_text()
    (copy / CASE).write_text(text.replace(f"id: {SOUND}", f"id: {BROKEN}", 1))
    return CaseBank(root, today=TODAY)


@pytest.fixture
def broken(two_cases: CaseBank, tmp_path: Path) -> Iterator[Path]:
    """The second case, still sound; what a test does to it is undone."""
    folder = two_cases.folder(BROKEN)
    kept = shutil.copytree(folder, tmp_path / "kept")
    yield folder
    shutil.rmtree(folder)
    shutil.move(kept, folder)


def test_the_case_that_is_to_be_broken_is_sound(two_cases: CaseBank) -> None:
    assert two_cases.load(BROKEN).id == BROKEN


@pytest.mark.parametrize("how", EDITS)
def test_a_broken_case_is_located_and_stops_no_other(
    how: str, two_cases: CaseBank, broken: Path
) -> None:
    EDITS[how](broken)
    sound, faults = two_cases.folder(SOUND), two_cases.check()["fault"]
    found = [fault for fault in faults if broken in (fault.file, *fault.file.parents)]
    assert found, how
    assert not [fault for fault in faults if sound in fault.file.parents]
    assert all(fault.problem for fault in found)
    with pytest.raises(CaseError):
        two_cases.load(BROKEN)
    assert two_cases.load(SOUND).id == SOUND
    assert not Path("pwned").exists()
