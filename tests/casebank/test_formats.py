"""What a question of each format needs: one edit, one fault, at its line."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from phbkit.casebank import CaseBank
from phbkit.casebank.scaffold import schema
from tests import ranking

KEY_FEATURES = ("know-the-deal", "three-things-to-ask")
RANKING = (ranking.CASE, ranking.RANKED)
RUBRIC = ("mental-health", "whose-fear")
SINGLE = ("mental-health", "the-box-on-the-form")
LONG = "x" * 56

# fmt: off
EDITS = {
    "no limit": (KEY_FEATURES, "    most: 3\n", "", "most", "is missing.",
        "Say how many may be chosen"),
    "a limit below the key": (KEY_FEATURES, "most: 3", "most: 2", "most",
        "is 2, and the key has 3.", "Raise it"),
    "a limit that limits nothing": (KEY_FEATURES, "most: 3", "most: 8", "most",
        "lets everything be chosen.", "Give less than 8."),
    "a limit of nothing": (KEY_FEATURES, "most: 3", "most: 0", "most",
        "input should be greater than or equal to 1; found '0'.", "Give 1 or more."),
    "no key features": (KEY_FEATURES, "key: [b, d, g]", "key: []", "key", "is empty.",
        "Name the key features."),
    "a key feature twice": (KEY_FEATURES, "key: [b, d, g]", "key: [b, d, d]", "key",
        "names an option twice.", "Keep one."),
    "a key that leaves one out": (RANKING, "key: [b, a, e, d, c]", "key: [b, a, e, d]", "key",
        "leaves out c.", "Name every option, the best first."),
    "a key that names a stranger": (RANKING, "key: [b, a, e, d, c]", "key: [b, a, e, d, c, z]",
        "key", "names 'z', which is no option.", "Known: a, b, c, d, e."),
    "no variant": (RANKING, "    variant: specialty\n", "", "variant", "is missing.",
        "Say foundation or specialty"),
    "an unheard-of variant": (RANKING, "variant: specialty", "variant: special", "variant",
        "input should be 'foundation' or 'specialty'; found 'special'.", "Change it"),
    "certainty of a ranking": (RANKING, "variant: specialty",
        "variant: specialty\n    certainty: true", "certainty", "is of no use to ranking.",
        "Take it out: it goes with single and multiple and key-features."),
    "a critical error in a ranking": (RANKING, "variant: specialty",
        "variant: specialty\n    critical: {a: Nobody is asked.}", "critical",
        "is of no use to ranking.",
        "Take it out: it goes with single and multiple and key-features."),
    "a question called as a conversation": (SINGLE, "- id: the-box-on-the-form", "- id: close",
        "id",
        "is a name the arc uses itself.", "Rename it."),
    "a limit on one best answer": (SINGLE, "certainty: true", "certainty: true\n    most: 1",
        "most", "is of no use to single.", "Take it out: it goes with key-features."),
    "a rubric for options": (SINGLE, "certainty: true",
        "certainty: true\n    rubric: [{id: r, asks: What, most: 1}]", "rubric",
        "is of no use to single.", "Take it out: it goes with reflection."),
    "too long a name to ask how sure": (SINGLE, "- id: the-box-on-the-form", f"- id: {LONG}", "id",
        "is too long to ask how sure somebody is.", "Use at most 55 characters"),
    "a criterion by the name of another": (RUBRIC, "- id: both-sides", "- id: the-point",
        "rubric.1", "repeats the id 'the-point'.", "Rename one."),
    "a criterion for no points": (RUBRIC, "most: 2", "most: 0", "rubric.0.most",
        "input should be greater than or equal to 1; found '0'.", "Give 1 or more."),
}
# fmt: on


@pytest.mark.parametrize(
    ("where", "old", "new", "field", "problem", "cure"), EDITS.values(), ids=EDITS
)
def test_one_wrong_edit_is_one_fault_of_that_question(
    bank_copy: Path,
    where: tuple[str, str],
    old: str,
    new: str,
    field: str,
    *,
    problem: str,
    cure: str,
) -> None:
    case, question = where
    ranking.add_ranking(bank_copy)
    file = bank_copy / "cases" / case / "questions.yaml"
    text = file.read_text(encoding="utf-8")
    begins = text.index(f"- id: {question}\n")
    place = text.index(old, begins)
    file.write_text(text[:place] + new + text[place + len(old) :], encoding="utf-8")
    [fault] = CaseBank(bank_copy, today=dt.date(2026, 11, 30)).check(case)["fault"]
    assert fault.file == file
    assert fault.line >= text.count("\n", 0, begins) + 1
    assert fault.field.endswith(f".{field}")
    assert (fault.problem, fault.cure[: len(cure)]) == (problem, cure)


@pytest.mark.parametrize(("count", "problem"), [(2, "are 2."), (9, "are 9.")])
def test_a_ranking_of_too_few_or_too_many_is_a_fault(
    bank_copy: Path, count: int, problem: str
) -> None:
    case, question = RANKING
    ranking.add_ranking(bank_copy)
    file = bank_copy / "cases" / case / "questions.yaml"
    text = file.read_text(encoding="utf-8")
    begins = text.index("    options:\n", text.index(f"- id: {question}\n"))
    ends = text.index("    feedback:\n", begins)
    names = "abcdefghi"[:count]
    options = "".join(f"      - {{id: {name}, text: Do {name}}}\n" for name in names)
    written = f"    options:\n{options}    key: [{', '.join(names)}]\n"
    file.write_text(text[:begins] + written + text[ends:], encoding="utf-8")
    [fault] = CaseBank(bank_copy, today=dt.date(2026, 11, 30)).check(case)["fault"]
    assert fault.field.endswith(".options")
    assert (fault.problem, fault.cure) == (problem, "Give three to 8; five is usual.")


@pytest.mark.parametrize("name", ["case", "questions"])
def test_the_schema_that_editors_read_is_that_of_the_models(bank: CaseBank, name: str) -> None:
    kept = (bank.root / "schema" / f"{name}.json").read_text()
    assert json.loads(kept) == json.loads(schema(name))


def test_every_case_asks_twice_how_sure_somebody_is(bank: CaseBank) -> None:
    for case_id in bank.case_ids:
        asked = [question for question in bank.load(case_id).questions if question.certainty]
        assert len(asked) == 2, case_id
        assert {question.sure_key for question in asked} == {f"{q.id}.sure" for q in asked}
