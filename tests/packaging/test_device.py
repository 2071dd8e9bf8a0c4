"""An attempt on the learner's own device: what is written, kept, and taken back."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest

from phbkit.casebank import Case
from phbkit.packaging.device import CASES, Device
from phbkit.records.journal import Event, answers_in

MOMENT = dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)
NOTHING = json.dumps({"events": [], "drafts": {}})


class Page:
    """Keeps what a device writes, as the page in a browser does."""

    def __init__(self, device: Device, kept: list[dict[str, Any]] | None = None) -> None:
        self.device, self.kept, self.tickets = device, kept or [], 0
        device.open(json.dumps({"events": self.kept, "drafts": {}}))
        self.known = len(self.kept)

    def send(self, step: str, *, keep: bool = True, **message: Any) -> dict[str, Any]:
        self.tickets += 1
        sent = {"do": "save", "ticket": f"t{self.tickets}", **message}
        fresh = self.kept[self.known :]
        done = json.loads(self.device.receive(step, json.dumps(sent), json.dumps(fresh)))
        self.device.settle(keep)
        if keep:
            self.kept += done["events"]
        self.known = len(self.kept)
        return done


@pytest.fixture(scope="module")
def facts(case: Case) -> str:
    return CASES.dump_json(case, by_alias=True).decode()


def test_a_case_is_the_same_on_the_device(case: Case, facts: str) -> None:
    assert CASES.validate_json(facts) == case


def test_what_could_not_be_kept_is_taken_back_and_can_be_sent_again(facts: str) -> None:
    page = Page(Device(facts, lambda: MOMENT))
    lost = page.send("meet", values={}, ticket="t", keep=False)
    assert lost["reply"]["did"] == "saved"
    assert page.send("talk", values={"talk.line": "who-laughed"})["reply"]["did"] == "refused"
    again = page.send("meet", values={}, ticket="t")
    assert [event["step"] for event in again["events"]] == ["meet"]
    assert page.send("meet", values={}, ticket="t")["events"] == []
    assert len(page.kept) == 1


def test_another_window_that_answered_first_is_told_of_and_shown(facts: str) -> None:
    one = Page(Device(facts, lambda: MOMENT))
    other = Page(Device(facts, lambda: MOMENT), one.kept)
    one.send("meet", values={}, ticket="a")
    other.kept = one.kept
    told = other.send("meet", values={}, ticket="b")
    assert told["reply"]["problems"][""].startswith("Another window answered first.")
    assert told["changed"]
    assert json.loads(other.device.page("meet"))["state"] == "done"
    assert told["events"] == []


def test_what_is_typed_is_kept_with_a_page_that_shows_it(facts: str) -> None:
    page = Page(Device(facts, lambda: MOMENT))
    page.send("meet", values={})
    typed = {"talk.own": "Who laughed?"}
    kept = page.send("talk", do="draft", values=typed, touched=["talk.own"])
    assert kept["drafts"] == {"talk": typed}
    assert "Who laughed?" in json.loads(page.device.page("talk"))["html"]
    assert kept["events"] == []
    said = page.send("talk", values={"talk.line": "who-laughed"})
    assert said["drafts"] == {"talk": {}}


def test_an_attempt_that_is_opened_again_goes_on_where_it_was(facts: str) -> None:
    page = Page(Device(facts, lambda: MOMENT))
    page.send("meet", values={})
    page.send("talk", values={"talk.line": "who-laughed"})
    again = Page(Device(facts, lambda: MOMENT), json.loads(json.dumps(page.kept)))
    talk = json.loads(again.device.page("talk"))["html"]
    line = re.findall(r'name="talk.line" value="([^"]+)"', talk)[0]
    again.send("talk", values={"talk.line": line}, ticket="another")
    events = [Event(**event) for event in again.kept]
    said = [turn["line"] for turn in answers_in(events)["talk"]["turns"]]
    assert said == ["who-laughed", line]
