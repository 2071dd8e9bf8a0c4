"""The deal: each rule finds what it is for, and is silent otherwise."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from phbkit.casebank import Case, CaseBank
from phbkit.decision import RULES, Plan, Proposal, findings

WEEKLY, OTHER = "massage-weekly", "massage-fortnightly"
ALL_SERVED = ["physio-exercise", "pain-programme", "phantom-help"]
STOP = "A bruise bigger than my palm."

# A rule, a plan that it speaks of, the items it names, and a plan on which it is silent.
# fmt: off
RULE_CASES = [
    ("must-cover-plan", ([WEEKLY, "physio-exercise"], {}), [], ([WEEKLY], {})),
    ("no-top-up", ([OTHER, "own-money-extra"], {}), ["own-money-extra"], ([OTHER], {})),
    ("no-gp-services", (["private-gp-visits"], {}), ["private-gp-visits"], ([WEEKLY], {})),
    ("not-paid-twice", (["counselling-acceptance"], {}), ["counselling-acceptance"],
        ([WEEKLY], {})),
    ("not-paid-twice", ([WEEKLY, OTHER], {}), [WEEKLY, OTHER], ([OTHER, "swim-gym"], {})),
    ("unproven-is-not-unsafe", ([WEEKLY, "swim-gym"], {}), [WEEKLY], (["swim-gym"], {})),
    ("try-with-review", ([WEEKLY], {}), [WEEKLY], ([WEEKLY], {"review_weeks": 52})),
    ("checks-before-start", (["swim-gym", "adapted-tools"], {}), ["swim-gym"],
        (["adapted-tools"], {})),
    ("no-bargain-over-medicines", (["massage-if-opioid-stops"], {}), ["massage-if-opioid-stops"],
        ([WEEKLY], {})),
    ("household-carer", (["partner-paid"], {}), ["partner-paid"], ([WEEKLY], {})),
    ("practitioner-check", ([WEEKLY, "swim-gym"], {}), [WEEKLY], (["swim-gym"], {})),
    ("serves-an-outcome", (["own-money-extra"], {}), ["own-money-extra"], ([WEEKLY], {})),
    ("unserved-outcome", ([WEEKLY], {}), [], (ALL_SERVED, {})),
    ("unserved-outcome", ([WEEKLY], {}), [], ([], {})),
    ("three-agreements", (["swim-gym"], {}), [], (["prosthetics-review", "own-money-extra"], {})),
    ("first-review", ([WEEKLY], {"review_weeks": 14}), [], ([WEEKLY], {"review_weeks": 13})),
    ("first-review", ([], {"review_weeks": 52}), [], ([WEEKLY], {"review_weeks": None})),
    ("risk-procedure", (["swim-gym"], {"stop_rule": " \n"}), ["swim-gym"],
        (["swim-gym"], {"stop_rule": STOP})),
    ("body-decides-how-held", ([WEEKLY], {"held": "notional"}), [], ([WEEKLY], {})),
    ("named-coordinator", ([WEEKLY], {"choice": "agree"}), [], ([WEEKLY], {})),
    ("review-triggers", ([WEEKLY], {"review_weeks": 6}), [], ([], {"review_weeks": 6})),
    ("refusal-reasons", ([WEEKLY], {"choice": "decline"}), [], ([WEEKLY], {"choice": "agree"})),
    ("refusal-reasons", ([WEEKLY], {"held": "direct-payment"}), [],
        ([WEEKLY], {"held": "notional"})),
    ("help-and-brokerage", ([WEEKLY], {"choice": "agree"}), [], ([], {"choice": "agree"})),
    ("contingency-outside", ([WEEKLY], {"choice": "agree"}), [], ([WEEKLY], {})),
    ("unused-money", ([WEEKLY], {"choice": "agree"}), [],
        ([WEEKLY, "physio-exercise"], {"choice": "agree"})),
]
# A rule, and the mark on an item that makes it speak of that item.
MARKS = [
    ("no-alcohol-itself", "alcohol-itself"),
    ("no-gambling", "gambling"),
    ("no-debt-repayment", "debt"),
    ("nothing-illegal", "illegal"),
    ("no-emergency-care", "emergency-care"),
    ("no-inpatient-nhs-care", "inpatient-nhs"),
    ("legal-minimum-pay", "low-pay"),
    ("employer-duties", "employs-staff"),
]
# fmt: on


def found(case: Case, items: list[str], **agreed: object) -> dict[str, list[str]]:
    """Return the rules that speak of a plan, each with the items it names."""
    proposal = Proposal(Plan.of(case, items), **agreed)  # type: ignore[arg-type]
    return {f.rule.id: [item.id for item in f.items] for f in findings(proposal)}


def with_item(case: Case, item_id: str, **changes: object) -> Case:
    items = tuple(
        item.model_copy(update=changes) if item.id == item_id else item for item in case.about.items
    )
    return dataclasses.replace(case, about=case.about.model_copy(update={"items": items}))


def with_rule(case: Case, rule_id: str, **changes: object) -> Case:
    rule = case.rules[rule_id].model_copy(update=changes)
    return dataclasses.replace(case, rules={**case.rules, rule_id: rule})


def test_every_rule_has_a_mark_or_a_function_and_every_function_a_rule(case: Case) -> None:
    unmarked = {rule.id for rule in case.rules.values() if not rule.mark}
    assert unmarked <= set(RULES) <= set(case.rules)


@pytest.mark.parametrize(("rule", "spoken_of", "items", "silent_on"), RULE_CASES)
def test_a_rule_speaks_of_what_it_is_for_and_of_nothing_else(
    case: Case,
    rule: str,
    spoken_of: tuple[list[str], dict[str, object]],
    items: list[str],
    silent_on: tuple[list[str], dict[str, object]],
) -> None:
    assert found(case, spoken_of[0], **spoken_of[1])[rule] == items
    assert rule not in found(case, silent_on[0], **silent_on[1])


def test_each_rule_is_tried_above(case: Case) -> None:
    tried = {rule for rule, *_ in [*RULE_CASES, *MARKS]}
    assert tried | {"unsafe-item", "direct-payment-barred"} == set(case.rules)


@pytest.mark.parametrize(("rule", "mark"), MARKS)
def test_a_mark_on_an_item_is_enough_and_free_care_is_never_told_off(
    case: Case, rule: str, mark: str
) -> None:
    marked = with_item(case, WEEKLY, marks=(mark,))
    assert found(marked, [WEEKLY, "swim-gym"])[rule] == [WEEKLY]
    assert rule not in found(marked, ["swim-gym"])
    assert rule not in found(with_item(case, "pain-programme", marks=(mark,)), ["pain-programme"])


def test_a_court_requirement_bars_a_direct_payment_and_nothing_else(case: Case) -> None:
    about = case.about.model_copy(update={"marks": ("court-requirement",)})
    under_order = dataclasses.replace(case, about=about)
    rule = "direct-payment-barred"
    assert found(under_order, [WEEKLY], held="direct-payment")[rule] == []
    assert rule not in found(under_order, [WEEKLY], held="notional")
    assert rule not in found(under_order, [WEEKLY])
    assert rule not in found(case, [WEEKLY], held="direct-payment")


def test_a_ban_on_buying_alcohol_is_not_a_ban_on_buying_treatment(bank: CaseBank) -> None:
    detox = bank.load("alcohol-detox-at-home")
    barred = [i.id for i in detox.about.items if "no-alcohol-itself" in found(detox, [i.id])]
    assert barred == ["wine-until-then"]
    assert len(detox.about.items) > 8


def test_an_unsafe_item_is_a_stop_and_is_not_excused_as_unproven(case: Case) -> None:
    safety = case.item(WEEKLY).safety.model_copy(update={"grade": "unsafe"})
    spoken = found(with_item(case, WEEKLY, safety=safety), [WEEKLY])
    assert spoken["unsafe-item"] == [WEEKLY]
    assert not {"unproven-is-not-unsafe", "try-with-review"} & set(spoken)
    assert "unsafe-item" not in found(case, [item.id for item in case.about.items])


def test_a_plan_over_budget_is_a_discuss_finding_and_one_at_the_penny_is_none(case: Case) -> None:
    exactly = with_item(case, "adapted-tools", price=Decimal("2400.00"))
    a_penny_over = with_item(case, "adapted-tools", price=Decimal("2400.01"))
    assert "must-cover-plan" not in found(exactly, ["adapted-tools"])
    [over] = [
        finding
        for finding in findings(Proposal(Plan.of(a_penny_over, ["adapted-tools"])))
        if finding.rule.id == "must-cover-plan"
    ]
    assert over.level == "discuss"


@pytest.mark.parametrize(
    ("field", "days", "speaks"),
    [("until", -1, False), ("until", 0, True), ("since", 1, False), ("since", 0, True)],
)
def test_a_rule_speaks_only_while_it_is_in_force(
    case: Case, field: str, days: int, speaks: bool
) -> None:
    day = case.about.as_of + dt.timedelta(days)
    dated = with_rule(case, "no-top-up", **{field: day})
    assert ("no-top-up" in found(dated, ["own-money-extra"])) is speaks


def test_stops_come_first_then_what_to_discuss_then_notes(case: Case) -> None:
    plan = Plan.of(case, [WEEKLY, "massage-if-opioid-stops", "own-money-extra"])
    levels = [finding.level for finding in findings(Proposal(plan))]
    assert levels == sorted(levels, key=["stop", "discuss", "note"].index)
    assert (levels[0], levels[-1]) == ("stop", "note")
    assert levels.count("stop") == 1


def test_an_empty_plan_has_no_findings(case: Case) -> None:
    assert found(case, []) == {}
