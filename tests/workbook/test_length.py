"""Lengths of sittings: what is in sight counts, what is folded does not, and none is over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.simulate import whole_answers
from phbkit.settings import settings
from phbkit.workbook.length import MOST_WORDS, Length, lengths
from tests.commands import phb

CASES = sorted(folder.name for folder in (settings().casebank / "cases").iterdir())


def measured(case: Case) -> list[Length]:
    return list(lengths(case, whole_answers(case)).values())


@pytest.mark.parametrize("case_id", CASES)
def test_every_sitting_is_read_and_played_in_the_minutes_it_says(
    bank: CaseBank, case_id: str
) -> None:
    case = bank.load(case_id)
    found = lengths(case, whole_answers(case))
    assert len(found) == len(case.about.sittings) > 1
    for sitting, length in found.items():
        assert 100 < length.words <= MOST_WORDS, sitting.title
        assert length.minutes <= sitting.minutes <= 10, sitting.title


def changed(tmp_path: Path, part: str, words: str) -> CaseBank:
    """Copy the case bank, and put words into Owen's case after a part of it."""
    shutil.copytree(settings().casebank, tmp_path / "casebank")
    file = tmp_path / "casebank" / "cases" / "chronic-pain-massage" / "case.yaml"
    text = file.read_text(encoding="utf-8")
    assert part in text
    file.write_text(text.replace(part, part + words, 1), encoding="utf-8")
    return CaseBank(tmp_path / "casebank")


def test_words_in_sight_count_and_folded_ones_do_not(bank: CaseBank, tmp_path: Path) -> None:
    before = measured(bank.load("chronic-pain-massage"))
    seen = changed(tmp_path / "seen", "  story: |\n", f"    {'word ' * 80}\n\n")
    folded = changed(tmp_path / "folded", "    text: >-\n", f"      {'word ' * 80}\n")
    assert measured(seen.load("chronic-pain-massage"))[0].words == before[0].words + 80
    assert measured(folded.load("chronic-pain-massage")) == before


def test_the_command_says_which_sitting_is_over(tmp_path: Path) -> None:
    bank = changed(tmp_path, "  story: |\n", f"    {'word ' * 300}\n\n")
    file = bank.root / "cases" / "chronic-pain-massage" / "case.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("minutes: 10", "minutes: 5", 1))
    env = {"PHB_CASEBANK": str(tmp_path / "casebank")}
    done = phb("check", "chronic-pain-massage", cwd=tmp_path, env=env)
    assert done.returncode == 0
    first, second, *_ = done.stdout.splitlines()
    assert f"over, at most {MOST_WORDS} words" in first
    assert "says 5" in first
    assert "over" not in second
