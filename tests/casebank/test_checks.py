"""The shape of each part and what must hold between them: one edit, one fault, at its line."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from phbkit.casebank import CaseBank
from tests.casebank.editing import edit

ID = "chronic-pain-massage"
CASE = f"cases/{ID}/case.yaml"
QUESTIONS = f"cases/{ID}/questions.yaml"
ASKED = "Change it to what is asked for."
HTML = "Write Markdown; HTML would be shown as plain text."
SOURCE = "Add it to casebank/sources.yaml, or cite another."
UNCITED = """\
  read-by-nobody: {title: A report, publisher: A press, date: "2020", address: "https://nhs.uk/",
    read: in full, checked: 2026-11-01, due: 2027-05-01, sure: verified}
  bma-phb-guidance:
"""
REFLECTION = "- id: what-surprised\n    step: reflect\n    format: reflection\n"
UNEXPLAINED = """\
- id: what-surprised
    step: reflect
    format: single
    options: [{id: a, text: Much}, {id: b, text: Little}]
    key: [a]
"""


# fmt: off
EDITS = {
    "negative price": ((CASE, "id: adapted-tools", "price: 385.00", "price: -385.00"),
        ("items.6.price", "found '-385.00'."), "Give 0 or more."),
    "no date": ((CASE, "", "as_of: ", "as_of: not "), ("as_of", "found 'not 2026-11-02'."), ASKED),
    "list for a number": ((CASE, "", "minutes: 60", "minutes: [60]"),
        ("minutes", "found ['60']."), ASKED),
    "text for a number": ((CASE, "person:", "age: ", "age: about "),
        ("person.age", "found 'about 52'."), ASKED),
    "nothing for text": ((CASE, "person:", "name:", "name: #"),
        ("person.name", "found None."), ASKED),
    "misspelt field": ((CASE, "", "minutes: ", "minuts: 40\nminutes: "),
        ("minuts", "is not a field that is known here."), "Did you mean `minutes`?"),
    "unheard-of field": ((CASE, "id: hands-and-socket", "with_all:", "xyz: 1\n      with_all:"),
        ("after.4.when.xyz", "is not a field that is known here."), "Take it out."),
    "missing field": ((CASE, "items:", "- id: swim-gym\n    title:", "- id: swim-gym\n    #"),
        ("items.5.title", "is missing."), "Add `title:`."),
    "unknown source": ((CASE, "id: gp\n", "jhsrp-2013", "jhsrp-2031"),
        ("voices.2.sources.0", "cites 'jhsrp-2031', which is not a known source."), SOURCE),
    "unknown source of a rule": (("deal.yaml", "id: no-top-up", "bmj-2011", "bmj-2111"),
        ("rules.2.sources.0", "cites 'bmj-2111', which is not a known source."), SOURCE),
    "script tag": ((CASE, "id: adapted-tools", "title:", "title: <script>alert(1)</script>"),
        ("items.6.title", "holds raw HTML ('<s')."), HTML),
    "script tag in a question": ((QUESTIONS, "id: who-agrees", "text:", "text: </ScRiPt>"),
        ("questions.4.options.0.text", "holds raw HTML ('</S')."), HTML),
    "script link": ((CASE, "id: adapted-tools", "provider:", "provider: a JavaScript:alert(1)"),
        ("items.6.provider", "holds raw HTML ('JavaScript:')."), HTML),
    "price on an NHS item": ((CASE, "id: prosthetics-review", "price: 0.00", "price: 10.00"),
        ("items.2.price", "is an NHS service's."), "Set it to 0: the budget does not pay for it."),
    "unknown outcome": ((CASE, "id: adapted-tools", "[loft-saturday]", "[loft-sunday]"),
        ("items.6.serves", "names 'loft-sunday', which is no outcome."),
        "Known: arm-on-by-eight, bad-day-plan, loft-saturday, quiet-hand, sleep-five."),
    "unknown plan item in a risk": (
        (CASE, "id: partner-becomes-staff", "[partner-paid]", "[partner-payed]"),
        ("risks.7.when.with_any", "names 'partner-payed', which is no plan item."),
        "Known: adapted-tools, "),
    "item in place of itself": ((CASE, "instead_of:", "[massage-fortnightly,", "[massage-weekly,"),
        ("items.0.instead_of", "names 'massage-weekly', which is no other plan item."),
        "Known: adapted-tools, "),
    "repeated id": ((CASE, "risks:", "- id: partner-becomes-staff", "- id: bruise-or-bleed"),
        ("risks.7", "repeats the id 'bruise-or-bleed'."), "Rename one."),
    "another folder's id": ((CASE, "", "id: chronic-pain-massage", "id: chronic-pain"),
        ("id", "is 'chronic-pain'."), "Name it as its folder: chronic-pain-massage."),
    "signed off by nobody": (
        (CASE, "", "sign_off:\n  state: draft", "sign_off:\n  state: reviewed"),
        ("sign_off", "is reviewed, but not by whom and when."),
        "Give `role`, `signed` and `next_review`, or set the state to draft."),
    "unreachable branch": (
        (CASE, "after:", "- id: moving-without-hands\n    when:\n      with_any: [physio-exercise,",
         "- id: moving-without-hands\n    when:\n      with_all: [massage-weekly,"),
        ("after.6", "can never be reached."), "Move it up, or loosen its condition."),
    "last branch with a condition": (
        (CASE, "id: a-small-plan", "    three_",
        "    when: {with_any: [adapted-tools]}\n    three_"),
        ("after.8.when", "leaves some plans without an end."), "End with no `when`."),
    "unknown plan item in a reply": (
        (CASE, "replies:", "with_any: [massage-if-opioid-stops]", "with_any: [massage-if]"),
        ("replies.person.0.when.with_any", "names 'massage-if', which is no plan item."),
        "Known: adapted-tools, "),
    "reply that refuses an unknown item": (
        (CASE, "replies:", "not_to: [partner-paid]", "not_to: [partner-payed]"),
        ("replies.person.1.not_to", "names 'partner-payed', which is no plan item."),
        "Known: adapted-tools, "),
    "a no that names what it refuses": (
        (CASE, "replies:", "words:", "not_to: [swim-gym]\n      words:"),
        ("replies.person.0.not_to", "goes with 'does not agree'."), "Take it out, or say "),
    "last reply with a condition": (
        (CASE, "  commissioner:\n", "- says:",
         "- when: {with_any: [phantom-help]}\n      says:"),
        ("replies.commissioner.13.when", "leaves some plans without a reply."),
        "End with no `when`."),
    "person who knows the decision": (
        (CASE, "replies:", "with_any:", "decision: [decline]\n        with_any:"),
        ("replies.person.0.when.decision", "is not known yet: the person speaks first."),
        "Take it out."),
    "unheard-of stance": ((CASE, "replies:", "says: agrees in part", "says: agrees in parts"),
        ("replies.person.1.says", "found 'agrees in parts'."), ASKED),
    "unknown item in a plan": ((CASE, "plans:", "items: [massage-weekly,", "items: [massage-w,"),
        ("plans.0.items", "names 'massage-w', which is no plan item."), "Known: adapted-tools, "),
    "two plans of the person": ((CASE, "\nplans:", "plans:\n",
        "plans:\n  - {id: second, whose: person, title: T, items: [], held: notional, why: W}\n"),
        ("plans", "are not the person's and a panel's."), "Give one of each."),
    "safeguard by the name of another": (
        (CASE, "safeguards:", "- id: stump-left-alone", "- id: cleared-first"),
        ("safeguards.1", "repeats the id 'cleared-first'."), "Rename one."),
    "question by the name of the ledger": (
        (QUESTIONS, "", "- id: what-surprised", "- id: ledger"),
        ("questions.18.id", "is a name the arc uses itself."), "Rename it."),
    "key that is all the options": (
        (QUESTIONS, "id: what-it-may-not-buy", "[a, b, d]", "[a, b, c, d, e, f]"),
        ("questions.3.key", "is none or all of the options."), "Give some, and leave some."),
    "key that is no option": ((QUESTIONS, "id: ng193-reading", "key: [c]", "key: [z]"),
        ("questions.13.key", "names 'z', which is no option."), "Known: a, b, c, d."),
    "two best answers": ((QUESTIONS, "id: ng193-reading", "key: [c]", "key: [a, c]"),
        ("questions.13.key", "has 2 options."), "Give the one best."),
    "a rule checked in the future": (("deal.yaml", "id: no-top-up", "checked: 2026-11-29",
        "checked: 2027-11-01"), ("rules.1.checked", "is in the future."),
        "Give the day it was done."),
    "again with another thought": (
        (QUESTIONS, "id: last-lean", "of supporting massage", "of supporting a massage"),
        ("questions.17.thinking", "differs from 'first-lean'."),
        "Copy it word for word, or take `again` out."),
    "again of an unlike question": (
        (QUESTIONS, "id: last-lean", "again: first-lean", "again: what-to-ask-first"),
        ("questions.17.again", "names 'what-to-ask-first', which is no earlier such question."),
        "Known: bruise-rule, "),
    "no reasons for a right answer": ((QUESTIONS, "", REFLECTION, UNEXPLAINED),
        ("questions.18.feedback", "is missing."), "Say why, with sources."),
    "rule that ends before it begins": (
        ("deal.yaml", "id: household-carer", "since:", "until: 2016-04-01\n    since:"),
        ("rules.9.until", "is before `since`."), "Swap them."),
    "rule by the name of another": (
        ("deal.yaml", "rules:", "- id: risk-procedure", "- id: first-review"),
        ("rules.15", "repeats the id 'first-review'."), "Rename one."),
    "source checked in the future": (
        ("sources.yaml", "bmj-2011:", "checked: 2026-11-01", "checked: 2026-12-01"),
        ("sources.bmj-2011.checked", "is in the future."), "Give the day somebody read it."),
    "source due when it was checked": (
        ("sources.yaml", "bmj-2011:", "due: 2027-05-01", "due: 2026-11-01"),
        ("sources.bmj-2011.due", "is not after `checked`."), "Give a later day."),
    "unverified source": (("sources.yaml", "bmj-2011:", "sure: verified", "sure: unverified"),
        ("sources.bmj-2011.sure", "may not be shown as fact."),
        "Verify it, or take out what rests on it."),
    "source never cited": (("sources.yaml", "sources:", "  bma-phb-guidance:\n", UNCITED),
        ("sources.read-by-nobody", "is never cited."), "Cite it, or take it out."),
}
# fmt: on


@pytest.mark.parametrize(("change", "said", "cure"), EDITS.values(), ids=EDITS)
def test_one_wrong_edit_is_one_fault_at_the_line_edited(
    bank_copy: Path, change: tuple[str, str, str, str], said: tuple[str, str], cure: str
) -> None:
    name, after, old, new = change
    line = edit(bank_copy / name, after, old, new)
    bank = CaseBank(bank_copy, today=dt.date(2026, 11, 30))
    [fault] = bank.check()["fault"] if name == "sources.yaml" else bank.check(ID)["fault"]
    assert (fault.file, fault.line) == (bank_copy / name, line)
    assert fault.field == said[0]
    assert fault.problem.endswith(said[1])
    assert fault.cure.startswith(cure)


REPLIES = """
replies:
  person:
    - says: agrees in part
      words: Some of it.
    - when: {with_any: [swim-gym]}
      says: agrees
      words: All of it.
    - says: agrees
      words: All of it.
  commissioner:
    - when: {with_any: [swim-gym], held: [notional]}
      says: does not agree
      words: None of it.
    - when: {with_all: [swim-gym], held: [notional], decision: [decline]}
      says: does not agree
      words: None of it.
    - says: does not agree
      words: None of it.
"""


def faults_of(bank: Path) -> list[tuple[str, str]]:
    found = CaseBank(bank, today=dt.date(2026, 11, 30)).check(ID)["fault"]
    return [(fault.field, fault.problem) for fault in found]


def with_part(bank: Path, part: str, text: str) -> None:
    """Put another text in the place of one part of the case."""
    file = bank / CASE
    before, rest = file.read_text().split(f"\n{part}:", 1)
    after = re.split(r"\n(?=\w)", rest, maxsplit=1)[1]
    file.write_text(f"{before}\n{text}\n{after}")


def test_a_reply_that_never_comes_first_is_a_fault(bank_copy: Path) -> None:
    with_part(bank_copy, "replies", REPLIES)
    assert faults_of(bank_copy) == [
        ("replies.person.0", "agrees in part, but not to what?"),
        ("replies.person.1", "can never be reached."),
        ("replies.person.2", "can never be reached."),
        ("replies.commissioner.1", "can never be reached."),
    ]


@pytest.mark.parametrize("part", ["replies", "plans"])
def test_a_case_that_plays_the_decision_says_what_the_others_say(
    bank_copy: Path, part: str
) -> None:
    with_part(bank_copy, part, "")
    assert faults_of(bank_copy) == [(part, "is empty, and step 'decide' shows it.")]


def test_more_risks_than_a_page_can_ask_about_are_a_fault(bank_copy: Path) -> None:
    words = "consequence: C, affects: A, holds: H, mitigation: M, stop_rule: S, review: R"
    risks = [f"  - {{id: r{n}, of: not doing, when: {{}}, {words}}}" for n in range(21)]
    with_part(bank_copy, "risks", "\n".join(["risks:", *risks]))
    assert faults_of(bank_copy) == [("risks", "are 21.")]


def test_less_than_and_arrows_are_not_taken_for_html(bank_copy: Path) -> None:
    edit(bank_copy / CASE, "id: adapted-tools", "title:", "title: < 5 kg, 3 <= n, I <3 birds,")
    assert CaseBank(bank_copy, today=dt.date(2026, 11, 30)).check(ID)["fault"] == []


def test_a_branch_that_only_dear_plans_reach_is_a_fault(bank_copy: Path) -> None:
    file = bank_copy / CASE
    text = file.read_text()
    file.write_text(text.replace("indicative: 2400.00", "indicative: 1070.00", 1))
    found = CaseBank(bank_copy, today=dt.date(2026, 11, 30)).check(ID)["fault"]
    problem = "needs a plan that the budget cannot pay for."
    assert [(fault.field, fault.problem) for fault in found] == [("after.4", problem)]


def test_a_question_in_a_conversation_is_a_fault(bank_copy: Path) -> None:
    file = bank_copy / QUESTIONS
    file.write_text(
        file.read_text().replace(REFLECTION, REFLECTION.replace("reflect\n", "talk\n", 1))
    )
    [(field, problem)] = faults_of(bank_copy)
    assert field.endswith(".step")
    assert "'talk'" in problem
