"""Every module on the start page, played to the end by mouse and by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from phbkit.assessing import score
from phbkit.casebank import CaseBank
from tests.browser.axe import violations
from tests.browser.conftest import Served
from tests.browser.player import Keyboard, Mouse, play, wait_ready
from tests.made import WORKBOOKS, careful, careless

OTHERS = [name for name in WORKBOOKS if name != "chronic_pain_massage"]


@pytest.mark.parametrize("name", OTHERS)
def test_a_careful_gp_plays_by_mouse_and_every_step_passes_axe(
    served: Served, page: Page, bank: CaseBank, name: str
) -> None:
    case = bank.load(WORKBOOKS[name])
    page.goto(served.url)
    page.get_by_role("link", name=f"Start {case.title}").click()
    wait_ready(page)

    def check(step: str) -> None:
        assert violations(page) == [], step

    answers = careful(case)
    play(page, Mouse(page), case, answers, before=check, after=check)
    assert served.module(case).result == score(case, answers)
    expect(page.get_by_label("CPD entry text", exact=True)).to_be_visible()


@pytest.mark.parametrize("name", OTHERS)
def test_a_careless_gp_plays_by_keyboard_alone(
    served: Served, page: Page, bank: CaseBank, name: str
) -> None:
    case = bank.load(WORKBOOKS[name])
    page.goto(f"{served.url}module/{name}")
    wait_ready(page)
    answers = careless(case)
    play(page, Keyboard(page), case, answers)
    assert served.module(case).result == score(case, answers)
