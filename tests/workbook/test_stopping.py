"""What is unsafe stops a module until it is put right; the first answer stays and counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from phbkit import Workbook
from phbkit.casebank import Case, CaseBank
from phbkit.casebank.models import AGAIN, StepId
from phbkit.documents.document import as_text
from phbkit.errors import AnswersError, RefusedError
from phbkit.records import MemoryJournal, open_store
from phbkit.scoring import score
from phbkit.scoring.marking import critical_errors
from phbkit.workbook.answers import check_answers
from phbkit.workbook.appraisal import appraisal_entry
from phbkit.workbook.module import Module
from phbkit.workbook.pages import step_page
from phbkit.workbook.steps import find_step
from tests.made import careful, careless, put_right

DETOX = "alcohol-detox-at-home"
NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def detox(bank: CaseBank) -> Case:
    return bank.load(DETOX)


def first_tries(answers: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answers.items() if not key.endswith(AGAIN)}


def given_at(module: Module, step: str, answers: dict[str, Any]) -> dict[str, Any]:
    return {key: answers[key] for key in module.asked_now(step) if key in answers}


def played_to(case: Case, last: StepId, answers: dict[str, Any]) -> Module:
    """Play a case live up to a step, which is left open."""
    module = Module(case, MemoryJournal(NOON))
    for step in case.steps[: case.steps.index(last)]:
        module.submit(f"s-{step}", step, given_at(module, step, answers))
    return module


def stopped_at(case: Case, step: StepId) -> Module:
    """Play a case carefully, and one step as carelessly as can be."""
    module = played_to(case, step, careful(case))
    module.submit("unsafe", step, given_at(module, step, first_tries(careless(case))))
    return module


def test_a_step_with_a_critical_error_is_stopped_and_the_next_stays_locked(detox: Case) -> None:
    module = stopped_at(detox, "gates")
    following = module.step_after("gates")
    assert following
    assert (module.state("gates"), module.state(following.id)) == ("stopped", "locked")
    with pytest.raises(RefusedError):
        module.submit("on", following.id, {})


def test_only_what_is_unsafe_is_asked_again_and_nothing_else_is_taken(detox: Case) -> None:
    module = played_to(detox, "gates", careful(detox))
    answers = given_at(module, "gates", careful(detox))
    unsafe = next(question for question in detox.questions_at("gates") if question.critical)
    module.submit("one", "gates", answers | {unsafe.id: next(iter(unsafe.critical))})
    assert module.asked_now("gates") == [unsafe.id]
    other = next(q for q in detox.questions_at("gates") if q.id != unsafe.id)
    with pytest.raises(RefusedError, match="is not asked here"):
        module.submit("two", "gates", {unsafe.id: unsafe.key[0], other.id: other.key[0]})
    module.submit("three", "gates", {unsafe.id: unsafe.key[0]})
    assert module.state("gates") == "done"


def test_another_unsafe_answer_stops_again_and_every_try_is_counted(detox: Case) -> None:
    module = stopped_at(detox, "gates")
    unsafe = {error.where for error in module.unsafe_at("gates")}
    assert len(unsafe) >= 2
    again = {name: next(iter(detox.question(name).critical)) for name in unsafe}
    kept, *others = sorted(unsafe)
    module.submit("again", "gates", again | {name: detox.question(name).key[0] for name in others})
    assert {error.where for error in module.unsafe_at("gates")} == {kept}
    module.submit("right", "gates", {kept: detox.question(kept).key[0]})
    tries = {error.where: error.tries for error in module.result.critical}
    assert tries == {kept: 3, **dict.fromkeys(others, 2)}
    assert module.result.unsafe == ()


def test_a_submission_that_stopped_is_taken_once_when_it_is_sent_again(detox: Case) -> None:
    module = stopped_at(detox, "gates")
    events = module.journal.events()
    answers = {e.question: e.value for e in events if e.submission == "unsafe"}
    assert module.submit("unsafe", "gates", answers) == NOON
    assert module.journal.events() == events


def test_the_first_answer_is_the_one_that_is_scored(detox: Case) -> None:
    module = stopped_at(detox, "gates")
    before = module.result.total()
    right = {e.where: detox.question(e.where).key[0] for e in module.unsafe_at("gates")}
    module.submit("right", "gates", right)
    assert module.result.total() == before
    assert {e.where for e in module.result.critical} == set(right)


def test_an_unsafe_plan_is_put_right_by_changing_it_or_by_leaving_the_part_out(
    detox: Case,
) -> None:
    for way in ("plan", "decision"):
        module = played_to(detox, "decide", careful(detox))
        [unsafe] = (
            detox.about.critical[0].when.with_any[:1] or detox.about.critical[0].when.with_all
        )
        plan = [*module.answers["plan"], unsafe]
        module.submit("add", "plan", {"plan": plan})
        answers = given_at(module, "decide", careful(detox))
        module.submit("agree", "decide", answers)
        assert module.state("decide") == "stopped"
        assert module.revisable("plan")
        decision = answers["decision"]
        if way == "plan":
            module.submit("less", "plan", {"plan": [i for i in plan if i != unsafe]})
        else:
            decision = decision | {"choice": "agree-part", "not_to": [unsafe]}
        module.submit("right", "decide", {"decision": decision})
        assert module.state("decide") == "done"
        [error] = module.result.critical
        assert (error.tries, error.put_right) == (2, True)
        assert module.given["plan"] == [i.id for i in detox.about.items if i.id in plan]


def test_a_plan_that_was_changed_before_there_was_a_decision_is_not_held_against_anybody(
    bank: CaseBank,
) -> None:
    """A question of the same step may stop it; the plan may still be changed."""
    case = bank.load("young-adult-learning-disability")
    module = stopped_at(case, "plan")
    assert module.unsafe_at("plan")
    safe = careful(case)
    right = {e.where: case.question(e.where).key[0] for e in module.unsafe_at("plan")}
    module.submit("right", "plan", {**right, "plan": safe["plan"]})
    for step in case.steps[case.steps.index("risk") :][: 3 if "close" in case.steps else 2]:
        module.submit(f"s-{step}", step, given_at(module, step, safe))
    assert {error.step for error in module.result.critical} == {"plan"}


def all_stopped(case: Case) -> Iterator[StepId]:
    errors = {error.step for error in critical_errors(case, first_tries(careless(case)))}
    yield from (step for step in case.steps if step in errors)


CASES = (DETOX, "chronic-pain-massage", "mental-health", "young-adult-learning-disability")


@pytest.mark.parametrize("case_id", CASES)
def test_headless_a_module_is_finished_only_once_everything_unsafe_is_put_right(
    bank: CaseBank, case_id: str
) -> None:
    case = bank.load(case_id)
    answers = careless(case)
    stops = list(all_stopped(case))
    assert stops
    left = Workbook.open(case_id, {"answers": first_tries(answers)})
    pages = {step: left.step(step)._repr_html_() for step in case.steps}
    assert "Stopped: " in pages[stops[0]]
    later = case.steps[case.steps.index(stops[0]) + 1 :]
    assert all("Not reached." in pages[step] for step in later)
    assert "CPD entry" not in pages["reflect"]
    assert left.result.as_dict()["complete"] is False
    whole = Workbook.open(case_id, {"answers": answers})
    pages = {step: whole.step(step)._repr_html_() for step in case.steps}
    assert "critical error" in pages[stops[0]]
    assert "Put right in 2 tries." in pages[stops[0]]
    assert "What was unsafe in my first answers" in pages["reflect"]
    assert whole.result.as_dict()["unsafe"] == []
    assert [e["tries"] for e in whole.result.as_dict()["critical_errors"]] == [2] * len(
        whole.result.critical
    )
    assert left.result.total() == whole.result.total()
    assert [e.where for e in left.result.critical] == [e.where for e in whole.result.critical]


@pytest.mark.parametrize("case_id", CASES)
def test_live_and_replayed_a_stopped_learner_comes_to_the_same(
    bank: CaseBank, case_id: str
) -> None:
    case = bank.load(case_id)
    answers, module = careless(case), Module(bank.load(case_id), MemoryJournal(NOON))
    for step in case.steps:
        module.submit(f"s-{step}", step, given_at(module, step, answers))
        if module.state(step) == "stopped":
            tries = {key: answers.get(key + AGAIN, [None])[0] for key in module.asked_now(step)}
            module.submit(f"t-{step}", step, {k: v for k, v in tries.items() if v is not None})
    replayed = Module(case, MemoryJournal(NOON))
    replayed.replay(answers)
    assert module.given == replayed.given == check_answers(case, {"answers": answers})
    assert module.result == replayed.result == score(case, answers)


def test_second_tries_of_the_plans_question_and_of_the_plan_itself_are_both_replayed(
    case: Case,
) -> None:
    unsafe = {"cautions": ["a", "c"], "plan": ["massage-if-opioid-stops", "prosthetics-review"]}
    answers = careful(case) | unsafe
    safe = ["massage-weekly", "prosthetics-review"]
    answers |= {"cautions.again": [careful(case)["cautions"]], "plan.again": [safe]}
    answers |= {"decision.again": [answers["decision"]]}
    module = Module(case, MemoryJournal(NOON))
    module.replay(check_answers(case, {"answers": answers}))
    assert [(error.where, error.put_right) for error in module.result.critical] == [
        ("cautions", True),
        ("care-for-stopping", True),
    ]
    assert not module.stopped
    assert module.plan.ids == frozenset(safe)


def test_no_page_of_a_stopped_step_tells_the_key_or_the_reasons(detox: Case) -> None:
    module = stopped_at(detox, "gates")
    page = step_page(module, find_step("gates"), live=True)
    for question in detox.questions_at("gates"):
        assert question.feedback
        assert question.feedback.text.split(".")[0] not in page
        assert not module.shows_feedback(question)
    assert "Best answer" not in page
    assert page.count("Unsafe: ") == len(module.unsafe_at("gates"))


def test_right_not_best_and_unsafe_are_told_apart_in_words_and_marks(detox: Case) -> None:
    module = Module(detox, MemoryJournal(NOON))
    module.replay(careless(detox))
    gates = step_page(module, find_step("gates"), live=True)
    deal = step_page(module, find_step("deal"), live=True)
    assert "phb-unsafe" in gates
    assert "Unsafe: a critical error." in gates
    assert "Not the best answer." in deal
    assert "phb-unsafe" not in deal
    for part in gates.split("Unsafe: a critical error.")[:-1]:
        assert not part.rstrip().endswith("Not the best answer.")


def test_the_appraisal_entry_says_what_was_unsafe_and_put_right(detox: Case) -> None:
    module = Module(detox, MemoryJournal(NOON))
    module.replay(careless(detox))
    told = as_text(appraisal_entry(module)).partition("What was unsafe in my first answers")[2]
    assert told.count("put right in 2 tries") == len(module.result.critical) > 0
    assert Module(detox, MemoryJournal(NOON)).result.critical == ()


def test_a_deal_that_stops_something_still_says_so_when_the_plan_is_kept(detox: Case) -> None:
    module = played_to(detox, "plan", careful(detox))
    answers = given_at(module, "plan", careful(detox))
    module.submit("s-plan", "plan", answers | {"plan": ["wine-until-then"]})
    page = step_page(module, find_step("plan"), live=True)
    assert "<strong>Stop:</strong>" in page


def test_what_was_recorded_before_anything_stopped_is_still_done_and_scored_as_it_was(
    detox: Case, tmp_path: Path
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'records.sqlite'}")
    journal = store.journal(store.start("ann", detox.id, "old").id)
    answers, seen = first_tries(careless(detox)), 0
    for step in detox.steps:
        given = {key: answers[key] for key in Module(detox, journal)._keys(step) if key in answers}
        journal.append(f"s-{step}", step, given, after=seen)
        seen = len(journal.events())
    module = Module(detox, journal)
    assert module.current is None
    assert module.result.as_dict() == score(detox, answers).as_dict()
    assert module.result.unsafe
    assert "not put right" in as_text(appraisal_entry(module))


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"home-yes-or-no": "c", "home-yes-or-no.again": ["a"]}, "is asked again only where"),
        ({"home-yes-or-no.again": "a"}, "must be a list of answers"),
        ({"home-yes-or-no.again": []}, "must be a list of answers"),
        ({"decision.again": [{}]}, "is not answered yet"),
        ({"cpd.again": [{}]}, "is no question of"),
    ],
)
def test_an_answer_that_nobody_asked_for_again_is_refused(
    detox: Case, answers: dict[str, Any], problem: str
) -> None:
    with pytest.raises(AnswersError, match=problem):
        check_answers(detox, {"answers": answers})


def test_what_a_simulation_puts_right_is_what_it_got_wrong(detox: Case) -> None:
    from phbkit.cohort.simulate import simulate

    made = [attempt.answers for attempt in simulate([detox], 30, 1)]
    assert any(critical_errors(detox, answers) for answers in made)
    for answers in made:
        result = score(detox, check_answers(detox, {"answers": answers}))
        assert result.unsafe == ()
        assert {k for k in answers if k.endswith(AGAIN)} == set(put_right(detox, answers))


def test_a_red_flag_that_is_left_out_stops_and_what_was_right_stays_ticked(bank: CaseBank) -> None:
    case = bank.load("chronic-pain-massage")
    module = played_to(case, "plan", careful(case))
    given = given_at(module, "plan", careful(case))
    module.submit("first", "plan", given | {"cautions": ["a", "d"]})
    assert module.state("plan") == "stopped"
    page = html.fromstring(str(step_page(module, find_step("plan"), live=True)))
    assert page.xpath("//input[@name='cautions'][@checked]/@value") == ["a", "d"]
    told = " ".join(page.xpath("//*[@class='phb-critical']")[0].text_content().split())
    assert told.count("Unsafe: something is left out.") == 2
    assert "clumsy hand" not in told
    module.submit("second", "plan", {"plan": given["plan"], "cautions": given["cautions"]})
    assert module.state("plan") == "done"
    [error] = module.result.critical
    assert (error.where, error.tries, error.put_right) == ("cautions", 2, True)


@pytest.mark.parametrize("last", ["safe", "unsafe"])
def test_a_plan_that_was_changed_again_and_again_replays_to_how_it_ended(
    detox: Case, last: str
) -> None:
    module = played_to(detox, "decide", careful(detox))
    when = detox.about.critical[0].when
    safe, unsafe = module.answers["plan"], (when.with_any or when.with_all)[0]
    plans = {"safe": [safe[:1], safe], "unsafe": [safe[:1], safe, [*safe, unsafe]]}[last]
    module.submit("add", "plan", {"plan": [*safe, unsafe]})
    module.submit("agree", "decide", given_at(module, "decide", careful(detox)))
    for place, plan in enumerate(plans):
        module.submit(f"change-{place}", "plan", {"plan": plan})
    module.submit("again", "decide", {"decision": module.answers["decision"]})
    replayed = Module(detox, MemoryJournal(NOON))
    replayed.replay(module.given)
    assert replayed.plan == module.plan
    assert replayed.state("decide") == module.state("decide")
    assert replayed.state("decide") == {"safe": "done", "unsafe": "stopped"}[last]
    assert replayed.result.unsafe == module.result.unsafe == score(detox, module.given).unsafe
