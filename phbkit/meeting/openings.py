"""How often a seat of a meeting opens its page: each time is a process, begun for it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

MOST_OPENINGS = 12  # of one seat
WITHIN_SECONDS = 600.0
_SEATS_KEPT = 1000


class Openings:
    """Counts how often each seat has opened a page lately.

    Parameters
    ----------
    clock
        Returns seconds that only ever go up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lately: dict[str, deque[float]] = {}

    def another(self, seat: str) -> bool:
        """Say whether a seat may open its page once more, and count it if it may."""
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
