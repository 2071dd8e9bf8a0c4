"""What each seat is shown at each stage; nothing that the stage does not allow is rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from phbkit.casebank import Case, CaseBank
from phbkit.meeting.decision_record import decision_record
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.pages import PARTS, View, part_page
from tests.meeting.made_meeting import (
    CASEBANK,
    TEAM,
    WATCHED,
    Played,
    agreed,
    ended,
    gathered,
    planned,
    rated,
)


@pytest.fixture(scope="module")
def case() -> Case:
    return CaseBank(CASEBANK).load("alcohol-detox-at-home")


def page(case: Case, meeting: Meeting, seat: str | None, *, screen: bool = False) -> str:
    found = meeting.seats.get(seat or "")
    view = View(
        meeting, case, found, screen=screen, code="KTX-4M7",
        address="here", back="ABCD-2345",
    )  # fmt: skip
    return "\n".join(part_page(part, view) for part in PARTS)


def checked_marks(html: str) -> list[str]:
    soup = BeautifulSoup(html, "html.parser")
    found = soup.select('input[type=radio][name^="ratings."][checked]')
    return [f"{each['name']}={each['value']}" for each in found]


def stages(case: Case) -> Iterator[Meeting]:
    """Every state that a whole meeting goes through, act by act."""
    acts = ended(case).acts
    for end in range(1, len(acts) + 1):
        yield Meeting.of(acts[:end])


def test_a_second_round_that_was_left_out_is_not_ticked(case: Case) -> None:
    soup = BeautifulSoup(page(case, planned(case).meeting, "fay"), "html.parser")
    strip = {" ".join(each["class"]): each.get_text() for each in soup.select(".phb-stages li")}
    assert strip["phb-left-out"] == "What moved (left out)"
    assert "left out" not in strip["phb-done"]


def test_every_part_renders_for_every_seat_at_every_moment_of_a_meeting(case: Case) -> None:
    for meeting in stages(case):
        for seat in [*meeting.seats, None]:
            soup = BeautifulSoup(page(case, meeting, seat), "html.parser")
            ids = [each["id"] for each in soup.select("[id]")]
            assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
            for label in soup.select("label[for]"):
                assert label["for"] in ids


def test_nobody_is_asked_to_agree_before_each_risk_has_a_holder(case: Case) -> None:
    played = planned(case)
    before = Meeting.of(act for act in played.acts if act.act != "ledger")
    waits = page(case, before, "pam")
    assert "once each risk has somebody who holds it" in waits
    assert "Your answer is asked" not in waits
    assert "has not answered" not in page(case, before, "fay")
    asked = page(case, played.meeting, "pam")
    assert "Your answer is asked" in asked
    assert "once each risk has somebody who holds it" not in asked
    assert "The person has not answered" in page(case, played.meeting, "fay")
    assert "Nothing is asked of you now" in page(case, played.meeting, "dev")


def test_a_party_is_named_once(case: Case) -> None:
    shown = page(case, ended(case).meeting, "fay")
    assert "The commissioner (Commissioner)" not in shown
    assert "The healthcare professional (GP)" in shown


def test_before_the_reveal_a_page_holds_ones_own_marks_and_no_others(case: Case) -> None:
    played = gathered(case)
    played.go("rate")
    nothing = {seat: page(case, played.meeting, seat) for seat in played.meeting.seats}
    played.rate("ann", 3)
    for seat in played.meeting.seats:
        html = page(case, played.meeting, seat)
        mine = checked_marks(html)
        assert all(mark.endswith("=3") for mark in mine)
        assert bool(mine) == (seat == "ann")
        if seat != "ann":  # only that she has rated may differ
            told = html.replace("1 of 6 have rated", "0 of 6 have rated")
            told = told.replace("phb-tag phb-tag-done", "phb-tag").replace("has rated", "not yet")
            told = told.replace("Not yet rated: ", "Not yet rated: Ann, GP; ")
            told = told.replace("without 5 people", "without 6 people")
            assert BeautifulSoup(told, "html.parser").text == (
                BeautifulSoup(nothing[seat], "html.parser").text
            )


def test_who_has_not_rated_is_seen_by_everybody(case: Case) -> None:
    played = gathered(case)
    played.go("rate")
    played.rate("ann", 3)
    for seat in played.meeting.seats:
        text = BeautifulSoup(page(case, played.meeting, seat), "html.parser").text
        assert "1 of 6 have rated" in text
        assert re.search(r"Ann, GP\s+(you\s+)?has rated", text)
        assert re.search(r"Ben, nurse\s+(you\s+)?not yet", text)


def test_whoever_was_left_out_of_a_reveal_is_told_on_their_own_page(case: Case) -> None:
    played = gathered(case)
    played.go("rate")
    played.rate("ann", 3)
    played.go("reveal")
    told = {seat: "You had not given" in page(case, played.meeting, seat) for seat in TEAM}
    assert told == dict.fromkeys(TEAM, True) | {"ann": False}
    assert "You had not given" not in page(case, played.meeting, "fay")


def test_who_had_to_be_there_and_is_not_is_told_before_the_decision(case: Case) -> None:
    played = planned(case, mode="live", quorum=["gp", "commissioner"])
    assert "had to be here" not in page(case, played.meeting, "fay")
    played.do("fay", "away", seat="eve", away="yes")
    assert "had to be here for a decision: Commissioner." in page(case, played.meeting, "fay")
    notices = decision_record("x", played.meeting, case).notices
    assert (
        "Who had to be there for a decision: GP, Commissioner. Not there: Commissioner." in notices
    )


def test_a_price_is_an_hour_and_a_session(case: Case) -> None:
    shown = page(case, planned(case).meeting, "fay")
    assert re.search(r"£[0-9.,]+ a session", shown)
    hourly = case.about.items[0].model_copy(update={"per": "hour"})
    about = case.about.model_copy(update={"items": (hourly, *case.about.items[1:])})
    shown = page(replace(case, about=about), planned(case).meeting, "fay")
    assert re.search(r"£[0-9.,]+ an hour", shown)


def test_the_page_to_project_has_no_form_and_shows_the_code(case: Case) -> None:
    for meeting in stages(case):
        soup = BeautifulSoup(page(case, meeting, "fay", screen=True), "html.parser")
        assert not soup.select("form, input, button")
        assert ("KTX-4M7" in soup.text) == (not meeting.ended)


def test_only_the_facilitator_is_shown_the_join_code(case: Case) -> None:
    meeting = gathered(case).meeting
    assert "KTX-4M7" in page(case, meeting, "fay")
    assert "KTX-4M7" not in page(case, meeting, "ann")


def test_the_reveal_has_a_picture_and_its_words_and_keeps_the_person_apart(case: Case) -> None:
    played = rated(case)
    soup = BeautifulSoup(page(case, played.meeting, "ann"), "html.parser")
    pictures = soup.select("svg[role=img]")
    assert len(pictures) == len(played.meeting.things)
    first = pictures[0]["aria-label"]
    assert first == (
        "Team: 1 gave 1, 1 gave 2, 1 gave 8, 2 gave 9. The person’s side: 9. Median of the team: 8."
    )
    assert "disagree" in soup.select_one(".phb-rated .phb-verdict").text.lower()
    assert len(pictures[0].select(".phb-diamond")) == 1
    assert len(pictures[0].select(".phb-dot")) == 5


def test_what_somebody_typed_is_never_markup(case: Case) -> None:
    played = agreed(case)
    bad = "<script>alert(1)</script><b>{{ 7 * 7 }}"
    played.do("ben", "dissent", dissent=bad)
    played.do("fay", "note", note=bad)
    for seat in played.meeting.seats:
        html = page(case, played.meeting, seat)
        assert "<script" not in html
        assert "<b>" not in html
        assert BeautifulSoup(html, "html.parser").text.count(bad) >= 2


def test_only_those_it_belongs_to_are_offered_the_documents(case: Case) -> None:
    meeting = ended(case).meeting

    def offered(seat: str) -> set[str]:
        soup = BeautifulSoup(page(case, meeting, seat), "html.parser")
        return {each["data-what"] for each in soup.select("[data-do=download]")}

    assert offered("ann") == {"review.ics"}
    assert offered("pam") == {"copy.docx", "copy.pdf", "review.ics"}
    assert offered("fay") == offered("pam") | {"record.docx", "record.pdf", "record.json"}


def test_everybody_is_told_what_they_have_still_to_do(case: Case) -> None:
    def todo(played: Played, seat: str) -> list[str]:
        soup = BeautifulSoup(page(case, played.meeting, seat), "html.parser")
        links = soup.select(".phb-todo a")
        assert all(soup.select(str(link["href"])) for link in links)
        return [link.get_text() for link in links]

    played = rated(case)
    assert todo(played, "fay") == []
    played.go("agree")
    assert todo(played, "fay") == ["Put the plan together, and keep it"]
    assert todo(played, "pam") == []
    played = planned(case)
    end = "How it ends: made, deferred or not reached"
    parties = ("The person", "the healthcare professional", "the commissioner")
    waited = "; ".join(f"{party} has not answered" for party in parties)
    assert todo(played, "fay") == [waited, end]
    asked = ["Your answer is asked: read the plan, then give it"]
    assert [todo(played, seat) for seat in ("pam", "ann", "eve")] == [asked] * 3
    assert todo(played, "dev") == []
    assert [todo(agreed(case), seat) for seat in ("pam", "fay")] == [[], [end]]
    kept = list(played.meeting.plan.items)
    again = {"seen": played.seen("plan"), "items": [*kept, "sister-paid"], **WATCHED}
    played.do("fay", "plan", **again)
    assert todo(played, "fay")[0].startswith("Nobody holds 1 of the ")
