"""A pass through a case: which step is open, what is kept, what may be seen."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from phbkit.casebank import Case, CaseBank
from phbkit.errors import RefusedError
from phbkit.records import MemoryJournal, StaleError, open_store
from phbkit.workbook.live import LiveModule
from phbkit.workbook.module import MOST_TRIES, Module
from tests.made import careful, unseen
from tests.steps import STEP_IDS

STRONG = json.loads((Path(__file__).parent.parent / "answers" / "strong.json").read_text())[
    "answers"
]
AFTER = STEP_IDS.index("after")


def answers_to(module: Module, step: str) -> dict[str, Any]:
    return {key: STRONG[key] for key in module.asked_at(step) if key in STRONG}


def played(case: Case, steps: int) -> Module:
    """Answer the first steps of a case, well."""
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    for step in STEP_IDS[:steps]:
        module.submit(f"s-{step}", step, answers_to(module, step))
    return module


def refusal(module: Module, step: str, answers: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong in each field, having made sure that nothing was kept."""
    before, known = module.journal.events(), dict(module.answers)
    with pytest.raises(RefusedError) as caught:
        module.submit("a new submission", step, answers)
    assert (module.journal.events(), module.answers) == (before, known)
    return caught.value.problems


@pytest.mark.parametrize("steps", range(len(STEP_IDS) + 1))
def test_steps_before_are_done_the_next_is_open_and_the_rest_are_locked(
    case: Case, steps: int
) -> None:
    module = played(case, steps)
    states = ["done"] * steps + ["open"] + ["locked"] * len(STEP_IDS)
    assert [module.state(step) for step in STEP_IDS] == states[: len(STEP_IDS)]
    assert module.current == next(iter(STEP_IDS[steps:]), None)


def test_a_locked_step_is_refused(case: Case) -> None:
    module = played(case, 1)
    for step in STEP_IDS[2:]:
        assert refusal(module, step, answers_to(module, step)) == {"": "This step is not open yet."}


def test_a_done_step_is_refused(case: Case) -> None:
    module = played(case, 3)
    for step in STEP_IDS[:3]:
        problem = "This step is already answered, and its answers are kept."
        assert refusal(module, step, answers_to(module, step)) == {"": problem}


def test_every_problem_of_a_submission_is_told_at_once(case: Case) -> None:
    problems = refusal(
        played(case, STEP_IDS.index("judge")), "judge", {"first-lean": 5, "plan": [], "nosuch": 1}
    )
    assert problems == {
        "first-lean": "must be -2, -1, 0, 1 or 2; got 5.",
        "what-to-ask-first": "is not answered yet.",
        "plan": "is not asked here.",
        "nosuch": "is not asked here.",
    }


def test_a_reflection_may_be_left_out(case: Case) -> None:
    module = played(case, STEP_IDS.index("reflect"))
    module.submit("s", "reflect", {"cpd": STRONG["cpd"]})
    assert module.current is None
    assert "what-surprised" not in module.answers


def test_the_same_submission_twice_is_taken_once(case: Case) -> None:
    module = played(case, STEP_IDS.index("judge") + 1)
    before = module.journal.events()
    assert module.submit("s-judge", "judge", answers_to(module, "judge")) == before[-1].at
    assert module.journal.events() == before


def test_other_answers_under_a_submission_that_was_taken_are_not_called_saved(case: Case) -> None:
    module = played(case, STEP_IDS.index("judge") + 1)
    before = module.journal.events()
    with pytest.raises(RefusedError, match="already saved, with other answers"):
        module.submit("s-judge", "judge", answers_to(module, "judge") | {"first-lean": 2})
    assert module.journal.events() == before


def test_a_plan_may_be_revised_until_the_decision_and_not_after(case: Case) -> None:
    for steps in range(STEP_IDS.index("plan") + 1, STEP_IDS.index("decide") + 1):
        module = played(case, steps)
        assert module.revisable("plan")
        module.submit("revision", "plan", {"plan": ["swim-gym"]})
        assert (module.plan.ids, module.current) == ({"swim-gym"}, STEP_IDS[steps])
    decided = played(case, STEP_IDS.index("decide") + 1)
    assert not decided.revisable("plan")
    assert list(refusal(decided, "plan", {"plan": ["swim-gym"]})) == [""]


def decision(**changes: Any) -> dict[str, Any]:
    return {**STRONG["decision"], **changes}


def at_decision(case: Case, plan: list[str], **decided: Any) -> Module:
    """Replay a plan and a decision on it."""
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    module.replay({"plan": plan, "decision": decision(**decided)})
    return module


def test_every_risk_of_the_plan_is_held_by_somebody_before_the_step_is_done(case: Case) -> None:
    module = played(case, STEP_IDS.index("risk"))
    given = answers_to(module, "risk")
    nobody = {name: entry | {"holders": []} for name, entry in given["ledger"].items()}
    problem = "is not answered yet: nobody holds it."
    assert refusal(module, "risk", given | {"ledger": nobody}) == {
        f"ledger.{risk.id}.holders": problem for risk in module.plan.risks
    }
    one = {"bruise-or-bleed": given["ledger"]["bruise-or-bleed"]}
    assert refusal(module, "risk", given | {"ledger": one}) == {
        "ledger.pressure-on-the-stump.holders": problem,
        "ledger.no-plan-for-a-bad-day.holders": problem,
        "ledger.denise-not-asked.holders": problem,
        "ledger.no-plan-for-a-bad-day.stop_rule": "is not written yet. Write it for one "
        "risk of not doing, any one.",
    }


def test_a_risk_that_the_plan_does_not_bring_is_not_asked(case: Case) -> None:
    module = played(case, STEP_IDS.index("risk"))
    given = answers_to(module, "risk")
    entry = given["ledger"]["bruise-or-bleed"]
    ledger = given["ledger"] | {"socket-missed": entry}
    assert refusal(module, "risk", given | {"ledger": ledger}) == {
        "ledger.socket-missed": "is no risk of this plan."
    }


def test_a_plan_that_brings_no_risk_asks_for_no_ledger(case: Case) -> None:
    about = case.about.model_copy(update={"risks": ()})
    module = played(dataclasses.replace(case, about=about), STEP_IDS.index("risk"))
    assert "ledger" not in module.asked_at("risk")
    module.submit("s-risk", "risk", answers_to(module, "risk"))
    assert module.state("risk") == "done"
    assert not module.revisable("risk")


def test_who_holds_what_may_be_changed_until_the_decision_and_not_after(case: Case) -> None:
    module = played(case, STEP_IDS.index("decide"))
    assert module.revisable("risk")
    other = STRONG["ledger"] | {
        "bruise-or-bleed": STRONG["ledger"]["bruise-or-bleed"] | {"holders": ["person"]}
    }
    module.submit("revision", "risk", {"ledger": other})
    assert [entry.risk for entry in module.ledger.alone] == ["bruise-or-bleed"]
    answers = {"ledger": STRONG["ledger"], "who-holds": "b"}
    assert refusal(module, "risk", answers) == {"who-holds": "is not asked here."}
    module.submit("s-decide", "decide", answers_to(module, "decide"))
    assert not module.revisable("risk")


def test_a_plan_changed_after_the_ledger_brings_risks_that_nobody_holds_yet(case: Case) -> None:
    module = played(case, STEP_IDS.index("decide"))
    assert module.ledger.unheld == ()
    module.submit("revision", "plan", {"plan": ["massage-fortnightly"]})
    assert [entry.risk for entry in module.ledger.unheld] == [
        "socket-missed",
        "massage-is-the-whole-plan",
    ]
    assert module.state("risk") == "done"
    assert module.answers["ledger"] == STRONG["ledger"]


@pytest.mark.parametrize(
    ("refused", "problem"),
    [
        (["own-money-extra"], "names 'own-money-extra', which is not in the plan."),
        (STRONG["plan"], "is the whole plan. Leave something agreed, or decline."),
        ([], "is not answered yet: say what you do not agree to."),
    ],
)
def test_a_part_that_is_agreed_leaves_out_some_of_the_plan_and_not_all_of_it(
    case: Case, refused: list[str], problem: str
) -> None:
    module = played(case, STEP_IDS.index("decide"))
    answers = answers_to(module, "decide")
    part = decision(choice="agree-part", not_to=refused)
    assert refusal(module, "decide", answers | {"decision": part}) == {"decision.not_to": problem}


def test_what_is_left_out_counts_neither_for_the_deal_nor_for_what_happens_next(
    case: Case,
) -> None:
    plan = ["massage-fortnightly", "prosthetics-review", "own-money-extra"]
    whole = at_decision(case, plan, choice="agree")
    part = at_decision(case, plan, choice="agree-part", not_to=["own-money-extra"])
    assert (whole.agreed_plan.ids, part.agreed_plan.ids) == (set(plan), set(plan[:2]))
    assert part.plan.ids == set(plan)
    spoken = [{found.rule.id for found in module.findings} for module in (whole, part)]
    assert ["no-top-up" in rules for rules in spoken] == [True, False]
    assert whole.follow_up
    assert part.follow_up
    assert (whole.follow_up.id, part.follow_up.id) == ("sent-back", "hands-and-socket")


def test_to_leave_something_out_may_bring_a_risk_that_nobody_holds(case: Case) -> None:
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    part = decision(choice="agree-part", not_to=["prosthetics-review"])
    module.replay(STRONG | {"decision": part})
    assert module.ledger.unheld == ()
    unheld = module.ledger_of(module.agreed_plan).unheld
    assert [entry.risk for entry in unheld] == ["socket-missed"]


def test_a_stop_rule_of_the_ledger_counts_until_the_decision_has_its_own(case: Case) -> None:
    def asks(module: Module) -> bool:
        return "risk-procedure" in {found.rule.id for found in module.findings}

    plan = {"plan": STRONG["plan"]}
    without, with_ledger = (
        Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC))) for _ in range(2)
    )
    without.replay(plan)
    with_ledger.replay(plan | {"ledger": STRONG["ledger"]})
    assert (asks(without), asks(with_ledger)) == (True, False)


def test_a_decision_of_before_there_were_parts_is_still_taken(case: Case) -> None:
    older = {key: value for key, value in STRONG["decision"].items() if key != "not_to"}
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    module.replay(STRONG | {"decision": older})
    assert module.decision == older
    assert module.agreed_plan == module.plan


def test_to_revise_a_plan_is_not_to_answer_again_what_the_reasons_gave_away(case: Case) -> None:
    module = played(case, STEP_IDS.index("risk"))
    assert module.shows_feedback(case.question("cautions"))
    answers = {"plan": ["swim-gym"], "cautions": ["a"]}
    assert refusal(module, "plan", answers) == {"cautions": "is not asked here."}


@pytest.mark.parametrize("steps", range(len(STEP_IDS) + 1))
def test_reasons_wait_for_the_commitment_and_a_panel_for_the_end(case: Case, steps: int) -> None:
    module = played(case, steps)
    for question in case.questions:
        committed = STEP_IDS.index(question.step) < steps
        ended = question.reveal == "at once" or steps > AFTER
        assert module.shows_feedback(question) is (committed and ended)


def test_what_the_others_say_is_there_to_be_read_before_the_next_step(bank: CaseBank) -> None:
    case = bank.load("young-adult-learning-disability")
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    answers, stays = careful(case), []
    for step in case.steps[: case.steps.index("after")]:
        given = {key: answers[key] for key in module.asked_at(step) if key in answers}
        module.submit(f"s-{step}", step, given)
        stays += [step] if module.has_feedback_at(step) else []
    assert {"risk", "decide"} <= set(stays)
    assert "meet" not in stays


def test_a_question_left_unanswered_never_shows_its_reasons(case: Case) -> None:
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    module.replay({"first-lean": 1})
    assert [q.id for q in case.questions if module.shows_feedback(q)] == ["first-lean"]


def test_a_replay_leaves_every_step_done_whatever_was_answered(case: Case) -> None:
    for answers in (STRONG, {}, {"plan": ["swim-gym"]}, {"ledger": STRONG["ledger"]}):
        module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
        module.replay(answers)
        assert {module.state(step) for step in STEP_IDS} == {"done"}
        assert module.answers == answers


def test_live_and_replayed_answers_give_the_same_result(case: Case) -> None:
    replayed = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    replayed.replay(STRONG)
    live = played(case, len(STEP_IDS))
    assert live.result == replayed.result
    assert live.findings == replayed.findings
    assert live.follow_up == replayed.follow_up


def test_two_windows_agree_once_the_stale_one_has_looked_again(case: Case, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'records.sqlite'}")
    attempt = store.start("ann", case.id, case.version)
    one, two = (Module(case, store.journal(attempt.id)) for _ in range(2))
    one.submit("s1", "meet", {})
    with pytest.raises(StaleError):
        two.submit("s2", "meet", {})
    two.refresh()
    assert (one.answers, one.closed) == (two.answers, two.closed)
    assert two.current == "talk"


def test_a_draft_keeps_what_its_step_asks_and_no_more_than_a_page_of_it(
    case: Case, tmp_path: Path
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'records.sqlite'}")
    journal = store.journal(store.start("ann", case.id, case.version).id)
    playing = LiveModule(Module(case, journal), unseen)

    def draft(**values: Any) -> dict[str, Any]:
        message = {"do": "draft", "ticket": "t", "values": values}
        return playing.answer("talk", message)[0]

    playing.answer("meet", {"do": "save", "ticket": "t0", "values": {}})
    assert draft(junk="y" * 6000, plan=["a"], **{"talk.own": "Who laughed?"})["did"] == "kept"
    assert journal.draft("talk") == {"talk.own": "Who laughed?"}
    told = draft(**{"talk.own": ["y" * 6000] * 20})
    assert told["problems"][""] == "This is too long for a draft. Press the button to save."
    assert journal.draft("talk") == {"talk.own": "Who laughed?"}


def test_a_step_is_kept_a_hundred_times_and_then_stays_as_it_is(case: Case) -> None:
    module = played(case, STEP_IDS.index("plan") + 1)
    plan = module.answers["plan"]
    for n in range(MOST_TRIES - 1):
        module.submit(f"again-{n}", "plan", {"plan": plan})
    with pytest.raises(RefusedError, match="kept 100 times, and now stays"):
        module.submit("once-more", "plan", {"plan": plan})
    assert module.tries("plan") == MOST_TRIES
    assert module.submit("again-0", "plan", {"plan": plan})


def test_a_change_to_a_finished_step_answers_beside_what_was_kept(case: Case) -> None:
    module = played(case, STEP_IDS.index("risk") + 1)
    risk = module.plan.risks[0].id
    playing = LiveModule(module, unseen)
    playing.answer("risk", {"do": "revise", "ticket": "t0"})
    ticked = {f"ledger.{risk}.holders": ["person", "professional"]}
    message = {"do": "draft", "ticket": "t1", "values": ticked, "touched": list(ticked)}
    told = playing.answer("risk", message)[0]
    assert "held by nobody" not in told["line"]
    assert module.ledger.unheld == ()
