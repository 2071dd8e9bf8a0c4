"""A learner without a browser: HTTP and the kernel's WebSocket, one module open at a time."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from contextlib import suppress
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from phbkit.casebank import Case
from phbkit.casebank.models import TALK_STEPS
from phbkit.serving.sockets import PROTOCOL
from phbkit.workbook.formats import fields_of
from tests.serving.wire import (
    NotStartedError,
    asking_for_states,
    custom,
    kernel_in,
    parts_of,
    reply_in,
    states_in,
)

PATIENCE = 300.0  # seconds; the machines that run this may be busy
GONE = (OSError, TimeoutError, HTTPClientError, WebSocketClosedError, NotStartedError)


def filled(case: Case, step: str, answers: Mapping[str, Any], shown: str = "") -> dict[str, Any]:
    """Fill in the form of a step as a browser would send it.

    `shown` is that form as HTML, where a step is answered in several: a conversation by the first
    of its turns that can be said now, and then by its ratings.
    """
    values: dict[str, Any] = {}
    if step in TALK_STEPS:
        return _said(step, answers[step], shown)
    for question in case.questions_at(step):
        answer = answers.get(question.id)
        if question.format == "ranking":
            values |= {f"{question.id}.{each}": str(n) for n, each in enumerate(answer, start=1)}
        elif answer is not None:
            values[question.id] = answer if isinstance(answer, list) else str(answer)
        if question.sure_key in answers:
            values[question.sure_key] = str(answers[question.sure_key])
    if step == "plan":
        values["plan"] = answers["plan"]
    if step == "risk":
        values |= fields_of("ledger", answers.get("ledger", {}))
    if step == "decide":
        told = answers["decision"]
        values |= {f"decision.{name}": value for name, value in told.items()}
        values["decision.review_weeks"] = str(told["review_weeks"])
    if step == "reflect":
        entry = answers["cpd"]
        changes = {f"cpd.changes.{n}": change for n, change in enumerate(entry["changes"])}
        values |= {"cpd.learnt": entry["learnt"], "cpd.hours": entry["hours"], **changes}
    return values


def _said(step: str, answer: Mapping[str, Any], shown: str) -> dict[str, Any]:
    for turn in answer["turns"]:
        if f'value="{turn["line"]}"' in shown:
            return fields_of(step, turn)
    return fields_of(f"{step}.rated", {name: str(n) for name, n in answer["rated"].items()})


class Learner:
    """Somebody at a site, known to it by what their browser sends with every request.

    Parameters
    ----------
    site
        The address of the start page.
    headers, cookies
        What says who this is. Cookies that the site sets are kept and sent back.
    """

    def __init__(
        self,
        site: str,
        *,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> None:
        self.site, self.headers, self.cookies = site, dict(headers or {}), dict(cookies or {})
        self._http = SimpleAsyncHTTPClient(force_instance=True)

    async def get(self, path: str = "") -> HTTPResponse:
        """Ask for a page; raises HTTPClientError where it is none."""
        return await self._fetch(path)

    async def post(self, path: str, **values: str) -> HTTPResponse:
        """Send a form with the token that the pages give; look where it leads, and do not go."""
        if "_xsrf" not in self.cookies:
            await self.get()
        body = urlencode({"_xsrf": self.cookies["_xsrf"], **values})
        return await self._fetch(
            path, method="POST", body=body, follow_redirects=False, raise_error=False
        )

    async def open(self, module: str) -> OpenModule:
        """Open a module as the browser does: its page, its kernel's socket, its widgets."""
        return await self.open_page(f"module/{module}")

    async def open_page(self, path: str) -> OpenModule:
        """Open a page that has a kernel: a module, or the room of a meeting."""
        page = await self.get(path)
        opened = OpenModule(self, kernel_in(page.body.decode()))
        await opened.connect()
        return opened

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def sent_along(self) -> dict[str, str]:
        """Make the headers of every request."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**self.headers, **({"Cookie": cookies} if cookies else {})}

    async def _fetch(self, path: str, *, raise_error: bool = True, **options: Any) -> HTTPResponse:
        request = HTTPRequest(
            self.site + path,
            headers=self.sent_along(),
            connect_timeout=PATIENCE,
            request_timeout=PATIENCE,
            **options,
        )
        response = await self._http.fetch(request, raise_error=raise_error)
        for line in response.headers.get_list("Set-Cookie"):
            self.cookies |= {name: each.value for name, each in SimpleCookie(line).items()}
        return response


class OpenModule:
    """A module as it is on a learner's screen: what each step shows, and what can be sent."""

    def __init__(self, learner: Learner, kernel: str) -> None:
        self.learner, self.kernel = learner, kernel
        self.steps: dict[str, dict[str, str]] = {}  # by step: state, html and what else is synced
        self._comms: dict[str, str] = {}
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._session = uuid.uuid4().hex
        self._socket: WebSocketClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Open the socket, and ask what every widget shows."""
        address = self.learner.site.replace("http", "ws", 1)
        address += f"api/kernels/{self.kernel}/channels?session_id={self._session}"
        request = HTTPRequest(address, headers=self.learner.sent_along(), connect_timeout=PATIENCE)
        self._socket = await websocket_connect(request, subprotocols=[PROTOCOL])
        comm, opening, asking = asking_for_states()
        await self._socket.write_message(opening, binary=True)
        await self._socket.write_message(asking, binary=True)
        states = None
        async with asyncio.timeout(PATIENCE):
            while states is None:
                states = states_in(await self._read(), comm)
        self.steps = {each["step"]: each for each in states.values() if "step" in each}
        self._comms = {each["step"]: key for key, each in states.items() if "step" in each}
        self._listening = asyncio.create_task(self._listen())

    @property
    def attempt(self) -> str:
        """The attempt that is played."""
        return next(iter(self.steps.values()))["attempt"]

    @property
    def current(self) -> str | None:
        """The step to answer next; None when the module is finished."""
        return next((name for name, step in self.steps.items() if step["state"] == "open"), None)

    def filled(self, case: Case, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in the form that is open now."""
        assert self.current
        return filled(case, self.current, answers, self.steps[self.current]["html"])

    async def save(
        self, step: str, values: Mapping[str, Any], ticket: str = "", form: str = ""
    ) -> dict[str, Any]:
        """Commit a step, or another form on it; return the answer, however long it takes.

        Raises
        ------
        ConnectionError, WebSocketClosedError, TimeoutError
            No answer came: what was sent may be kept or not.
        """
        message = {"do": "save", "form": form or step, "ticket": ticket or new_ticket()}
        message["values"] = values
        return await self._ask(step, message)

    async def draft(self, step: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Send what is typed so far."""
        return await self._ask(step, {"do": "draft", "ticket": new_ticket(), "values": values})

    async def leave(self) -> None:
        """Close the page, which ends its kernel."""
        self.drop()
        with suppress(*GONE):
            await self.learner.post(f"voila/api/shutdown/{self.kernel}")

    def drop(self) -> None:
        """Close the socket and say nothing: a lost connection."""
        if self._listening:
            self._listening.cancel()
        if self._socket:
            self._socket.close()

    async def _ask(self, step: str, message: dict[str, Any]) -> dict[str, Any]:
        assert self._socket
        if self._listening is None or self._listening.done():
            raise ConnectionResetError("The page is lost.")
        if step not in self._comms:
            raise ConnectionResetError("The kernel died before all of the page was there.")
        answer = asyncio.get_running_loop().create_future()
        self._waiting[message["ticket"]] = answer
        try:
            await self._socket.write_message(custom(self._comms[step], message), binary=True)
            async with asyncio.timeout(PATIENCE):
                return dict(await answer)
        finally:
            del self._waiting[message["ticket"]]

    async def _read(self) -> dict[str, Any]:
        assert self._socket
        data = await self._socket.read_message()
        if not isinstance(data, bytes):
            raise ConnectionResetError("The server closed the socket.")
        message = parts_of(data)
        if message["content"].get("execution_state") in {"restarting", "autorestarting", "dead"}:
            raise ConnectionResetError("The kernel died.")
        return message

    async def _listen(self) -> None:
        try:
            while True:
                self._hear(await self._read())
        except ConnectionResetError as error:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(error)

    def _hear(self, message: dict[str, Any]) -> None:
        reply = reply_in(message)
        if reply and reply.get("ticket") in self._waiting:
            self._waiting[reply["ticket"]].set_result(reply)
            return
        data = message["content"].get("data") or {}
        if message["type"] == "comm_msg" and data.get("method") == "update":
            for step, comm in self._comms.items():
                if comm == message["content"]["comm_id"]:
                    self.steps[step] |= data["state"]


def new_ticket() -> str:
    """Name one message."""
    return uuid.uuid4().hex
