"""Answers that flow while their server is killed, and what must be true of them afterwards."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
from sqlalchemy import select

from phbkit.casebank import Case
from phbkit.casebank.models import TALK_STEPS
from phbkit.meeting.joining import NOTEBOOK
from phbkit.records.database import open_database
from phbkit.records.schema import answer
from phbkit.workbook.answers import answers_from, check_answer
from phbkit.workbook.new_notebook import make_notebook
from tests.browser.player import read
from tests.browser.served import Served
from tests.ports import free_port
from tests.serving.learner_client import GONE, Learner, OpenModule, new_ticket
from tests.serving.meeting_client import Minutes, meet_on, troubles_of

ROOT = Path(__file__).parents[2]
SENT_TWICE = 0.2  # of the answers that were acknowledged
LONGEST_FLOW = 0.8  # seconds from the first answer after a start to the next kill


@dataclass(frozen=True)
class Identity:
    """One learner: the page that opens as theirs, and what their browser sends along."""

    page: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)


def identity(learner: str) -> Identity:
    """Say how the server knows a learner: by the header that a proxy on this machine sets."""
    return Identity("played", headers={"X-Forwarded-User": learner})


def workbooks(folder: Path, case: Case) -> Path:
    """Make a folder with the workbook of one case, and that of meetings."""
    folder.mkdir()
    shutil.copy(ROOT / "workbooks" / f"{NOTEBOOK}.ipynb", folder)
    (folder / "played.ipynb").write_text(nbformat.writes(make_notebook(case)))
    return folder


@dataclass(frozen=True)
class Sent:
    """One step's answers on their way."""

    step: str
    values: Mapping[str, Any]
    ticket: str = field(default_factory=new_ticket)


@dataclass
class Book:
    """What learners were told: by ticket, the attempt, and what the server said it had saved."""

    case: Case
    answers: Mapping[str, Any]
    acknowledged: dict[str, tuple[str, Sent]] = field(default_factory=dict)
    doubted: int = 0  # answers that got no reply and were sent again
    twice: int = 0  # answers that were sent again after their reply
    wrong: list[object] = field(default_factory=list)  # replies that nobody should get

    async def send(self, page: OpenModule, sent: Sent) -> None:
        """Commit a step, and now and then once more, as a browser does that heard nothing."""
        reply = await page.save(sent.step, sent.values, sent.ticket)
        if reply["did"] != "saved":
            self.wrong.append(reply)
            return
        self.acknowledged[sent.ticket] = page.attempt, sent
        if random.random() < SENT_TWICE:
            again = await page.save(sent.step, sent.values, sent.ticket)
            self.twice += 1
            if (again["did"], again.get("at")) != ("saved", reply["at"]):
                self.wrong.append(again)


async def play_through(site: str, name: str, book: Book, stop: asyncio.Event) -> None:
    """Play a case to its end, opening the page again whenever it is lost."""
    doubt: Sent | None = None
    while True:
        who, page = identity(name), None
        learner = Learner(site, headers=who.headers, cookies=who.cookies)
        try:
            page = await learner.open(who.page)
            if doubt:
                book.doubted += 1
                await book.send(page, doubt)
                doubt = None
            while (step := page.current) and not stop.is_set():
                doubt = Sent(step, page.filled(book.case, book.answers))
                await book.send(page, doubt)
                doubt = None
            await page.leave()
        except GONE:
            if page:
                page.drop()
            await asyncio.sleep(0.05)
        else:
            return
        finally:
            learner.close()


async def play_on(site: str, number: int, book: Book, stop: asyncio.Event) -> None:
    """Play attempt after attempt."""
    for attempt in itertools.count():
        if stop.is_set():
            return
        await play_through(site, f"learner-{number}-{attempt}", book, stop)


@contextmanager
def serving(
    folder: Path, address: str, case: Case, *, under: tuple[str, ...] = (), **env: str
) -> Iterator[Served]:
    """Serve a case to any number of learners, with the records at an address."""
    made = workbooks(folder / "workbooks", case)
    known = {"PHB_WORKBOOKS": str(made), "PHB_DATABASE": address}
    known |= {"PHB_SIGN_IN": "header"}
    server = Served(folder, free_port(), env=known | env, under=under)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def killed(folder: Path, address: str, case: Case, *, kills: int, learners: int) -> Tally:
    """Serve a case with its records at `address`, kill that server, and hold all to account.

    Meanwhile a meeting goes on, in which two write what they have to say.
    """
    book, minutes = Book(case, read("strong")), Minutes()
    with serving(folder, address, case) as server:
        asyncio.run(kill_while_answers_flow(server, book, minutes, kills=kills, learners=learners))
    found = replace(tally(address, book), meetings=troubles_of(address, minutes))
    sys.stdout.write(f"{kills} kills; {found}; {minutes}\n")
    return found


async def kill_while_answers_flow(
    server: Served, book: Book, minutes: Minutes, *, kills: int, learners: int
) -> None:
    """Kill with -9 again and again, each time after answers were acknowledged.

    It is the server once in four times, and else a page's kernel.
    """
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as players:
        for number in range(learners):
            players.create_task(play_on(server.url, number, book, stop))
        players.create_task(meet_on(server.url, minutes, stop))
        for kill in range(kills):
            before = len(book.acknowledged)
            while len(book.acknowledged) == before:  # noqa: ASYNC110  nobody tells of an answer
                await asyncio.sleep(0.01)
            await asyncio.sleep(random.uniform(0, LONGEST_FLOW))
            if kill % 4 == 1:
                kill_now(server, whole_group=bool(kill % 8 == 1))
                await asyncio.to_thread(server.start)
            else:
                kill_a_kernel(server)
        stop.set()


def kill_now(server: Served, *, whole_group: bool) -> None:
    """End the server at once: alone, so that its kernels outlive it a little, or with them."""
    assert server.process
    end = os.killpg if whole_group else os.kill
    end(server.process.pid, signal.SIGKILL)
    server.process.wait()


def kill_a_kernel(server: Served) -> None:
    """End the process behind somebody's page."""
    for kernel in random.sample(kernels := server.kernels(), len(kernels))[:1]:
        with suppress(ProcessLookupError):
            os.kill(kernel, signal.SIGKILL)


@dataclass(frozen=True)
class Tally:
    """How the database and what was told agree; the last five must be empty."""

    acknowledged: int
    doubted: int
    twice: int
    lost: list[str]
    doubled: list[object]
    unknown: list[str]
    wrong: list[object]
    meetings: list[object] = field(default_factory=list)

    @property
    def troubles(self) -> list[object]:
        """Everything that is not as it must be."""
        return [*self.lost, *self.doubled, *self.unknown, *self.wrong, *self.meetings]

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} acknowledged, {self.doubted} in doubt and sent again, "
            f"{self.twice} sent twice: {len(self.lost)} lost, {len(self.doubled)} counted twice, "
            f"{len(self.unknown)} unknown, {len(self.wrong)} wrong replies"
        )


def tally(address: str, book: Book) -> Tally:
    """Hold every acknowledgement against the rows of the database."""
    kept: dict[str, dict[str, Any]] = defaultdict(dict)
    where: dict[str, set[tuple[str, str]]] = defaultdict(set)
    closed: Counter[tuple[str, str]] = Counter()
    numbers: dict[str, list[int]] = defaultdict(list)
    engine = open_database(address).engine
    with engine.connect() as connection:
        for row in connection.execute(select(answer).order_by(answer.c.attempt_id, answer.c.seq)):
            kept[row.submission][row.question] = row.value
            where[row.submission].add((row.attempt_id, row.step))
            closed[row.attempt_id, row.step] += not row.question
            numbers[row.attempt_id].append(row.seq)
    engine.dispose()
    lost = []
    for ticket, (attempt, sent) in book.acknowledged.items():
        there = where[ticket] == {(attempt, sent.step)}
        if not there or not _is_kept(book.case, sent, kept.get(ticket)):
            lost.append(ticket)
    doubled: list[object] = [each for each, count in closed.items() if count > 1]
    doubled += [each for each, seqs in numbers.items() if seqs != list(range(1, len(seqs) + 1))]
    return Tally(
        len(book.acknowledged),
        book.doubted,
        book.twice,
        lost,
        doubled,
        sorted(set(kept) - set(book.acknowledged)),
        book.wrong,
    )


def _is_kept(case: Case, sent: Sent, kept: Mapping[str, Any] | None) -> bool:
    """Say whether what is kept is what was sent: of a conversation, the latest of it."""
    given = answers_from(case, sent.values)
    if kept and sent.step in TALK_STEPS:
        latest, talk = given[sent.step], kept[sent.step]
        if "line" in latest:
            return bool(talk["turns"][-1] == latest)
        return bool(talk["rated"] == {part: int(n) for part, n in latest["rated"].items()})
    wanted = {key: check_answer(case, key, value) for key, value in given.items()}
    return kept == {**wanted, "": None}
