"""A server of case reviews, and what everybody does at its door."""

from __future__ import annotations

import json
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from phbkit.meeting.meeting import Meeting
from phbkit.meeting.sessions import open_sessions
from tests.browser.player import wait_ready
from tests.browser.served import Served


@dataclass
class Meetings(Served):
    """One `phb review serve`."""

    def arguments(self) -> list[str]:
        return ["review", "serve"]

    @property
    def door(self) -> str:
        return f"{self.url}review"

    def kernel_of(self, page: Page) -> int:
        """Find the process that plays the meeting for a page."""
        config = page.locator("#jupyter-config-data").inner_text()
        return self.kernel(json.loads(config)["kernelId"])

    def meeting(self) -> Meeting:
        """The latest meeting, folded from the database and from nothing else."""
        sessions = open_sessions(self.database)
        return Meeting.of(sessions.acts(sessions.listed()[0].id))

    def forget_everybody(self) -> None:
        """Keep the meetings: each test opens one of its own, and nobody sees another's."""


def opened(page: Page) -> Page:
    wait_ready(page)
    return page


def open_meeting(meetings: Meetings, page: Page, case: str = "alcohol-detox-at-home") -> str:
    """Open a training session and return its code."""
    page.goto(meetings.door)
    form = page.locator("form[action$='review/open']")
    form.get_by_label("What the room calls you").fill("Fay")
    form.get_by_label("For training: the case").select_option(case)
    form.get_by_role("button", name="Open the meeting").click()
    return opened(page).locator(".phb-join .phb-code").inner_text()


def join(meetings: Meetings, page: Page, code: str, name: str, role: str) -> None:
    page.goto(meetings.door)
    form = page.locator("form[action$='review/join']")
    form.get_by_label("Code", exact=True).fill(code)
    form.get_by_label("What the room calls you").fill(name)
    form.get_by_label("Your role").select_option(role)
    form.get_by_role("button", name="Join").click()


def bring_to_ratings(meetings: Meetings, chair: Page, ann: Page, pam: Page) -> None:
    """Bring a meeting of three to where everybody rates alone; Ann is a GP, Pam the person."""
    code = open_meeting(meetings, chair, "chronic-pain-massage")
    for page, name, role in ((ann, "Ann", "GP"), (pam, "Pam", "The person")):
        join(meetings, page, code, name, role)
        wait_ready(page)
    chair.get_by_role("button", name="Go on: hear the person first").click()
    pam.get_by_label("What matters most").fill("My pigeons.")
    pam.get_by_role("button", name="Share these words").click()
    expect(chair.get_by_text("My pigeons.")).to_be_visible()
    chair.get_by_role("button", name="Go on: everybody rates alone").click()
    expect(ann.locator(".phb-rating").first).to_be_visible()
