"""A pass through a case: which step is open, what is kept, what may be seen."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from phbkit.casebank import Case
from phbkit.records import MemoryJournal, StaleError, open_store
from phbkit.workbook.module import Module, RefusedError
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
    problems = refusal(played(case, 1), "judge", {"first-lean": 5, "plan": [], "nosuch": 1})
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
    module = played(case, 2)
    before = module.journal.events()
    assert module.submit("s-judge", "judge", answers_to(module, "judge")) == before[-1].at
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


def test_a_question_left_unanswered_never_shows_its_reasons(case: Case) -> None:
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    module.replay({"first-lean": 1})
    assert [q.id for q in case.questions if module.shows_feedback(q)] == ["first-lean"]


def test_a_replay_leaves_every_step_done_whatever_was_answered(case: Case) -> None:
    for answers in (STRONG, {}, {"plan": ["swim-gym"]}):
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
    assert two.current == "judge"
