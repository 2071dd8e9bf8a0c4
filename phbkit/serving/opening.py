"""How many pages of meetings may be opened: each is a process, so nobody gets them all."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from phbkit.serving.kernels import MOST

MOST_OPENINGS = 12  # of one seat
WITHIN_SECONDS = 600.0
_SEATS_KEPT = 1000


class Pages:
    """Counts pages that are being opened, and how often each seat has opened one lately.

    Parameters
    ----------
    most
        Kernels in all.
    clock
        Returns seconds that only ever go up.
    """

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock, self._pending = most, clock, 0
        self._lately: dict[str, deque[float]] = {}

    @contextmanager
    def opening(self, seat: str, running: int) -> Iterator[bool]:
        """Say whether a seat may open a page while `running` kernels run; hold its place."""
        allowed = running + self._pending < self._most and self._may(seat)
        self._pending += allowed
        try:
            yield allowed
        finally:
            self._pending -= allowed

    def _may(self, seat: str) -> bool:
        now = self._clock()
        if len(self._lately) > _SEATS_KEPT:
            self._lately = {s: t for s, t in self._lately.items() if now - t[-1] < WITHIN_SECONDS}
        times = self._lately.setdefault(seat, deque())
        while times and now - times[0] >= WITHIN_SECONDS:
            times.popleft()
        if len(times) >= MOST_OPENINGS:
            return False
        times.append(now)
        return True
