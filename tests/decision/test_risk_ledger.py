"""The ledger of shared risk: who holds what, what nobody holds, what is still to be written."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from phbkit.casebank import Case
from phbkit.decision import HOLDERS, Ledger, Plan, RiskEntry

PLAN = ["massage-fortnightly", "swim-gym", "carers-assessment"]
BRUISE, STUMP, SOCKET, BAD_DAY = (
    "bruise-or-bleed",
    "pressure-on-the-stump",
    "socket-missed",
    "no-plan-for-a-bad-day",
)
NOBODY = "is not answered yet: nobody holds it."
texts = st.sampled_from(["", " \n", "A check."])
entries = st.fixed_dictionaries(
    {"holders": st.lists(st.sampled_from(list(HOLDERS)), unique=True)},
    optional=dict.fromkeys(("mitigation", "stop_rule", "review"), texts),
)
given_ledgers = st.dictionaries(
    st.sampled_from([BRUISE, STUMP, SOCKET, BAD_DAY, "hurried-off-the-opioid"]), entries
)


def held(*holders: str, **written: str) -> dict[str, Any]:
    return {"holders": list(holders), "mitigation": "", "stop_rule": "", "review": "", **written}


WRITTEN = {"mitigation": "A check.", "stop_rule": "A sign.", "review": "A date."}


def ledger(case: Case, **given: dict[str, Any]) -> Ledger:
    risks = Plan.of(case, PLAN).risks
    return Ledger.of(risks, {name.replace("_", "-"): entry for name, entry in given.items()})


def test_a_ledger_has_an_entry_for_each_risk_the_plan_brings_held_or_not(case: Case) -> None:
    made = ledger(case, socket_missed=held("service"), hurried_off_the_opioid=held("person"))
    assert [entry.risk for entry in made.entries] == [BRUISE, STUMP, SOCKET, BAD_DAY]
    assert made.entries[2] == RiskEntry(
        SOCKET,
        "not doing",
        case.about.risks[2].consequence,
        case.about.risks[2].affects,
        ("service",),
    )
    assert [entry.risk for entry in made.unheld] == [BRUISE, STUMP, BAD_DAY]


def test_a_risk_that_the_person_alone_carries_is_told_apart_from_a_shared_one(case: Case) -> None:
    made = ledger(
        case,
        bruise_or_bleed=held("person"),
        pressure_on_the_stump=held("provider", "person"),
        socket_missed=held("close"),
    )
    assert [entry.risk for entry in made.alone] == [BRUISE]
    assert made.by_holder == dict.fromkeys(HOLDERS, 0) | {"person": 2, "close": 1, "provider": 1}


def test_one_risk_of_doing_and_one_of_not_doing_must_be_written_out_whichever(case: Case) -> None:
    shared = {name: held("person", "professional") for name in (BRUISE, STUMP, SOCKET, BAD_DAY)}
    risks = Plan.of(case, PLAN).risks
    bare = Ledger.of(risks, shared)
    assert set(bare.problems()) == {f"{BRUISE}.stop_rule", f"{SOCKET}.stop_rule"}
    for doing in (BRUISE, STUMP):
        for not_doing in (SOCKET, BAD_DAY):
            written = {name: shared[name] | WRITTEN for name in (doing, not_doing)}
            assert not Ledger.of(risks, shared | written).problems()


def test_a_risk_half_written_is_the_one_that_is_asked_to_be_finished(case: Case) -> None:
    made = ledger(case, pressure_on_the_stump=held("person", mitigation="A check.", review=" "))
    assert f"{STUMP}.stop_rule" in made.problems()
    assert f"{BRUISE}.stop_rule" not in made.problems()
    assert made.problems()[f"{BRUISE}.holders"] == NOBODY


def test_a_plan_without_risks_leaves_nothing_to_hold() -> None:
    assert not Ledger().problems()
    assert Ledger().stop_rules == ()


def test_only_a_stop_rule_of_doing_stops_the_plan(case: Case) -> None:
    made = ledger(
        case,
        bruise_or_bleed=held("person", stop_rule=" A bruise. "),
        socket_missed=held("service", stop_rule="He goes twice."),
    )
    assert made.stop_rules == ("A bruise.",)


@given(made=given_ledgers)
def test_no_risk_is_ever_lost_between_the_parties(case: Case, made: dict[str, Any]) -> None:
    risks = Plan.of(case, PLAN).risks
    ledger = Ledger.of(risks, made)
    assert [entry.risk for entry in ledger.entries] == [risk.id for risk in risks]
    holdings = sum(len(entry.holders) for entry in ledger.entries)
    assert sum(ledger.by_holder.values()) == holdings
    assert set(ledger.alone).isdisjoint(ledger.unheld)
    assert bool(ledger.unheld) == any(place.endswith(".holders") for place in ledger.problems())
    if not ledger.problems():
        for side in ("doing", "not doing"):
            assert any(entry.stop_rule.strip() for entry in ledger.entries if entry.of == side)
