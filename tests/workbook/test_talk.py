"""A conversation as a step: turn by turn, kept at once, rated, and set beside the other's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from phbkit.casebank import Case, CaseBank
from phbkit.errors import AnswersError, RefusedError
from phbkit.records import MemoryJournal
from phbkit.workbook.answers import answers_from, check_answers
from phbkit.workbook.live import LiveModule
from phbkit.workbook.module import Module
from phbkit.workbook.pages import step_page
from phbkit.workbook.steps import find_step
from tests.made import careful, unseen
from tests.talking import CASE, TALK, add_talk

RATED = {"listening": 8, "choosing": 7, "clarity": 5}


@pytest.fixture
def talking(bank_copy: Path) -> Case:
    return CaseBank(add_talk(bank_copy)).load(CASE)


@pytest.fixture
def module(talking: Case) -> Module:
    return Module(talking, MemoryJournal(dt.datetime(2026, 11, 30, tzinfo=dt.UTC)))


def say(module: Module, ticket: str, **fields: str) -> None:
    values = {f"talk.{name.replace('_', '.')}": value for name, value in fields.items()}
    module.submit(ticket, "talk", answers_from(module.case, values))


def shown(module: Module, *, live: bool = True) -> str:
    return str(step_page(module, find_step("talk"), live=live))


def test_each_turn_is_kept_at_once_and_once(module: Module) -> None:
    say(module, "one", line="who-laughed", own="Who was it that laughed?")
    say(module, "one", line="who-laughed", own="Who was it that laughed?")
    assert module.answers["talk"]["turns"] == [
        {"line": "who-laughed", "own": "Who was it that laughed?"}
    ]
    assert (module.state("talk"), module.state("judge")) == ("open", "locked")
    again = Module(module.case, module.journal)
    assert "Who was it that laughed?" in shown(again)
    assert "What worries you?" in shown(again)


def test_what_cannot_be_said_now_is_refused_and_nothing_is_kept(module: Module) -> None:
    for line in ("worries", "", "nonsense"):
        with pytest.raises(RefusedError) as refused:
            say(module, "one", line=line)
        assert list(refused.value.problems) == ["talk.line"]
    assert "talk" not in module.answers


def test_the_other_is_heard_of_only_after_one_has_rated_it_oneself(module: Module) -> None:
    for number, line in enumerate(("good-week", "promise", "bye")):
        say(module, str(number), line=line)
    page = shown(module)
    assert "How was it, as you saw it?" in page
    assert "I never got to the tablets." not in page
    for given in ({}, {"rated_listening": "7"}):
        with pytest.raises(RefusedError) as refused:
            say(module, "some", **given)
        assert "talk.rated.clarity" in refused.value.problems
    with pytest.raises(RefusedError) as refused:
        say(module, "rated", rated_listening="11", rated_choosing="7", rated_clarity="5")
    assert "talk.rated" in next(iter(refused.value.problems))
    say(module, "rated-again", **{f"rated_{part}": str(mark) for part, mark in RATED.items()})
    assert (module.state("talk"), module.state("judge")) == ("done", "open")
    page = shown(module)
    assert "I never got to the tablets." in page
    assert 'aria-label="You 8, ' in page
    assert "What is feared most" in page


def test_what_was_not_heard_can_be_asked_about_afterwards(module: Module) -> None:
    with pytest.raises(RefusedError):
        module.hear("early", "tablets")
    module.replay({"talk": {"turns": [{"line": "bye", "own": ""}], "rated": RATED}})
    assert module.heard == frozenset()
    for ticket in ("later", "later", "later-still"):
        module.hear(ticket, "tablets")
    assert module.heard == {"tablets"}
    assert module.tries("talk") == 2  # the conversation, and what was asked
    assert "take my tablets" in shown(module)
    assert module.state("talk") == "done"


def test_a_file_carries_the_conversation_and_its_record_reads_as_a_transcript(
    module: Module,
) -> None:
    turns = [{"line": "who-laughed", "own": ""}, {"line": "worries", "own": "And what else?"}]
    given = {"talk": {"turns": [*turns, {"line": "bye"}], "rated": RATED}}
    module.replay(check_answers(module.case, {"case": CASE, "answers": given}))
    record = shown(module, live=False)
    for words in ("Who laughed?", "The desk.", "And what else?", "The tablets.", "Right you are."):
        assert words in record


def test_a_file_whose_conversation_was_not_finished_shows_what_was_said(module: Module) -> None:
    given = {"talk": {"turns": [{"line": "who-laughed"}]}, "raise-it": 1}
    module.replay(check_answers(module.case, {"case": CASE, "answers": given}))
    record = shown(module, live=False)
    assert "The desk." in record
    assert "I never got to the tablets." not in record


def test_a_file_that_says_what_could_not_be_said_is_refused_with_the_turn(talking: Case) -> None:
    turns: list[dict[str, Any]] = [{"line": "who-laughed"}, {"line": "sorry"}]
    with pytest.raises(AnswersError) as refused:
        check_answers(talking, {"answers": {"talk": {"turns": turns}}})
    told = str(refused.value)
    assert "talk.turns.1.line" in told
    assert "open was week, worries, promise, who-decides, bye" in told


def test_a_conversation_of_an_older_version_is_open_again_as_far_as_it_holds(
    module: Module, bank_copy: Path
) -> None:
    module.replay({"talk": {"turns": [{"line": "who-laughed"}, {"line": "bye"}], "rated": RATED}})
    file = bank_copy / "cases" / CASE / "talk.yaml"
    file.write_text(TALK.replace("id: bye", "id: goodbye"))
    later = Module(CaseBank(bank_copy).load(CASE), module.journal)
    assert later.state("talk") == "open"
    assert later.conversation("talk").said == ("who-laughed",)
    say(later, "on", line="goodbye")
    rated = {f"talk.rated.{part}": str(mark) for part, mark in RATED.items()}
    later.submit("rate", "talk", answers_from(later.case, rated))
    assert later.state("talk") == "done"
    assert later.conversation("talk").said == ("who-laughed", "goodbye")


def test_an_attempt_from_before_there_was_a_conversation_goes_on_where_it_was(
    module: Module,
) -> None:
    module.journal.append("before", "judge", {}, after=0)
    later = Module(module.case, module.journal)
    assert (later.state("talk"), later.current) == ("done", "deal")
    assert "Nobody talked." in shown(later, live=False)
    assert later.heard == {"laughed-at", "early", "tablets"}  # nothing was kept back then
    later.hear("now", "tablets")
    assert later.current == "deal"


def test_what_was_said_in_own_words_is_there_to_think_about(case: Case) -> None:
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 30, tzinfo=dt.UTC)))
    answers = careful(case)
    for step in case.steps[: case.steps.index("reflect")]:
        given = {key: answers[key] for key in module.asked_at(step) if key in answers}
        module.submit(step, step, given)
    page = step_page(module, find_step("reflect"), live=True)
    assert "What you said in your own words" in page
    assert page.count("As I would say it.") == len(case.talks)


def test_a_page_cannot_take_back_what_was_said_nor_hear_what_it_likes(module: Module) -> None:
    playing = LiveModule(module, unseen)
    playing.answer("meet", {"do": "save", "ticket": "t0", "values": {}})
    said = {"do": "save", "ticket": "t1", "values": {"talk.line": "who-laughed"}}
    assert playing.answer("talk", said)[0]["did"] == "saved"
    for values in (
        {"talk.turns": [], "talk.later": ["tablets"]},
        {"talk.turns.0.line": "bye"},
        {"talk.line": ["worries"]},
        {"talk": "worries"},
        {"talk.later": ["tablets"]},
    ):
        hostile = {"do": "save", "ticket": "t2", "values": values}
        assert playing.answer("talk", hostile)[0]["did"] == "refused", values
    assert module.conversation("talk").said == ("who-laughed",)
    assert "tablets" not in module.heard
