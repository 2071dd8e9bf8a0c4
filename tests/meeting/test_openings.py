from __future__ import annotations

from phbkit.meeting.openings import MOST_OPENINGS, WITHIN_SECONDS, Openings


def test_one_seat_cannot_open_page_after_page_and_may_again_later() -> None:
    now = [0.0]
    openings = Openings(clock=lambda: now[0])
    for _ in range(MOST_OPENINGS):
        assert openings.another("ann")
    assert not openings.another("ann")
    assert openings.another("ben")
    now[0] = WITHIN_SECONDS
    assert openings.another("ann")


def test_a_thousand_seats_do_not_grow_it_for_ever() -> None:
    now = [0.0]
    openings = Openings(clock=lambda: now[0])
    for seat in range(5000):
        now[0] += 1.0
        assert openings.another(str(seat))
    assert len(openings._lately) <= 1001
