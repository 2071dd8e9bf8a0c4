"""What is unsafe stops a learner in the browser, on a phone and at a desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from phbkit.casebank import CaseBank
from tests.browser.axe import violations
from tests.browser.player import (
    Keyboard,
    Mouse,
    commit_step,
    fill_step,
    open_step,
    press_on,
    shown_step,
    stop_step,
    tries_at,
    turn,
    wait_ready,
)
from tests.browser.served import Served
from tests.browser.windows import Windows
from tests.made import careful, careless, ledger

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}
DETOX = "alcohol-detox-at-home"


@pytest.mark.parametrize("size", SIZES)
def test_a_learner_is_stopped_at_a_gate_until_it_is_safe(
    served: Served, windows: Windows, bank: CaseBank, size: str
) -> None:
    case, page = bank.load(DETOX), windows.open(viewport=SIZES[size])
    hand, answers = (Keyboard if size == "phone" else Mouse)(page), careless(case)
    served.play_to(case, "gates", careful(case))
    page.goto(f"{served.url}module/alcohol_detox_at_home")
    wait_ready(page)
    fill_step(page, hand, case, "gates", answers)
    stop_step(page, hand, "gates")
    unsafe = [q for q in case.questions_at("gates") if f"{q.id}.again" in answers]
    heading = shown_step(page).get_by_role("heading", name=f"Stopped: {len(unsafe)} critical")
    expect(heading).to_be_visible()
    mark = page.locator(".phb-steps li[data-state=stopped]")
    expect(mark).to_contain_text("stopped: critical errors to put right")
    expect(page.locator(".phb-progress")).to_contain_text("stopped: unsafe")
    following = case.steps[case.steps.index("gates") + 1]
    assert not page.locator(f'.phb-steps a[href="#{following}"]').count()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]

    page.reload()
    wait_ready(page)
    expect(heading).to_be_visible()
    field = page.locator(f'[data-field="{unsafe[0].id}"]')
    expect(field.locator("input:checked")).to_have_count(0)
    press_on(page, hand, "gates")
    expect(page.locator(".phb-errors")).to_contain_text("is not answered yet.")
    shown_step(page).locator(".phb-stopped a").first.click()
    expect(field.locator("input").first).to_be_focused()
    for again in tries_at(case, "gates", answers):
        fill_step(page, hand, case, "gates", again)
    commit_step(page, hand, "gates")
    expect(page.locator(".phb-steps li[data-state=stopped]")).to_have_count(0)
    expect(shown_step(page)).to_contain_text("Put right in 2 tries.")
    assert served.module(case).result.unsafe == ()
    assert violations(page) == []


@pytest.mark.parametrize("size", SIZES)
def test_the_deal_goes_on_saying_what_it_stops_and_an_unsafe_plan_cannot_be_agreed(
    served: Served, windows: Windows, bank: CaseBank, size: str
) -> None:
    case, page = bank.load(DETOX), windows.open(viewport=SIZES[size])
    hand, answers = Mouse(page), careful(case) | {"plan": ["diy-detox-kit", "taxis"]}
    heard = [thing.id for thing in case.talks[0].heard if thing.of == "diy-detox-kit"]
    answers["talk"] = answers["talk"] | {"later": heard}
    served.play_to(case, "plan", answers)
    page.goto(f"{served.url}module/alcohol_detox_at_home")
    wait_ready(page)
    fill_step(page, hand, case, "plan", answers)
    line = shown_step(page).locator(".phb-aside .phb-line")
    expect(line).to_contain_text("1 to stop")
    if size == "phone":
        expect(line).to_be_in_viewport()
    turn(page, hand, "Previous part")
    page.locator('[id="item-diy-detox-kit"]').scroll_into_view_if_needed()
    expect(line).to_be_in_viewport()
    commit_step(page, hand, "plan")
    stop = shown_step(page).locator(".phb-finding.phb-stop").first
    expect(stop).to_contain_text("Stop: An item known to be unsafe")
    expect(stop).to_be_visible()
    assert violations(page) == []

    held = answers | {"ledger": ledger(case, answers["plan"], ["person", "professional"])}
    for step in ("risk", "close", "decide"):
        open_step(page, hand, step)
        fill_step(page, hand, case, step, held)
        if step != "decide":
            commit_step(page, hand, step)
    stop_step(page, hand, "decide")
    expect(shown_step(page).locator(".phb-stopped")).to_contain_text("change the plan")
    for name in ("decision.choice", "decision.not_to"):
        value = "agree-part" if name.endswith("choice") else "diy-detox-kit"
        page.locator(f'[name="{name}"][value="{value}"]').check()
    assert violations(page) == []
    commit_step(page, hand, "decide")
    assert served.module(case).result.unsafe == ()
    [error] = served.module(case).result.critical
    assert (error.where, error.tries) == ("stopping-with-a-kit", 2)
