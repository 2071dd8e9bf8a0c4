"""The pages about money in a real browser: what moves answers at once, by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from phbkit.casebank import Case, CaseBank
from phbkit.money.money_steps import sums_of
from phbkit.records import open_store
from phbkit.workbook.module import Module
from tests.browser.axe import violations
from tests.browser.player import (
    Keyboard,
    Mouse,
    commit_step,
    fill_step,
    press_on,
    turn,
    wait_ready,
)
from tests.browser.served import Served
from tests.browser.windows import Windows
from tests.made import careful
from tests.money.played import AREA, play

NAME = "getting_the_sums_right"


@pytest.fixture
def case(bank: CaseBank) -> Case:
    return bank.load("getting-the-sums-right")


def open_at(served: Served, page: Page, case: Case, step: str) -> None:
    """Open a new attempt at the module, where everything before a step is answered."""
    store = open_store(served.database)
    attempt = store.start("local", case.id, case.version)
    play(Module(case, store.journal(attempt.id)), step)
    page.goto(f"{served.url}module/{NAME}#{step}", timeout=60_000)
    wait_ready(page)


def test_a_slider_moved_by_keyboard_answers_beside_it_and_is_kept_when_the_page_is_loaded_again(
    served: Served, page: Page, case: Case
) -> None:
    open_at(served, page, case, "running")
    live = page.locator("#effect-running")
    expect(live).to_contain_text("£231,000")
    slider = page.get_by_label("People who have moved to a budget in the end, %")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_value("35")
    expect(live).not_to_contain_text("£231,000")
    expect(page.locator(".phb-slid").first).to_have_text("35")
    assert violations(page) == []
    shown = live.locator("table").last.inner_text()
    page.reload()
    wait_ready(page)
    expect(slider).to_have_value("35")
    expect(live.locator("table").last).to_have_text(shown, use_inner_text=True)
    fill_step(page, Mouse(page), case, "running", careful(case))
    commit_step(page, Mouse(page), "running")
    assert served.module(case).answers["running"]["share"] == "35"


def test_a_dragged_slider_ends_with_the_answer_to_where_it_stands(
    served: Served, page: Page, case: Case
) -> None:
    open_at(served, page, case, "block")
    slider = page.get_by_label("People who leave the block")
    for leavers in range(1, 49):
        slider.fill(str(leavers))
    expect(page.locator("#effect-block")).to_contain_text("48 leavers, three figures")
    expect(page.locator("#effect-block")).to_contain_text("£174,720 releasable after notice")


def test_a_figure_that_cannot_be_right_is_told_at_its_field_and_the_fold_opens(
    served: Served, windows: Windows, case: Case
) -> None:
    page = windows.open(viewport={"width": 320, "height": 640})
    open_at(served, page, case, "running")
    fill_step(page, Mouse(page), case, "running", careful(case))
    turn(page, Mouse(page), "Previous part")
    page.get_by_text("What budgets cost, and who comes and goes").click()
    cost = page.get_by_label("What a plan costs, a year for each person, £")
    cost.fill("£3,250")
    expect(page.locator("#effect-running")).to_contain_text("is '£3,250'")
    page.get_by_text("What budgets cost, and who comes and goes").click()
    press_on(page, Mouse(page), "running")
    summary = page.locator(".phb-errors:visible")
    expect(summary).to_be_focused()
    summary.get_by_role("link").press("Enter")
    expect(cost).to_be_focused()
    expect(cost).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    cost.fill("3250")
    commit_step(page, Mouse(page), "running")
    assert served.module(case).answers["running"]["plan-cost"] == "3250"


def test_an_area_of_ones_own_is_pasted_mended_and_used(
    served: Served, page: Page, case: Case
) -> None:
    open_at(served, page, case, "block")
    own = AREA.read_text().replace("people,,240", "people,,200")
    page.get_by_text("Use your own area’s figures").click()
    pasted = page.get_by_label("Your own figures, as CSV (optional)")
    pasted.fill(own.replace("team,,30000", "team,,£30000"))
    live = page.locator("#effect-block")
    expect(live).to_contain_text("your figures:16: team, column 3 (value): is '£30000'.")
    pasted.fill(own)
    expect(live).to_contain_text("£6,240 average cost")
    fill_step(page, Mouse(page), case, "block", careful(case))
    commit_step(page, Mouse(page), "block")
    page.get_by_role("link", name=re.compile("Double running")).first.click()
    expect(page.locator("#effect-running")).not_to_contain_text("made-up area")
    assert sums_of(served.module(case)).contract.people == 200


def test_figures_are_changed_again_by_keyboard_alone(
    served: Served, page: Page, case: Case
) -> None:
    open_at(served, page, case, "board")
    page.goto(f"{served.url}module/{NAME}#bands")
    wait_ready(page)
    hand = Keyboard(page)
    shown = page.locator("section:not([hidden])")
    hand.press(shown.get_by_role("button", name="Change these figures"))
    hand.choose(shown.locator('[name="bands.pace"][value="fast"]'))
    expect(page.locator("#effect-bands svg").first).to_have_attribute(
        "aria-label", re.compile("fast roll-out")
    )
    commit_step(page, hand, "bands")
    assert served.module(case).answers["bands"]["pace"] == "fast"
