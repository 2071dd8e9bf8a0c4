"""What is between a browser and a server, for a test to cut, mute, hold back and mend."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

MOST_BYTES = 65536


class Network:
    """Relays connections to a port of this machine; runs in a thread of its own.

    Parameters
    ----------
    target
        The port that the server listens on.
    """

    def __init__(self, target: int) -> None:
        self._target, self._up = target, True
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._heard = asyncio.Event()
        self._heard.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._relay, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def cut(self) -> None:
        """End every connection and let none through."""
        self._do(self._turn(up=False))

    def mute(self) -> None:
        """Keep to itself what the server says, while the server hears everything."""
        self._loop.call_soon_threadsafe(self._heard.clear)

    def mend(self) -> None:
        """Let new connections through; those from before are ended."""
        self._do(self._turn(up=True))

    def close(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)

    async def _turn(self, *, up: bool) -> None:
        self._up = up
        for writer in self._open:
            writer.transport.abort()
        self._heard.set()

    async def _end(self) -> None:
        self._server.close()
        await self._turn(up=False)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._up:
            writer.transport.abort()
            return
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, to_server}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(
                self._pump(reader, to_server), self._pump(from_server, writer, mutes=True)
            )
        self._open -= {writer, to_server}

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, mutes: bool = False
    ) -> None:
        while data := await reader.read(MOST_BYTES):
            if mutes:
                await self._heard.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


class HeldReplies:
    """Keeps the server's replies to a page's messages to itself until they are let go.

    Parameters
    ----------
    page
        Not opened yet.
    held
        What a frame holds that is kept back; everything after it is kept back, too.
    """

    def __init__(self, page: Page, held: bytes) -> None:
        self.frames: list[tuple[WebSocketRoute, str | bytes]] = []
        self.holding = False
        self._held = held
        page.route_web_socket(re.compile("/channels"), self._connect)

    def let_go(self) -> None:
        self.holding = False
        for line, frame in self.frames:
            line.send(frame)
        self.frames.clear()

    def _connect(self, line: WebSocketRoute) -> None:
        def hear(frame: str | bytes) -> None:
            if self.frames or (self.holding and self._held in bytes(frame)):
                self.frames.append((line, frame))
            else:
                line.send(frame)

        line.connect_to_server().on_message(hear)
