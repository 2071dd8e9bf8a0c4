"""The pages about money: figures typed, kept and worked out; what is wrong told before any sum."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from phbkit import Workbook
from phbkit.casebank import Case, CaseBank
from phbkit.errors import AnswersError, AreaError, RefusedError
from phbkit.money.fields import FIELDS, check_figures
from phbkit.money.money_steps import sums_of
from phbkit.money.pence import roughly
from phbkit.money.sums import Sums
from phbkit.records import MemoryJournal
from phbkit.workbook.answers import answers_from, check_values
from phbkit.workbook.module import Module
from phbkit.workbook.pages import effect, step_page
from phbkit.workbook.steps import find_step
from tests.made import careful
from tests.money.played import AREA, play

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def case(bank: CaseBank) -> Case:
    return bank.load("getting-the-sums-right")


@pytest.fixture
def module(case: Case) -> Module:
    return Module(case, MemoryJournal(dt.datetime(2026, 11, 2, tzinfo=dt.UTC)))


def cards(module: Module, step: str, **figures: str) -> str:
    """Read what figures would come to, as text on one line."""
    shown = effect(module, step, {f"{step}.{name}": value for name, value in figures.items()})
    text = html.fromstring(f"<div>{shown['line']} {shown['cards']}</div>").text_content()
    return " ".join(text.split())


def form_of(module: Module, step: str) -> dict[str, Any]:
    """Fill in a drawn form as a browser would send it back untouched."""
    page = html.fromstring(str(step_page(module, find_step(step), live=True)))
    values: dict[str, Any] = {}
    for control in page.xpath("//input[@name]|//textarea[@name]"):
        if control.get("type") in {"radio", "checkbox"} and control.get("checked") is None:
            continue
        values[control.get("name")] = control.text or control.get("value", "")
    return values


def test_the_plan_in_the_question_is_the_plan_on_the_page(case: Case, module: Module) -> None:
    text = cards(module, "setting")
    for amount in ("£3,824.19", "£2,745.60", "£5,200", "£3,420", "£2,000"):
        assert amount in text
    stem = case.question("final-sum").stem
    assert "£2,745.60" in stem
    assert "£3,824.19" in stem


@pytest.mark.parametrize(
    ("rate", "year", "said"),
    [
        ("12.70", "2026/27", "Stop: £12.70 an hour is below £12.71"),
        ("12.71", "2026/27", "Not below £12.71"),
        ("12.20", "2025/26", "is below £12.21"),
        ("12.50", "2025/26", "Not below £12.21"),
        ("9.00", "", "Check the current figure"),
    ],
)
def test_pay_is_held_against_the_legal_minimum_of_its_year(
    module: Module, rate: str, year: str, said: str
) -> None:
    assert said in cards(module, "setting", rate=rate, year=year)


def test_one_leaver_has_three_figures_and_never_one(module: Module) -> None:
    text = cards(module, "block")
    assert "£5,200 average cost: her share of the contract on paper. Nobody can spend it." in text
    assert "£1,300 releasable now" in text
    assert "£1,300 releasable after notice: no more yet." in text
    assert "As one part of 24 leavers it would be £3,640 each" in text
    assert "not yet the commissioner’s cash" in text
    assert "£87,360 releasable after notice: with 1 whole step" in cards(
        module, "block", leavers="24"
    )


def test_four_ways_give_four_estimates_for_one_person(case: Case) -> None:
    ways = {"hours": "4", "rate": "13.20", "past-cost": "5200", "points": "38"}
    ways |= {"point-value": "90", "fixed-sum": "2000"}
    found = Sums.of(case, {"setting": ways}).estimates
    assert list(found.values()) == [274_560, 520_000, 342_000, 200_000]


def test_the_four_carriers_add_up_to_the_extra_cost(module: Module) -> None:
    found = sums_of(module).outcome("gradual")
    carried = [value for name, value in found.items() if name.startswith("carried")]
    assert len(carried) == 4
    assert sum(carried) == found["extra"]


def test_budgets_that_do_not_pay_for_the_plans_are_a_stop_and_the_person_carries_it(
    module: Module,
) -> None:
    text = cards(module, "running", covered="90")
    assert "Stop: the budgets do not pay for the plans." in text
    assert "people are left with £" in text
    assert "Stop" not in cards(module, "running")


def test_nothing_is_worked_out_from_figures_that_cannot_be_right(module: Module) -> None:
    text = cards(module, "running", share="140", bridging="£200,000", months="2.5")
    assert "3 things to mend before anything is worked out" in text
    assert "is 140. Give from 0 to 100." in text
    assert "is '£200,000'. Write 200000: no currency, commas or signs." in text
    assert "is 2.5. Give a whole number." in text
    assert "Deepest hole" not in text


def test_ends_that_do_not_hold_the_likeliest_are_told_at_their_field(module: Module) -> None:
    text = cards(module, "bands", **{"uptake-low": "45", "drop-high": "5"})
    assert "Uptake, %: lowest: is above the likeliest, 40." in text
    assert "Going back in a year, %: highest: is below the likeliest, 8." in text


def test_the_ends_of_the_bands_move_with_what_was_thought_likeliest(module: Module) -> None:
    play(module, "bands", {"running": {"share": "80", "price-rise": "4"}})
    figures = sums_of(module).figures["bands"]
    assert (figures["uptake-low"], figures["uptake-high"]) == ("40", "100")
    assert (figures["price-low"], figures["price-high"]) == ("2", "8")
    assert "to mend" not in cards(module, "bands")


def test_a_true_minus_and_a_figure_of_two_decimals_are_taken(module: Module) -> None:
    figures = {"price-rise": "−2.25", "drop-out": "8.25"}
    play(module, "bands", {"running": figures})
    assert sums_of(module).scenario("gradual").spreads.price_rise.likely == -0.0225
    assert "to mend" not in cards(module, "bands")


@pytest.mark.parametrize("step", FIELDS)
def test_a_form_sent_back_untouched_is_taken_and_changes_nothing(module: Module, step: str) -> None:
    play(module, step)
    before = sums_of(module).figures
    values = check_values(form_of(module, step))
    answers = answers_from(module.case, values)
    rest = {q.id: careful(module.case)[q.id] for q in module.case.questions_at(step)}
    module.submit("sent", step, {step: answers[step]} | rest)
    assert sums_of(module).figures == before
    assert sums_of(module).made_up


def test_every_fault_of_a_page_is_told_at_its_field_and_nothing_is_kept(module: Module) -> None:
    play(module, "running")
    with pytest.raises(RefusedError) as refused:
        module.submit("bad", "running", {"running": {"share": "x", "fast": "0", "nonsense": "1"}})
    assert {"running.share", "running.fast", "running.nonsense"} <= set(refused.value.problems)
    assert "running" not in module.answers


def test_figures_that_do_not_go_together_are_refused_at_their_field(
    module: Module, case: Case
) -> None:
    play(module, "bands")
    with pytest.raises(RefusedError) as refused:
        module.submit("bad", "bands", {"bands": {"uptake-low": "45"}, "what-to-tell": "b"})
    assert refused.value.problems == {"bands.uptake-low": "is above the likeliest, 40."}
    with pytest.raises(AnswersError, match=r"block\.leavers: is more than the 240"):
        Workbook.open(case.id, {"answers": {"block": {"leavers": 241}}}, live=False)


def test_a_pasted_area_stands_in_place_of_the_made_up_one(module: Module) -> None:
    own = AREA.read_text().replace("contract,,1248000", "contract,,1252800")
    own = own.replace("variable,,312000", "variable,,316800").replace("made up", "our ledger")
    play(module, "running", {"block": {"csv": own, "leavers": "2", "variable": "312000"}})
    assert not sums_of(module).made_up
    assert sums_of(module).contract.total == 125_280_000
    assert "figures of your own" in str(step_page(module, find_step("running"), live=True))
    assert "made-up area" not in cards(module, "running")


def test_a_pasted_area_with_faults_is_told_line_by_line_and_not_used(module: Module) -> None:
    own = (
        AREA.read_text().replace("people,,240", "people,,-240").replace("team,,30000", "team,,£30")
    )
    text = cards(module, "block", csv=own)
    assert "your figures:6: people, column 3 (value): is -240 people." in text
    assert "your figures:16: team, column 3 (value): is '£30'." in text
    with pytest.raises(AnswersError) as error:
        check_figures("block", {"csv": own})
    assert set(error.value.problems) == {"block.csv"}


def test_nothing_that_is_typed_or_pasted_is_obeyed(module: Module) -> None:
    for step, name in (("setting", "hours"), ("block", "csv"), ("bands", "seed")):
        shown = effect(module, step, {f"{step}.{name}": EVIL, f"{step}.{EVIL}": EVIL})
        assert "<img" not in str(shown["cards"])
    pasted = f"item,month,value,low,high,unit,year,source\n{EVIL},,{EVIL},,,{EVIL},{EVIL},{EVIL}\n"
    assert "<img" not in str(effect(module, "block", {"block.csv": pasted})["cards"])


@pytest.mark.parametrize("value", [None, [], "x", 5, {"share": None}, {"share": ["1"]}, {1: "x"}])
def test_an_answer_of_any_shape_is_refused_without_a_crash(case: Case, value: object) -> None:
    with pytest.raises(AnswersError):
        Workbook.open(case.id, {"answers": {"running": value}}, live=False)


def test_every_picture_says_what_it_shows_and_has_its_table(module: Module) -> None:
    for step, pictures in (("block", 1), ("running", 1), ("bands", 2)):
        page = html.fromstring(f"<div>{effect(module, step, {})['cards']}</div>")
        drawn = page.xpath("//*[local-name()='svg']")
        assert len(drawn) == pictures
        for picture in drawn:
            assert picture.get("role") == "img"
            assert len(picture.get("aria-label")) > 60
        assert len(page.xpath("//details//table")) == pictures


def test_advice_needs_two_triggers_and_somebody_who_does_not_agree(module: Module) -> None:
    play(module, "board")
    board = careful(module.case)["board"] | {"triggers": ["hole-deeper"], "dissent": " "}
    with pytest.raises(RefusedError) as refused:
        module.submit("b", "board", {"board": board, "lean-again": 1})
    assert set(refused.value.problems) == {"board.triggers", "board.dissent"}


def test_what_others_advised_shows_only_once_ones_own_advice_is_final(module: Module) -> None:
    play(module, "board")
    other = "I would rather explain a slow start"
    assert other not in str(step_page(module, find_step("board"), live=True))
    play_on = {key: careful(module.case)[key] for key in ("board", "lean-again")}
    module.submit("b", "board", play_on)
    assert other in str(step_page(module, find_step("board"), live=True))


def test_figures_may_be_changed_until_the_board_is_advised(module: Module) -> None:
    play(module, "board")
    assert module.revisable("running")
    module.submit("again", "running", {"running": {"share": "10"}})
    assert sums_of(module).figures["running"]["share"] == "10"
    module.submit("b", "board", {k: careful(module.case)[k] for k in ("board", "lean-again")})
    assert not module.revisable("running")


def test_a_scenario_and_an_area_of_ones_own_replace_the_figures(case: Case, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(AREA.read_text().replace("plan-cost,,3250", "plan-cost,,3000"))
    book = Workbook.open(case.id, area=own, scenario={"running.share": 25}, live=False)
    assert book.sums.figures["running"]["share"] == "25"
    assert book.sums.terms.plan_cost == 300_000
    frame = book.sums.frame()
    assert frame.loc["deepest", "gradual"] == book.sums.outcome("gradual")["deepest"] / 100
    assert "As they were kept." in book.step("running")._repr_html_()


def test_an_area_with_faults_or_an_unknown_field_stops_the_notebook(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(AREA.read_text().replace("people,,240", "people,,0"))
    with pytest.raises(AreaError, match=r"own\.csv:6: people, column 3 \(value\): is 0 people\."):
        Workbook.open("getting-the-sums-right", area=own, live=False)
    with pytest.raises(AnswersError, match=r"running\.shore: is no field of it"):
        Workbook.open("getting-the-sums-right", scenario={"running.shore": 1}, live=False)
    with pytest.raises(AnswersError, match=r"such as running\.share"):
        Workbook.open("getting-the-sums-right", scenario={"share": 1}, live=False)
    with pytest.raises(AreaError, match="is not about an area's money"):
        Workbook.open("know-the-deal", area=AREA, live=False)


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "£0"), (-49, "£0"), (12_345, "£123"), (99_960, "£1,000"), (23_063_985, "£231,000"),
     (-123_456_789, "−£1,230,000")],
)  # fmt: skip
def test_a_sum_that_nobody_knows_exactly_is_not_written_as_if_they_did(
    amount: int, words: str
) -> None:
    assert roughly(amount) == words


def test_sums_are_the_same_from_a_file_and_from_a_form(case: Case, tmp_path: Path) -> None:
    given = {"case": case.id, "answers": {"running": {"share": 25, "covered": 95}}}
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(given))
    typed = check_figures("running", {"share": "25", "covered": "95"})
    by_form = Sums.of(case, {"running": typed})
    assert Workbook.open(case.id, file, live=False).sums.frame().equals(by_form.frame())
