"""Pages: nothing before its time, nothing a learner typed is obeyed, every field has a name."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html as entities
import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from phbkit.casebank import Case, Panel, Question
from phbkit.casebank.conversation import Conversation
from phbkit.decision import Plan
from phbkit.decision.agreements import Agreements
from phbkit.records import MemoryJournal
from phbkit.text import markdown, pounds, quotes
from phbkit.workbook.module import Module
from phbkit.workbook.pages import effect, review_date, step_page
from phbkit.workbook.steps import find_step
from tests.steps import STEP_IDS, STEPS

STRONG = json.loads((Path(__file__).parent.parent / "answers" / "strong.json").read_text())[
    "answers"
]
AT = {step: place for place, step in enumerate(STEP_IDS)}
EVIL = "<img src=x onerror=alert(1)>"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;"
EVIL_ENTRY = {"holders": ["person"], "mitigation": EVIL, "stop_rule": EVIL, "review": EVIL}
POSITIONS = range(len(STEPS) + 1)


def played(case: Case, steps: int, answers: dict[str, Any] = STRONG) -> Module:
    """Answer the first steps of a case."""
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    for step in STEP_IDS[:steps]:
        given = {key: answers[key] for key in module.asked_at(step) if key in answers}
        module.submit(f"s-{step}", step, given)
    return module


def pages(module: Module, *, live: bool = True) -> list[str]:
    return [str(step_page(module, step, live=live)) for step in STEPS]


def letters(text: str) -> str:
    """Strip tags, entities, quotes and spaces, so that only the words are compared."""
    return re.sub(r"[\W_]+", "", entities.unescape(re.sub(r"<[^>]*>", "", text))).lower()


def secrets(case: Case, steps: int) -> set[str]:
    """List every text that nobody may read who has finished this many steps."""
    plan = Plan.of(case, STRONG["plan"])
    ending = case.follow_up(plan.ids, STRONG["decision"]["choice"])
    hidden = [panel.note for panel in case.panels]
    for question in case.questions:
        shown_from = AT["after"] if question.reveal == "at the end" else AT[question.step]
        if steps <= shown_from and question.feedback:
            hidden.append(question.feedback.text)
        if steps < AT[question.step]:
            hidden += [question.stem, *(option.text for option in question.options)]
    if steps < AT["feedback"]:
        hidden += [panel.title for panel in case.panels]
    for branch in case.about.after:
        if steps < AT["after"] or branch != ending:
            hidden += [branch.three_months, branch.twelve_months, branch.why]
    met = {talk.voice for talk in case.talks}
    hidden += [v.said for v in case.about.voices if steps < AT["voices"] or v.id in met]
    hidden += _talk_secrets(case, steps) + _agreement_secrets(case, plan, steps)
    return {found for found in map(letters, hidden) if len(found) > 25}


def _talk_secrets(case: Case, steps: int) -> list[str]:
    """List what nobody said or thinks yet."""
    hidden: list[str] = []
    heard = frozenset[str]()
    for talk in case.talks:
        answer, held = STRONG[talk.id], steps > AT[talk.id]
        talked = Conversation.of(talk, [turn["line"] for turn in answer["turns"]], heard)
        heard = talked.heard.union(answer.get("later", ()))
        lines = (line for turn in talk.turns.values() for line in turn)
        shown = {*(line.reply for line in talked.lines), *talked.thoughts} if held else set()
        hidden += [line.reply for line in lines if line.reply not in shown]
        hidden += [thought.words for thought in talk.thoughts if thought.words not in shown]
    return hidden


def _agreement_secrets(case: Case, plan: Plan, steps: int) -> list[str]:
    """List how the case holds its risks, what others say and what they would have planned."""
    hidden = []
    for risk in case.about.risks:
        if steps <= AT["risk"] or risk not in plan.risks:
            hidden += [risk.holds, risk.mitigation, risk.stop_rule]
    replies = case.about.replies
    assert replies
    three = Agreements.of(plan, STRONG["decision"])
    for reply in replies.person:
        if steps < AT["decide"] or reply != three.person:
            hidden.append(reply.words)
    for reply in replies.commissioner:
        if steps <= AT["decide"] or reply != three.commissioner:
            hidden.append(reply.words)
    for other in case.about.plans:
        if steps <= AT["decide"]:
            hidden += [other.title, other.why]
    return hidden + [safeguard.title for safeguard in case.about.safeguards]


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("steps", POSITIONS)
def test_no_page_holds_a_text_before_its_time(case: Case, steps: int, live: bool) -> None:
    shown = letters("".join(pages(played(case, steps), live=live)))
    assert {secret for secret in secrets(case, steps) if secret in shown} == set()


def test_every_text_of_the_case_has_its_time(case: Case) -> None:
    shown = letters("".join(page for steps in POSITIONS for page in pages(played(case, steps))))
    in_time = secrets(case, 0) - secrets(case, len(STEPS))
    assert {text for text in in_time if text not in shown} == set()
    assert len(in_time) > 50


def rekeyed(case: Case, steps: int) -> Case:
    """Give every question that shows no reasons yet another key, another panel, other reasons."""

    def other(question: Question) -> Question:
        if steps > AT[question.step] and question.reveal == "at once":
            return question
        feedback = question.feedback and question.feedback.model_copy(update={"text": "Other."})
        unkeyed = [option.id for option in question.options if option.id not in question.key]
        key = tuple(unkeyed[:1]) if question.key else ()
        return question.model_copy(update={"key": key, "feedback": feedback})

    def opposed(panel: Panel) -> Panel:
        others = {q: tuple(-n for n in given) for q, given in panel.judgements.items()}
        return Panel(**panel.model_dump(exclude={"judgements"}), judgements=others)

    panels = tuple(map(opposed, case.panels))
    questions = tuple(map(other, case.questions))
    return dataclasses.replace(case, questions=questions, panels=panels)


@pytest.mark.parametrize("steps", range(AT["after"] + 1))
def test_pages_are_the_same_whatever_the_key_until_it_is_shown(case: Case, steps: int) -> None:
    assert pages(played(rekeyed(case, steps), steps)) == pages(played(case, steps))


def test_a_shown_key_comes_with_credit_reasons_and_sources(case: Case) -> None:
    page = step_page(played(case, AT["deal"] + 1), find_step("deal"), live=True)
    assert page.count("Right.") == 1
    assert page.count("3 of 3 found, none wrong.") == 2
    assert "Credit" not in page  # all of it was earned
    assert letters(case.question("right-or-offer").feedback.text) in letters(page)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("answer", "sure", "opens"), [("d", 3, False), ("d", 1, True), ("a", 3, True)]
)
def test_reasons_stand_open_where_an_answer_was_not_right_or_not_sure(
    case: Case, answer: str, sure: int, opens: bool
) -> None:
    given = STRONG | {"right-or-offer": answer, "right-or-offer.sure": sure}
    page = step_page(played(case, AT["deal"] + 1, given), find_step("deal"), live=True)
    [question] = html.fromstring(page).xpath(
        "//div[contains(@class, 'phb-answered')][contains(., 'Have I got a right')]"
    )
    [why] = question.xpath("./details[summary[contains(., 'Why')]]")
    assert ("open" in why.attrib) is opens


@pytest.mark.parametrize("live", [True, False])
def test_what_a_learner_typed_is_shown_and_never_obeyed(case: Case, live: bool) -> None:
    typed = {
        "what-surprised": EVIL,
        "decision": STRONG["decision"] | {"reasons": EVIL, "stop_rule": EVIL},
        "cpd": {"learnt": EVIL, "changes": [EVIL, EVIL], "hours": "1"},
        "ledger": STRONG["ledger"] | {"bruise-or-bleed": EVIL_ENTRY},
    }
    shown = pages(played(case, len(STEPS), STRONG | typed), live=live)
    assert shown[AT["risk"]].count(ESCAPED) == 3
    assert shown[AT["decide"]].count(ESCAPED) == 2
    assert shown[AT["reflect"]].count(ESCAPED) == 5  # one stands in the entry as well
    for page in shown:
        assert not html.fromstring(page).xpath("//img | //script | //@onerror")


@pytest.mark.parametrize("step", STEP_IDS)
def test_a_draft_fills_the_form_and_is_never_obeyed(case: Case, step: str) -> None:
    module = played(case, AT[step])
    names = set(
        html.fromstring(str(step_page(module, find_step(step), live=True))).xpath("//@name")
    )
    breakout = f'"></textarea>{EVIL}'
    values = {name: breakout for name in names if name != "plan"}
    page = str(step_page(module, find_step(step), live=True, values=values))
    assert EVIL not in page
    written = ("decision.", "ledger.", "cpd.", "what-surprised", f"{step}.own")
    texts = [
        name
        for name in names
        if name.startswith(written)
        and not name.endswith((".choice", ".held", ".holders", ".not_to"))
    ]
    assert page.count(ESCAPED) == len(texts)


@pytest.mark.parametrize("step", STEP_IDS)
def test_every_field_has_a_label_and_every_group_a_legend(case: Case, step: str) -> None:
    page = html.fromstring(str(step_page(played(case, AT[step]), find_step(step), live=True)))
    fields = page.xpath("//input | //textarea | //select")
    assert bool(fields) == bool(played(case, 0).asked_at(step))
    for field in fields:
        labels = field.xpath("ancestor::label") + page.xpath(f"//label[@for='{field.get('id')}']")
        assert [label for label in labels if label.text_content().strip()], field.get("name")
        if field.get("type") in {"radio", "checkbox"}:
            legend = field.xpath("ancestor::fieldset[1]/legend")
            assert [part for part in legend if part.text_content().strip()], field.get("name")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    described = " ".join(page.xpath("//@aria-describedby | //@aria-labelledby")).split()
    assert set(described) <= set(ids)
    assert len(page.xpath("//form//button[@type='submit']")) == 1


def test_a_locked_page_names_the_step_it_waits_for_and_nothing_else(case: Case) -> None:
    page = str(step_page(played(case, 1), find_step("plan"), live=True))
    assert "finished “Your ten minutes”" in page
    assert "Owen" not in page
    assert "<form" not in page


def test_only_a_revisable_step_can_be_shown_as_a_form_again(case: Case) -> None:
    before, after = played(case, AT["decide"]), played(case, AT["decide"] + 1)
    form = html.fromstring(str(step_page(before, find_step("plan"), live=True, revising=True)))
    assert set(form.xpath("//input[@checked]/@value")) == set(STRONG["plan"])
    assert set(form.xpath("//form//@name")) == {"plan"}
    for module, step in ((after, "plan"), (before, "judge")):
        assert "<form" not in step_page(module, find_step(step), live=True, revising=True)


def test_a_record_has_no_form_no_button_and_no_link_to_another_step(case: Case) -> None:
    for page in pages(played(case, len(STEPS)), live=False):
        assert not html.fromstring(page).xpath("//form | //button | //input | //a[@data-go]")


def test_the_first_review_is_counted_from_the_day_the_case_plays(case: Case) -> None:
    module = played(case, len(STEPS))
    assert review_date(module) == dt.date(2026, 11, 2) + dt.timedelta(weeks=12)
    assert "in 12 weeks, 25 January 2027" in pages(module)[AT["decide"]]
    assert review_date(played(case, 0)) is None


def replayed(case: Case, **changes: Any) -> Module:
    """Replay the strong answers with changes; one that is None is left out."""
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    answers = {**STRONG, **changes}
    module.replay({key: value for key, value in answers.items() if value is not None})
    return module


def shown(module: Module, step: str, *, live: bool = False, **options: Any) -> str:
    """Return the words of one step, on one line."""
    page = html.fromstring(str(step_page(module, find_step(step), live=live, **options)))
    return " ".join(page.text_content().split())


def words(source: str) -> str:
    return " ".join(str(html.fromstring(str(markdown(source))).text_content()).split())


def decided(**changes: Any) -> dict[str, Any]:
    return {**STRONG["decision"], **changes}


def test_the_learners_entry_stands_beside_one_way_to_hold_the_risk(case: Case) -> None:
    record = shown(replayed(case), "risk")
    assert record.count("Your entry") == record.count("One way to hold it") == 4
    assert STRONG["ledger"]["bruise-or-bleed"]["stop_rule"] in record
    assert "Every risk is held by somebody." in record


def test_a_record_without_a_ledger_says_so(case: Case) -> None:
    record = shown(replayed(case, ledger=None), "risk")
    assert "No ledger was made." in record
    assert record.count("Nobody holds it.") == 4
    assert "No ledger was made." not in shown(replayed(case, plan=None, ledger=None), "risk")


def test_a_risk_the_learner_alone_left_to_the_person_is_told_in_words(case: Case) -> None:
    alone = {name: entry | {"holders": ["person"]} for name, entry in STRONG["ledger"].items()}
    assert "Owen carries 4 alone." in shown(replayed(case, ledger=alone), "risk")


def test_the_form_of_a_changed_ledger_holds_what_was_kept(case: Case) -> None:
    module = played(case, AT["decide"])
    page = html.fromstring(str(step_page(module, find_step("risk"), live=True, revising=True)))
    holders = page.xpath("//input[@name='ledger.bruise-or-bleed.holders'][@checked]/@value")
    assert holders == STRONG["ledger"]["bruise-or-bleed"]["holders"]
    [text] = page.xpath("//textarea[@name='ledger.bruise-or-bleed.stop_rule']")
    assert text.text == STRONG["ledger"]["bruise-or-bleed"]["stop_rule"]
    assert not page.xpath("//form//input[@name='who-holds']")


def test_a_new_risk_of_a_changed_plan_is_named_and_its_case_text_still_waits(case: Case) -> None:
    module = played(case, AT["decide"])
    module.submit("revision", "plan", {"plan": ["massage-fortnightly"]})
    socket = next(risk for risk in case.about.risks if risk.id == "socket-missed")
    decide = shown(module, "decide", live=True)
    assert "Nobody holds 2 of its risks" in decide
    assert words(socket.consequence) in decide
    page = html.fromstring(str(step_page(module, find_step("decide"), live=True)))
    assert page.xpath("//a[@data-go='risk']")
    assert words(socket.mitigation) not in shown(module, "risk", live=True)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "4 of 4 risks held by nobody yet · Owen carries none alone"),
        (
            {"ledger.bruise-or-bleed.holders": ["person"]},
            "3 of 4 risks held by nobody yet · Owen carries 1 alone",
        ),
        (
            {f"ledger.{risk}.holders": ["person", "close"] for risk in STRONG["ledger"]},
            "Every risk is held by somebody · Owen carries none alone",
        ),
        ({"ledger.bruise-or-bleed.holders": EVIL, "ledger": EVIL}, "4 of 4 risks held by nobody"),
    ],
)
def test_the_ledger_answers_as_holders_are_ticked(
    case: Case, values: dict[str, Any], line: str
) -> None:
    live = effect(played(case, AT["risk"]), "risk", values)
    assert " ".join(live["line"].striptags().split()).startswith(line)
    assert "Who holds how many" in live["cards"]
    assert EVIL not in live["cards"]


@pytest.mark.parametrize(
    ("choice", "not_to", "line"),
    [
        ("", [], "Nothing chosen yet."),
        ("trial", [], "You would agree to all 4, £1,873 in the first year."),
        ("decline", [], "Nothing of the plan would be agreed for now."),
        ("agree-part", [], "Tick at least one thing that you do not agree to."),
        ("agree-part", STRONG["plan"], "That is all of it. Leave something agreed, or decline."),
        ("agree-part", ["swim-gym"], "You would agree to 3 of 4: Soft tissue massage, every oth"),
        ("agree", ["swim-gym"], "These ticks count only with “Agree part of it”."),
        (["agree-part"], EVIL, "You would agree to all 4"),
    ],
)
def test_the_decision_says_in_a_line_what_would_be_agreed(
    case: Case, choice: str, not_to: list[str], line: str
) -> None:
    values = {"decision.choice": choice, "decision.not_to": not_to}
    live = effect(played(case, AT["decide"]), "decide", values)
    assert live["line"].strip().startswith(line)


def test_the_person_speaks_before_the_learner_and_the_commissioner_after(case: Case) -> None:
    three = Agreements.of(Plan.of(case, STRONG["plan"]), STRONG["decision"])
    form = shown(played(case, AT["decide"]), "decide", live=True)
    assert form.index(words(three.person.words)) < form.index("What do you say to this plan?")
    assert words(three.commissioner.words) not in form
    record = shown(played(case, AT["decide"] + 1), "decide", live=True)
    places = [three.person.words, STRONG["decision"]["reasons"], three.commissioner.words]
    assert sorted(places, key=lambda text: record.index(words(text))) == places
    assert "All three agree." in record
    assert case.rules["refusal-reasons"].title not in record.split("Where that leaves")[1]


def test_a_yes_over_the_persons_no_is_said_plainly_and_the_route_is_shown(case: Case) -> None:
    plan = [*STRONG["plan"], "partner-paid"]
    record = shown(replayed(case, plan=plan, decision=decided(choice="agree")), "decide")
    assert "Owen agrees in part: not to Denise paid as his helper." in record
    assert "Not agreed yet" in record
    assert "You agreed to something that Owen does not agree to:" in record
    rule = case.rules["refusal-reasons"]
    assert words(rule.says) in record
    assert words(rule.cure) in record
    for source in rule.sources:
        assert case.sources[source].title in record


def test_a_no_to_the_whole_plan_is_told_in_one_line_for_each(case: Case) -> None:
    plan = ["massage-if-opioid-stops", "swim-gym"]
    record = shown(replayed(case, plan=plan, decision=decided(choice="agree")), "decide")
    assert "There is nothing yet that all three agree to." in record
    assert "Not agreed by Owen: all of it.Not agreed by the commissioner: all of it." in record
    assert "You agreed to something that Owen does not agree to: all of it." in record


def test_what_was_left_out_is_named_and_the_person_is_asked_again(case: Case) -> None:
    part = decided(choice="agree-part", not_to=["prosthetics-review"])
    record = shown(replayed(case, decision=part), "decide")
    assert "Agree part of it, and not this part: Limb centre review of stump" in record
    assert "Owen again, about what is left" in record
    assert "Not agreed by you: Limb centre review of stump, socket and strap." in record
    assert "Nobody holds one of its risks" in record


def test_a_record_without_a_decision_asks_nobody_else(case: Case) -> None:
    record = shown(replayed(case, decision=None), "decide")
    assert "No decision was given." in record
    assert "Last, the commissioner" not in record
    assert "beside two others" not in record
    assert "Last, the commissioner" not in shown(replayed(case, plan=None, ledger=None), "decide")


def test_the_other_plans_stand_beside_the_learners_item_by_item(case: Case) -> None:
    page = html.fromstring(str(step_page(replayed(case), find_step("decide"), live=False)))
    [plans] = page.find_class("phb-plans")
    cells = [[cell.text_content() for cell in row] for row in plans.iter("tr")]
    rows = {row[0]: row[1:] for row in cells}
    columns = [set(STRONG["plan"]), *(set(other.items) for other in case.about.plans)]
    for item in case.about.items:
        wanted = ["✓yes" if item.id in ids else "–no" for ids in columns]
        title = quotes(item.title)
        assert rows.get(title, ["–no"] * 3) == wanted
    costs = [pounds(Plan.of(case, ids).cost) for ids in columns]
    assert rows["Cost to the budget in the year"] == costs
    own = [pounds(Plan.of(case, ids).own_cost) for ids in columns]
    assert any(amount != "£0" for amount in own)
    assert rows["Own money beside it"] == own
    for other in case.about.plans:
        assert words(other.why) in " ".join(page.text_content().split())


def test_a_plan_of_one_item_has_no_part_to_agree(case: Case) -> None:
    module = played(case, AT["plan"])
    module.submit("s-plan", "plan", {**_given(module, "plan"), "plan": ["prosthetics-review"]})
    module.submit("s-risk", "risk", {**_given(module, "risk"), "ledger": _held(module)})
    module.submit("s-close", "close", _given(module, "close"))
    page = html.fromstring(str(step_page(module, find_step("decide"), live=True)))
    assert page.xpath("//input[@name='decision.choice']/@value") == [
        "agree",
        "trial",
        "defer",
        "decline",
    ]
    assert not page.xpath("//input[@name='decision.not_to']")


def _given(module: Module, step: str) -> dict[str, Any]:
    return {key: STRONG[key] for key in module.asked_at(step) if key in STRONG}


def _held(module: Module) -> dict[str, Any]:
    texts = dict.fromkeys(("mitigation", "stop_rule", "review"), "Written.")
    return {risk.id: {"holders": ["close"], **texts} for risk in module.plan.risks}


_EVERY_CASE = """
import hashlib
from phbkit import Workbook
from phbkit.cohort.simulate import whole_answers
from phbkit.casebank import CaseBank
from phbkit.settings import settings
bank = CaseBank(settings().casebank)
for case in bank.case_ids:
    workbook = Workbook.open(case, {"answers": whole_answers(bank.load(case))})
    pages = "".join(workbook.step(step)._repr_html_() for step in workbook.case.steps)
    print(case, hashlib.sha256(pages.encode()).hexdigest())
"""


def test_every_process_makes_the_same_pages() -> None:
    env = os.environ | {"PYTHONHASHSEED": "random"}
    there = subprocess.run(
        [sys.executable, "-c", _EVERY_CASE], env=env, capture_output=True, text=True, check=True
    )
    here = io.StringIO()
    with redirect_stdout(here):
        exec(compile(_EVERY_CASE, "here", "exec"), {})
    assert "mental-health" in here.getvalue()
    assert here.getvalue() == there.stdout
