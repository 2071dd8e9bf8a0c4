"""What somebody may try to shut others out, from a process of its own: `python -m … NAME URL`.

Each goes on until it is ended, whatever the server answers. It runs at a lower priority: those who
try this have machines of their own, and do not take the server's time by computing.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import uuid
from collections.abc import Awaitable, Callable

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from phbkit.meeting.sessions import ALPHABET
from phbkit.serving.sockets import PROTOCOL
from tests.meeting.openings import TRAINING
from tests.serving.learner_client import GONE, Learner
from tests.serving.wire import asking_for_states, custom, frame, kernel_in

PATIENCE = 30.0  # seconds
Attack = Callable[[str], Awaitable[None]]
ATTACKS: dict[str, Attack] = {}


def _attack(attack: Attack) -> Attack:
    ATTACKS[attack.__name__] = attack
    return attack


def _mallory(site: str, name: str = "mallory") -> Learner:
    return Learner(site, headers={"X-Forwarded-User": name})


async def _kernel(learner: Learner) -> str:
    page = await learner.get("module/played")
    return kernel_in(page.body.decode())


async def _socket(learner: Learner, kernel: str) -> WebSocketClientConnection:
    address = learner.site.replace("http", "ws", 1)
    address += f"api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
    request = HTTPRequest(address, headers=learner.sent_along(), request_timeout=PATIENCE)
    return await websocket_connect(request, subprotocols=[PROTOCOL])


async def _for_ever(one: Callable[[int], Awaitable[object]], at_once: int = 1) -> None:
    """Do it again and again, so many at once, and take no refusal for an answer."""
    numbers = itertools.count()

    async def go_on() -> None:
        while True:
            try:
                await one(next(numbers))
            except (*GONE, AssertionError):
                await asyncio.sleep(0.1)

    await asyncio.gather(*(go_on() for _ in range(at_once)))


@_attack
async def many_sockets(site: str) -> None:
    """One learner opens sockets of one page, and closes none."""
    mallory, kept = _mallory(site), []
    kernel = await _kernel(mallory)

    async def one(_: int) -> None:
        kept.append(await _socket(mallory, kernel))

    await _for_ever(one, at_once=4)


@_attack
async def deaf_sockets(site: str) -> None:
    """Sockets that ask for everything and read nothing."""
    mallory = _mallory(site)
    kernel = await _kernel(mallory)

    async def one(_: int) -> None:
        socket = await _socket(mallory, kernel)
        for _ in range(60):
            for message in asking_for_states()[1:]:
                await socket.write_message(message, binary=True)
        await asyncio.sleep(5)

    await _for_ever(one, at_once=20)


@_attack
async def long_ids(site: str) -> None:
    """Channels with names as long as a frame may be."""
    mallory = _mallory(site)

    async def one(number: int) -> None:
        socket = await _socket(mallory, await _kernel(mallory))
        for size in (900_000, 60_000):
            for _ in range(100):
                opening = {"comm_id": f"{number}-" + "x" * size, "data": {}}
                opening["target_name"] = "jupyter.widget.control"
                await socket.write_message(
                    frame({"msg_type": "comm_open", "content": opening}), binary=True
                )
        socket.close()

    await _for_ever(one)


@_attack
async def flooding(site: str) -> None:
    """Eight sockets that send as fast as they may."""
    mallory = _mallory(site)
    kernel = await _kernel(mallory)

    async def one(_: int) -> None:
        socket = await _socket(mallory, kernel)
        message = custom("x", {"do": "draft", "values": {"a": "b" * 1000}})
        while True:
            await socket.write_message(message, binary=True)

    await _for_ever(one, at_once=8)


@_attack
async def meetings(site: str) -> None:
    """Guests and learners open meetings, and a page for each of four seats."""

    async def one(number: int) -> None:
        who = Learner(site) if number % 2 else _mallory(site, f"mallory-{number % 20}")
        await who.post("review/open", **TRAINING | {"name": f"M{number}"})
        for _ in range(4):
            await who.get("review/room")

    await _for_ever(one, at_once=4)


@_attack
async def wrong_codes(site: str) -> None:
    """One guest tries one join code after another."""
    guest = Learner(site)

    async def one(number: int) -> None:
        code = "".join(ALPHABET[(number // 24**place) % 24] for place in range(6))
        await guest.post("review/join", code=code, name="M", role="gp")

    await _for_ever(one, at_once=8)


@_attack
async def beginning_again(site: str) -> None:
    """One learner fills a page, and begins again."""
    mallory = _mallory(site)

    async def one(_: int) -> None:
        page = await mallory.open("played")
        for size in (900_000, 60_000):
            await asyncio.wait_for(page.draft("meet", {"a": "x" * size}), 2)
        page.drop()
        await mallory.post("module/played")

    await _for_ever(one)


@_attack
async def opening(site: str) -> None:
    """One learner opens page after page."""
    mallory = _mallory(site)
    await _for_ever(lambda _: mallory.get("module/played"), at_once=4)


@_attack
async def half_requests(site: str) -> None:
    """Connections that say half of what they want."""
    host, port = site.split("/")[2].split(":")
    kept = []

    async def one(_: int) -> None:
        if len(kept) > 2000:
            kept.pop(0)[1].close()
        kept.append(await asyncio.open_connection(host, int(port)))
        kept[-1][1].write(b"POST /review/join HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60")
        await asyncio.sleep(0.01)

    await _for_ever(one, at_once=4)


if __name__ == "__main__":
    os.nice(5)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    asyncio.run(ATTACKS[sys.argv[1]](sys.argv[2]))
