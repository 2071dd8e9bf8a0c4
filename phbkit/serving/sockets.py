"""The WebSocket between a page and its kernel: only well-formed frames in, only what shows out."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.web import HTTPError, authenticated
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

PROTOCOL = "v1.kernel.websocket.jupyter.org"
_SHOWN = {"status", "comm_open", "comm_msg", "comm_close"}
_PARTS = range(6, 33)
_CONTROL = "jupyter.widget.control"  # asks for the widgets that there are; makes none
LONGEST_FRAME = 1024 * 1024


def well_formed(frame: object) -> bool:
    """Say whether a frame keeps to the protocol: a count of parts, their offsets, the parts.

    The servers below believe the count, so that eight bytes could keep them busy for ever.
    """
    if not isinstance(frame, bytes) or len(frame) < 8:
        return False
    count = int.from_bytes(frame[:8], "little")
    if count not in _PARTS or len(frame) < 8 * (count + 1):
        return False
    places = [int.from_bytes(frame[8 * n : 8 * n + 8], "little") for n in range(1, count + 1)]
    starts_right = places[0] == 8 * (count + 1)
    return starts_right and places == sorted(places) and places[-1] <= len(frame)


def makes_a_widget(frame: bytes) -> bool:
    """Say whether a frame asks the kernel for a widget of the browser's own making.

    Pages are shown the kernel's widgets and never make any; one that does fills its memory.
    """
    places = [int.from_bytes(frame[8 * n : 8 * n + 8], "little") for n in range(1, 7)]
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

    def handle_incoming_message(self, message: Any) -> None:
        """Take a frame from the browser, or close the socket."""
        if not well_formed(message):
            self.websocket_handler.close(1002, "malformed frame")
            return
        if makes_a_widget(message):
            return
        super().handle_incoming_message(message)

    def handle_outgoing_message(self, stream: Any, message: Any) -> None:
        """Send a kernel's message to the browser if the page has a use for it."""
        if getattr(stream, "channel", stream) == "iopub":
            _, parts = self.session.feed_identities(message)
            if self.session.unpack(parts[1])["msg_type"] not in _SHOWN:
                return
        super().handle_outgoing_message(stream, message)


class ChannelsHandler(VoilaKernelWebsocketHandler):  # type: ignore[misc]
    """Opens the socket for the current protocol only; the older one is not safe to read."""

    async def get(self, kernel_id: str) -> None:
        """Open the socket."""
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in [name.strip() for name in offered.split(",")]:
            raise HTTPError(400)
        await super().get(kernel_id)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say no more than the status."""
        self.finish()


class ShutdownHandler(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """Ends the kernel of a page that is left, if it is that browser's own."""

    auth_resource = "kernels"

    @authenticated
    @authorized(action="write")  # type: ignore[untyped-decorator]
    async def post(self, kernel_id: str) -> None:
        """End it; one that has gone already is no trouble."""
        if kernel_id in self.kernel_manager:
            await self.kernel_manager.shutdown_kernel(kernel_id, now=True)
        self.set_status(204)
        self.finish()
