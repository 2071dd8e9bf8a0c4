"""The log of a server in trouble stays short, and still says how often."""

from __future__ import annotations

import logging

import pytest

from phbkit.serving.log import OncePerMinute


def record(said: str, at: float = 0.0, error: Exception | None = None) -> logging.LogRecord:
    cause = (type(error), error, None) if error else None
    made = logging.LogRecord("tornado", logging.ERROR, "", 0, "%s", (said,), cause)
    made.created = 1e9 + at
    return made


def test_the_same_trouble_is_told_once_a_minute_and_then_how_often_it_came() -> None:
    log = OncePerMinute()
    one = "403 GET /api/kernels/0c5a1f5e-6a6f-4bb0-9d3a-1d4a3c0c1d22"
    seen = [record(one, n) for n in range(59)]
    assert [log.filter(each) for each in seen] == [True] + [False] * 58
    again = record("403 GET /api/kernels/ffffffff-6a6f-4bb0-9d3a-1d4a3c0c1d22", 61)
    assert log.filter(again)
    assert again.getMessage().endswith("1d4a3c0c1d22 (and 58 more like it before)")
    later = record("403 GET /api/kernels/ffffffff-6a6f-4bb0-9d3a-1d4a3c0c1d22", 200)
    assert log.filter(later)
    assert "more" not in later.getMessage()


@pytest.mark.parametrize("other", ["404 GET /", "403 POST /", "403 GET /review"])
def test_other_trouble_is_told_at_once(other: str) -> None:
    log = OncePerMinute()
    assert log.filter(record("403 GET /"))
    assert log.filter(record(other))


def test_the_same_words_with_another_cause_are_other_trouble() -> None:
    log = OncePerMinute()
    words = "Exception in callback"
    errors = [OSError(24, "Too many open files"), OSError(24, "Too many open files"), KeyError("a")]
    assert [log.filter(record(words, 0.0, error)) for error in errors] == [True, False, True]


def test_new_trouble_without_end_is_not_all_kept_in_mind() -> None:
    log = OncePerMinute()
    for n in range(3000):
        assert log.filter(record("".join(chr(ord("g") + int(digit)) for digit in str(n))))
    assert len(log._told) <= 1000
