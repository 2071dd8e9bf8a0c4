"""Kernels that belong to somebody: who opened one may reach it, and nobody gets them all."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Int

from phbkit.serving.rate_limit import MovingWindow
from phbkit.serving.sockets import Connection

MOST = 72  # kernels in all
MOST_EACH = 4  # of one learner, or of one seat
MOST_OPENINGS, _WITHIN_SECONDS = 30, 600.0  # each is a process
_UNSEEN_SECONDS = 60.0  # a page that has just been asked for connects within these
_GIVEN = {
    "HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE",
    "LD_LIBRARY_PATH", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
    "PHB_CASEBANK", "PHB_DATABASE", "PHB_DRAFTS", "PHB_LIVE_REVIEWS", "PHB_PUBLIC_URL",
}  # fmt: skip


@dataclass(frozen=True)
class Owner:
    """Whoever opened a kernel: a learner, or a seat of a meeting."""

    kind: str
    id: str


@dataclass(frozen=True)
class _Place:
    owner: Owner
    environment: Mapping[str, str]
    sign_in: str
    since: float = field(default_factory=time.monotonic)


def kernel_environment(whole: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a kernel: what it needs, and no secret of the server's."""
    starts = ("LC_", "PG", "SSL_")  # language, and what PostgreSQL's library reads
    kept = {name: whole[name] for name in whole if name in _GIVEN or name.startswith(starts)}
    return kept | dict(more)


class Kernels(AsyncMappingKernelManager):  # type: ignore[misc]
    """Starts kernels for somebody who has a place for one, and for nobody else."""

    most = Int(MOST, config=True, help="Kernels in all.")
    most_each = Int(MOST_EACH, config=True, help="Kernels of one owner.")
    most_seats = Int(MOST, config=True, help="Kernels of all seats together; others are kept free.")

    most_openings = Int(MOST_OPENINGS, config=True, help="Of one owner, within ten minutes.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.context.max_sockets = self.context.get(zmq.SOCKET_LIMIT)  # a page takes several
        self._places: dict[str, _Place] = {}
        self._openings = MovingWindow(self.most_openings, _WITHIN_SECONDS)
        self.sockets: Counter[str] = Counter()  # that are open, by kernel

    async def place_for(
        self, owner: Owner, environment: Mapping[str, str], sign_in: str = ""
    ) -> str:
        """Keep a place for a kernel of somebody; their oldest, or a forgotten one, goes for it.

        Parameters
        ----------
        environment
            Variables of its own.
        sign_in
            What the browser was signed in by: once that ends, so does the kernel.

        Returns
        -------
        str
            The id of the kernel to start; empty where there is no place.
        """
        if self._openings.wait(f"{owner.kind} {owner.id}"):
            return ""
        while True:
            mine = [kernel for kernel, place in self._places.items() if place.owner == owner]
            if len(mine) < self.most_each:
                break
            running = [kernel for kernel in mine if kernel in self]
            if not running:
                return ""
            await self.end(running[0])
        if crowd := self._crowd(owner):
            for kernel in self._forgotten(crowd)[:1]:
                await self.end(kernel)
        if self._crowd(owner):
            return ""
        kernel_id: str = self.new_kernel_id()
        self._places[kernel_id] = _Place(owner, environment, sign_in)
        self._openings.add(f"{owner.kind} {owner.id}")
        return kernel_id

    async def start_kernel(self, *, kernel_id: str = "", **kwargs: Any) -> str:
        """Start the kernel of a place, with the environment that it is to have.

        Raises
        ------
        PermissionError
            Nobody is there to own it.
        """
        if kernel_id not in self._places:
            raise PermissionError("a kernel is started for somebody, or not at all")
        somebody_is_there = {"VOILA_PREHEAT": "False"}
        more = {**somebody_is_there, **self._places[kernel_id].environment}
        kwargs["env"] = kernel_environment(os.environ, more)
        started: str = await super().start_kernel(kernel_id=kernel_id, **kwargs)
        return started

    def owner(self, kernel_id: str) -> Owner | None:
        """Say whose a kernel is."""
        return self._places[kernel_id].owner if kernel_id in self._places else None

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel, and close its sockets, which jupyter_server would leave open."""
        self._places.pop(kernel_id, None)
        Connection.close_sockets_of(kernel_id)
        return super().remove_kernel(kernel_id)

    async def end(self, kernel_id: str) -> None:
        """End a kernel, if it was started, and give its place back."""
        if kernel_id in self:
            await self.shutdown_kernel(kernel_id, now=True)
        self._places.pop(kernel_id, None)

    def sign_ins(self) -> set[str]:
        """Return the sign-ins that kernels were opened by."""
        return {place.sign_in for place in self._places.values() if place.sign_in}

    async def end_signed_out(self, ended: Container[str]) -> None:
        """End the kernels that were opened by sign-ins which have ended, and their sockets."""
        for kernel, place in list(self._places.items()):
            if place.sign_in in ended and kernel in self:
                await self.end(kernel)

    def _crowd(self, owner: Owner) -> list[str]:
        """List the kernels of which one must go for somebody's; none where there is a place."""
        seats = [kernel for kernel, place in self._places.items() if place.owner.kind == "seat"]
        if owner.kind == "seat" and len(seats) >= self.most_seats:
            return seats
        return list(self._places) if len(self._places) >= self.most else []

    def _forgotten(self, crowd: Container[str]) -> list[str]:
        """List kernels that no page is connected to, the one longest without work first."""
        latest = time.monotonic() - _UNSEEN_SECONDS
        old = [each for each in self.list_kernel_ids() if self._places[each].since < latest]
        models = [self.kernel_model(kernel) for kernel in old if kernel in crowd]
        alone = [model for model in models if not model["connections"]]
        return [model["id"] for model in sorted(alone, key=lambda model: model["last_activity"])]


class Client(AsyncKernelClient):
    """Waits for a kernel, and not for 0.2 seconds of silence besides, as jupyter_client's does.

    Only clients need those that cannot tell the answers to their own messages.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until the kernel has answered and is heard on its broadcast channel.

        What it broadcasts before it knows of a listener is lost, so it is asked again until then.

        Raises
        ------
        RuntimeError, TimeoutError
            It died, or has not answered in time.
        """
        answered = heard = False
        async with asyncio.timeout(timeout):
            while not (answered and heard):
                self.kernel_info()
                answered = await _comes(self.shell_channel, 1.0) or answered
                heard = heard or await _comes(self.iopub_channel, 0.1)
                if not answered and not await self.is_alive():
                    raise RuntimeError("The kernel died before it answered")


async def _comes(channel: Any, seconds: float) -> bool:
    try:
        await channel.get_msg(timeout=seconds)
    except Empty:
        return False
    return True


class Owners(Authorizer):  # type: ignore[misc]
    """Lets a browser reach the kernels that are its own, and nothing else of jupyter_server's."""

    async def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        """Say whether the one kernel that is asked for belongs to whoever asks."""
        if resource != "kernels":
            return False
        owner = self.parent.kernel_manager.owner(handler.path_kwargs["kernel_id"])
        return owner is not None and owner in await self.parent.owners_of(handler)
