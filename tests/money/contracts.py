"""Contracts of an area: one to reckon by hand, and any."""

from __future__ import annotations

from hypothesis import strategies as st

from phbkit.money.contract import Contract

CONTRACT = Contract(
    people=240, fixed=37_440_000, semi=56_160_000, variable=31_200_000, step_people=24
)
pennies = st.integers(0, 10**8)
shares = st.floats(0, 1)
contracts = st.builds(
    Contract,
    people=st.integers(1, 2000),
    fixed=pennies,
    semi=pennies,
    variable=pennies,
    step_people=st.integers(1, 100),
    variable_notice=st.integers(0, 40),
    step_notice=st.integers(0, 40),
    end=st.integers(0, 40),
    fixed_released=shares,
)
