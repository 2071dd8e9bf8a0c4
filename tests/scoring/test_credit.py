"""The credit of one answer, by format."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from phbkit.casebank.models import RankingVariant
from phbkit.scoring import credit

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


@pytest.mark.parametrize(
    ("chosen", "earned"),
    [("bdg", "1"), ("gdb", "1"), ("bd", "0.6667"), ("bda", "0.6667"), ("ace", "0"), ("", "0"),
     ("bdga", "0"), ("abcdefgh", "0")],
)  # fmt: skip
def test_key_features_by_hand(chosen: str, earned: str) -> None:
    assert credit.key_features(list(chosen), ["b", "d", "g"], 3) == Decimal(earned)


@given(marked(), st.data())
def test_key_features_earn_their_share_up_to_the_limit_and_nothing_beyond(
    drawn: tuple[list[str], set[str], set[str]], data: st.DataObject
) -> None:
    offered, key, chosen = drawn
    most = data.draw(st.integers(len(key), len(offered) - 1))
    earned = credit.key_features(chosen, key, most)
    assert 0 <= earned <= 1
    assert (earned == 1) == (key <= chosen and len(chosen) <= most)
    if len(chosen) > most:
        assert earned == 0
    named = {option: f"other-{option}" for option in offered}
    assert earned == credit.key_features(
        [named[option] for option in chosen], [named[option] for option in key], most
    )


@pytest.mark.parametrize(
    ("order", "foundation", "specialty"),
    [("abcde", 20, 12), ("bacde", 18, 10), ("acbed", 16, 8), ("edcba", 8, 0), ("eabcd", 12, 4)],
)
def test_a_ranking_of_five_by_hand(order: str, foundation: int, specialty: int) -> None:
    assert credit.ranking_points(order, "abcde", "foundation") == (foundation, 20)
    assert credit.ranking_points(order, "abcde", "specialty") == (specialty, 12)
    assert credit.ranking(order, "abcde", "foundation") == Decimal(foundation) / 20


@given(size=st.integers(3, 8), data=st.data(), variant=st.sampled_from(get_args(RankingVariant)))
def test_a_ranking_earns_most_in_the_keys_order_and_least_in_reverse(
    size: int, data: st.DataObject, variant: RankingVariant
) -> None:
    key = [f"o{n}" for n in range(size)]
    order = data.draw(st.permutations(key))
    least = credit.ranking(key[::-1], key, variant)
    assert least <= credit.ranking(order, key, variant) <= credit.ranking(key, key, variant) == 1
    assert (least == 0) == (variant == "specialty")
    named = dict(zip(key, data.draw(st.permutations(key)), strict=True))
    renamed = credit.ranking([named[o] for o in order], [named[o] for o in key], variant)
    assert renamed == credit.ranking(order, key, variant)


def test_the_worst_foundation_ranking_of_five_still_earns_two_fifths() -> None:
    assert credit.ranking("edcba", "abcde", "foundation") == Decimal("0.4")


@pytest.mark.parametrize(
    ("counts", "split"),
    [
        ((1, 6, 1, 6, 1), True),
        ((0, 6, 0, 6, 0), True),
        ((3, 4, 0, 3, 2), True),  # 4 and 3 of 12, and nobody between
        ((3, 4, 1, 4, 3), True),
        ((2, 5, 3, 5, 0), False),  # 3 between is more than half of 5
        ((4, 0, 4, 0, 4), True),
        ((0, 6, 6, 0, 0), False),  # neighbours
        ((6, 0, 2, 0, 4), True),
        ((9, 0, 0, 0, 2), False),  # 2 of 11 is less than a quarter
        ((1, 6, 5, 3, 0), False),
        ((0, 0, 0, 0, 0), False),
        ((0, 0, 9, 0, 0), False),
    ],
)
def test_a_panel_with_two_peaks_and_a_valley_is_contested(
    counts: tuple[int, ...], split: bool
) -> None:
    assert credit.contested(counts) is split


@given(counts=st.lists(st.integers(0, 30), min_size=5, max_size=5), times=st.integers(1, 9))
def test_a_panel_is_contested_either_way_round_and_at_any_size(
    counts: list[int], times: int
) -> None:
    split = credit.contested(counts)
    assert credit.contested(counts[::-1]) == split
    assert credit.contested([n * times for n in counts]) == split
