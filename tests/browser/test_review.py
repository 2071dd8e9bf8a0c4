"""A case review: a facilitator and six others, each in a browser of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from icalendar import Calendar
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from phbkit.casebank import CaseBank
from tests.browser.axe import violations
from tests.browser.network import HeldReplies, Network
from tests.browser.player import opens_again
from tests.browser.reviewing import Meetings, join, open_meeting, opened
from tests.browser.windows import Windows
from tests.meeting.made_meeting import working_day
from tests.ports import free_port

PHONE = {"viewport": {"width": 360, "height": 740}}
ROOM = {
    "Pam": "The person",
    "Ann": "GP",
    "Ben": "Nurse",
    "Cat": "Pharmacist",
    "Dev": "Social worker",
    "Eve": "Commissioner",
}
FIRST_ROUND = {"Pam": 9, "Ann": 2, "Ben": 8, "Cat": 1, "Dev": 9, "Eve": 8}
SECOND_ROUND = {"Pam": 9, "Ann": 7, "Ben": 8, "Cat": 6, "Dev": 8, "Eve": 8}
REVIEW = working_day(70).isoformat()


LIVE = {
    "Title": "Home after hospital",
    "What to call the person here": "A",
    "What the person wants, one a line": "My own bed",
    "Options, one a line": "Help in the morning; 24.50; 260",
    "Indicative budget, pounds a year": "6500",
}


def rate(page: Page, first: int, button: str = "Give my ratings") -> None:
    """Give `first` to the first thing and 7 to the others."""
    things = page.locator(".phb-rating")
    expect(things.first).to_be_visible()
    for place in range(things.count()):
        mark = first if place == 0 else 7
        things.nth(place).locator(f"input[value='{mark}']").check(force=True)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="You have rated")).to_be_visible()


def clean(page: Page) -> None:
    assert violations(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{wide} pixels wider than the window"


def save(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


@dataclass
class Room:
    """The facilitator's browser, and everybody else's by name."""

    meetings: Meetings
    chair: Page
    seats: dict[str, Page]
    code: str

    def __getitem__(self, name: str) -> Page:
        return self.seats[name]


def test_a_whole_meeting_in_seven_browsers_with_two_kernels_killed(
    meetings: Meetings, windows: Windows, tmp_path: Path
) -> None:
    room = gather(meetings, windows)
    person_first(room)
    first_round_with_two_kernels_killed(room)
    first_reveal(room)
    second_round(room)
    plan_and_ledger(room)
    agreements_and_dissent(room)
    close_as_deferred(room)
    check_record(meetings, room.chair, tmp_path)
    check_copy(room["Pam"], tmp_path)
    expect(room["Dev"].locator("[data-do=download]")).to_have_text("Review date for a calendar")
    late = windows.open()
    join(meetings, late, room.code, "Zoe", "Nurse")
    expect(late.get_by_text("opens no meeting").first).to_be_visible()


def gather(meetings: Meetings, windows: Windows) -> Room:
    chair = windows.open()
    code = open_meeting(meetings, chair)
    seats = {name: windows.open(**PHONE) for name in ROOM}
    for name, page in seats.items():
        join(meetings, page, code.lower().replace("-", " "), name, ROOM[name])
    for page in seats.values():
        opened(page)
    for name in ROOM:
        expect(chair.locator(".phb-seats").get_by_text(f"{name}, ")).to_be_visible()
    clean(chair)
    clean(seats["Ann"])
    return Room(meetings, chair, seats, code)


def person_first(room: Room) -> None:
    press(room.chair, "Go on: hear the person first")
    pam = room["Pam"]
    pam.get_by_label("What matters most").fill("My own bed, and my sister there.")
    pam.get_by_label("What worries you").fill("The nights.")
    clean(pam)
    press(pam, "Share these words with the room")
    expect(room["Eve"].get_by_text("My own bed, and my sister there.")).to_be_visible()


def first_round_with_two_kernels_killed(room: Room) -> None:
    chair = room.chair
    press(chair, "Go on: everybody rates alone")
    expect(room["Ann"].locator(".phb-rating").first).to_be_visible()
    clean(room["Ann"])
    for name in ("Pam", "Ann", "Ben"):
        rate(room[name], FIRST_ROUND[name])
    for name in ("Ben", "Cat"):  # he has rated, she has not
        with opens_again(room[name]):
            os.kill(room.meetings.kernel_of(room[name]), signal.SIGKILL)
    expect(room["Ben"].get_by_role("heading", name="You have rated")).to_be_visible()
    for name in ("Cat", "Dev"):
        rate(room[name], FIRST_ROUND[name])
    expect(chair.get_by_text("5 of 6 have rated")).to_be_visible()
    expect(chair.get_by_text("Not yet rated: Eve, commissioner.")).to_be_visible()
    for page in (chair, room["Dev"]):
        assert page.locator(".phb-rated").count() == 0
    rate(room["Eve"], FIRST_ROUND["Eve"])
    clean(chair)


def first_reveal(room: Room) -> None:
    chair = room.chair
    press(chair, "Show the ratings to everybody")
    team = [mark for name, mark in FIRST_ROUND.items() if name != "Pam"]
    for page in (chair, room["Ann"]):
        first = page.locator(".phb-rated > li").first
        expect(first).to_contain_text(f"Median {statistics.median(team):g}")
        expect(first).to_contain_text("The team disagrees")
        expect(first.get_by_role("img")).to_have_accessible_name(
            re.compile(r"1 gave 1, 1 gave 2, 2 gave 8, 1 gave 9.*person’s side: 9")
        )
        clean(page)
    chair.get_by_label("Add a note").fill("The ends fear the nights.")
    press(chair, "Add the note")
    expect(room["Dev"].get_by_text("The ends fear the nights.")).to_be_visible()
    chair.reload()  # the facilitator's browser is closed and opened again
    opened(chair)


def second_round(room: Room) -> None:
    press(room.chair, "Rate a second time")
    for name, page in room.seats.items():
        rate(page, SECOND_ROUND[name])
    press(room.chair, "Show the second ratings")
    moved = room["Ann"].get_by_text(
        "Nurse-led detox at home: the team’s median stays at 8; 3 people of 6 changed their mark; "
        "they no longer disagree."
    )
    expect(moved).to_be_visible()
    press(room.chair, "Go on to plan, risks and agreements")


def plan_and_ledger(room: Room) -> None:
    chair = room.chair
    chair.get_by_label("Nurse-led detox at home", exact=True).check()
    expect(chair.locator(".phb-live")).to_contain_text("£2,020 left")
    clean(chair)
    chair.get_by_label("Who co-ordinates").fill("The nurse")
    chair.get_by_label("Next review, on").fill(REVIEW)
    chair.get_by_label("What would bring it back sooner").fill("A fall.")
    chair.get_by_label("Stop rule: what would make us stop").fill("A fit.")
    press(chair, "Keep this plan and show it")
    expect(room["Eve"].get_by_role("cell", name="£1,180")).to_be_visible()
    of_the_case = "[data-field^='risks.']:not([data-field^='risks.own'])"
    for held in chair.locator(f"{of_the_case}[data-field$='.holders']").all():
        held.get_by_label("the person", exact=True).check()
        held.get_by_label("the commissioner", exact=True).check()
    press(chair, "Keep who holds what and show it")
    expect(room["Dev"].get_by_text("the person; the commissioner").first).to_be_visible()


def agreements_and_dissent(room: Room) -> None:
    for (
        page
    ) in room.seats.values():  # an answer before the risks have come would be to another plan
        expect(page.get_by_text("the person; the commissioner").first).to_be_visible()
    room["Eve"].locator("#phb-status").get_by_role("link", name="Your answer is asked").click()
    expect(room["Eve"].get_by_label("I agree", exact=True)).to_be_focused()
    for name in ("Pam", "Ann"):
        agree(room[name], "I agree")
    agree(room["Eve"], "I do not agree", "Nobody has said who pays for the nights.")
    clean(room["Eve"])
    expect(room["Pam"].get_by_text("When somebody says no")).to_be_visible()
    cat = room["Cat"]
    cat.get_by_text("Put a disagreement on the record", exact=True).click()
    cat.get_by_label("I do not agree, because").fill("The fits were never asked about.")
    press(cat, "Put it on the record")
    expect(room.chair.get_by_text("The fits were never asked about.")).to_be_visible()


def close_as_deferred(room: Room) -> None:
    chair = room.chair
    chair.get_by_label("A decision is made").check()
    chair.get_by_label("The reasons, in words Kerry would use").fill(
        "The nights are not paid for yet."
    )
    press(chair, "Close the meeting and make the record")
    expect(chair.locator(".phb-errors:visible")).to_contain_text("the commissioner does not agree")
    chair.get_by_label("The decision is deferred").check()
    press(chair, "Close the meeting and make the record")
    for page in (chair, room["Pam"], room["Dev"]):
        expect(page.get_by_role("heading", name="The record", exact=True)).to_be_visible()
    clean(chair)
    clean(room["Pam"])


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()


def agree(page: Page, answer: str, reason: str = "") -> None:
    page.get_by_label(answer, exact=True).check()
    page.get_by_label("The reason, or on what condition", exact=True).fill(reason)
    press(page, "Give my answer")
    expect(page.get_by_text("Change your answer")).to_be_visible()


def check_record(meetings: Meetings, chair: Page, folder: Path) -> None:
    """Hold the documents for the file against what was given."""
    whole = json.loads(save(chair, "Record, JSON", folder).read_text())
    rated = {(each["title"], each["round"]): each for each in whole["record"]["rated"]}
    for number, given in ((1, FIRST_ROUND), (2, SECOND_ROUND)):
        first = rated["Nurse-led detox at home", number]
        team = [mark for name, mark in given.items() if name != "Pam"]
        assert sorted(each["rating"] for each in first["team"]) == sorted(team)
        assert first["median"] == statistics.median(team)
        assert [each["rating"] for each in first["person"]] == [given["Pam"]]
        assert first["disagreement"] == (number == 1)
    acts = meetings.meeting()
    assert len(acts.revealed(1)) == len(acts.revealed(2)) == 6
    assert whole["record"]["outcome"] == "deferred"
    word = Document(str(save(chair, "Record, Word", folder)))
    text = "\n".join(paragraph.text for paragraph in word.paragraphs)
    pdf = PdfReader(save(chair, "Record, PDF", folder))
    printed = " ".join(page.extract_text() for page in pdf.pages)
    for told in ("The fits were never asked about.", "The nights are not paid for yet."):
        assert told in text
        assert told in re.sub(r"\s+", " ", printed)


def check_copy(pam: Page, folder: Path) -> None:
    """Hold the person's own copy against what was said; it carries the dissent."""
    word = Document(str(save(pam, "Plain copy, Word", folder)))
    text = "\n".join(paragraph.text for paragraph in word.paragraphs)
    assert "The fits were never asked about." in text
    assert "Nobody has said who pays for the nights." in text
    assert save(pam, "Plain copy, PDF", folder).read_bytes().startswith(b"%PDF")
    diary = Calendar.from_ical(save(pam, "Review date for a calendar", folder).read_bytes())
    assert [event["DTSTART"].dt.isoformat() for event in diary.walk("VEVENT")] == [REVIEW]


def tab_to(page: Page, control: Locator) -> None:
    handle = control.element_handle()
    for _ in range(200):
        if page.evaluate(
            "(wanted) => document.activeElement === wanted || (wanted.type === 'radio' && "
            "document.activeElement.name === wanted.name)",
            handle,
        ):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {control}")


def test_whoever_acts_before_the_page_has_settled_keeps_the_focus(
    meetings: Meetings, windows: Windows
) -> None:
    chair, pam = windows.open(), windows.open()
    code = open_meeting(meetings, chair, "chronic-pain-massage")
    join(meetings, pam, code, "Pam", "The person")
    chair.get_by_role("button", name="Go on: hear the person first").click()
    pam.get_by_label("What matters most").fill("My pigeons before breakfast.")
    pam.get_by_role("button", name="Share these words").click()
    expect(chair.get_by_text("My pigeons before breakfast.")).to_be_visible()
    pam.evaluate(
        """document.addEventListener("phb:drawn", () => {
            const first = document.querySelector(".phb-rating input");
            if (!first || window.acted) return;
            window.acted = true;
            first.focus();
            first.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
        })"""
    )
    chair.get_by_role("button", name="Go on: everybody rates alone").click()
    expect(pam.get_by_text("The meeting moved on")).to_be_attached()
    expect(pam.locator(".phb-rating input").first).to_be_focused(timeout=1)


def test_somebody_with_a_keyboard_alone_joins_speaks_and_rates(
    meetings: Meetings, windows: Windows
) -> None:
    chair, pam = windows.open(), windows.open(viewport={"width": 320, "height": 640})
    code = open_meeting(meetings, chair, "chronic-pain-massage")
    pam.goto(meetings.door)
    form = pam.locator("form[action$='review/join']")
    for control, text in (
        (form.get_by_label("Code", exact=True), code),
        (form.get_by_label("What the room calls you"), "Pam"),
        (form.get_by_label("Your role"), "The person"),
    ):
        tab_to(pam, control)
        pam.keyboard.type(text)
    tab_to(pam, form.get_by_role("button", name="Join"))
    pam.keyboard.press("Enter")
    opened(pam)
    chair.get_by_role("button", name="Go on: hear the person first").focus()
    chair.keyboard.press("Enter")
    tab_to(pam, pam.get_by_label("What matters most"))
    pam.keyboard.type("The arm first, then talk.")
    tab_to(pam, pam.get_by_role("button", name="Share these words"))
    pam.keyboard.press("Enter")
    expect(chair.get_by_text("The arm first, then talk.")).to_be_visible()
    chair.get_by_role("button", name="Go on: everybody rates alone").focus()
    chair.keyboard.press("Enter")
    things = pam.locator(".phb-rating")
    expect(things.first).to_be_visible()
    for place in range(things.count()):
        tab_to(pam, things.nth(place).locator("input").first)
        pam.keyboard.press("Space")
        pam.keyboard.press("ArrowRight")
    tab_to(pam, pam.get_by_role("button", name="Give my ratings"))
    clean(pam)
    pam.keyboard.press("Enter")
    expect(pam.get_by_role("heading", name="You have rated")).to_be_visible()
    expect(pam.get_by_text("Look at your marks")).to_be_visible()
    ratings: Any = meetings.meeting()
    seat = next(each for each in ratings.seats.values() if each.role == "person")
    assert set(ratings.mine(1, seat.id).values()) == {2}


def test_what_is_typed_survives_what_others_do(meetings: Meetings, windows: Windows) -> None:
    chair, other = windows.open(), windows.open()
    code = open_meeting(meetings, chair)
    press(chair, "Go on: hear the person first")
    words = chair.get_by_label("What matters most to them, in their words")
    words.press_sequentially("She said: my own")
    join(meetings, other, code, "Ann", "GP")
    opened(other)
    expect(chair.locator(".phb-seats").get_by_text("Ann, GP")).to_be_attached()
    words.press_sequentially(" bed")
    expect(words).to_have_value("She said: my own bed")
    expect(words).to_be_focused()
    join(meetings, windows.open(), code, "Pam", "The person")
    expect(chair.get_by_text("We wait for Kerry")).to_be_visible()


def test_another_device_takes_the_seat_again_with_its_return_code(
    meetings: Meetings, windows: Windows
) -> None:
    chair = windows.open()
    code = open_meeting(meetings, chair)
    chair.get_by_text("If you change device").click()
    back = chair.locator("details .phb-code").inner_text()
    desk = windows.open()
    desk.goto(meetings.door)
    form = desk.locator("form[action$='review/join']")
    form.get_by_label("Code", exact=True).fill(code)
    desk.get_by_text("I was here before").click()
    form.get_by_label("Return code").fill(back)
    press(desk, "Join")
    expect(opened(desk).get_by_role("heading", name="Move the meeting on")).to_be_visible()
    chair.goto(meetings.door)
    expect(chair.get_by_text("You sit in a meeting")).to_have_count(0)


def test_two_windows_of_the_facilitator_do_not_overwrite_each_other_unseen(
    meetings: Meetings, windows: Windows
) -> None:
    one = windows.open()
    open_meeting(meetings, one)
    two = one.context.new_page()
    two.goto(f"{meetings.door}/room")
    opened(two)
    one.get_by_label("Stand-alone stay in a residential detox unit").check()
    two.get_by_label("Taxis while she cannot drive").check()
    press(one, "Keep this list")
    expect(two.get_by_text("What to rate (9)")).to_be_visible()
    expect(two.locator("#phb-status")).to_contain_text("Another window changed this part")
    expect(two.get_by_label("Stand-alone stay in a residential detox unit")).to_be_checked()
    expect(two.get_by_label("Taxis while she cannot drive")).to_be_checked()
    press(two, "Keep this list")
    expect(one.get_by_text("What to rate (10)")).to_be_visible()


def test_a_choice_made_on_one_plan_is_no_answer_to_another(
    meetings: Meetings, windows: Windows
) -> None:
    chair, pam = windows.open(), windows.open(**PHONE)
    code = open_meeting(meetings, chair)
    join(meetings, pam, code, "Pam", "The person")
    opened(pam)
    press(chair, "Go on: hear the person first")
    pam.get_by_label("What matters most").fill("My own bed.")
    press(pam, "Share these words with the room")
    expect(chair.get_by_text("My own bed.")).to_be_visible()
    press(chair, "Go on: everybody rates alone")
    rate(pam, 9)
    heading = pam.locator("#rate-title")
    expect(heading).to_be_in_viewport()
    press(chair, "Show the ratings to everybody")
    expect(pam.locator("#reveal-title")).to_be_in_viewport()
    press(chair, "Go on to plan, risks and agreements")
    chair.get_by_label("Nurse-led detox at home", exact=True).check()
    press(chair, "Keep this plan and show it")
    expect(pam.get_by_text("once each risk has somebody who holds it")).to_be_visible()
    pam.get_by_text("Answer already").click()
    pam.get_by_label("I agree", exact=True).check()
    pam.get_by_label("The reason, or on what condition", exact=True).fill("It is my bed.")
    chair.get_by_label("Wine until day one", exact=True).check()
    press(chair, "Keep this plan and show it")
    expect(pam.locator("#phb-status")).to_contain_text("Read it, then choose again")
    expect(pam.get_by_label("I agree", exact=True)).not_to_be_checked()
    reason = pam.get_by_label("The reason, or on what condition", exact=True)
    expect(reason).to_have_value("It is my bed.")
    expect(reason).to_be_visible()


def test_what_is_typed_and_not_saved_is_pointed_out_before_the_meeting_moves_on(
    meetings: Meetings, windows: Windows
) -> None:
    chair, pam = windows.open(), windows.open(**PHONE)
    code = open_meeting(meetings, chair)
    join(meetings, pam, code, "Pam", "The person")
    opened(pam)
    press(chair, "Go on: hear the person first")
    chair.get_by_label("Add a note").fill("She came late.")
    pam.get_by_label("What matters most").fill("My own bed.")
    press(pam, "Share these words with the room")
    pam.get_by_text("Change or add to these words").click()
    pam.get_by_label("What worries you").fill("The nights are long.")
    press(chair, "Go on: everybody rates alone")
    expect(chair.locator("#phb-status")).to_contain_text("typed and not saved")
    expect(chair.get_by_label("Add a note")).to_be_focused()
    bea = windows.open()
    join(meetings, bea, code, "Bea", "GP")  # which draws the chair's page anew
    expect(chair.get_by_text("Who is here (3)")).to_be_visible()
    press(chair, "Go on: everybody rates alone")
    expect(chair.locator("#phb-unsaved")).to_contain_text("She came late.")
    expect(pam.locator("#phb-unsaved")).to_contain_text("The nights are long.")
    clean(pam)


def test_the_page_to_project_shows_the_code_and_takes_nothing(
    meetings: Meetings, windows: Windows
) -> None:
    chair = windows.open()
    code = open_meeting(meetings, chair)
    screen = chair.context.new_page()
    screen.goto(f"{meetings.door}/room?screen=1")
    expect(opened(screen).locator(".phb-join")).to_contain_text(code)
    assert screen.locator("main form, main button").count() == 0
    clean(screen)


def test_the_door_is_accessible_and_says_what_is_wrong(meetings: Meetings, page: Page) -> None:
    page.goto(meetings.door)
    clean(page)
    press(page, "Join")
    expect(page.get_by_role("alert")).to_contain_text("The code opens no meeting")
    clean(page)
    press(page, "Open the meeting")
    expect(page.get_by_role("alert")).to_contain_text("The name must be what the room calls you")
    assert page.get_by_label("Live, about a real person’s care").is_disabled()


def test_every_case_with_a_plan_can_be_reviewed(meetings: Meetings, page: Page) -> None:
    page.goto(meetings.door)
    offered = page.get_by_label("For training: the case").locator("option").all()
    bank = CaseBank(Path(__file__).parents[2] / "casebank")
    planned = {case for case in bank.case_ids if bank.load(case).about.items}
    assert {each.get_attribute("value") for each in offered} == planned


def test_a_network_that_is_gone_without_a_word_is_noticed_though_nobody_presses(
    meetings: Meetings, windows: Windows
) -> None:
    network = Network(meetings.port)
    try:
        page = windows.open()
        page.goto(f"{network.url}review")
        form = page.locator("form[action$='review/open']")
        form.get_by_label("What the room calls you").fill("Fay")
        press(page, "Open the meeting")
        opened(page)
        network.mute()
        told = page.get_by_role("alert").filter(has_text="Disconnected")
        expect(told).to_be_in_viewport(timeout=60_000)
        network.mend()
        expect(told).to_be_hidden()
    finally:
        network.close()


SAVED = b'"did": "saved"'


@pytest.mark.parametrize("first", ["redrawn", "answered"])
def test_what_is_typed_on_while_the_answer_is_on_its_way_stays_and_outlives_a_reload(
    meetings: Meetings, windows: Windows, first: str
) -> None:
    """The notes may be drawn anew before the reply is there: what is typed then is another."""
    page = windows.open()
    replies = HeldReplies(page, SAVED if first == "redrawn" else b'"method": "')
    open_meeting(meetings, page)
    press(page, "Go on: hear the person first")
    note, kept = page.get_by_label("Add a note"), page.locator(".phb-notes-list li")
    note.fill("A note")
    expect(page.get_by_role("button", name="Go on: everybody rates alone")).to_be_visible()  # saved
    replies.holding = True
    press(page, "Add the note")
    if first == "redrawn":
        expect(kept).to_have_count(1)
        expect(note).to_have_value("")
    note.fill("Another note")
    replies.let_go()
    expect(page.locator("#phb-status")).to_contain_text("What you changed after that is not.")
    expect(note).to_have_value("Another note")
    page.reload()
    expect(note).to_have_value("Another note")
    press(page, "Add the note")
    expect(kept).to_have_text([re.compile("A note"), re.compile("Another note")])


def test_what_could_identify_somebody_is_kept_only_once_it_was_looked_at(
    tmp_path: Path, windows: Windows
) -> None:
    meetings = Meetings(tmp_path, free_port(), env={"PHB_LIVE_REVIEWS": "true"})
    meetings.start()
    try:
        chair = windows.open()
        chair.goto(meetings.door)
        form = chair.locator("form[action$='review/open']")
        form.get_by_label("What the room calls you").fill("Fay")
        form.get_by_label("Live, about a real person").check()
        form.get_by_label("I have read this").check()
        form.get_by_label("Commissioner").check()
        for label, words in LIVE.items():
            form.get_by_label(label).fill(words)
        form.get_by_label("Title", exact=True).fill("Home after hospital 943 476 5919")
        expect(form.get_by_label("it identifies nobody")).to_have_count(0)
        press(chair, "Open the meeting")
        expect(chair.get_by_label("it identifies nobody")).to_be_visible()
        chair.get_by_label("Title", exact=True).fill("Home after hospital")
        press(chair, "Open the meeting")
        opened(chair)
        press(chair, "Go on: hear the person first")
        note, kept = chair.get_by_label("Add a note"), chair.locator(".phb-notes-list li")
        tick = chair.locator("form[data-step=note] .phb-keep input")
        note.fill("Ring 07700 900123.")
        expect(tick).to_be_hidden()
        press(chair, "Add the note")
        tick.check()
        note.press_sequentially(" Or 07700 900456.")
        expect(tick).to_be_hidden()
        press(chair, "Add the note")
        expect(chair.locator("form[data-step=note]")).to_contain_text("07700 900456")
        tick.check()
        clean(chair)
        press(chair, "Add the note")
        expect(kept).to_have_count(1)
        note.fill("About a real person.")
        chair.reload()
        expect(note).to_have_value("About a real person.")
        assert chair.evaluate("Object.keys(localStorage)") == []  # nothing stays on the device
        other = chair.context.new_page()
        other.goto(f"{meetings.door}/room")
        expect(opened(other).get_by_label("Add a note")).to_have_value("")
    finally:
        meetings.stop()
