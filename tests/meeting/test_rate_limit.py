"""Wrong codes are slowed down by address and altogether, and right ones are not."""

from __future__ import annotations

import pytest

from phbkit.meeting.rate_limit import KEYS_KEPT, MovingWindow, WrongCodes


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
def wrong_codes(clock: Clock) -> WrongCodes:
    return WrongCodes(clock)


def fail(wrong_codes: WrongCodes, address: str, times: int) -> None:
    for _ in range(times):
        wrong_codes.failed(address)


def test_four_wrong_codes_cost_nothing_and_the_fifth_half_a_minute(
    wrong_codes: WrongCodes, clock: Clock
) -> None:
    fail(wrong_codes, "ann", 4)
    assert wrong_codes.wait("ann") == 0
    wrong_codes.failed("ann")
    assert wrong_codes.wait("ann") == 30
    clock.now += 29
    assert wrong_codes.wait("ann") == 1
    clock.now += 1
    assert wrong_codes.wait("ann") == 0


def test_each_further_wrong_code_doubles_the_wait_up_to_five_minutes(
    wrong_codes: WrongCodes, clock: Clock
) -> None:
    fail(wrong_codes, "ann", 4)
    waits = []
    for _ in range(7):
        wrong_codes.failed("ann")
        waits.append(wrong_codes.wait("ann"))
        clock.now += waits[-1]
    assert waits == [30, 60, 120, 240, 300, 300, 300]


def test_thousands_of_wrong_codes_still_cost_five_minutes(
    wrong_codes: WrongCodes, clock: Clock
) -> None:
    for _ in range(3000):
        wrong_codes.failed("ann")
        clock.now += 2
    assert wrong_codes.wait("ann") == 298


def test_another_address_is_not_slowed_down(wrong_codes: WrongCodes) -> None:
    fail(wrong_codes, "ann", 10)
    assert wrong_codes.wait("ben") == 0


def test_a_right_code_wipes_the_slate(wrong_codes: WrongCodes) -> None:
    fail(wrong_codes, "ann", 4)
    wrong_codes.passed("ann")
    fail(wrong_codes, "ann", 4)
    assert wrong_codes.wait("ann") == 0


def test_an_hour_without_a_wrong_code_wipes_the_slate(
    wrong_codes: WrongCodes, clock: Clock
) -> None:
    fail(wrong_codes, "ann", 8)
    clock.now += 3599
    wrong_codes.failed("ann")
    assert wrong_codes.wait("ann") == 300
    clock.now += 3600
    wrong_codes.failed("ann")
    assert wrong_codes.wait("ann") == 0


def test_sixty_wrong_codes_in_a_minute_make_everybody_wait(
    wrong_codes: WrongCodes, clock: Clock
) -> None:
    for device in range(59):
        wrong_codes.failed(f"device-{device}")
        clock.now += 0.5
    assert wrong_codes.wait("ben") == 0
    wrong_codes.failed("device-59")
    wrong_codes.passed("ben")
    assert wrong_codes.wait("ben") == 60 - 59 * 0.5
    clock.now += wrong_codes.wait("ben")
    assert wrong_codes.wait("ben") == 0
    wrong_codes.failed("device-60")
    assert wrong_codes.wait("ben") == 0.5


def test_many_addresses_do_not_fill_the_memory(wrong_codes: WrongCodes, clock: Clock) -> None:
    for device in range(KEYS_KEPT * 3):
        wrong_codes.failed(f"device-{device}")
        clock.now += 1
    fail(wrong_codes, "ann", 5)
    assert wrong_codes.wait("ann") == 30
    assert len(wrong_codes._failures) == KEYS_KEPT


def test_one_seat_cannot_open_page_after_page_and_may_again_later(clock: Clock) -> None:
    openings = MovingWindow(12, 600.0, clock)
    for _ in range(12):
        assert openings.wait("ann") == 0
        openings.add("ann")
        clock.now += 1
    assert openings.wait("ann") == 588
    assert openings.wait("ben") == 0
    clock.now += 588
    assert openings.wait("ann") == 0


def test_thousands_of_seats_do_not_grow_it_for_ever(clock: Clock) -> None:
    openings = MovingWindow(12, 600.0, clock)
    for seat in range(5000):
        openings.add(str(seat))
    assert len(openings._times) == KEYS_KEPT
