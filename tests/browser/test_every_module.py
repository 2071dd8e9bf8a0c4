"""Every module on the start page, played to the end by mouse, and each kind of step by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from phbkit.casebank import CaseBank
from phbkit.scoring import score
from tests import ranking
from tests.browser.altered import ALTERED
from tests.browser.axe import violations
from tests.browser.player import (
    Keyboard,
    Mouse,
    commit_step,
    fill_step,
    play,
    press_on,
    wait_ready,
)
from tests.browser.served import Served
from tests.browser.windows import Windows
from tests.made import WORKBOOKS, careful, careless

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "has_touch": True}
PLAYS = {  # all but the one of tests/browser/test_module.py; the last three hold all kinds of steps
    "alcohol_detox_at_home": (Mouse, careful, DESK),
    "young_adult_learning_disability": (Mouse, careful, DESK),
    "know_the_deal": (Keyboard, careless, PHONE),
    "mental_health": (Keyboard, careless, PHONE),
    "getting_the_sums_right": (Keyboard, careless, PHONE),
}


@pytest.mark.parametrize("name", PLAYS)
def test_a_module_is_played_to_the_end_and_every_step_passes_axe(
    served: Served, windows: Windows, bank: CaseBank, name: str
) -> None:
    """A careful GP plays by mouse at a desk; a careless one by keyboard, as wide as a phone."""
    case = bank.load(WORKBOOKS[name])
    hand, answering, size = PLAYS[name]
    answers, page = answering(case), windows.open(**size)
    page.goto(served.url)
    page.get_by_role("link", name=f"Start {case.title}").click()
    wait_ready(page)

    def check(step: str) -> None:
        assert violations(page) == [], step
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["viewport"]["width"], step

    play(page, hand(page), case, answers, before=check, after=check)
    assert served.module(case).result.as_dict() == score(case, answers).as_dict()
    expect(page.get_by_label("CPD entry text", exact=True)).to_be_visible()


@ALTERED
def test_two_in_one_place_are_told_at_the_field_and_taken_back_when_it_is_changed(
    altered: Served, windows: Windows, ranked_bank: CaseBank
) -> None:
    case, page = ranked_bank.load(ranking.CASE), windows.open(**PHONE)
    altered.play_to(case, "plan", careful(case))
    page.goto(f"{altered.url}module/young_adult_learning_disability")
    wait_ready(page)
    ranked = page.locator(f'[data-field="{ranking.RANKED}"]')
    keep, summary = page.get_by_role("button", name="Keep this plan"), page.locator(".phb-errors")
    press_on(page, Mouse(page), "plan")
    expect(summary).to_contain_text("is not answered yet.")
    fill_step(page, Mouse(page), case, "plan", careful(case))
    first, second = ranked.locator("select").nth(0), ranked.locator("select").nth(1)
    second.select_option("2")
    expect(first).to_have_value("2")
    keep.click()
    expect(summary).to_be_focused()
    expect(summary.get_by_role("listitem")).to_have_count(1)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    summary.get_by_role("link").press("Enter")
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-invalid", "true")
    described = second.get_attribute("aria-describedby")
    assert described
    error = page.locator(f'[id="{described}"]')
    expect(error).to_contain_text("is 2nd, and so is")
    first.select_option("1")
    expect(error).to_be_hidden()
    expect(summary).to_be_hidden()
    commit_step(page, Mouse(page), "plan")
    assert altered.module(case).answers[ranking.RANKED] == ["a", "b", "e", "d", "c"]


def test_too_many_choices_are_refused_with_the_rule_until_some_are_taken_back(
    served: Served, page: Page, bank: CaseBank
) -> None:
    case = bank.load("know-the-deal")
    served.play_to(case, "deal", careful(case))
    page.goto(f"{served.url}module/know_the_deal")
    wait_ready(page)
    fill_step(page, Mouse(page), case, "deal", careful(case))
    asked = page.locator('[data-field="three-things-to-ask"]')
    expect(asked).to_contain_text("Choose at most 3")
    fourth = asked.locator('[value="a"]')
    fourth.check()
    page.get_by_role("button", name="Mark my answers").click()
    error = page.locator('[id="error-three-things-to-ask"]')
    expect(error).to_contain_text("This has 4 choices. Choose at most 3: whoever chooses more")
    assert violations(page) == []
    assert "three-things-to-ask" not in served.module(case).answers
    fourth.uncheck()
    expect(error).to_be_hidden()
    commit_step(page, Mouse(page), "deal")
    module = served.module(case)
    assert module.answers["three-things-to-ask"] == ["b", "d", "g"]
    assert module.answers["three-things-to-ask.sure"] == 3
    expect(page.get_by_text("3 of 3 key features found.")).to_be_visible()
