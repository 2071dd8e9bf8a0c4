"""Nothing typed is lost: a network that comes and goes, a server that dies, a locked database."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Dialog, Page, expect

from phbkit.casebank import Case
from phbkit.records import open_store
from tests.browser.axe import violations
from tests.browser.network import Network
from tests.browser.player import (
    Mouse,
    commit_step,
    fill_step,
    opens_again,
    read,
    wait_ready,
)
from tests.browser.reviewing import Meetings, bring_to_ratings
from tests.browser.served import Served
from tests.browser.windows import Windows

COMMIT = "Commit my first judgement"
WAITING = "Waiting for the network…"
EITHER = re.compile("Waiting for the (network|server)…")
BEFORE = {"meet": 1, "talk": 1}
MOST_LOOKS = 200
KEPT = "Object.keys(sessionStorage).filter((key) => key.startsWith('phb:typed:'))"


@pytest.fixture
def network(served: Served, case: Case) -> Iterator[Network]:
    """The way to the server, for a learner who begins."""
    open_store(served.database).start("local", case.id, case.version)
    made = Network(served.port)
    yield made
    made.close()


def killed(served: Served) -> None:
    """End the server and its kernels at once."""
    assert served.process
    os.killpg(served.process.pid, signal.SIGKILL)
    served.process.wait()


@pytest.fixture
def judging(served: Served, network: Network, page: Page, case: Case) -> Page:
    """A page on which the first judgement is filled in and kept as a draft, and not committed."""
    served.play_to(case, "judge", read("strong"))
    page.goto(f"{network.url}module/chronic_pain_massage")
    wait_ready(page)
    fill_step(page, Mouse(page), case, "judge", read("strong"))
    expect(page.locator("#phb-draft")).to_contain_text("Draft kept at")
    return page


def closings(served: Served, case: Case) -> Counter[str]:
    """How often each step was closed, by the rows of the database."""
    events = served.module(case).journal.events()
    return Counter(event.step for event in events if not event.question)


def cut(network: Network, page: Page) -> None:
    network.cut()
    expect(page.locator("#phb-status")).to_have_text("Disconnected")


def test_what_is_pressed_without_a_network_waits_and_is_saved_once_when_it_is_back(
    served: Served, network: Network, judging: Page, case: Case
) -> None:
    cut(network, judging)
    expect(judging.get_by_role("alert")).to_contain_text("then sends what waits")
    judging.get_by_role("button", name=COMMIT).click()
    button = judging.get_by_role("button", name=WAITING)
    expect(button).to_be_visible()
    expect(judging.locator("#phb-status")).to_have_text("Not saved yet: waiting for the network.")
    assert violations(judging) == []
    button.press("Enter")
    assert closings(served, case) == BEFORE
    network.mend()
    expect(judging.locator('#phb-status[data-kind="saved"]')).to_contain_text("Saved at")
    expect(judging.get_by_role("alert")).to_be_hidden()
    assert closings(served, case) == {**BEFORE, "judge": 1}
    assert judging.evaluate(KEPT) == []


def test_what_is_changed_while_it_waits_is_not_sent_until_it_is_pressed_again(
    served: Served, network: Network, judging: Page, case: Case
) -> None:
    cut(network, judging)
    judging.get_by_role("button", name=COMMIT).click()
    expect(judging.get_by_role("button", name=WAITING)).to_be_visible()
    fill_step(judging, Mouse(judging), case, "judge", {**read("strong"), "first-lean": -2})
    expect(judging.locator("#phb-status")).to_contain_text("Press the button again")
    network.mend()
    expect(judging.locator("#phb-draft")).to_contain_text("Draft kept at")
    assert closings(served, case) == BEFORE
    commit_step(judging, Mouse(judging), "judge")
    assert served.module(case).answers["first-lean"] == -2


def test_an_answer_whose_acknowledgement_was_lost_is_sent_again_and_counts_once(
    served: Served, network: Network, judging: Page, case: Case
) -> None:
    network.mute()
    judging.get_by_role("button", name=COMMIT).click()
    expect(judging.get_by_role("button", name=EITHER)).to_be_visible()
    expect(judging.locator("#phb-status")).to_contain_text("Not saved yet")
    assert closings(served, case) == {**BEFORE, "judge": 1}
    network.mend()
    expect(judging.locator('#phb-status[data-kind="saved"]')).to_contain_text("Saved at")
    expect(judging.get_by_role("link", name="Go on to “The deal”")).to_be_visible()
    assert closings(served, case) == {**BEFORE, "judge": 1}


def test_what_waits_when_the_server_dies_is_put_back_when_the_page_has_opened_itself_again(
    served: Served, judging: Page, case: Case
) -> None:
    killed(served)
    expect(judging.locator("#phb-status")).to_have_text("Disconnected")
    fill_step(judging, Mouse(judging), case, "judge", {**read("strong"), "first-lean": 2})
    judging.get_by_role("button", name=COMMIT).click()
    expect(judging.get_by_role("button", name=WAITING)).to_be_visible()
    expect(judging.get_by_role("button", name="Open the page again")).to_have_count(0)
    assert violations(judging) == []
    with opens_again(judging):
        served.start()
    expect(judging.locator("#phb-status")).to_contain_text("is back on this page")
    chosen = judging.locator('[name="first-lean"]:checked')
    expect(chosen).to_have_value("2")
    assert closings(served, case) == BEFORE
    commit_step(judging, Mouse(judging), "judge")
    assert served.module(case).answers["first-lean"] == 2
    assert judging.evaluate(KEPT) == []


def test_what_was_saved_after_all_is_not_put_back(
    served: Served, network: Network, judging: Page, case: Case
) -> None:
    network.mute()
    judging.get_by_role("button", name=COMMIT).click()
    expect(judging.get_by_role("button", name=EITHER)).to_be_visible()
    assert closings(served, case) == {**BEFORE, "judge": 1}
    with opens_again(judging):
        killed(served)
        served.start()
        network.mend()
    expect(judging.locator('a.phb-button[data-go="deal"]')).to_be_attached()
    assert judging.evaluate(KEPT) == []
    assert closings(served, case) == {**BEFORE, "judge": 1}


def test_leaving_with_an_answer_that_waits_asks_first_and_staying_saves_it(
    served: Served, network: Network, judging: Page, case: Case
) -> None:
    cut(network, judging)
    judging.get_by_role("button", name=COMMIT).click()
    expect(judging.get_by_role("button", name=WAITING)).to_be_visible()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    judging.on("dialog", stay)
    judging.close(run_before_unload=True)
    network.mend()
    expect(judging.locator('#phb-status[data-kind="saved"]')).to_contain_text("Saved at")
    assert asked == ["beforeunload"]
    assert closings(served, case) == {**BEFORE, "judge": 1}


def test_what_somebody_else_typed_in_this_tab_is_erased_and_never_shown(
    judging: Page,
) -> None:
    other = "phb:typed:00000000-0000-0000-0000-000000000000:judge-0"
    typed = '{"values": {"first-lean": "-1"}, "sent": false}'
    for _ in range(MOST_LOOKS):  # until the last of the drafts is kept
        if judging.evaluate(KEPT) == []:
            break
        judging.wait_for_timeout(100)
    judging.evaluate("([key, value]) => sessionStorage.setItem(key, value)", [other, typed])
    judging.reload()
    wait_ready(judging)
    assert judging.evaluate(KEPT) == []
    expect(judging.locator('[name="first-lean"]:checked')).to_have_value("1")
    expect(judging.locator("#phb-status")).to_have_text("Ready")


def test_a_locked_database_is_told_and_the_answer_is_saved_when_it_is_free(
    served: Served, judging: Page, case: Case
) -> None:
    records = served.data / "records.sqlite"
    with closing(sqlite3.connect(records, timeout=60, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        fill_step(judging, Mouse(judging), case, "judge", {**read("strong"), "first-lean": 2})
        judging.get_by_role("button", name=COMMIT).click()
        status = judging.locator("#phb-status")
        expect(status).to_contain_text("The place where answers are kept cannot be reached")
        expect(judging.get_by_role("button", name="Waiting for the server…")).to_be_visible()
        assert violations(judging) == []
    expect(judging.locator('#phb-status[data-kind="saved"]')).to_contain_text("Saved at")
    assert closings(served, case) == {**BEFORE, "judge": 1}


def test_waiting_fits_a_narrow_phone(network: Network, windows: Windows) -> None:
    phone = windows.open(viewport={"width": 320, "height": 640}, color_scheme="dark")
    phone.goto(f"{network.url}module/chronic_pain_massage")
    wait_ready(phone)
    cut(network, phone)
    phone.locator("section:not([hidden]) button[type=submit]").click()
    expect(phone.get_by_role("button", name=WAITING)).to_be_visible()
    assert violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320


def test_what_is_marked_and_not_sent_survives_kernel_server_reload_and_battery(
    meetings: Meetings, windows: Windows
) -> None:
    chair, ann, pam = windows.open(), windows.open(), windows.open()
    bring_to_ratings(meetings, chair, ann, pam)

    def mark(page: Page, place: int) -> None:
        page.locator(".phb-rating").nth(place).locator("input[value='7']").check(force=True)

    mark(ann, 0)
    with opens_again(ann):
        os.kill(meetings.kernel_of(ann), signal.SIGKILL)
    mark(ann, 1)
    with opens_again(ann):
        ann.reload()
    mark(pam, 0)
    with opens_again(ann), opens_again(pam):
        killed(meetings)
        expect(ann.locator("#phb-status")).to_have_text("Disconnected")
        mark(ann, 2)
        expect(ann.get_by_role("button", name="Open the page again")).to_have_count(0)
        meetings.start()
    again = ann.context.new_page()  # as after a flat battery
    ann.close()
    again.goto(f"{meetings.door}/room")
    for page, count in ((again, 3), (pam, 1)):
        expect(page.locator("#phb-status")).to_contain_text("is back on this page")
        expect(page.locator(".phb-rating input:checked")).to_have_count(count)
    for place in range(3, again.locator(".phb-rating").count()):
        mark(again, place)
    again.get_by_role("button", name="Give my ratings").click()
    expect(again.get_by_role("heading", name="You have rated")).to_be_visible()
    assert again.evaluate("Object.keys(localStorage)") == []
    chair.get_by_label("Show the ratings without").check()
    chair.get_by_role("button", name="Show the ratings to everybody").click()
    chair.get_by_text("End the meeting without a decision").click()
    chair.get_by_label("No decision was reached").check()
    chair.get_by_label("The reasons, in words").fill("Time is up.")
    chair.get_by_role("button", name="Close the meeting and make the record").click()
    expect(pam.get_by_role("heading", name="The record", exact=True)).to_be_visible()
    assert pam.evaluate("Object.keys(localStorage)") == []
