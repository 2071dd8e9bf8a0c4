"""A loaded case: finding its parts, choosing its ending, showing its text safely."""

from __future__ import annotations

import dataclasses

import pydantic
import pytest
from lxml import html

from phbkit.casebank import Case
from phbkit.errors import UnknownNameError
from phbkit.text import markdown

ATTACKS = [
    "<script>alert(1)</script>",
    "before <img src=x onerror=alert(1)> after",
    "[a link](javascript:alert(1))",
    "[a link](data:text/html,<script>alert(1)</script>)",
    "![an image](https://example.org/a.png)",
    "<iframe src='https://example.org'></iframe>\n\n<style>*{}</style>",
    "<!-- a comment -->",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_html_in_a_case_is_harmless_when_rendered(text: str) -> None:
    shown = html.fragment_fromstring(markdown(text), create_parent="main")
    allowed = {"main", "p", "a"}
    assert {node.tag for node in shown.iter()} <= allowed
    assert not [a for node in shown.iter() for a in node.attrib if a.startswith("on")]
    assert not [a for a in shown.iter("a") if a.get("href", "").startswith(("javascript", "data"))]


def test_html_in_a_case_is_shown_as_the_text_it_is() -> None:
    source = "Ring <b>Kit</b> or <script>alert(1)</script>"
    assert html.fromstring(markdown(source)).text_content().strip() == source


def test_an_unknown_question_or_item_is_refused_with_a_suggestion(case: Case) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'first-lean'"):
        case.question("first-leen")
    with pytest.raises(UnknownNameError, match="Did you mean 'massage-weekly'"):
        case.item("masage-weekly")
    with pytest.raises(UnknownNameError, match="Known: items, outcomes, questions, risks, voices"):
        case.frame("prices")


def test_questions_are_found_by_step_in_their_order(case: Case) -> None:
    assert [q.id for q in case.questions_at("plan")] == ["cautions", "ng193-reading"]
    assert case.questions_at("meet") == ()


@pytest.mark.parametrize(
    ("items", "decision", "ending"),
    [
        ({"massage-weekly", "prosthetics-review"}, "decline", "a-no-with-reasons"),
        ({"own-money-extra", "massage-weekly"}, "defer", "no-budget-for-now"),
        ({"own-money-extra", "massage-weekly", "prosthetics-review"}, "agree", "sent-back"),
        ({"massage-weekly", "prosthetics-review"}, "agree", "hands-and-socket"),
        ({"massage-fortnightly", "prosthetics-review"}, "trial", "hands-and-socket"),
        ({"swim-gym", "prosthetics-review"}, "agree-part", "socket-first"),
        ({"swim-gym"}, "agree-part", "moving-without-hands"),
        ({"adapted-tools"}, "agree", "a-small-plan"),
        (set(), "agree", "a-small-plan"),
    ],
)
def test_what_happens_next_is_the_first_branch_that_holds(
    case: Case, items: set[str], decision: str, ending: str
) -> None:
    assert case.follow_up(frozenset(items), decision).id == ending


def test_a_case_cannot_be_changed_once_loaded(case: Case) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        case.version = "2"  # type: ignore[misc]
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        case.about.items[0].price = 0  # type: ignore[misc,assignment]


@pytest.mark.parametrize("part", ["items", "risks", "voices", "outcomes"])
def test_each_part_of_a_case_comes_as_a_table_with_a_row_for_each(case: Case, part: str) -> None:
    assert len(case.frame(part)) == len(getattr(case.about, part))
