"""The credit of one answer, by format."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from phbkit.assessing import credit

options = st.integers(2, 12).map(lambda size: [f"o{n}" for n in range(size)])


@st.composite
def marked(draw: st.DrawFn) -> tuple[list[str], set[str], set[str]]:
    """Draw options, a key of some but not all of them, and what a learner ticked."""
    offered = draw(options)
    key = draw(st.sets(st.sampled_from(offered), min_size=1, max_size=len(offered) - 1))
    return offered, key, draw(st.sets(st.sampled_from(offered)))


@pytest.mark.parametrize(
    ("place", "earned"), list(enumerate(["0.3333", "0.6667", "1.0000", "0.5000", "0.0000"]))
)
def test_concordance_is_the_share_of_the_largest_count(place: int, earned: str) -> None:
    assert str(credit.concordance(place, (2, 4, 6, 3, 0))) == earned


@given(counts=st.lists(st.integers(0, 500), min_size=5, max_size=5).filter(any))
def test_the_panels_first_choice_earns_one_and_nobodys_choice_nothing(counts: list[int]) -> None:
    earned = [credit.concordance(place, counts) for place in range(5)]
    assert max(earned) == 1
    assert earned[counts.index(max(counts))] == 1
    assert all((e == 0) == (n == 0) for e, n in zip(earned, counts, strict=True))


@pytest.mark.parametrize(
    ("ticked", "earned"),
    [("abd", "1"), ("", "0"), ("abcdef", "0"), ("ab", "0.6667"), ("abe", "0.3333"), ("c", "0"),
     ("abdc", "0.6667"), ("abdce", "0.3333"), ("a", "0.3333"), ("ac", "0")],
)  # fmt: skip
def test_multiple_response_by_hand(ticked: str, earned: str) -> None:
    assert credit.multiple(list(ticked), ["a", "b", "d"], 6) == Decimal(earned)


@given(marked())
def test_all_right_earns_one_and_everything_or_nothing_earns_none(
    drawn: tuple[list[str], set[str], set[str]],
) -> None:
    offered, key, ticked = drawn
    assert credit.multiple(key, key, len(offered)) == 1
    assert credit.multiple(offered, key, len(offered)) == 0
    assert credit.multiple([], key, len(offered)) == 0
    assert 0 <= credit.multiple(ticked, key, len(offered)) <= 1


@given(marked(), st.data())
def test_a_wrong_option_more_never_raises_and_a_right_one_never_lowers(
    drawn: tuple[list[str], set[str], set[str]], data: st.DataObject
) -> None:
    offered, key, ticked = drawn
    assume(set(offered) - ticked)
    more = data.draw(st.sampled_from(sorted(set(offered) - ticked)))
    before = credit.multiple(ticked, key, len(offered))
    after = credit.multiple(ticked | {more}, key, len(offered))
    assert after >= before if more in key else after <= before
