"""A database that is gone for half a minute: learners are told so, and then it is saved, once."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError

from phbkit.casebank import Case
from tests.browser.player import read
from tests.databases import Outage
from tests.serving.killing import Book, Sent, identity, serving, tally
from tests.serving.learner_client import Learner

GONE_FOR = 30  # seconds
AGAIN = 1  # seconds between tries, as a page does


async def answer_through(site: str, outage: Outage, book: Book) -> int:
    """Answer while the database is gone; return how often the page was told to wait."""
    who = identity("learner")
    learner = Learner(site, headers=who.headers, cookies=who.cookies)
    page = await learner.open(who.page)
    await book.send(page, Sent("meet", {}))
    sent, told = Sent("talk", page.filled(book.case, book.answers)), 0
    await asyncio.to_thread(outage.begin)
    back_at = time.monotonic() + GONE_FOR
    while time.monotonic() < back_at:
        reply = await page.save(sent.step, sent.values, sent.ticket)
        assert reply["did"] == "later", reply
        assert "cannot be reached" in reply["problems"][""]
        told += 1
        await asyncio.sleep(AGAIN)
    if outage.address.startswith("postgresql"):
        with pytest.raises(HTTPClientError, match="503"):
            await learner.get()
    await asyncio.to_thread(outage.end)
    await book.send(page, sent)
    await learner.get()
    await page.leave()
    return told


def test_a_database_gone_for_half_a_minute_is_told_and_the_answer_saved_once(
    tmp_path: Path, outage: Outage, case: Case
) -> None:
    book = Book(case, read("strong"))
    with serving(tmp_path, outage.address, case) as server:
        told = asyncio.run(answer_through(server.url, outage, book))
    found = tally(outage.address, book)
    sys.stdout.write(f"told to wait {told} times; {found}\n")
    assert told
    assert found.troubles == [], str(found)
    assert found.acknowledged == 2
