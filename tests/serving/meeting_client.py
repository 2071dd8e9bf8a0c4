"""A meeting of two without a browser, which goes on while its server is killed."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from phbkit.meeting.schema import review_event
from phbkit.records.database import open_database
from tests.meeting.openings import TRAINING
from tests.serving.learner_client import GONE, Learner, OpenModule, new_ticket

WORDS_EACH = 60  # in one meeting; then another is opened
_TAKEN = 303  # a seat: the site leads on to the room


@dataclass
class Minutes:
    """What was told to be kept: by ticket, the act; and replies that nobody should get."""

    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    doubted: int = 0
    wrong: list[object] = field(default_factory=list)

    def __str__(self) -> str:
        return f"in meetings {len(self.acknowledged)} acts, {self.doubted} in doubt and sent again"


class Seat:
    """Somebody at a meeting, whose page is opened again whenever it is lost."""

    def __init__(self, site: str, name: str, minutes: Minutes) -> None:
        self.name, self.learner = name, Learner(site, headers={"X-Forwarded-User": name})
        self._minutes = minutes
        self._page: OpenModule | None = None

    async def take(self, door: str, **values: str) -> None:
        """Open a meeting, or join one: under another name where an answer was lost on the way."""
        for times in itertools.count(1):
            try:
                answer = await self.learner.post(f"review/{door}", **values)
            except GONE:
                await self._wait()
                continue
            if times > 1 and b"sits here already" in answer.body:
                self.name = values["name"] = f"{self.name} again"
                continue
            assert answer.code == _TAKEN, answer.body
            return

    async def page(self) -> OpenModule:
        """Return the page, opened again where it was lost."""
        while self._page is None:
            try:
                self._page = await self.learner.open_page("review/room")
            except GONE:
                await self._wait()
        return self._page

    async def do(self, part: str, values: Mapping[str, Any], *, act: str = "") -> None:
        """Do something, and send it again until the server has said that it is kept."""
        ticket = new_ticket()
        while True:
            page = await self.page()
            try:
                reply = await page.save(part, values, ticket, act)
            except GONE:
                self._minutes.doubted += 1
                await self._wait()
                continue
            if reply["did"] != "saved":
                self._minutes.wrong.append(reply)
            else:
                self._minutes.acknowledged[ticket] = act or part, str(values.get(part, ""))
            return

    async def read(self, part: str, pattern: str) -> list[str]:
        """Find what a part of the page says, opened again until it says so."""
        while True:
            shown = (await self.page()).steps.get(part)  # none where the kernel died on the way
            if shown and (found := re.findall(pattern, shown["html"])):
                return found
            await self._wait()

    async def leave(self) -> None:
        """Close the page."""
        if self._page:
            await self._page.leave()
        self.learner.close()

    async def _wait(self) -> None:
        if self._page:
            self._page.drop()
        self._page = None
        await asyncio.sleep(0.05)


async def meet_on(site: str, minutes: Minutes, stop: asyncio.Event) -> None:
    """Hold meeting after meeting: two at once write what they have to say, word by word."""
    for meeting in itertools.count():
        if stop.is_set():
            return
        chair, doctor = (Seat(site, f"{who}-{meeting}", minutes) for who in ("chair", "doctor"))
        await _meet(chair, doctor, stop)
        await chair.leave()
        await doctor.leave()


async def _meet(chair: Seat, doctor: Seat, stop: asyncio.Event) -> None:
    await chair.take("open", **TRAINING | {"name": chair.name})
    [code] = await chair.read("room", r'the code <strong class="phb-code">([^<]+)<')
    await doctor.take("join", code=code, name=doctor.name, role="gp")
    await chair.do("stage", {"from": "gather", "to": "person"})
    await chair.do("person", {"matters": "To be at home.", "seen": "0"})
    await chair.do("stage", {"from": "person", "to": "rate"})
    rated = set(await doctor.read("rate", r'name="(ratings\.[^"]+)"'))
    await doctor.do("rate", {"round": "1", **dict.fromkeys(rated, "7")})
    await chair.do("stage", {"from": "rate", "to": "reveal"})

    async def notes() -> None:
        for word in range(WORDS_EACH):
            if not stop.is_set():
                await chair.do("note", {"note": f"note {word} of {chair.name}"})

    async def dissents() -> None:
        for word in range(WORDS_EACH):
            if not stop.is_set():
                [seen] = await doctor.read("dissent", r'name="seen" value="(\d+)"')
                words = {"dissent": f"dissent {word} of {doctor.name}", "seen": seen}
                await doctor.do("dissent", words)

    await asyncio.gather(notes(), dissents())


def troubles_of(address: str, minutes: Minutes) -> list[object]:
    """Hold what was acknowledged against the database: what is lost, doubled, unknown or wrong."""
    engine = open_database(address).engine
    with engine.connect() as connection:
        rows = connection.execute(select(review_event)).all()
    engine.dispose()
    kept = Counter(row.ticket.partition(".")[0] for row in rows if row.act not in {"open", "join"})
    texts = {row.ticket.partition(".")[0]: row.data.get("text", "") for row in rows}
    told = minutes.acknowledged
    numbers: dict[str, list[int]] = {}
    for row in sorted(rows, key=lambda row: row.seq):
        numbers.setdefault(row.session_id, []).append(row.seq)
    return [
        *(f"lost: {told[ticket]}" for ticket in told if not kept[ticket]),
        *(
            f"other words: {said}"
            for ticket, (act, said) in told.items()
            if act in {"note", "dissent"} and texts.get(ticket) != said
        ),
        *(f"doubled: {ticket}" for ticket, count in kept.items() if count > 1),
        *(f"unknown: {ticket}" for ticket in kept if ticket not in told),
        *(f"numbers: {seqs}" for seqs in numbers.values() if seqs != [*range(1, len(seqs) + 1)]),
        *minutes.wrong,
    ]
