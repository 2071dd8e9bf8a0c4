"""One person's budget: every line to the penny, and what a bare estimate forgets."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from phbkit.money.budget_setting import Employment

HAZEL = Employment(
    hours=Decimal(4),
    rate=Decimal("13.20"),
    assistants=1,
    holiday=Decimal("5.6"),
    sickness=Decimal(2),
    cover_holiday=Decimal("12.07"),
    employer_ni=Decimal(15),
    employer_ni_from=Decimal(5000),
    employment_allowance=Decimal(0),
    pension=Decimal(3),
    pension_trigger=Decimal(10_000),
    pension_from=Decimal(6_240),
    pension_to=Decimal(50_270),
    sick_pay_share=Decimal(80),
    sick_pay_most=Decimal("123.25"),
    insurance=Decimal(120),
    payroll=Decimal(180),
    training=Decimal(150),
    other_items=Decimal(200),
    contingency=Decimal(5),
)


def test_a_plan_adds_up_to_the_penny() -> None:
    # 50 weeks of £52.80; 5.6 weeks' cover; 2 weeks of 80 % of £52.80; 2 weeks' cover; 12.07 % of
    # £401.28 of cover; no insurance contributions and no pension.
    assert list(HAZEL.costs.values()) == [
        264_000, 29_568, 8_448, 10_560, 4_843, 0, 0, 12_000, 18_000, 15_000, 20_000,
    ]  # fmt: skip
    assert HAZEL.plan_cost == 382_419
    assert HAZEL.held_back == 19_121


def test_a_pension_is_due_unasked_only_above_the_trigger_and_between_the_thresholds() -> None:
    full_time = replace(HAZEL, hours=Decimal(30))
    pay = Decimal(full_time.pay) / 100
    assert pay > 10_000
    assert full_time.costs["pension"] == round((pay - 6_240) * 3)
    assert replace(full_time, pension_trigger=pay).costs["pension"] == 0
    assert replace(full_time, assistants=3).costs["pension"] == 0  # each is paid less than £10,000
    dear = replace(full_time, rate=Decimal(100))
    assert dear.costs["pension"] == (50_270 - 6_240) * 3


def test_sick_pay_is_the_lower_of_a_share_of_pay_and_the_flat_rate_for_each_assistant() -> None:
    full_time = replace(HAZEL, hours=Decimal(30))
    assert full_time.costs["sick_pay"] == 2 * 12_325
    assert replace(full_time, assistants=6).costs["sick_pay"] == 6 * 2 * 5_280
    assert replace(HAZEL, sickness=Decimal(0)).costs["sick_pay"] == 0


def test_national_insurance_is_on_each_ones_pay_above_the_threshold() -> None:
    full_time = replace(HAZEL, hours=Decimal(30))
    cover = 30 * 1320 * Decimal("7.6")
    pay = 30 * 1320 * 50 + 2 * 12_325 + cover * Decimal("1.1207")
    assert full_time.costs["ni"] == round((pay - 500_000) * 15 / 100)
    shared = replace(full_time, assistants=6)
    assert shared.costs["ni"] == 0


def test_the_allowance_takes_national_insurance_away_as_far_as_it_reaches() -> None:
    full_time = replace(HAZEL, hours=Decimal(30), employment_allowance=Decimal(10_500))
    assert full_time.costs["ni"] == 0
    many = replace(full_time, hours=Decimal(168), rate=Decimal(40))
    assert many.costs["ni"] == many.ni_due - 1_050_000
