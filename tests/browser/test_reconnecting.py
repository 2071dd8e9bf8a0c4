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
from tests.browser.player import Mouse, commit_step, fill_step, open_step, read, wait_ready
from tests.browser.reviewing import Meetings, open_meeting
from tests.browser.served import Served
from tests.browser.windows import Windows

COMMIT = "Commit my first judgement"
WAITING = "Waiting for the network…"
EITHER = re.compile("Waiting for the (network|server)…")
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
def judging(network: Network, page: Page, case: Case) -> Page:
    """A page on which the first judgement is filled in and kept as a draft, and not committed."""
    page.goto(f"{network.url}module/chronic_pain_massage")
    wait_ready(page)
    hand = Mouse(page)
    open_step(page, hand, "meet")
    commit_step(page, hand, "meet")
    open_step(page, hand, "judge")
    fill_step(page, hand, case, "judge", read("strong"))
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
    assert closings(served, case) == {"meet": 1}
    network.mend()
    expect(judging.locator('#phb-status[data-kind="saved"]')).to_contain_text("Saved at")
    expect(judging.get_by_role("alert")).to_be_hidden()
    assert closings(served, case) == {"meet": 1, "judge": 1}
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
    assert closings(served, case) == {"meet": 1}
    commit_step(judging, Mouse(judging), "judge")
    assert served.module(case).answers["first-lean"] == -2


def test_an_answer_whose_acknowledgement_was_lost_is_sent_again_and_counts_once(
    served: Served, network: Network, judging: Page, case: Case
) -> None:
    network.mute()
    judging.get_by_role("button", name=COMMIT).click()
    expect(judging.get_by_role("button", name=EITHER)).to_be_visible()
    expect(judging.locator("#phb-status")).to_contain_text("Not saved yet")
    assert closings(served, case) == {"meet": 1, "judge": 1}
    network.mend()
    expect(judging.locator('#phb-status[data-kind="saved"]')).to_contain_text("Saved at")
    expect(judging.get_by_role("link", name="Go to “The deal”")).to_be_visible()
    assert closings(served, case) == {"meet": 1, "judge": 1}


def test_what_waits_when_the_server_dies_is_put_back_after_opening_the_page_again(
    served: Served, judging: Page, case: Case
) -> None:
    killed(served)
    expect(judging.locator("#phb-status")).to_have_text("Disconnected")
    fill_step(judging, Mouse(judging), case, "judge", {**read("strong"), "first-lean": 2})
    judging.get_by_role("button", name=COMMIT).click()
    expect(judging.get_by_role("button", name=WAITING)).to_be_visible()
    served.start()
    lost = judging.get_by_role("alert").filter(has_text="lost its session")
    expect(lost).to_contain_text("What you have typed is kept in this tab")
    expect(judging.locator("#phb-status")).to_contain_text("what you typed is put back")
    assert violations(judging) == []
    lost.get_by_role("button", name="Open the page again").click()
    wait_ready(judging)
    expect(judging.locator("#phb-status")).to_contain_text("is back on this page")
    chosen = judging.locator('[name="first-lean"]:checked')
    expect(chosen).to_have_value("2")
    assert closings(served, case) == {"meet": 1}
    commit_step(judging, Mouse(judging), "judge")
    assert served.module(case).answers["first-lean"] == 2
    assert judging.evaluate(KEPT) == []


def test_what_was_saved_after_all_is_not_put_back(
    served: Served, network: Network, judging: Page, case: Case
) -> None:
    network.mute()
    judging.get_by_role("button", name=COMMIT).click()
    expect(judging.get_by_role("button", name=EITHER)).to_be_visible()
    assert closings(served, case) == {"meet": 1, "judge": 1}
    killed(served)
    served.start()
    network.mend()
    judging.get_by_role("alert").get_by_role("button", name="Open the page again").click()
    wait_ready(judging)
    expect(judging.locator('a.phb-button[data-go="deal"]')).to_be_attached()
    assert judging.evaluate(KEPT) == []
    assert closings(served, case) == {"meet": 1, "judge": 1}


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
    assert closings(served, case) == {"meet": 1, "judge": 1}


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
    assert closings(served, case) == {"meet": 1, "judge": 1}


def test_waiting_fits_a_narrow_phone(network: Network, windows: Windows) -> None:
    phone = windows.open(viewport={"width": 320, "height": 640}, color_scheme="dark")
    phone.goto(f"{network.url}module/chronic_pain_massage")
    wait_ready(phone)
    cut(network, phone)
    phone.locator("section:not([hidden]) button[type=submit]").click()
    expect(phone.get_by_role("button", name=WAITING)).to_be_visible()
    assert violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_meeting_keeps_nothing_that_is_typed_in_the_browser(
    meetings: Meetings, page: Page
) -> None:
    open_meeting(meetings, page)
    meetings.stop()
    expect(page.locator("#phb-status")).to_have_text("Disconnected")
    box = page.locator("main form textarea, main form input[type=text]").first
    box.evaluate("box => box.closest('details')?.setAttribute('open', '')")
    box.fill("About a real person")
    assert page.evaluate("Object.keys(sessionStorage)") == []
    assert page.evaluate("Object.keys(localStorage)") == []
