"""A learner with a personal link, from the phone to the desk; their trainer; and every page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from phbkit.casebank import CaseBank
from phbkit.records import open_store
from phbkit.scoring import score
from phbkit.workbook.module import Module
from tests.browser.axe import violations
from tests.browser.player import Mouse, commit_step, fill_step, open_step, wait_ready
from tests.browser.training import PEOPLE, Training
from tests.browser.windows import Windows
from tests.made import careful

ANN, BEN, CAT, DAN, TESS = PEOPLE
PHONE = {"width": 360, "height": 740}
SLOW = {  # a hospital's corner: 400 ms there and back, 50 kB a second
    "offline": False,
    "latency": 400,
    "downloadThroughput": 50_000,
    "uploadThroughput": 50_000,
}


def come(training: Training, page: Page, token: str) -> None:
    """Open a personal link and go in."""
    page.goto(f"{training.url}enter/{token}")
    page.get_by_role("button", name="open my modules").click()
    expect(page.get_by_role("button", name="Sign out on this device")).to_be_visible()


def test_a_module_is_begun_on_a_slow_phone_and_finished_at_a_desk(
    training: Training, windows: Windows, bank: CaseBank
) -> None:
    case = bank.load("know-the-deal")
    [token] = training.invite(ANN)
    phone, desk = windows.open(viewport=PHONE), windows.open()
    line = phone.context.new_cdp_session(phone)
    line.send("Network.emulateNetworkConditions", SLOW)
    come(training, phone, token)
    phone.get_by_role("link", name="Start Know the deal").click()
    wait_ready(phone)
    hand, answers = Mouse(phone), careful(case)
    for step in case.steps[:3]:
        open_step(phone, hand, step)
        fill_step(phone, hand, case, step, answers)
        commit_step(phone, hand, step)
    come(training, desk, token)
    expect(desk.get_by_text("3 of 5 steps done")).to_be_visible()
    desk.get_by_role("link", name="Go on Know the deal").click()
    wait_ready(desk)
    desk_hand = Mouse(desk)
    for step in case.steps[3:]:
        open_step(desk, desk_hand, step)
        fill_step(desk, desk_hand, case, step, answers)
        commit_step(desk, desk_hand, step)
    store = open_store(training.database)
    attempt = store.latest("ann", case.id)
    assert attempt
    assert Module(case, store.journal(attempt.id)).result == score(case, answers)
    desk.goto(training.url)
    expect(desk.get_by_role("heading", name="Your entries for appraisal")).to_be_visible()
    expect(desk.get_by_role("row", name="Know the deal")).to_contain_text(answers["cpd"]["hours"])
    assert violations(desk) == []


def test_an_entry_for_appraisal_outlives_starting_again_and_is_its_learner_s_alone(
    training: Training, windows: Windows, bank: CaseBank
) -> None:
    case = bank.load("know-the-deal")
    page, other = windows.open(), windows.open()
    tokens = training.invite(ANN, BEN)
    for who, token in zip((page, other), tokens, strict=True):
        come(training, who, token)
    store = open_store(training.database)
    attempt = store.start("ann", case.id, case.version)
    module = Module(case, store.journal(attempt.id))
    for step in case.steps:
        keys = module.asked_at(step)
        module.submit(step, step, {key: careful(case)[key] for key in keys})
    store.start("ann", case.id, case.version)
    page.goto(training.url)
    row = page.get_by_role("row", name="Know the deal")
    expect(row).to_be_visible()
    for kind, begins in (("Word", b"PK"), ("PDF", b"%PDF"), ("Mail", b"Subject: CPD entry")):
        with page.expect_download() as downloading:
            row.get_by_role("link", name=kind).click()
        assert Path(downloading.value.path()).read_bytes().startswith(begins)
    with page.expect_download() as downloading:
        page.locator("caption").get_by_role("link", name="Mail").click()
    assert b"In all" in Path(downloading.value.path()).read_bytes()
    for whose, status in ((page, 200), (other, 404), (windows.open(), 401)):
        got = whose.request.get(f"{training.url}entries/{attempt.id}/mail")
        assert got.status == status


@pytest.mark.parametrize("width", [320, 1280])
def test_a_trainer_sees_steps_of_their_cohort_and_no_answer(
    training: Training, windows: Windows, width: int
) -> None:
    page = windows.open(viewport={"width": width, "height": 740})
    training.invite(CAT, DAN)
    [token] = training.invite(TESS)
    come(training, page, token)
    page.get_by_role("link", name="How far your cohort has come").click()
    expect(page.get_by_role("row", name="<b onclick=alert(1)>Cat</b>")).to_contain_text(
        "not started"
    )
    expect(page.get_by_text("Dan Elsewhere")).not_to_be_attached()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_other_page_passes_axe_on_a_phone(training: Training, windows: Windows) -> None:
    page = windows.open(viewport={"width": 320, "height": 640}, color_scheme="dark")
    [token] = training.invite(ANN)
    for path in ("", "none", "enter/none.x", f"enter/{token}", "review", "module/know_the_deal"):
        page.goto(training.url + path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    page.goto(f"{training.url}enter/{token}")
    page.get_by_role("button", name="open my modules").click()
    page.get_by_role("button", name="Sign out on this device").click()
    expect(page.get_by_role("heading", name="You are signed out on this device")).to_be_visible()
    assert violations(page) == []
