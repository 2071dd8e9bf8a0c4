from __future__ import annotations

from contextlib import ExitStack

from phbkit.serving.kernels import MOST
from phbkit.serving.opening import MOST_OPENINGS, WITHIN_SECONDS, Pages


def test_pages_that_are_only_being_opened_count_as_well() -> None:
    pages = Pages(clock=lambda: 0.0)
    with ExitStack() as opening:
        for seat in range(MOST - 40):
            assert opening.enter_context(pages.opening(str(seat), 40))
        assert not opening.enter_context(pages.opening("late", 40))
    with pages.opening("late", 40) as allowed:
        assert allowed


def test_one_seat_cannot_open_page_after_page_and_may_again_later() -> None:
    now = [0.0]
    pages = Pages(clock=lambda: now[0])
    for _ in range(MOST_OPENINGS):
        with pages.opening("ann", 0) as allowed:
            assert allowed
    with pages.opening("ann", 0) as allowed:
        assert not allowed
    with pages.opening("ben", 0) as allowed:
        assert allowed
    now[0] = WITHIN_SECONDS
    with pages.opening("ann", 0) as allowed:
        assert allowed


def test_a_thousand_seats_do_not_grow_it_for_ever() -> None:
    now = [0.0]
    pages = Pages(clock=lambda: now[0])
    for seat in range(5000):
        now[0] += 1.0
        with pages.opening(str(seat), 0) as allowed:
            assert allowed
    assert len(pages._lately) <= 1001
