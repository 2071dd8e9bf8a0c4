"""Wrong codes are slowed down by address and altogether, and right ones are not."""

from __future__ import annotations

import pytest

from phbkit.meeting.throttle import ADDRESSES_KEPT, Throttle


class Clock:
    """Seconds that go up when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


def fail(throttle: Throttle, address: str, times: int) -> None:
    for _ in range(times):
        throttle.failed(address)


def test_four_wrong_codes_cost_nothing_and_the_fifth_half_a_minute(
    throttle: Throttle, clock: Clock
) -> None:
    fail(throttle, "ann", 4)
    assert throttle.wait("ann") == 0
    throttle.failed("ann")
    assert throttle.wait("ann") == 30
    clock.now += 29
    assert throttle.wait("ann") == 1
    clock.now += 1
    assert throttle.wait("ann") == 0


def test_each_further_wrong_code_doubles_the_wait_up_to_five_minutes(
    throttle: Throttle, clock: Clock
) -> None:
    fail(throttle, "ann", 4)
    waits = []
    for _ in range(7):
        throttle.failed("ann")
        waits.append(throttle.wait("ann"))
        clock.now += waits[-1]
    assert waits == [30, 60, 120, 240, 300, 300, 300]


def test_thousands_of_wrong_codes_still_cost_five_minutes(throttle: Throttle, clock: Clock) -> None:
    for _ in range(3000):
        throttle.failed("ann")
        clock.now += 2
    assert throttle.wait("ann") == 298


def test_another_address_is_not_slowed_down(throttle: Throttle) -> None:
    fail(throttle, "ann", 10)
    assert throttle.wait("ben") == 0


def test_a_right_code_wipes_the_slate(throttle: Throttle) -> None:
    fail(throttle, "ann", 4)
    throttle.passed("ann")
    fail(throttle, "ann", 4)
    assert throttle.wait("ann") == 0


def test_an_hour_without_a_wrong_code_wipes_the_slate(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, "ann", 8)
    clock.now += 3599
    throttle.failed("ann")
    assert throttle.wait("ann") == 300
    clock.now += 3600
    throttle.failed("ann")
    assert throttle.wait("ann") == 0


def test_sixty_wrong_codes_in_a_minute_make_everybody_wait(
    throttle: Throttle, clock: Clock
) -> None:
    for device in range(59):
        throttle.failed(f"device-{device}")
        clock.now += 0.5
    assert throttle.wait("ben") == 0
    throttle.failed("device-59")
    throttle.passed("ben")
    assert throttle.wait("ben") == 60 - 59 * 0.5
    clock.now += throttle.wait("ben")
    assert throttle.wait("ben") == 0
    throttle.failed("device-60")
    assert throttle.wait("ben") == 0.5


def test_many_addresses_do_not_fill_the_memory(throttle: Throttle, clock: Clock) -> None:
    for device in range(ADDRESSES_KEPT * 3):
        throttle.failed(f"device-{device}")
        clock.now += 1
    fail(throttle, "ann", 5)
    assert throttle.wait("ann") == 30
    assert len(throttle._by_address) == ADDRESSES_KEPT
    assert len(throttle._latest) == 60
