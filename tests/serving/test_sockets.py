"""What a socket lets in, how fast, and how much it keeps for a browser that does not read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from phbkit.serving import sockets
from phbkit.serving.sockets import KernelSocket, wanted, well_formed
from tests.serving.wire import asking_for_states, custom, frame

_, OPENING, ASKING = asking_for_states()
CONTROL = {"comm_id": "control", "target_name": "jupyter.widget.control", "data": {}}
EVIL = {"comm_id": "a" * 32, "target_name": "jupyter.widget", "data": {"state": {}}}


def told(kind: str, channel: str = "shell", **content: Any) -> bytes:
    return frame({"msg_type": kind, "content": content}, channel)


def test_what_a_page_sends_is_wanted() -> None:
    assert (wanted(OPENING), wanted(ASKING)) == ("comm_open", "comm_msg")
    assert wanted(custom("0123abcd" * 4, {"do": "draft"})) == "custom"


@pytest.mark.parametrize(
    "strange",
    [
        told("comm_open", **EVIL),
        told("comm_open", **{**CONTROL, "comm_id": "x" * 900}),
        told("comm_open", **{**CONTROL, "comm_id": "other"}),
        told("comm_open", "control", **CONTROL),
        told("comm_msg", comm_id="control", data={"method": "request_states", "more": 1}),
        told("comm_msg", comm_id="control", data={"method": "custom"}),
        told("comm_msg", comm_id="a", data={"method": "update", "state": {}}),
        told("comm_msg", comm_id="a" * 65, data={"method": "custom"}),
        told("comm_msg", comm_id="é", data={"method": "custom"}),
        told("comm_msg", comm_id=["a"], data={"method": "custom"}),
        told("comm_msg", comm_id="a", data=[]),
        told("comm_close", comm_id="a", data={}),
        told("comm_info_request"),
        told("kernel_info_request"),
        told("shutdown_request", "control", restart=False),
        ASKING.replace(b'{"comm_id"', b"[[[[[[[[[["),
    ],
    ids=range(16),
)
def test_what_no_page_sends_is_not(strange: bytes) -> None:
    assert well_formed(strange)
    assert wanted(strange) == ""


def test_what_comes_back_with_every_answer_is_short() -> None:
    long = frame({"msg_type": "comm_msg" + " " * 5000, "content": {}})
    assert not well_formed(long)


class Line:
    """The browser's end: what was sent on it is never read."""

    def __init__(self) -> None:
        self.codes: list[int] = []

    def is_closing(self) -> bool:
        return bool(self.codes)

    def write_message(self, _: bytes, *, binary: bool) -> asyncio.Future[None]:
        assert binary
        self.sent = asyncio.get_running_loop().create_future()
        return self.sent

    def close(self, code: int, _: str) -> None:
        self.codes.append(code)


@pytest.fixture
def socket() -> KernelSocket:
    socket = KernelSocket.__new__(KernelSocket)
    socket.ws_connection = Line()
    return socket


def test_a_socket_that_is_not_read_is_closed_before_it_holds_much(socket: KernelSocket) -> None:
    line, piece = socket.ws_connection, bytes(1024**2)

    async def send() -> None:
        for _ in range(12):
            socket.write_message(piece, binary=True)
            line.sent.set_result(None)
            await asyncio.sleep(0)  # what was read counts no more
        for _ in range(4):
            socket.write_message(piece, binary=True)
        assert line.codes == []
        socket.write_message(piece, binary=True)
        assert line.codes == [1013]
        socket.write_message(piece, binary=True)

    asyncio.run(send())


def test_who_sends_too_much_is_read_in_turn_and_play_is_not(
    socket: KernelSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bytes] = []
    waits: list[float] = []

    class Kernel:
        handle_incoming_message = staticmethod(taken.append)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def send(*messages: bytes) -> None:
        for message in messages:
            await socket.on_message(message)

    socket.connection = Kernel()
    monkeypatch.setattr(sockets.asyncio, "sleep", sleep)
    asyncio.run(send(*[b"x"] * 300))
    assert len(taken) == 300
    assert max(waits[:90]) <= 0  # as many as a page has at once
    assert 10 < waits[-1] < 21
    asyncio.run(send(bytes(400_000)))
    assert waits[-1] > 25
