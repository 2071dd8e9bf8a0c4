"""Slowing down whoever types wrong join codes, so that codes cannot be guessed."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

FREE_FAILURES = 5
FIRST_WAIT, LONGEST_WAIT = 30.0, 300.0  # seconds
FAILURES_A_MINUTE = 60
FORGOTTEN_AFTER = 3600.0  # seconds without a wrong code
ADDRESSES_KEPT = 1000


@dataclass
class _Failures:
    count: int
    last: float

    @property
    def wait(self) -> float:
        """Seconds to wait after the last failure."""
        beyond = self.count - FREE_FAILURES
        return 0.0 if beyond < 0 else min(FIRST_WAIT * 2 ** min(beyond, 9), LONGEST_WAIT)


class Throttle:
    """Counts wrong codes by address, and over all addresses.

    Five wrong codes from one address cost 30 seconds, and each further one twice as long as the
    one before, up to 300 seconds. A right code, or an hour without a wrong one, wipes the slate.
    After 60 wrong codes in a minute, from whatever addresses, everybody waits until the minute is
    over. Of the addresses that failed, the latest thousand are kept.

    Parameters
    ----------
    clock
        Returns seconds that only ever go up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_address: OrderedDict[str, _Failures] = OrderedDict()
        self._latest: deque[float] = deque(maxlen=FAILURES_A_MINUTE)

    def wait(self, address: str) -> float:
        """Return how many seconds this address must still wait; 0 when it may try."""
        now = self._clock()
        failures = self._by_address.get(address)
        own = failures.last + failures.wait - now if failures else 0.0
        full = len(self._latest) == FAILURES_A_MINUTE
        everybody = self._latest[0] + 60 - now if full else 0.0
        return max(own, everybody, 0.0)

    def failed(self, address: str) -> None:
        """Note a wrong code."""
        now = self._clock()
        before = self._by_address.pop(address, None)
        known = before is not None and now - before.last < FORGOTTEN_AFTER
        count = before.count + 1 if before and known else 1
        self._by_address[address] = _Failures(count, now)
        if len(self._by_address) > ADDRESSES_KEPT:
            self._by_address.popitem(last=False)
        self._latest.append(now)

    def passed(self, address: str) -> None:
        """Note a right code."""
        self._by_address.pop(address, None)
