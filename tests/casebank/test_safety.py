"""What an author may let through: planted in a sound case, and found at its line."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from phbkit.casebank import CaseBank
from phbkit.errors import Fault
from tests.casebank.editing import edit

CASE = "young-adult-learning-disability"
FILE, QUESTIONS = f"cases/{CASE}/case.yaml", f"cases/{CASE}/questions.yaml"
TODAY = dt.date(2026, 11, 30)

# fmt: off
PLANTED = {
    "an unsafe item that nothing catches": (
        (FILE, "id: alone-and-untrained", "with_any: [monday-start]", "with_any: [gig-friend]"),
        "safety.grade", "is unsafe, and nothing in `critical` catches a plan of monday-start"),
    "a critical error that names decisions": (
        (FILE, "id: alone-and-untrained", "with_any: [monday-start]",
         "with_any: [monday-start]\n      decision: [agree, trial]"),
        "critical.0.when.decision", "Take it out: what is agreed to is unsafe whatever"),
    "a critical error that holds for every plan": (
        (FILE, "id: nobody-to-train", "id: nobody-to-train\n    when:",
         "id: all\n    when: {}\n    text: T\n    sources: [ld-stomp]\n  - id: x\n    when:"),
        "critical.1.when", "holds for every plan."),
    "an unsafe plan of the panel": (
        (FILE, "whose: panel", "items: [nhs-team,", "items: [nhs-team, monday-start,"),
        "plans.1.items", "is unsafe: alone-and-untrained."),
    "a critical option without a reason": (
        (QUESTIONS, "id: before-monday", "critical:\n      a:", "critical:\n      b:\n      a:"),
        "critical.b", "input should be a valid string"),
    "critical options as a list": (
        (QUESTIONS, "id: her-pick", "critical:\n", "critical: [a]\n    again: x\n    oops:\n"),
        "critical", "Say of each option why it is unsafe"),
    "a gate that no option fails": (
        (QUESTIONS, "id: her-pick", "gate: can-she-decide", "certainty: false"),
        "questions.", "cannot fail the gate 'can-she-decide'."),
    "a dose": (
        (FILE, "id: drum-lessons", "what: >-\n      ", "what: >-\n      Bring 10 mg. "),
        "items.6.what", "looks like a dose ('10 mg')."),
    "an NHS number": (
        (FILE, "person:", "story: |\n    ", "story: |\n    Her NHS number is 943 476 5919. "),
        "person.story", "an NHS number"),
    "a postcode": (
        (FILE, "person:", "story: |\n    ", "story: |\n    She lives in SW1A 1AA. "),
        "person.story", "a postcode"),
    "text lost to a sign": (
        (FILE, "id: drum-lessons", "person_says: ", "person_says: chair #3, and the loud one "),
        "", "the text from '#3, and"),
    "a price of another year": (
        (FILE, "id: drum-lessons", "price_year: 2026/27", "price_year: 2019/20"),
        "items.6.price_year", "is 2019/20; the budget's is 2026/27."),
    "a year in a shape of its own": (
        (FILE, "id: drum-lessons", "price_year: 2026/27", "price_year: 2026-27"),
        "items.6.price_year", "must be a financial year, such as 2026/27"),
    "a share above the price": (
        (FILE, "id: drum-lessons", "    per:", "    own_share: 9999\n    per:"),
        "items.6.own_share", "is no part of the price."),
    "an exception to no rule": (
        (FILE, "\nglossary:", "\nglossary:",
         "\nexceptions:\n  - {rule: no-such, text: T, sources: [ld-stomp]}\nglossary:"),
        "exceptions.0.rule", "names 'no-such', which is no rule of the deal."),
    "a day at the weekend": (
        (FILE, "", "as_of: 2026-11-02", "as_of: 2026-11-01"), "as_of", "is a Sunday"),
    "a field of another shape": (
        (FILE, "gates:", "    asks:", "    title: T\n    asks:"),
        "gates.0.title", "is not a field that is known here. Take it out."),
}
# fmt: on


def faults_after(bank_copy: Path, change: tuple[str, str, str, str]) -> list[Fault]:
    name, after, old, new = change
    edit(bank_copy / name, after, old, new)
    return CaseBank(bank_copy, today=TODAY).check(CASE)["fault"]


@pytest.mark.parametrize(("change", "field", "problem"), PLANTED.values(), ids=PLANTED)
def test_what_was_planted_is_found_with_its_place_and_its_cure(
    bank_copy: Path, change: tuple[str, str, str, str], field: str, problem: str
) -> None:
    faults = faults_after(bank_copy, change)
    found = [f for f in faults if problem in f"{f.problem} {f.cure}" and field in f.field]
    assert found, [str(fault) for fault in faults]
    assert found[0].file == bank_copy / change[0]
    assert found[0].line > 1
    assert found[0].cure


def test_voices_that_no_step_shows_are_a_fault(bank_copy: Path) -> None:
    file = bank_copy / FILE
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^steps: .*$", "steps: [meet, judge]", text), encoding="utf-8")
    faults = {(f.field, f.problem) for f in CaseBank(bank_copy, today=TODAY).check(CASE)["fault"]}
    assert ("voices", "is shown by no step of this case.") in faults


def test_a_commissioner_who_agrees_to_what_is_unsafe_is_a_fault(bank_copy: Path) -> None:
    yes = "    - {when: {with_all: [monday-start]}, says: agrees, words: Yes}\n"
    edit(bank_copy / FILE, "\n  commissioner:\n", "    - when:", f"{yes}    - when:")
    faults = [
        f
        for f in CaseBank(bank_copy, today=TODAY).check(CASE)["fault"]
        if "commissioner" in f.field
    ]
    assert any("agrees to monday-start" in fault.problem for fault in faults)


def test_more_items_than_can_be_tried_are_a_fault_and_no_silence(bank_copy: Path) -> None:
    meera = "mental-health"
    file = bank_copy / f"cases/{meera}/case.yaml"
    edit(file, "\ncritical:", "[shelley-holds-money]", "[shelley-holds-money, physical-check]")
    faults = [str(fault) for fault in CaseBank(bank_copy, today=TODAY).check(meera)["fault"]]
    assert any("critical: and the commissioner's replies turn on 15 plan" in f for f in faults)


def test_an_ending_that_only_an_unsafe_plan_could_reach_is_a_fault(bank_copy: Path) -> None:
    edit(bank_copy / FILE, "id: my-loud", "with_all: [pa-team, drum-lessons]",
         "with_all: [monday-start]")  # fmt: skip
    faults = {f.problem for f in CaseBank(bank_copy, today=TODAY).check(CASE)["fault"]}
    assert "can never be reached." in faults


WARNED = {
    "a band of risk": ((FILE, "person:", "story: |\n    ", "story: |\n    A high-risk patient. "),
        "puts a person in a band of risk ('high-risk patient')."),
    "harm that nothing names": ((FILE, "id: sensory-kit", "grade: no special checks",
        "grade: could harm"), "could harm, and no `critical` names it."),
    "two facts": ((QUESTIONS, "format: concordance", "learn: >-\n      and then you learn",
        "learn: >-\n      and then you learn that it rained, and that"), "adds 2 facts"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "problem"), WARNED.values(), ids=WARNED)
def test_what_may_be_right_is_a_warning_and_plays(
    bank_copy: Path, change: tuple[str, str, str, str], problem: str
) -> None:
    assert CaseBank(bank_copy, today=TODAY).check(CASE)["warning"] == []
    assert faults_after(bank_copy, change) == []
    [warning] = CaseBank(bank_copy, today=TODAY).check(CASE)["warning"]
    assert problem in warning.problem
    assert CaseBank(bank_copy, today=TODAY).load(CASE).id == CASE


def test_safety_that_rests_on_an_opening_or_a_copy_may_not_be_published(bank_copy: Path) -> None:
    def weak() -> list[str]:
        faults = CaseBank(bank_copy, today=TODAY).check(CASE)["unpublishable"]
        return [fault.field for fault in faults if "rests on an opening" in fault.problem]

    before = weak()
    sources = bank_copy / "sources.yaml"
    edit(sources, "  ld-stomp:", "read:", "host: copy\n    read:")
    assert set(weak()) - set(before) >= {"gates.2.sources"}


def test_the_shipped_bank_has_no_warnings(bank: CaseBank) -> None:
    assert bank.check()["warning"] == []
