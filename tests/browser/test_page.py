"""The page around the forms: light, there before its kernel, and on the line again after a cut."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect
from tornado.websocket import WebSocketClientConnection

from phbkit.casebank import Case
from tests.browser.altered import ALTERED, INSTEAD
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
from tests.browser.served import Served
from tests.browser.sockets import opened
from tests.browser.windows import Windows
from tests.serving.wire import custom, kernel_in

PART_FAILED = "Part of this page could not be made"
MOST_REQUESTS = 25
MOST_KILOBYTES = 100


class Traffic:
    """What a page asked for and got, as Chromium counts it."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.bytes: dict[str, int] = {}
        self._urls: dict[str, str] = {}
        client = page.context.new_cdp_session(page)
        client.send("Network.enable")
        client.on("Network.requestWillBeSent", self._sent)
        client.on("Network.webSocketCreated", lambda event: self.requests.append(event["url"]))
        client.on("Network.loadingFinished", self._came)

    def _sent(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["request"]["url"]
        if event["request"]["url"].startswith("http"):
            self.requests.append(event["request"]["url"])

    def _came(self, event: dict[str, Any]) -> None:
        url = self._urls[event["requestId"]]
        self.bytes[url] = self.bytes.get(url, 0) + int(event["encodedDataLength"])


@pytest.fixture
def network(served: Served) -> Iterator[Network]:
    opened = Network(served.port)
    yield opened
    opened.close()


def template_of(served: Served) -> psutil.Process:
    """Find the process that kernels are copies of."""
    assert served.process
    below = psutil.Process(served.process.pid).children()
    return next(each for each in below if "forkserver" in " ".join(each.cmdline()))


def test_a_page_is_few_requests_and_few_bytes_and_a_second_visit_is_nearly_none(
    served: Served, browser: Browser
) -> None:
    context = browser.new_context()
    try:
        first = context.new_page()
        traffic = Traffic(first)
        first.goto(served.module_url)
        wait_ready(first)
        assert 5 <= len(traffic.requests) <= MOST_REQUESTS
        assert sum(traffic.bytes.values()) < MOST_KILOBYTES * 1000
        second = context.new_page()
        again = Traffic(second)
        second.goto(served.module_url)
        wait_ready(second)
        assert {url: size for url, size in again.bytes.items() if size} == {
            served.module_url: again.bytes[served.module_url]
        }
        assert again.bytes[served.module_url] < MOST_KILOBYTES * 100
    finally:
        context.close()


def test_scripts_and_styles_are_kept_for_ever_under_their_version_and_sent_packed(
    served: Served,
) -> None:
    page = urllib.request.urlopen(served.url, timeout=60).read().decode()
    found = re.search(r'"/(phb/static/[0-9a-f]{12}/)form\.css"', page)
    assert found
    for name in ("form.css", "form.js", "host.js", "module.js"):
        request = urllib.request.Request(served.url + found[1] + name)
        request.add_header("Accept-Encoding", "gzip")
        answer = urllib.request.urlopen(request, timeout=60)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Encoding"] == "gzip"
        packed = answer.read()
        assert len(gzip.decompress(packed)) > 2 * len(packed)
        looked = urllib.request.Request(served.url + found[1] + name, method="HEAD")
        assert urllib.request.urlopen(looked, timeout=60).status == 200
    for old in ("phb/static/form.css", "phb/static/0123456789ab/form.css"):
        answer = urllib.request.urlopen(served.url + old, timeout=60)
        assert answer.headers["Cache-Control"] == "no-cache"


def test_a_page_can_be_read_before_its_kernel_is_there_and_the_server_serves_others(
    served: Served, windows: Windows, page: Page
) -> None:
    page.goto(served.module_url)
    wait_ready(page)  # the template is made
    template = template_of(served)
    template.suspend()
    try:
        early = windows.open()
        early.goto(served.module_url, wait_until="commit")
        expect(early.get_by_role("heading", name="Chronic pain and massage")).to_be_visible()
        expect(early.get_by_role("heading", name="Meet Owen")).to_be_visible()
        expect(early.get_by_role("navigation").get_by_text("Shared risk")).to_be_visible()
        expect(early.get_by_role("status")).to_have_text("Getting your module ready…")
        expect(early.locator("body")).to_have_css("margin", "0px")  # its style came, too
        assert not early.locator("form").count()
        assert violations(early) == []
        page.goto(served.url)
        expect(
            page.get_by_role("heading", name="Chronic pain and massage", exact=True)
        ).to_be_visible()
    finally:
        template.resume()
    wait_ready(early)
    expect(early.get_by_role("button", name="Talk with Owen")).to_be_visible()


def test_whoever_goes_away_before_the_kernel_is_there_leaves_none_behind(
    served: Served, page: Page
) -> None:
    page.goto(served.module_url)
    wait_ready(page)
    page.goto("about:blank")
    served.wait_until_no_kernel_is_left()  # leaving a page ends its kernel
    template = template_of(served)
    template.suspend()
    try:
        with socket.create_connection(("127.0.0.1", served.port)) as line:
            asked = f"GET /module/chronic_pain_massage HTTP/1.1\r\nHost: 127.0.0.1:{served.port}"
            line.sendall(f"{asked}\r\n\r\n".encode())
            assert line.recv(4096).startswith(b"HTTP/1.1 200")
    finally:
        template.resume()
    page.goto(served.module_url)  # its kernel starts after the other's
    wait_ready(page)
    page.goto("about:blank")
    served.wait_until_no_kernel_is_left()


def test_a_page_that_was_cut_off_connects_again_and_keeps_what_was_chosen(
    served: Served, network: Network, page: Page, case: Case
) -> None:
    hand, answers = Mouse(page), read("strong")
    served.play_to(case, "judge", answers)
    page.goto(f"{network.url}module/chronic_pain_massage")
    wait_ready(page)
    network.cut()
    expect(page.get_by_role("status")).to_have_text("Disconnected")
    expect(page.get_by_role("alert").filter(has_text="connects again by itself")).to_be_visible()
    fill_step(page, hand, case, "judge", answers)
    network.mend()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_role("status")).not_to_have_text("Disconnected")
    assert page.locator(".phb-step-judge input:checked").count()
    commit_step(page, hand, "judge")
    assert served.module(case).answers["first-lean"] == answers["first-lean"]


def test_a_device_that_goes_offline_says_so_wherever_one_is_on_the_page(
    served: Served, page: Page
) -> None:
    page.goto(served.module_url)
    wait_ready(page)
    page.mouse.wheel(0, 2000)
    page.context.set_offline(True)
    told = page.get_by_role("alert").filter(has_text="connects again by itself")
    expect(told).to_be_in_viewport()
    assert violations(page) == []
    page.context.set_offline(False)
    expect(told).to_be_hidden()


def test_a_page_whose_kernel_ended_while_it_was_cut_off_opens_itself_again(
    served: Served, network: Network, page: Page
) -> None:
    page.goto(f"{network.url}module/chronic_pain_massage")
    wait_ready(page)
    network.cut()
    expect(page.get_by_role("status")).to_have_text("Disconnected")
    with opens_again(page):
        for kernel in served.kernels():
            psutil.Process(kernel).kill()
        network.mend()


@ALTERED
@pytest.mark.parametrize("name", ["fails", "ends_its_kernel"])
def test_a_cell_that_fails_or_ends_its_kernel_is_told_in_its_place_and_shows_no_code(
    altered: Served, page: Page, name: str
) -> None:
    page.goto(f"{altered.url}module/{name}")
    failed = page.locator("section", has=page.get_by_role("heading", name="First judgement"))
    expect(failed.get_by_text("This part of the page could not be made")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text(PART_FAILED)
    for secret in ("ZeroDivision", INSTEAD[name], "Traceback", altered.env["PHB_WORKBOOKS"]):
        assert secret not in page.content()
    assert {"fails": "ZeroDivisionError", "ends_its_kernel": "Kernel died"}[name] in altered.log()


@ALTERED
def test_what_fails_in_a_kernel_later_stands_in_the_server_s_log(altered: Served) -> None:
    page = urllib.request.urlopen(f"{altered.url}module/fails_later", timeout=60).read().decode()
    scripts = re.findall(r'class="phb-cell"[^>]*>(.*)</script>', page)
    shown = [output for script in scripts for output in json.loads(script)]
    [box] = [each["model"] for each in shown if each["state"]["_model_name"] == "TextModel"]
    assert "ZeroDivisionError" not in altered.log()

    async def talk(socket: WebSocketClientConnection) -> None:
        await socket.write_message(custom(box, {}), binary=True)
        while "ZeroDivisionError" not in altered.log():  # noqa: ASYNC110  nobody tells of it
            await asyncio.sleep(0.05)

    opened(altered, talk, kernel_in(page))


@ALTERED
def test_a_part_that_failed_is_told_of_also_after_the_page_was_cut_off(
    altered: Served, page: Page
) -> None:
    network = Network(altered.port)
    try:
        page.goto(f"{network.url}module/fails")
        expect(page.get_by_role("status")).to_have_text(PART_FAILED)
        network.cut()
        expect(page.get_by_role("status")).to_have_text("Disconnected")
        network.mend()
        expect(page.get_by_role("alert")).to_be_hidden()
        expect(page.get_by_role("status")).to_have_text(PART_FAILED)
    finally:
        network.close()


def test_every_page_leads_to_what_is_known_of_its_accessibility(served: Served, page: Page) -> None:
    for path in ("", "review", "nowhere", "module/chronic_pain_massage"):
        page.goto(served.url + path)
        page.get_by_role("contentinfo").get_by_role("link", name="Accessibility").click()
        expect(page.get_by_role("heading", name="Accessibility of this site")).to_be_visible()
    expect(page.get_by_text("Tell whoever gave you the link to this site.")).to_be_visible()
    assert violations(page) == []


@ALTERED
def test_the_page_on_accessibility_names_whom_to_tell(altered: Served, page: Page) -> None:
    page.goto(f"{altered.url}accessibility")
    expect(page.get_by_text("Tell <trainer@example.org>.")).to_be_visible()
    assert page.get_by_role("link", name="trainer").count() == 0
