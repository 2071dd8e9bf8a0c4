"""Three figures for one leaver, and why the average is none of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phbkit.money.contract import Contract
from tests.money.contracts import CONTRACT, contracts


def test_one_leaver_has_an_average_that_is_not_what_stops() -> None:
    one = CONTRACT.released_by(1)
    assert (one.average, one.at_once, one.after_notice) == (520_000, 130_000, 130_000)
    assert one.in_full_steps == 364_000


def test_a_whole_step_of_leavers_releases_the_step_as_well() -> None:
    almost, step = CONTRACT.released_by(23), CONTRACT.released_by(24)
    assert almost.after_notice == almost.at_once == 2_990_000
    assert step.after_notice == step.in_full_steps == 3_120_000 + 5_616_000


def test_everybody_leaving_still_leaves_the_fixed_cost() -> None:
    whole = CONTRACT.released_by(240)
    assert whole.average == CONTRACT.total
    assert whole.average - whole.after_notice == CONTRACT.fixed


@given(contracts, st.integers(1, 2000))
def test_less_stops_at_once_than_after_notice_and_less_then_than_on_paper(
    contract: Contract, leavers: int
) -> None:
    found = contract.released_by(min(leavers, contract.people))
    assert 0 <= found.at_once <= found.after_notice <= found.in_full_steps <= found.average
