"""A GP plays the chronic pain module in a real browser."""

from __future__ import annotations

import io
import os
import re
import signal
from pathlib import Path

from docx import Document
from playwright.sync_api import Page, expect

from phbkit.casebank import Case
from phbkit.workbook.module import Module
from tests.browser.axe import violations
from tests.browser.player import (
    Keyboard,
    Mouse,
    commit_step,
    fill_step,
    open_step,
    opens_again,
    play,
    read,
    shown_step,
    turn,
    wait_ready,
)
from tests.browser.served import Served
from tests.browser.windows import Windows
from tests.expected import EXPECTED


def scores(module: Module) -> dict[str, tuple[str, str]]:
    """Total and per cent by key, as the trainer's notebook gives them."""
    found = module.result.as_dict()["scores"]
    return {key: (score["total"], score["percent"]) for key, score in found.items()}


def begin_at(served: Served, page: Page, case: Case, step: str) -> None:
    """Open the module at a step, with the strong answers to everything before."""
    served.play_to(case, step, read("strong"))
    page.goto(served.module_url)
    wait_ready(page)


def test_a_gp_plays_to_the_end_by_mouse_and_every_step_passes_axe(
    served: Served, page: Page, case: Case
) -> None:
    page.goto(served.url)
    assert violations(page) == []
    page.get_by_role("link", name="Start Chronic pain and massage").click()
    wait_ready(page)

    def check(step: str) -> None:
        assert violations(page) == [], step

    play(page, Mouse(page), case, read("strong"), before=check, after=check)
    assert scores(served.module(case)) == EXPECTED["strong"]
    assert served.module(case).answers["talk"] == read("strong")["talk"]
    entry = page.get_by_label("CPD entry text", exact=True).input_value()
    assert "Hours: 0.50" in entry
    assert "2. Write who holds which part of a risk." in entry
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Word")).click()
    word = Document(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert "Unproven and unsafe are two questions." in [p.text for p in word.paragraphs]
    page.get_by_role("link", name="Back to all modules").click()
    expect(page.get_by_text("finished on")).to_be_visible()


def test_a_gp_plays_to_the_end_by_keyboard_alone(served: Served, page: Page, case: Case) -> None:
    page.goto(served.module_url)
    wait_ready(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the module")).to_be_focused()
    page.keyboard.press("Enter")
    play(page, Keyboard(page), case, read("strong"))
    assert scores(served.module(case)) == EXPECTED["strong"]


def test_a_gp_plays_on_a_narrow_dark_phone_without_scrolling_sideways(
    served: Served, windows: Windows, case: Case
) -> None:
    phone = windows.open(
        viewport={"width": 320, "height": 640}, color_scheme="dark", has_touch=True, is_mobile=True
    )
    phone.goto(served.module_url)
    wait_ready(phone)

    def check(step: str) -> None:
        assert violations(phone) == [], step
        width = phone.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, f"{step} is {width} pixels wide"

    play(phone, Mouse(phone), case, read("weak"), before=check, after=check)
    assert scores(served.module(case)) == EXPECTED["weak"]


def test_a_module_only_looked_at_is_an_unanswered_one(
    served: Served, page: Page, case: Case
) -> None:
    page.goto(served.module_url)
    wait_ready(page)
    assert scores(served.module(case)) == EXPECTED["empty"]


def test_nothing_that_comes_later_reaches_the_browser_before_the_answer(
    served: Served, page: Page, case: Case
) -> None:
    frames: list[str] = []

    def listen(socket: object) -> None:
        socket.on("framereceived", lambda data: frames.append(_as_text(data)))  # type: ignore[attr-defined]

    page.on("websocket", listen)
    page.goto(served.module_url)
    wait_ready(page)
    received = "\n".join(frames) + page.content()
    assert case.about.person.story[:40] in received.replace("\u2019", "'")
    later = [line.reply for talk in case.talks for turn in talk.turns.values() for line in turn]
    later += [thing.words for talk in case.talks for thing in talk.heard]
    later += [thought.words for talk in case.talks for thought in talk.thoughts]
    later += [voice.said for voice in case.about.voices] + [item.what for item in case.about.items]
    later += [branch.three_months for branch in case.about.after]
    later += [q.feedback.text for q in case.questions if q.feedback]
    later += [panel.note for panel in case.panels]
    later += [risk.mitigation for risk in case.about.risks]
    later += [plan.why for plan in case.about.plans]
    assert case.about.replies
    later += [r.words for r in (*case.about.replies.person, *case.about.replies.commissioner)]
    for text in later:
        assert text[:60] not in received.replace("\u2019", "'"), text[:60]


def _as_text(data: str | bytes) -> str:
    return data if isinstance(data, str) else data.decode("utf-8", "replace")


def test_a_reload_brings_back_the_step_and_what_was_typed(
    served: Served, page: Page, case: Case
) -> None:
    begin_at(served, page, case, "decide")
    page.get_by_label(re.compile("^Your reasons")).fill("Half a thought, not sent")
    expect(page.locator("#phb-draft")).to_contain_text("Draft kept at")
    page.reload()
    wait_ready(page)
    expect(page.get_by_role("heading", name="Decide and agree")).to_be_visible()
    expect(page.get_by_label(re.compile("^Your reasons"))).to_have_value("Half a thought, not sent")


def test_a_page_whose_kernel_was_killed_opens_itself_again_and_loses_nothing(
    served: Served, page: Page, case: Case
) -> None:
    begin_at(served, page, case, "judge")
    fill_step(page, Mouse(page), case, "judge", read("strong"))
    commit_step(page, Mouse(page), "judge")
    with opens_again(page):
        for kernel in served.kernels():
            os.kill(kernel, signal.SIGKILL)
    assert set(served.module(case).closed) == {"meet", "talk", "judge"}
    expect(page.get_by_role("heading", name="First judgement")).to_be_visible()
    play_rest = page.get_by_role("link", name="Go on to “The deal”")
    expect(play_rest).to_be_visible()


def test_a_server_that_goes_away_is_told_and_what_was_saved_is_there_after(
    served: Served, page: Page, case: Case
) -> None:
    page.goto(served.module_url)
    wait_ready(page)
    commit_step(page, Mouse(page), "meet")
    served.stop()
    expect(page.locator("#phb-status")).to_have_text("Disconnected")
    expect(page.get_by_role("alert").filter(has_text="Disconnected")).to_contain_text("are saved")
    served.start()
    page.goto(served.module_url)
    wait_ready(page)
    assert set(served.module(case).closed) == {"meet"}


def test_missing_answers_are_listed_and_lead_to_their_fields(
    served: Served, page: Page, case: Case
) -> None:
    begin_at(served, page, case, "judge")
    page.get_by_role("button", name="Commit my first judgement").click()
    summary = shown_step(page).locator(".phb-errors")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("listitem")).to_have_count(2)
    assert violations(page) == []
    summary.get_by_role("link").first.press("Enter")
    assert page.evaluate("document.activeElement.name") == "first-lean"
    assert "judge" not in served.module(case).closed


def test_what_a_learner_types_is_shown_and_never_run(
    served: Served, page: Page, case: Case
) -> None:
    begin_at(served, page, case, "decide")
    hand, answers = Mouse(page), read("strong")
    answers["decision"]["reasons"] = "<img src=x onerror='window.run=1'><script>run=1</script>"
    fill_step(page, hand, case, "decide", answers)
    commit_step(page, hand, "decide")
    expect(page.get_by_text("<img src=x onerror='window.run=1'>")).to_be_visible()
    page.reload()
    wait_ready(page)
    assert page.evaluate("window.run") is None


def test_the_plan_moves_money_and_findings_and_can_be_changed_until_the_decision(
    served: Served, page: Page, case: Case
) -> None:
    begin_at(served, page, case, "plan")
    line = page.locator(".phb-line")
    expect(line).to_contain_text("£2,400 left")
    page.get_by_label("Soft tissue massage, every week", exact=True).check()
    expect(line).to_contain_text("£420 left")
    page.get_by_label("Private GP appointments").check()
    expect(line).to_contain_text("the deal: 1 to stop")
    page.get_by_label("Private GP appointments").uncheck()
    page.get_by_label("Physiotherapist-led exercise block").check()
    expect(line).to_contain_text("£100 over")
    fill_step(page, Mouse(page), case, "plan", {**read("strong"), "plan": []})
    commit_step(page, Mouse(page), "plan")
    page.get_by_role("button", name="Change the plan").click()
    page.get_by_label("Physiotherapist-led exercise block").uncheck()
    page.get_by_role("button", name="Keep this plan").click()
    expect(page.get_by_role("heading", name="Your answers")).to_be_focused()
    assert served.module(case).plan.ids == {"massage-weekly"}


def test_who_holds_what_answers_as_it_is_ticked_and_is_asked_again_of_a_changed_plan(
    served: Served, page: Page, case: Case
) -> None:
    begin_at(served, page, case, "risk")
    hand, answers = Mouse(page), read("strong")
    line = page.locator(".phb-step-risk .phb-line")
    expect(line).to_contain_text("4 of 4 risks held by nobody yet")
    page.locator('[name="ledger.bruise-or-bleed.holders"][value="person"]').check()
    expect(line).to_contain_text("3 of 4 risks held by nobody yet · Owen carries 1 alone")
    page.locator('[name="ledger.bruise-or-bleed.holders"][value="provider"]').check()
    expect(line).to_contain_text("Owen carries none alone")
    page.get_by_role("button", name="Keep who holds what").click()
    summary = shown_step(page).locator(".phb-errors")
    expect(summary).to_contain_text("is not answered yet: nobody holds it.")
    assert violations(page) == []
    summary.get_by_role("link", name="Write it for one risk of doing").press("Enter")
    assert page.evaluate("document.activeElement.name") == "ledger.bruise-or-bleed.stop_rule"
    fill_step(page, hand, case, "risk", answers)
    commit_step(page, hand, "risk")
    open_step(page, hand, "close")
    fill_step(page, hand, case, "close", answers)
    commit_step(page, hand, "close")
    page.locator('nav a[href="#plan"]').click()
    page.get_by_role("button", name="Change the plan").click()
    page.locator('[name="plan"][value="prosthetics-review"]').uncheck()
    page.get_by_role("button", name="Keep this plan").click()
    page.locator('nav a[href="#decide"]').click()
    expect(shown_step(page).get_by_text("Nobody holds one of its risks")).to_be_visible()
    page.get_by_role("link", name="Go back to shared risk").click()
    page.get_by_role("button", name="Change who holds what").click()
    expect(page.locator("#phb-status")).to_contain_text("You can change who holds what")
    page.locator(".phb-risk", has=page.locator("#risk-socket-missed")).locator(
        "summary"
    ).first.click()
    card = page.locator("details.phb-risk", has=page.locator("#risk-socket-missed"))
    expect(card).to_be_visible()
    if card.get_attribute("open") is None:
        card.locator("summary").first.click()
    card.locator('[value="service"]').check()
    page.get_by_role("button", name="Keep who holds what").click()
    expect(page.locator('#phb-status[data-kind="saved"]')).to_be_visible()
    assert served.module(case).ledger.unheld == ()


def test_part_of_a_plan_is_agreed_by_keyboard_and_the_rest_is_left_out(
    served: Served, windows: Windows, case: Case
) -> None:
    phone = windows.open(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    begin_at(served, phone, case, "decide")
    hand, answers = Keyboard(phone), read("strong")
    part = phone.locator('[data-field="decision.not_to"]')
    turn(phone, hand, "Next part")
    hand.choose(phone.locator('input[name="decision.choice"][value="trial"]'))
    expect(part).to_be_hidden()
    turn(phone, hand, "Previous part")
    answers["decision"] |= {"choice": "agree-part", "not_to": ["swim-gym"]}
    fill_step(phone, hand, case, "decide", answers)
    expect(part).to_be_visible()
    expect(phone.locator(".phb-step-decide .phb-line")).to_contain_text("You would agree to 3 of 4")
    assert violations(phone) == []
    commit_step(phone, hand, "decide")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
    assert violations(phone) == []
    expect(
        phone.get_by_text("Not agreed by you: Leisure membership with adapted sessions.")
    ).to_be_visible()
    module = served.module(case)
    assert module.agreed_plan.ids == set(answers["plan"]) - {"swim-gym"}


def test_a_second_window_cannot_answer_over_the_first(
    served: Served, windows: Windows, page: Page, case: Case
) -> None:
    begin_at(served, page, case, "judge")
    other = windows.open()
    other.goto(served.module_url)
    wait_ready(other)
    fill_step(other, Mouse(other), case, "judge", {**read("strong"), "first-lean": -2})
    fill_step(page, Mouse(page), case, "judge", read("strong"))
    commit_step(page, Mouse(page), "judge")
    other.get_by_role("button", name="Commit my first judgement").click()
    expect(other.locator("#phb-status")).to_contain_text("Another window answered first")
    assert served.module(case).answers["first-lean"] == 1


def test_a_phone_asks_one_question_at_a_time_and_all_that_are_missing_at_once(
    served: Served, windows: Windows, case: Case
) -> None:
    page = windows.open(viewport={"width": 390, "height": 844})
    begin_at(served, page, case, "gates")
    questions = page.locator(".phb-step-gates form > .phb-question")
    button = page.get_by_role("button", name="Mark my answers")
    for place in range(questions.count()):
        expect(questions.locator("visible=true")).to_have_count(1)
        expect(page.get_by_text(f"Question {place + 1} of {questions.count()}")).to_be_visible()
        assert questions.nth(place).is_visible()
        if place + 1 < questions.count():
            expect(button).to_be_hidden()
            page.get_by_role("button", name="Next question").click()
    button.click()
    expect(page.get_by_role("heading", name="things to mend")).to_be_visible()
    expect(questions.locator("visible=true")).to_have_count(questions.count())
    for way in (".phb-back", ".phb-progress"):
        expect(page.locator(way)).to_be_in_viewport()
    assert violations(page) == []


def test_a_phone_shows_the_decision_after_its_questions_and_brings_the_stop_rule_of_the_risk(
    served: Served, windows: Windows, case: Case
) -> None:
    page = windows.open(viewport={"width": 390, "height": 844})
    begin_at(served, page, case, "decide")
    choice = page.get_by_role("group", name="What do you say to this plan?")
    for part in (1, 2):
        expect(page.get_by_text(f"Part {part} of 3")).to_be_visible()
        expect(page.locator(".phb-step-decide form > .phb-question:visible")).to_have_count(1)
        expect(choice).to_be_hidden()
        page.get_by_role("button", name="Next part").click()
    expect(choice).to_be_in_viewport()
    expect(page.get_by_role("button", name="Next part")).to_be_hidden()
    ledger = served.module(case).ledger
    expect(page.get_by_label(re.compile("^Stop rule"))).to_have_value("; ".join(ledger.stop_rules))
    assert ledger.stop_rules
    page.get_by_role("button", name="Previous part").click()
    expect(choice).to_be_hidden()


def test_what_was_refused_is_still_there_when_the_tab_was_closed(
    served: Served, windows: Windows, case: Case
) -> None:
    page = windows.open()
    begin_at(served, page, case, "reflect")
    page.get_by_label("What did you learn?").fill("Ask before you read.")
    page.get_by_role("button", name="Finish and make my CPD entry").click()
    expect(page.get_by_role("heading", name="things to mend")).to_be_visible()
    expect(page.locator("#phb-draft")).to_contain_text("Draft kept at")
    page.close()
    page = windows.open()
    page.goto(served.module_url)
    wait_ready(page)
    expect(page.get_by_label("What did you learn?")).to_have_value("Ask before you read.")


def test_a_tick_in_a_stale_window_takes_nothing_from_another_s_draft(
    served: Served, windows: Windows, page: Page, case: Case
) -> None:
    begin_at(served, page, case, "decide")
    stale = windows.open()
    stale.goto(served.module_url)
    wait_ready(stale)
    page.get_by_label(re.compile("^Your reasons")).fill("Because Owen asked.")
    expect(page.locator("#phb-draft")).to_contain_text("Draft kept at")
    stale.locator('[name="decision.choice"][value="trial"]').check()
    expect(stale.locator("#phb-draft")).to_contain_text("Draft kept at")
    stale.reload()
    wait_ready(stale)
    expect(stale.get_by_label(re.compile("^Your reasons"))).to_have_value("Because Owen asked.")
    expect(stale.locator('[name="decision.choice"][value="trial"]')).to_be_checked()


def test_start_again_begins_a_new_attempt_and_keeps_the_first(
    served: Served, page: Page, case: Case
) -> None:
    page.goto(served.module_url)
    wait_ready(page)
    commit_step(page, Mouse(page), "meet")
    page.goto(served.url)
    expect(page.get_by_text("1 of 14 steps done")).to_be_visible()
    page.locator("summary", has_text="Start again").click()
    page.get_by_role("button", name="Start again from the beginning").click()
    wait_ready(page)
    assert served.module(case).closed == {}


NO_PAGES = [
    "voila/render/chronic_pain_massage.ipynb",
    "voila/files/chronic_pain_massage.ipynb",
    "voila/api/contents",
    "voila/tree",
    "module/no_such_module",
    "module/..%2f..%2fcasebank",
    "casebank/deal.yaml",
]


def test_what_is_not_a_page_is_a_friendly_404(served: Served, page: Page) -> None:
    for path in NO_PAGES:
        response = page.goto(served.url + path)
        assert response
        assert response.status == 404, path
        expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
        assert violations(page) == []
