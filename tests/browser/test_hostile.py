"""A hostile client: no browser of ours, but HTTP and the kernel's WebSocket, spoken by hand."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
import uuid
from contextlib import suppress

import pytest
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection

from phbkit.casebank import Case
from phbkit.serving.sockets import well_formed
from tests.browser.served import Served
from tests.browser.sockets import Talk, kernel_of, opened
from tests.serving.wire import asking_for_states, custom, frame

MOST_LOOKS = 200


def ask(served: Served, path: str = "", method: str = "GET", **headers: str) -> int:
    """Ask for a page and return the status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = b"" if method == "POST" else None
    request = urllib.request.Request(served.url + path, data, named, method=method)
    try:
        return int(urllib.request.urlopen(request, timeout=60).status)
    except urllib.error.HTTPError as error:
        return error.code


def states(served: Served) -> str:
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

    return str(opened(served, talk))


def test_every_widget_s_state_holds_nothing_of_later_steps(served: Served, case: Case) -> None:
    found = states(served).replace("\\u2019", "'")
    assert "step 1 of 3" in found
    for voice in case.about.voices:
        assert voice.said[20:60] not in found
    for question in case.questions:
        assert question.stem[:50] not in found
        assert not question.feedback or question.feedback.text[:50] not in found


def test_eight_bytes_close_the_socket_and_the_server_goes_on(served: Served) -> None:
    async def talk(socket: WebSocketClientConnection) -> object:
        await socket.write_message((2**63).to_bytes(8, "little"), binary=True)
        while (reply := await socket.read_message()) is not None:
            assert isinstance(reply, bytes)
        return socket.close_code

    assert opened(served, talk) == 1002
    assert ask(served) == 200


def test_a_frame_is_as_long_as_the_largest_form_and_no_longer(served: Served) -> None:
    def a_form_of(size: int) -> bytes:
        return custom("0123abcd" * 4, {"do": "draft", "values": {"a": "x" * size}})

    async def talk(socket: WebSocketClientConnection) -> object:
        for message in (a_form_of(500 * 1024), *asking_for_states()[1:]):
            await socket.write_message(message, binary=True)
        while b"update_states" not in (await socket.read_message() or b"update_states"):
            pass
        assert socket.close_code is None
        await socket.write_message(a_form_of(512 * 1024), binary=True)
        async with asyncio.timeout(30):
            while await socket.read_message() is not None:
                pass
        return socket.close_code

    assert opened(served, talk) == 1009


@pytest.mark.parametrize(
    "bad",
    [b"", b"\0" * 7, b"\0" * 8, (7).to_bytes(8, "little"), b"\xff" * 400, "text", None, b"{}" * 99],
)
def test_a_frame_that_is_not_the_protocol_s_is_known(bad: object) -> None:
    assert not well_formed(bad)
    assert well_formed(frame({"msg_type": "comm_info_request", "content": {}}))


def test_the_older_protocol_is_refused(served: Served) -> None:
    with pytest.raises(HTTPClientError, match="400"):
        opened(served, lambda socket: socket.read_message(), protocol="")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_another_site_s_page_cannot_open_the_socket(served: Served, origin: str) -> None:
    with pytest.raises(HTTPClientError, match="403"):
        opened(served, lambda socket: socket.read_message(), Origin=origin)


hear: Talk = WebSocketClientConnection.read_message


def test_a_kernel_has_three_sockets_and_no_more(served: Served) -> None:
    kernel = kernel_of(served)

    def then(talk: Talk) -> Talk:
        return lambda _: asyncio.to_thread(opened, served, talk, kernel)

    async def refused(_: object) -> None:
        with pytest.raises(HTTPClientError, match="429"):
            await then(hear)(None)

    opened(served, then(then(refused)), kernel)
    for _ in range(MOST_LOOKS):  # the server hears a little later that one has closed
        with suppress(HTTPClientError):
            opened(served, hear, kernel)
            return
    raise AssertionError("a socket that was closed is counted for ever")


def test_a_frame_that_comes_twice_is_told_in_a_line(served: Served) -> None:
    async def talk(socket: WebSocketClientConnection) -> None:
        message = custom("x", {"do": "draft"})
        while "Invalid message: Duplicate" not in served.log():
            await socket.write_message(message, binary=True)
            await asyncio.sleep(0.05)

    opened(served, talk)
    assert "Traceback" not in served.log()


@pytest.mark.parametrize("name", ["", "%C3%A9", "%F0%9F%98%80", "a" * 65, "a%20b", "%00"])
def test_a_page_with_a_strange_name_is_refused_and_nothing_breaks(
    served: Served, name: str
) -> None:
    assert ask(served, f"api/kernels/{uuid.uuid4()}/channels?session_id={name}") == 400
    assert "Traceback" not in served.log()


def test_code_is_not_run(served: Served) -> None:
    async def talk(socket: WebSocketClientConnection) -> bytes:
        run = {"code": "1/0", "silent": False, "store_history": False, "user_expressions": {}}
        await socket.write_message(frame({"msg_type": "execute_request", "content": run}), True)
        for each in asking_for_states()[1:]:
            await socket.write_message(each, True)
        heard = b""
        while b"update_states" not in heard:
            heard += await socket.read_message() or b""
        return heard

    heard = opened(served, talk)
    assert b"execute_reply" not in heard
    assert b"ZeroDivision" not in heard


@pytest.mark.parametrize("wanted", ["image", "script", "iframe", "empty", "style"])
def test_another_page_s_image_or_frame_starts_no_kernel(served: Served, wanted: str) -> None:
    before = set(served.kernels())
    assert ask(served, "module/chronic_pain_massage", Sec_Fetch_Dest=wanted) == 403
    assert set(served.kernels()) <= before


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender"])
def test_a_browser_that_only_guesses_starts_no_kernel(served: Served, purpose: str) -> None:
    before = set(served.kernels())
    assert ask(served, "module/chronic_pain_massage", Sec_Purpose=purpose) == 503
    assert set(served.kernels()) <= before


def test_another_host_name_is_refused(served: Served) -> None:
    assert ask(served, Host="evil.example") == 403


def test_starting_again_needs_the_page_s_own_token(served: Served) -> None:
    assert ask(served, "module/chronic_pain_massage", method="POST") == 403


def test_a_kernel_cannot_be_ended_without_the_page_s_token(served: Served) -> None:
    kernel, before = kernel_of(served), set(served.kernels())
    assert ask(served, f"voila/api/shutdown/{kernel}", method="POST") == 403
    assert ask(served, f"api/kernels/{kernel}", method="DELETE") == 403
    assert set(served.kernels()) >= before


def test_pages_forbid_scripts_of_their_own_and_every_other_place(served: Served) -> None:
    answer = urllib.request.urlopen(served.url, timeout=60)
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'self'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert "SameSite=Strict" in answer.headers["Set-Cookie"] + str(answer.headers)
