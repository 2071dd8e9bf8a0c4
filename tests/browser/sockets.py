"""Sockets of kernels, opened by hand."""

from __future__ import annotations

import asyncio
import urllib.request
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from phbkit.serving.sockets import PROTOCOL
from tests.browser.served import Served
from tests.serving.wire import kernel_in

Talk = Callable[[WebSocketClientConnection], Any]
PATIENCE = 120  # seconds, on a machine that may be busy


def kernel_of(served: Served) -> str:
    """Open the module as a browser would and return its kernel's id."""
    return kernel_in(urllib.request.urlopen(served.module_url, timeout=PATIENCE).read().decode())


def opened(served: Served, talk: Talk, kernel: str = "", **headers: str) -> Any:
    """Open a kernel's socket and talk over it."""

    async def run() -> Any:
        address = served.url.replace("http", "ws", 1)
        address += f"api/kernels/{kernel or kernel_of(served)}/channels"
        address += f"?session_id={uuid.uuid4().hex}"
        protocol = headers.pop("protocol", PROTOCOL)
        request = HTTPRequest(address, headers=headers, request_timeout=PATIENCE)
        socket = await websocket_connect(request, subprotocols=[protocol] if protocol else None)
        try:
            return await asyncio.wait_for(talk(socket), timeout=PATIENCE)
        finally:
            socket.close()

    with ThreadPoolExecutor() as threads:  # Playwright has a loop of its own in this one
        return threads.submit(asyncio.run, run()).result()
