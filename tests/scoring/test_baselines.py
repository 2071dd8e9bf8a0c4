"""What judging nothing earns: the exact verdict is that of the array statistics of a cohort."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from phbkit.cohort.statistics.concordance import baselines
from phbkit.scoring.baselines import BASELINES, rewarded


@st.composite
def panels(draw: st.DrawFn) -> tuple[tuple[int, ...], ...]:
    """Judgements of 1 to 14 panellists of 1 to 8 items; some panels lean towards the middle."""
    step = draw(st.sampled_from([st.integers(-2, 2), st.integers(-1, 1), st.sampled_from([-2, 2])]))
    items = draw(st.integers(1, 8))
    row = st.tuples(*[step] * items)
    return tuple(draw(st.lists(row, min_size=1, max_size=14)))


@given(judgements=panels())
def test_the_verdict_is_that_of_the_array_statistics(judgements: Any) -> None:
    arrays = baselines(judgements)
    line = arrays["line"]
    assume(all(abs(arrays[name] - line) > 1e-9 for name in BASELINES))  # a tie, which floats lose
    above = tuple(name for name in BASELINES if arrays[name] > line)
    assert rewarded(judgements) == (None if math.isnan(line) else above)


def test_an_exact_tie_with_the_line_is_not_above_it() -> None:
    assert rewarded(((0, 0),) * 3) == ()


def test_no_line_without_three_panellists_or_an_item() -> None:
    assert rewarded(((0, 1), (1, 1))) is None
    assert rewarded(((), (), ())) is None
