"""The WebSocket between a page and its kernel: only well-formed frames in, only what shows out."""

from __future__ import annotations

import json
import logging
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.web import HTTPError
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

PROTOCOL = "v1.kernel.websocket.jupyter.org"
_SHOWN = {"status", "comm_open", "comm_msg", "comm_close"}
_PARTS = range(6, 33)
_CONTROL = "jupyter.widget.control"  # asks for the widgets that there are; makes none
LONGEST_FRAME = 1024 * 1024
_log = logging.getLogger(__name__)


def _places(frame: bytes, count: int) -> list[int]:
    return [int.from_bytes(frame[8 * n : 8 * n + 8], "little") for n in range(1, count + 1)]


def well_formed(frame: object) -> bool:
    """Say whether a frame keeps to the protocol: a count of parts, their offsets, the parts.

    The servers below believe the count, so that eight bytes could keep them busy for ever.
    """
    if not isinstance(frame, bytes) or len(frame) < 8:
        return False
    count = int.from_bytes(frame[:8], "little")
    if count not in _PARTS or len(frame) < 8 * (count + 1):
        return False
    places = _places(frame, count)
    starts_right = places[0] == 8 * (count + 1)
    return starts_right and places == sorted(places) and places[-1] <= len(frame)


def makes_a_widget(frame: bytes) -> bool:
    """Say whether a frame asks the kernel for a widget of the browser's own making.

    Pages are shown the kernel's widgets and never make any; one that does fills its memory.
    """
    places = _places(frame, 6)
    header, content = frame[places[1] : places[2]], frame[places[4] : places[5]]
    try:
        if json.loads(header)["msg_type"] != "comm_open":
            return False
        return bool(json.loads(content)["target_name"] != _CONTROL)
    except (ValueError, KeyError, TypeError):
        return True


class Connection(ZMQChannelsWebsocketConnection):  # type: ignore[misc]
    """Carries messages both ways, and leaves out what is malformed or none of the page's business.

    Output and errors of the kernel stay on the server: they would show paths and source lines.
    """

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
        """Take a frame from the browser, or close the socket."""
        if not well_formed(message):
            self.websocket_handler.close(1002, "malformed frame")
        elif not makes_a_widget(message):
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


class ShutdownHandler(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """Ends the kernel of a page that is left, if it is that browser's own."""

    auth_resource = "kernels"

    @authorized(action="write")  # type: ignore[untyped-decorator]
    async def post(self, kernel_id: str) -> None:
        """End it."""
        await super().post(kernel_id)
