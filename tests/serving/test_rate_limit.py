"""So many times within so many seconds, and not for ever."""

from __future__ import annotations

import pytest

from phbkit.serving.rate_limit import KEYS_KEPT, MovingWindow


class Clock:
    """Seconds that go up when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


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


def test_any_number_of_seats_does_not_grow_it_for_ever(clock: Clock) -> None:
    openings = MovingWindow(12, 600.0, clock)
    for seat in range(KEYS_KEPT + 5):
        openings.add(str(seat))
    assert len(openings._times) == KEYS_KEPT
