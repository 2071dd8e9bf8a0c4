"""A hundred learners at one server, each with a page of their own."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

import psutil
from tornado.httpclient import HTTPClientError

from tests.browser.served import kernel_of
from tests.serving.killing import Book, Sent, identity
from tests.serving.learner_client import Learner, OpenModule

FULL = HTTPStatus.SERVICE_UNAVAILABLE
Done = TypeVar("Done")
TRY_AGAIN = 0.5  # seconds, as somebody who is told that the server is full


@dataclass
class Crowd:
    """What came of it: failures of any kind, and how long each thing took, in seconds."""

    book: Book
    together: int  # pages that may be open at once
    failures: list[str] = field(default_factory=list)
    full: int = 0  # times that somebody was told to come back
    pages: int = 0
    finished: int = 0
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: list[tuple[int, float]] = field(default_factory=list)  # kernels, MiB each of their own

    async def play(self, site: str, name: str) -> None:
        """Look at the start page, open a module, answer every step, look at the start page."""
        who = identity(name)
        learner = Learner(site, headers=who.headers, cookies=who.cookies)
        try:
            await self._timed("start page", learner.get())
            page = await self._admitted(learner, who.page)
            self.pages += 1
            assert set(page.steps) == set(self.book.case.steps), "a part of the page is missing"
            while step := page.current:
                values = page.filled(self.book.case, self.book.answers)
                await self._timed("draft", page.draft(step, values))
                await self._timed("answer", self.book.send(page, Sent(step, values)))
            self.finished += {each["state"] for each in page.steps.values()} == {"done"}
            await page.leave()
        except Exception as error:  # noqa: BLE001  whatever goes wrong for a learner is counted
            self.failures.append(f"{name}: {error!r}")
        finally:
            learner.close()

    async def _admitted(self, learner: Learner, page: str) -> OpenModule:
        """Open a module; come back as long as the server says that it is full."""
        while True:
            try:
                return await self._timed("module page", learner.open(page))
            except HTTPClientError as error:
                if error.code != FULL:
                    raise
                self.full += 1
                await asyncio.sleep(TRY_AGAIN)

    async def _timed(self, what: str, work: Awaitable[Done]) -> Done:
        began = time.monotonic()
        done = await work
        self.took[what].append(time.monotonic() - began)
        return done

    def weigh(self, server: int) -> None:
        """Note how much memory the kernels have that they share with nobody."""
        below = psutil.Process(server).children(recursive=True)
        sizes = [own for each in below if (own := _own_memory(each))]
        if sizes:
            self.memory.append((len(sizes), statistics.mean(sizes)))

    def __str__(self) -> str:
        lines = [
            f"{self.pages} module pages opened, {self.finished} modules finished",
            f"{len(self.failures)} failures, {self.full} times full",
        ]
        for what, times in self.took.items():
            cuts = statistics.quantiles(times, n=100, method="inclusive")
            median, most, nearly = cuts[49], cuts[94], cuts[98]
            lines.append(
                f"{what}: {len(times)} times, {1000 * median:.0f} ms median, "
                f"{1000 * most:.0f} ms 95th, {1000 * nearly:.0f} ms 99th percentile"
            )
        if self.memory:
            kernels, each = max(self.memory)
            lines.append(f"{kernels} kernels at once: {each:.1f} MiB of their own, each")
        return "\n".join(lines)


def _own_memory(process: psutil.Process) -> float:
    """MiB that a kernel shares with nobody; 0 for what is no kernel."""
    try:
        return process.memory_full_info().uss / 2**20 if kernel_of(process) else 0.0
    except psutil.NoSuchProcess:
        return 0.0


async def crowd_in(
    site: str, server: int, crowd: Crowd, learners: int, named: str = "learner"
) -> None:
    """Let so many learners play, as many at once as the server has pages for."""
    places = asyncio.Semaphore(crowd.together)

    async def play(name: str) -> None:
        async with places:
            await crowd.play(site, name)

    async def look() -> None:
        while True:
            await asyncio.sleep(2)
            await asyncio.to_thread(crowd.weigh, server)

    looking = asyncio.create_task(look())
    await asyncio.gather(*(play(f"{named}-{n}") for n in range(learners)))
    looking.cancel()
