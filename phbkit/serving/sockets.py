"""The WebSocket between a page and its kernel: only what a page sends in, only what shows out."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import Counter
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

PROTOCOL = "v1.kernel.websocket.jupyter.org"
MOST_SOCKETS = 3  # of one kernel
MOST_UNSENT = 4 * 1024 * 1024
LONGEST_FRAME = 512 * 1024  # the largest form, with every text as long as it may be
_LONGEST_HEADERS = 4096
_PARCEL = 4096
_EACH_SECOND, _AT_ONCE = 10, 100  # parcels of one socket that are read
_PING_SECONDS = 30
_SHOWN = {"status", "comm_open", "comm_msg", "comm_close"}
_PARTS = 6  # channel, header, parent header, metadata, content, and where that ends
_CONTROL = "control"
_ONCE = {
    "comm_open": {"comm_id": _CONTROL, "target_name": "jupyter.widget.control", "data": {}},
    "comm_msg": {"comm_id": _CONTROL, "data": {"method": "request_states"}},
}
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_log = logging.getLogger(__name__)


def _places(frame: bytes) -> list[int]:
    return [int.from_bytes(frame[8 * n : 8 * n + 8], "little") for n in range(1, _PARTS + 1)]


def well_formed(frame: object) -> bool:
    """Say whether a frame keeps to the protocol: a count of parts, their offsets, the parts.

    The servers below believe the count, so that eight bytes could keep them busy for ever. What
    stands before the content is short: a kernel sends it back with all that it answers.
    """
    if not isinstance(frame, bytes) or int.from_bytes(frame[:8], "little") != _PARTS:
        return False
    places, start = _places(frame), 8 * (_PARTS + 1)
    in_order = places[0] == start and places == sorted(places) and places[-1] == len(frame)
    return in_order and places[4] <= start + _LONGEST_HEADERS


def wanted(frame: bytes) -> str:
    """Say what a well-formed frame wants of the kernel; empty where no page of ours wants it.

    A page opens one comm, by which it hears of widgets, asks over it what they show, and sends
    them messages (`custom`). It makes no widgets: they would fill the kernel's memory.
    """
    parts = [frame[start:end].decode("utf-8", "replace") for start, end in pairwise(_places(frame))]
    channel, header, *_, asked = parts
    try:
        kind, content = json.loads(header)["msg_type"], json.loads(asked)
        if content == _ONCE[kind] and channel == "shell":
            return str(kind)
        comm, method = content["comm_id"], content["data"]["method"]
        is_custom = (channel, kind, method) == ("shell", "comm_msg", "custom")
        is_widget = comm != _CONTROL and _ID.fullmatch(comm)
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return "custom" if is_custom and is_widget else ""


class Connection(ZMQChannelsWebsocketConnection):  # type: ignore[misc]
    """Carries messages both ways, and leaves out what is malformed or none of the page's business.

    Output and errors of the kernel stay on the server: they would show paths and source lines.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._had: set[str] = set()

    async def prepare(self) -> None:
        """Open the socket for the current protocol only; the older one is not safe to read."""
        offered = self.websocket_handler.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in [name.strip() for name in offered.split(",")]:
            raise HTTPError(400)
        await super().prepare()

    @classmethod
    def close_sockets_of(cls, kernel_id: str) -> None:
        """Close the sockets of a kernel that has ended, so that its pages hear of it."""
        for each in list(cls._open_sockets):
            if each.kernel_id == kernel_id:
                each.websocket_handler.close(1001, "the kernel has ended")

    def handle_incoming_message(self, message: Any) -> None:
        """Take a frame from the browser, or close the socket; a page asks for states once."""
        if not well_formed(message):
            self.websocket_handler.close(1002, "malformed frame")
            return
        what = wanted(message)
        if what and what not in self._had:
            self._had |= {what} - {"custom"}
            super().handle_incoming_message(message)

    def handle_outgoing_message(self, stream: Any, message: Any) -> None:
        """Send a kernel's message to the browser if the page has a use for it; log its errors."""
        if getattr(stream, "channel", stream) == "iopub":
            _, parts = self.session.feed_identities(message)
            kind = self.session.unpack(parts[1])["msg_type"]
            if kind not in _SHOWN:
                _note(self.kernel_id, kind, self.session.unpack(parts[4]))
                return
        super().handle_outgoing_message(stream, message)


def _note(kernel_id: str, kind: str, content: dict[str, Any]) -> None:
    """Log what a kernel says on its standard error, and the errors that it shows."""
    if kind == "error":
        _log.error("Kernel %s: %s", kernel_id, "\n".join(content["traceback"]))
    elif kind == "stream" and content["name"] == "stderr":
        _log.warning("Kernel %s: %s", kernel_id, content["text"].rstrip())


class KernelSocket(VoilaKernelWebsocketHandler):  # type: ignore[misc]
    """A socket that costs no more than a page's: few of a kernel, read in turn, and heard.

    tornado sees to it that the browser is still there: jupyter_server would count its seconds as
    milliseconds.
    """

    ping_interval = ping_timeout = _PING_SECONDS
    _turn = 0.0
    _unsent = 0

    async def get(self, kernel_id: str) -> None:
        """Carry messages until the socket is closed.

        Raises
        ------
        HTTPError
            400: the page has no name, or a strange one; 429: the kernel has as many sockets as it
            may have.
        """
        if not _ID.fullmatch(self.get_argument("session_id", "")):
            raise HTTPError(400)
        sockets = self.kernel_manager.sockets
        if sockets[kernel_id] >= MOST_SOCKETS:
            raise HTTPError(429)
        sockets[kernel_id] += 1
        try:
            await super().get(kernel_id)
        finally:
            sockets[kernel_id] -= 1
            sockets += Counter()  # which forgets those of no socket

    async def open(self, kernel_id: str) -> None:
        """Connect to the kernel."""
        await self.connection.connect()

    def write_error(self, status_code: int, **_: Any) -> None:
        """Refuse without a page, which nobody would see."""
        self.finish()

    async def on_message(self, message: bytes | str) -> None:
        """Take a message, and the next when that is due: who sends too much waits."""
        super().on_message(message)
        now = asyncio.get_running_loop().time()
        cost = 1 + len(message) // _PARCEL
        self._turn = max(self._turn, now - _AT_ONCE / _EACH_SECOND) + cost / _EACH_SECOND
        await asyncio.sleep(self._turn - now)

    def write_message(self, message: bytes, binary: bool = False) -> None:
        """Send a message, unless the socket is closing; close it where too much waits unread."""
        with suppress(WebSocketClosedError):
            sent = super().write_message(message, binary)
            self._unsent += len(message)
            sent.add_done_callback(partial(self._sent, len(message)))
            if self._unsent > MOST_UNSENT:
                self.close(1013, "unread")

    def _sent(self, size: int, done: asyncio.Future[None]) -> None:
        done.exception()  # a socket that was closed is nobody's trouble
        self._unsent -= size


class ShutdownHandler(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """Ends the kernel of a page that is left, if it is that browser's own."""

    auth_resource = "kernels"

    @authorized(action="write")  # type: ignore[untyped-decorator]
    async def post(self, kernel_id: str) -> None:
        """End it."""
        await super().post(kernel_id)
