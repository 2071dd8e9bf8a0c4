"""A hostile client: no browser of ours, but HTTP and the kernel's WebSocket, spoken by hand."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from phbkit.casebank import Case
from phbkit.serving.sockets import PROTOCOL, well_formed
from tests.browser.conftest import Served
from tests.serving.wire import asking_for_states, frame, kernel_in

Talk = Callable[[WebSocketClientConnection], Any]


def ask(standing: Served, path: str = "", method: str = "GET", **headers: str) -> int:
    """Ask for a page and return the status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = b"" if method == "POST" else None
    request = urllib.request.Request(standing.url + path, data, named, method=method)
    try:
        return int(urllib.request.urlopen(request, timeout=60).status)
    except urllib.error.HTTPError as error:
        return error.code


def kernel_of(standing: Served) -> str:
    """Open the module as a browser would and return its kernel's id."""
    return kernel_in(urllib.request.urlopen(standing.module_url, timeout=60).read().decode())


def opened(standing: Served, talk: Talk, kernel: str = "", **headers: str) -> Any:
    """Open a kernel's socket and talk over it."""

    async def run() -> Any:
        address = standing.url.replace("http", "ws", 1)
        address += f"api/kernels/{kernel or kernel_of(standing)}/channels?session_id=s"
        protocol = headers.pop("protocol", PROTOCOL)
        request = HTTPRequest(address, headers=headers, request_timeout=60)
        socket = await websocket_connect(request, subprotocols=[protocol] if protocol else None)
        try:
            return await asyncio.wait_for(talk(socket), timeout=30)
        finally:
            socket.close()

    with ThreadPoolExecutor() as threads:  # Playwright has a loop of its own in this one
        return threads.submit(asyncio.run, run()).result()


def states(standing: Served) -> str:
    """Ask the kernel for the state of every widget that it has."""

    async def talk(socket: WebSocketClientConnection) -> str:
        _, opening, asking = asking_for_states()
        await socket.write_message(opening, binary=True)
        await socket.write_message(asking, binary=True)
        while True:
            reply = await socket.read_message()
            assert isinstance(reply, bytes)
            if b"update_states" in reply:
                return reply.decode("utf-8", "replace")

    return str(opened(standing, talk))


def test_every_widget_s_state_holds_nothing_of_later_steps(standing: Served, case: Case) -> None:
    found = states(standing).replace("\\u2019", "'")
    assert "Step 1 of 11" in found
    for voice in case.about.voices:
        assert voice.said[20:60] not in found
    for question in case.questions:
        assert question.stem[:50] not in found
        assert not question.feedback or question.feedback.text[:50] not in found


def test_eight_bytes_close_the_socket_and_the_server_goes_on(standing: Served) -> None:
    async def talk(socket: WebSocketClientConnection) -> object:
        await socket.write_message((2**63).to_bytes(8, "little"), binary=True)
        while (reply := await socket.read_message()) is not None:
            assert isinstance(reply, bytes)
        return socket.close_code

    assert opened(standing, talk) == 1002
    assert ask(standing) == 200


@pytest.mark.parametrize(
    "bad",
    [b"", b"\0" * 7, b"\0" * 8, (7).to_bytes(8, "little"), b"\xff" * 400, "text", None, b"{}" * 99],
)
def test_a_frame_that_is_not_the_protocol_s_is_known(bad: object) -> None:
    assert not well_formed(bad)
    assert well_formed(frame({"msg_type": "comm_info_request", "content": {}}))


def test_the_older_protocol_is_refused(standing: Served) -> None:
    with pytest.raises(HTTPClientError, match="400"):
        opened(standing, lambda socket: socket.read_message(), protocol="")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_another_site_s_page_cannot_open_the_socket(standing: Served, origin: str) -> None:
    with pytest.raises(HTTPClientError, match="403"):
        opened(standing, lambda socket: socket.read_message(), Origin=origin)


def test_code_is_not_run(standing: Served) -> None:
    async def talk(socket: WebSocketClientConnection) -> bytes:
        run = {"code": "1/0", "silent": False, "store_history": False, "user_expressions": {}}
        await socket.write_message(frame({"msg_type": "execute_request", "content": run}), True)
        info = frame({"msg_type": "comm_info_request", "content": {}})
        await socket.write_message(info, True)
        heard = b""
        while b"comm_info_reply" not in heard:
            heard += await socket.read_message() or b""
        return heard

    heard = opened(standing, talk)
    assert b"execute_reply" not in heard
    assert b"ZeroDivision" not in heard


@pytest.mark.parametrize("wanted", ["image", "script", "iframe", "empty", "style"])
def test_another_page_s_image_or_frame_starts_no_kernel(standing: Served, wanted: str) -> None:
    before = len(standing.kernels())
    assert ask(standing, "module/chronic_pain_massage", Sec_Fetch_Dest=wanted) == 403
    assert len(standing.kernels()) == before


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender"])
def test_a_browser_that_only_guesses_starts_no_kernel(standing: Served, purpose: str) -> None:
    before = len(standing.kernels())
    assert ask(standing, "module/chronic_pain_massage", Sec_Purpose=purpose) == 503
    assert len(standing.kernels()) == before


def test_another_host_name_is_refused(standing: Served) -> None:
    assert ask(standing, Host="evil.example") == 403


def test_starting_again_needs_the_page_s_own_token(standing: Served) -> None:
    assert ask(standing, "module/chronic_pain_massage/again", method="POST") == 403


def test_a_kernel_cannot_be_ended_without_the_page_s_token(standing: Served) -> None:
    kernel, before = kernel_of(standing), len(standing.kernels())
    assert ask(standing, f"voila/api/shutdown/{kernel}", method="POST") == 403
    assert ask(standing, f"api/kernels/{kernel}", method="DELETE") == 403
    assert len(standing.kernels()) == before


def test_pages_forbid_scripts_of_their_own_and_every_other_place(standing: Served) -> None:
    answer = urllib.request.urlopen(standing.url, timeout=60)
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'self'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert "SameSite=Strict" in answer.headers["Set-Cookie"] + str(answer.headers)
