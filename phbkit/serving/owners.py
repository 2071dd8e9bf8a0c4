"""Kernels that belong to somebody: who opened one may reach it, and nobody gets them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Int

MOST = 72  # kernels in all
MOST_EACH = 4  # of one learner, or of one seat
_UNSEEN_SECONDS = 60.0  # a page that has just been asked for connects within these
_GIVEN = {
    "HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE",
    "LD_LIBRARY_PATH", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
    "VOILA_PREHEAT",
    "PHB_CASEBANK", "PHB_DATABASE", "PHB_DRAFTS", "PHB_LIVE_REVIEWS", "PHB_PUBLIC_URL",
}  # fmt: skip


@dataclass(frozen=True)
class Owner:
    """Whoever opened a kernel: a learner, or a seat of a meeting."""

    kind: str
    id: str


@dataclass
class _Opening:
    owner: Owner
    environment: Mapping[str, str]


_opening: ContextVar[_Opening | None] = ContextVar("opening", default=None)


def kernel_environment(whole: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a kernel: what it needs, and no secret of the server's."""
    starts = ("LC_", "PG", "SSL_")  # language, and what PostgreSQL's library reads
    kept = {name: whole[name] for name in whole if name in _GIVEN or name.startswith(starts)}
    return kept | dict(more)


class Kernels(AsyncMappingKernelManager):  # type: ignore[misc]
    """Starts kernels for somebody, and for nobody else."""

    most = Int(MOST, config=True, help="Kernels in all.")
    most_each = Int(MOST_EACH, config=True, help="Kernels of one owner.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._owners: dict[str, Owner] = {}
        self._began: dict[str, float] = {}
        self._pending: list[_Opening] = []

    @contextmanager
    def opened_by(self, owner: Owner, environment: Mapping[str, str]) -> Iterator[None]:
        """Give the kernel that is started within to `owner`, with these variables of its own."""
        opening = _Opening(owner, environment)
        self._pending.append(opening)
        token = _opening.set(opening)
        try:
            yield
        finally:
            _opening.reset(token)
            self._pending = [each for each in self._pending if each is not opening]

    async def start_kernel(self, *, env: Mapping[str, str] | None = None, **kwargs: Any) -> str:
        """Start a kernel within `opened_by`.

        Raises
        ------
        PermissionError
            Nobody is there to own it.
        """
        opening = _opening.get()
        if opening is None:
            raise PermissionError("a kernel is started for somebody, or not at all")
        given = kernel_environment(env or {}, opening.environment)
        started: str = await super().start_kernel(env=given, **kwargs)
        self._owners[started], self._began[started] = opening.owner, time.monotonic()
        self._pending = [each for each in self._pending if each is not opening]
        return started

    def owner(self, kernel_id: str) -> Owner | None:
        """Say whose a kernel is."""
        return self._owners.get(kernel_id)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel."""
        self._owners.pop(kernel_id, None)
        self._began.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)

    async def room_for(self, owner: Owner) -> bool:
        """Say whether somebody may have another kernel; their oldest, or a forgotten one, goes.

        Whoever is told so goes into `opened_by` before anybody else is asked.
        """
        while True:
            mine = [kernel for kernel, theirs in self._owners.items() if theirs == owner]
            opening = sum(each.owner == owner for each in self._pending)
            if len(mine) + opening < self.most_each:
                break
            if not mine:
                return False
            await self._end(mine[0])
        if self._full():
            for kernel in self._forgotten()[:1]:
                await self._end(kernel)
        return not self._full()

    def _full(self) -> bool:
        return bool(len(self._owners) + len(self._pending) >= self.most)

    def _forgotten(self) -> list[str]:
        """List the kernels that no page is connected to, the one longest without work first."""
        now = time.monotonic()
        alone = [
            kernel for kernel in self._owners
            if not self._kernel_connections.get(kernel)
            and now - self._began[kernel] > _UNSEEN_SECONDS
        ]  # fmt: skip
        return sorted(alone, key=lambda kernel: self._kernels[kernel].last_activity)

    async def end_those(self, unwanted: Callable[[Owner], bool]) -> None:
        """End the kernels whose owner may have none any more."""
        for kernel, owner in list(self._owners.items()):
            if unwanted(owner):
                await self._end(kernel)

    async def _end(self, kernel_id: str) -> None:
        if kernel_id in self:
            await self.shutdown_kernel(kernel_id, now=True)


class Owners(Authorizer):  # type: ignore[misc]
    """Lets a browser reach the kernels that are its own, and nothing else of jupyter_server's."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        """Say whether the one kernel that is asked for belongs to whoever asks."""
        if resource != "kernels":
            return False
        kernel_id = handler.path_kwargs.get("kernel_id") or next(iter(handler.path_args), "")
        owner = self.parent.kernel_manager.owner(kernel_id)
        return owner is not None and owner in self.parent.owners_of(handler)
