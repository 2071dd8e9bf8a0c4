"""So many times within so many seconds, for each of many. Clocks count seconds."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

KEYS_KEPT = 10_000  # more than any one person has addresses


class MovingWindow:
    """Allows each key so many times within so many seconds, from any thread.

    The latest ten thousand keys are kept.
    """

    def __init__(
        self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str) -> float:
        """Return how many seconds a key must still wait; 0 when it may go on."""
        with self._lock:
            times = self._times.get(key, deque())
            full = len(times) == self._most
            return max(times[0] + self._seconds - self._clock(), 0.0) if full else 0.0

    def add(self, key: str) -> None:
        """Count a key once more."""
        with self._lock:
            times = self._times.pop(key, deque(maxlen=self._most))
            times.append(self._clock())
            self._times[key] = times
            if len(self._times) > KEYS_KEPT:
                self._times.popitem(last=False)
