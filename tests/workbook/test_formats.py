"""Key features, ranking, certainty and rubrics, from the form to the record."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from phbkit.casebank import Case, CaseBank
from phbkit.errors import AnswersError, RefusedError
from phbkit.records import MemoryJournal
from phbkit.workbook.answers import answers_from, check_answer, check_answers
from phbkit.workbook.module import Module
from phbkit.workbook.pages import step_page
from phbkit.workbook.steps import find_step
from tests.made import careful
from tests.ranking import CASE, KEY, RANKED

ASKED = "three-things-to-ask"


@pytest.fixture(scope="module")
def connie(ranked_bank: CaseBank) -> Case:
    return ranked_bank.load(CASE)


@pytest.fixture(scope="module")
def deal(bank: CaseBank) -> Case:
    return bank.load("know-the-deal")


def replayed(case: Case, answers: dict[str, Any]) -> Module:
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    module.replay(check_answers(case, {"answers": answers}))
    return module


def at(case: Case, last: str) -> Module:
    """Play a case carefully, up to a step."""
    module = Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))
    for step in case.steps[: case.steps.index(last)]:
        module.submit(f"s-{step}", step, given_at(module, step))
    return module


def given_at(module: Module, step: str) -> dict[str, Any]:
    answers = careful(module.case)
    return {key: answers[key] for key in module.asked_at(step) if key in answers}


def words(module: Module, step: str, *, live: bool = False) -> str:
    page = html.fromstring(str(step_page(module, find_step(step), live=live)))
    return " ".join(page.text_content().split())


def places(order: list[str]) -> dict[str, str | list[str]]:
    return {f"{RANKED}.{option}": str(place) for place, option in enumerate(order, start=1)}


def refused(case: Case, key: str, value: object) -> AnswersError:
    with pytest.raises(AnswersError) as caught:
        check_answer(case, key, value)
    return caught.value


@given(order=st.permutations(KEY))
def test_the_places_of_a_form_become_an_order(connie: Case, order: list[str]) -> None:
    [given] = answers_from(connie, places(order)).values()
    assert check_answer(connie, RANKED, given) == order
    assert check_answers(connie, {"answers": {RANKED: order}}) == {RANKED: order}


def test_an_untouched_ranking_is_no_answer(connie: Case) -> None:
    assert answers_from(connie, dict.fromkeys(places(KEY), "")) == {}


PLACES = [
    ({"c": "4"}, {"d": "is 4th, and so is “Book the yearly health check"}),
    ({"b": ""}, {"b": "has no place yet."}),
    ({"b": "0", "d": "6", "c": "1.5"}, dict.fromkeys("bdc", "has no place yet.")),
    ({"a": ["2"], "b": "9" * 5000}, dict.fromkeys("ab", "has no place yet.")),
]


@pytest.mark.parametrize(("changes", "problems"), PLACES)
def test_two_in_one_place_or_one_in_none_is_told_at_its_option(
    connie: Case, changes: dict[str, Any], problems: dict[str, str]
) -> None:
    values = places(KEY) | {f"{RANKED}.{option}": given for option, given in changes.items()}
    error = refused(connie, RANKED, answers_from(connie, values)[RANKED])
    assert set(error.problems) == {f"{RANKED}.{option}" for option in problems}
    for option, problem in problems.items():
        assert error.problems[f"{RANKED}.{option}"].startswith(problem)


@pytest.mark.parametrize(
    "value",
    [[], ["b"], [*KEY, "b"], ["b", "a", "e", "d", "d"], ["b", "a", "e", "d", "z"], "baedc", 5, None,
 [["b"], "a", "e", "d", "c"]],
)  # fmt: skip
def test_a_ranking_in_a_file_is_all_the_options_in_order(connie: Case, value: object) -> None:
    error = refused(connie, RANKED, value)
    assert error.key == RANKED
    assert error.problem.startswith("must be a list of all of a, b, c, d, e, the first first; got ")


@pytest.mark.parametrize("level", [0, 4, -1, "x", 2.0, True, None, [2]])
def test_how_sure_is_one_of_three_levels(deal: Case, level: object) -> None:
    error = refused(deal, f"{ASKED}.sure", level)
    assert (error.key, error.problem.split(";")[0]) == (
        f"{ASKED}.sure",
        "must be one of 1 (not sure), 2 (fairly sure), 3 (sure)",
    )


def test_nobody_is_asked_how_sure_where_the_case_does_not_ask(deal: Case) -> None:
    error = refused(deal, "newsletter-line.sure", 2)
    assert error.problem.startswith("is no question of know-the-deal.")


def test_how_sure_comes_from_a_form_as_a_number_and_may_be_left_out(deal: Case) -> None:
    [(key, level)] = answers_from(deal, {f"{ASKED}.sure": "3"}).items()
    assert check_answer(deal, key, level) == 3
    module = at(deal, "deal")
    answers = {k: v for k, v in given_at(module, "deal").items() if not k.endswith(".sure")}
    module.submit("s", "deal", answers)
    assert module.state("deal") == "done"
    assert module.result.as_dict()["certainty"] == []


def test_a_form_with_too_many_choices_is_refused_with_the_rule_and_nothing_is_kept(
    deal: Case,
) -> None:
    module = at(deal, "deal")
    with pytest.raises(RefusedError) as caught:
        module.submit("s", "deal", given_at(module, "deal") | {ASKED: ["a", "b", "d", "g"]})
    [(field, problem)] = caught.value.problems.items()
    assert field == ASKED
    assert problem.startswith("has 4 choices. Choose at most 3: whoever chooses more earns nothing")
    assert ASKED not in module.answers
    module.submit("s", "deal", given_at(module, "deal") | {ASKED: ["a", "b"]})
    assert module.answers[ASKED] == ["a", "b"]


def test_a_file_with_too_many_choices_earns_nothing_and_its_record_says_why(deal: Case) -> None:
    module = replayed(deal, careful(deal) | {ASKED: ["b", "d", "g", "a"]})
    [mark] = [mark for mark in module.result.marks if mark.question == ASKED]
    assert (mark.credit, mark.answered) == (0, True)
    said = words(module, "deal")
    assert "3 of 3 key features found. But you chose 4, and at most 3 may be chosen: more" in said
    assert "You were sure, and not right." in said


def test_a_question_that_no_longer_asks_how_sure_leaves_its_step_done(deal: Case) -> None:
    module = at(deal, "voices")
    assert module.answers[f"{ASKED}.sure"] == 3
    questions = tuple(q.model_copy(update={"certainty": False}) for q in deal.questions)
    later = Module(dataclasses.replace(deal, questions=questions), module.journal)
    assert later.state("deal") == "done"
    assert f"{ASKED}.sure" not in later.answers


@pytest.mark.parametrize(
    ("variant", "order", "said"),
    [
        ("specialty", KEY, "5 of 5 in the place they have in the key."),
        ("specialty", ["a", "b", "e", "d", "c"], "10 of 12 points: 12, less one for every place"),
        ("specialty", KEY[::-1], "0 of 12 points"),
        ("foundation", KEY[::-1], "8 of 20 points: each gets 4, less one for every place it is"),
        ("foundation", KEY, "The reverse order would still get 8, so this way of marking never"),
    ],
)  # fmt: skip
def test_a_ranking_is_set_beside_its_key_with_the_points_written_out(
    connie: Case, variant: str, order: list[str], said: str
) -> None:
    questions = tuple(
        q.model_copy(update={"variant": variant}) if q.id == RANKED else q for q in connie.questions
    )
    case = dataclasses.replace(connie, questions=questions)
    assert said in words(replayed(case, {RANKED: order}), "plan")


def test_a_ranking_that_shows_no_reasons_yet_shows_the_learners_own_order(connie: Case) -> None:
    questions = tuple(q.model_copy(update={"reveal": "at the end"}) for q in connie.questions)
    module = at(dataclasses.replace(connie, questions=questions), "risk")
    page = html.fromstring(str(step_page(module, find_step("plan"), live=True)))
    asked = connie.question(RANKED)
    texts = {option.id: option.text.replace("'", "’") for option in asked.options}
    assert [item.text_content() for item in page.xpath("//ol/li")] == [texts[o] for o in KEY]
    assert "in the key" not in page.text_content()


@pytest.mark.parametrize(("case_id", "step"), [
    ("young-adult-learning-disability", "plan"), ("know-the-deal", "deal"),
])  # fmt: skip
def test_every_new_field_has_a_label_and_an_error_place_of_its_own(
    bank: CaseBank, case_id: str, step: str
) -> None:
    module = at(bank.load(case_id), step)
    page = html.fromstring(str(step_page(module, find_step(step), live=True)))
    for field in page.xpath("//select | //input | //textarea"):
        labels = field.xpath("ancestor::label") + page.xpath(f"//label[@for='{field.get('id')}']")
        assert [label for label in labels if label.text_content().strip()], field.get("name")
    for field in page.xpath("//select"):
        assert field.get("aria-describedby") == f"error-{field.get('name')}"
        assert field.xpath("ancestor::fieldset[1]/legend")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert set(" ".join(page.xpath("//@aria-describedby")).split()) <= set(ids)
    legends = [legend.text_content().strip() for legend in page.xpath("//legend")]
    assert len(legends) == len(set(legends))


def test_a_draft_fills_the_places_and_how_sure_again(connie: Case, deal: Case) -> None:
    values = {f"{RANKED}.b": "3", f"{RANKED}.a": "<b>"}
    page = html.fromstring(
        str(step_page(at(connie, "plan"), find_step("plan"), live=True, values=values))
    )
    chosen = page.xpath(f"//select[starts-with(@name, '{RANKED}')]/option[@selected]")
    assert [(option.getparent().get("name"), option.get("value")) for option in chosen] == [
        (f"{RANKED}.b", "3")
    ]
    page = html.fromstring(
        str(
            step_page(at(deal, "deal"), find_step("deal"), live=True, values={f"{ASKED}.sure": "2"})
        )
    )
    assert page.xpath(f"//input[@name='{ASKED}.sure'][@checked]/@value") == ["2"]


@pytest.mark.parametrize(
    ("level", "chosen", "said"),
    [
        (3, ["b", "d", "g"], "You were sure, and right."),
        (3, ["a"], "You were sure, and not right. That is worth a second look"),
        (2, ["b", "a"], "You were fairly sure, and partly right."),
        (1, ["b", "d", "g"], "You were not sure, and right. You know more than you thought"),
        (1, ["a"], "You were not sure, and not right. You saw where your knowledge ends."),
    ],
)
def test_how_sure_stands_beside_how_it_turned_out(
    deal: Case, level: int, chosen: list[str], said: str
) -> None:
    module = replayed(deal, {ASKED: chosen, f"{ASKED}.sure": level})
    assert said in words(module, "deal")
    assert "In no score." in words(module, "deal")
    assert "How sure you were" in words(module, "feedback")


def test_a_rubric_shows_once_there_is_a_text_and_not_before(bank: CaseBank) -> None:
    case = bank.load("mental-health")
    asks = [criterion.asks.replace("'", "’") for criterion in case.question("whose-fear").rubric]
    open_form = words(at(case, "reflect"), "reflect", live=True)
    assert "A person may mark it, never a program." in open_form
    silent = words(replayed(case, {}), "reflect")
    written = words(replayed(case, {"whose-fear": "Mine."}), "reflect")
    for criterion in asks:
        assert criterion not in open_form
        assert criterion not in silent
        assert criterion in written
    assert "People mark this, never a program" in written


def test_a_contested_panel_is_told_with_its_spread_and_gives_no_credit(deal: Case) -> None:
    module = replayed(deal, careful(deal))
    feedback = words(module, "feedback")
    assert feedback.count("This panel is contested here") == 2
    assert feedback.count("divided itself") == 2
    assert "How the panels answered, and where you stand" in feedback
