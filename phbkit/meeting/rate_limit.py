"""Slowing down whoever types wrong join codes, or opens page after page. Clocks count seconds."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

KEYS_KEPT = 1000
FREE_FAILURES = 5
FIRST_WAIT, LONGEST_WAIT = 30.0, 300.0  # seconds
FAILURES_A_MINUTE = 60
FORGOTTEN_AFTER = 3600.0  # seconds without a wrong code


class MovingWindow:
    """Allows each key so many times within so many seconds; the latest thousand keys are kept."""

    def __init__(
        self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, key: str = "") -> float:
        """Return how many seconds a key must still wait; 0 when it may go on."""
        times = self._times.get(key, deque())
        full = len(times) == self._most
        return max(times[0] + self._seconds - self._clock(), 0.0) if full else 0.0

    def add(self, key: str = "") -> None:
        """Count a key once more."""
        times = self._times.pop(key, deque(maxlen=self._most))
        times.append(self._clock())
        self._times[key] = times
        if len(self._times) > KEYS_KEPT:
            self._times.popitem(last=False)


class WrongCodes:
    """Counts wrong codes by address, and over all addresses.

    Five wrong codes from one address cost 30 seconds, and each further one twice as long as the
    one before, up to 300 seconds. A right code, or an hour without a wrong one, wipes the slate.
    After 60 wrong codes in a minute, from whatever addresses, everybody waits until the minute is
    over. Of the addresses that failed, the latest thousand are kept.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._everybody = MovingWindow(FAILURES_A_MINUTE, 60.0, clock)
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Return how many seconds this address must still wait; 0 when it may try."""
        count, last = self._failures.get(address, (0, 0.0))
        doublings = min(count - FREE_FAILURES, 9)
        wait = min(FIRST_WAIT * 2**doublings, LONGEST_WAIT) if doublings >= 0 else 0.0
        return max(last + wait - self._clock(), self._everybody.wait(), 0.0)

    def failed(self, address: str) -> None:
        """Note a wrong code."""
        now = self._clock()
        count, last = self._failures.pop(address, (0, now))
        self._failures[address] = (count + 1 if now - last < FORGOTTEN_AFTER else 1, now)
        if len(self._failures) > KEYS_KEPT:
            self._failures.popitem(last=False)
        self._everybody.add()

    def passed(self, address: str) -> None:
        """Note a right code."""
        self._failures.pop(address, None)
