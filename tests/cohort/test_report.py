"""The report of a run: what it says, and what it must not say."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import numpy as np
import pytest
from bs4 import BeautifulSoup, Tag
from markupsafe import Markup
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.jobs import CohortAttempt, RunError
from phbkit.cohort.page import as_html
from phbkit.cohort.report import Report
from phbkit.cohort.report.report import FRAMES, PARTS, Part
from phbkit.cohort.report.standards import StandardsError
from phbkit.cohort.report.texts import MarksError, write_for_marking
from phbkit.cohort.report.write import write_report
from phbkit.cohort.statistics.pass_decision import pass_chances
from phbkit.cohort.statistics.reliability import feldt
from phbkit.documents.document import Document, Picture, Table, as_pdf, as_text, as_word
from phbkit.errors import UnknownNameError
from phbkit.settings import Settings, settings
from phbkit.workbook.talk_steps import RATED, conversations
from tests.browser.axe import violations
from tests.browser.windows import launched
from tests.cohort.made_run import made_run, simulated
from tests.made import careful, careless

KNOW, PAIN, DETOX = "know-the-deal", "chronic-pain-massage", "alcohol-detox-at-home"
LEARNERS = 40
Marks = Callable[[dict[str, str]], list[Any]]


@pytest.fixture(scope="module")
def cases(bank: CaseBank) -> list[Case]:
    return [bank.load(name) for name in (DETOX, PAIN, KNOW)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, cases: list[Case]) -> Path:
    return made_run(tmp_path_factory.mktemp("runs") / "spring", cases, simulated(cases, LEARNERS))


@pytest.fixture
def run(tmp_path: Path, kept: Path) -> Path:
    """A copy that a test may write into."""
    return Path(shutil.copytree(kept, tmp_path / "spring"))


def signed_off(case: Case) -> Case:
    """The case as if somebody qualified had read it and its panels were real."""
    sign_off = case.about.sign_off.model_copy(update={"state": "reviewed"})
    about = case.about.model_copy(update={"sign_off": sign_off})
    panels = tuple(panel.model_copy(update={"illustrative": False}) for panel in case.panels)
    return replace(case, about=about, panels=panels)


def text(report: Report, *parts: str) -> str:
    """Everything that parts of a report say, tags aside, on one line."""
    html = "".join(report.part(name)._repr_html_() for name in parts or PARTS)
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


def cells(part: Part, heading: str, table: int | None = None) -> list[str]:
    """The words in a row of a part's tables, found by its heading."""
    tables = [block for block in part.blocks if isinstance(block, Table)]
    rows = (row for shown in tables[table or 0 :] for row in shown.rows)
    return list(next(row for row in rows if row[0] == heading))


def standards(tmp_path: Path, keys: dict[str, Any]) -> Path:
    file = tmp_path / "standards.json"
    file.write_text(json.dumps({"format": "phbkit-standards/1", "keys": keys}))
    return file


def fixed(cut: float) -> dict[str, Any]:
    return {"key": {"fixed": {"cut": cut, "why": "The committee said so."}}}


def results(run: Path) -> list[dict[str, str]]:
    with (run / "results.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def wholes(run: Path) -> dict[str, tuple[float, float]]:
    """Points and possible points over all cases, by learner."""
    found: dict[str, tuple[float, float]] = {}
    for row in results(run):
        points, possible = found.get(row["learner"], (0.0, 0.0))
        found[row["learner"]] = (
            points + float(row["key_total"]),
            possible + float(row["key_possible"]),
        )
    return found


def test_it_says_how_many_were_run_and_that_drafts_decide_nothing(run: Path) -> None:
    report = Report.open(run)
    said = text(report, "run")
    assert "Notebooks 120 in all: 120 done, 0 failed" in said
    assert "Nobody qualified has signed off any of the 3 cases" in said
    assert "For learning only" in report.stamp
    assert "Simulated" not in said + report.stamp


def test_a_case_that_nobody_played_is_not_told_of(tmp_path: Path, cases: list[Case]) -> None:
    run = made_run(tmp_path / "run", cases, simulated(cases[2:], 12))
    report = Report.open(run)
    said = text(report)
    assert "Nobody qualified has signed off Know the deal" in said
    for case in cases[:2]:
        assert case.title not in said


def test_simulated_answers_are_marked_wherever_the_report_shows(
    tmp_path: Path, cases: list[Case]
) -> None:
    run = made_run(tmp_path / "run", cases[2:], simulated(cases[2:], 5, real=False))
    report = Report.open(run)
    document = report.document()
    assert "nobody real gave them" in text(report, "run")
    assert "Simulated answers" in as_html(document).decode().partition("<main>")[0]
    pages = PdfReader(_file(tmp_path, as_pdf(document))).pages
    assert all("Simulated answers" in page.extract_text() for page in pages)


def test_a_signed_off_case_may_decide_and_a_panel_that_rewards_guessing_may_not(
    tmp_path: Path, cases: list[Case]
) -> None:
    run = made_run(tmp_path / "run", [signed_off(cases[2])], simulated(cases[2:], 12))
    report = Report.open(run)
    assert "Questions with a right answer: nothing found that rules out" in text(report, "run")
    assert report.reasons["key"] == ()
    assert any("rewards answering always the middle" in why for why in report.reasons["clinicians"])
    assert report.stamp == ""


def test_scores_are_spread_over_all_cases_with_the_numbers_behind_the_picture(run: Path) -> None:
    part = Report.open(run).part("distribution")
    percents = np.array([100 * points / most for points, most in wholes(run).values()])
    counts = part.frame()["key"].tolist()
    assert counts == np.histogram(percents, bins=range(0, 101, 10))[0].tolist()
    assert f"Mean {percents.mean():.1f} %" in text(Report.open(run), "distribution")
    image = BeautifulSoup(part._repr_html_(), "html.parser").find("img")
    assert isinstance(image, Tag)
    assert "Bar chart: Questions with a right answer, 40 learners" in image["alt"]


def test_an_item_is_described_by_those_who_answered_it(run: Path, cases: list[Case]) -> None:
    part = Report.open(run).part("items")
    frame = part.frame(0).set_index("question")
    question = next(q for q in cases[0].questions if q.format == "single")
    given = [
        a.answers[question.id] in question.key
        for a in simulated(cases, LEARNERS)
        if a.case == DETOX and question.id in a.answers
    ]
    row = frame.loc[question.id]
    assert row["answered"] == len(given)
    assert row["facility"] == pytest.approx(np.mean(given))
    assert row["rest_low"] < row["rest"] < row["rest_high"]
    shown = cells(part, question.id)
    assert shown[1:3] == [str(len(given)), f"{np.mean(given):.2f}"]
    assert " to " in shown[3]


def test_under_ten_learners_nothing_is_said_of_how_items_tell_them_apart(
    tmp_path: Path, cases: list[Case]
) -> None:
    report = Report.open(made_run(tmp_path / "run", cases, simulated(cases, 9)))
    assert "Here are 9 learners. Under 10 nothing is said" in text(report, "items")
    part = report.part("items")
    assert part.frame()[["rest", "upper_lower"]].isna().all(axis=None)
    assert part.frame()["facility"].notna().all()
    assert cells(part, part.frame()["question"].iloc[0])[3:5] == ["none", "none"]


def test_reliability_is_over_case_totals_and_not_over_items(run: Path) -> None:
    totals: dict[str, list[float]] = {}
    for row in results(run):
        totals.setdefault(row["learner"], []).append(float(row["key_total"]))
    table = np.array(list(totals.values()))
    parts, whole = table.var(axis=0, ddof=1).sum(), table.sum(axis=1).var(ddof=1)
    alpha = 3 / 2 * (1 - parts / whole)
    low, high = feldt(alpha, LEARNERS, 3)
    part = Report.open(run).part("reliability")
    figures = part.frame().loc[0, ["alpha", "alpha_low", "alpha_high"]].tolist()
    assert figures == pytest.approx([alpha, low, high])
    shown = cells(part, "Questions with a right answer")[3]
    assert shown == f"{alpha:.2f} ({low:.2f} to {high:.2f})"


def test_under_thirty_learners_there_are_intervals_and_no_adjectives(
    tmp_path: Path, cases: list[Case]
) -> None:
    report = Report.open(made_run(tmp_path / "run", cases, simulated(cases, 29)))
    said = text(report, "reliability")
    assert "read the interval and not the figure" in said
    assert "atisfactory" not in said
    assert "atisfactory" in text(
        Report.open(made_run(tmp_path / "more", cases, simulated(cases, 30))), "reliability"
    )


def test_panels_stand_beside_each_other_with_their_gap_and_are_never_averaged(
    run: Path, cases: list[Case]
) -> None:
    part = Report.open(run).part("concordance")
    frame = part.frame(0).set_index("question")
    clinicians, holders = (panel.judgements for panel in cases[0].panels)
    for question, given in clinicians.items():
        first, second = np.mean(given), np.mean(holders[question])
        columns = ["clinicians_mean", "holders_mean", "gap_clinicians_holders"]
        figures = frame.loc[question, columns].tolist()
        assert figures == pytest.approx([first, second, abs(first - second)])
        told = cells(part, question)[1:4]
        for figure, shown in zip(figures, told, strict=True):
            assert abs(float(shown.split()[0].replace("−", "-")) - figure) <= 0.0051


def test_a_panel_is_told_with_its_make_up(run: Path, cases: list[Case]) -> None:
    panel = cases[0].panels[0]
    gps = panel.roles.count("GP")
    said = text(Report.open(run), "concordance")
    assert f"{panel.title} ({panel.id}), {panel.size} members: {gps} GP" in said


def test_a_contested_question_is_shown_and_unscored(run: Path) -> None:
    part = Report.open(run).part("concordance")
    frame = part.frame(6).set_index("question")
    assert frame.loc["forty-places", "contested_by"] == ("clinicians", "holders")
    assert frame.loc["raise-it", "contested_by"] == ()
    assert cells(part, "forty-places")[-1] == "Yes: clinicians and holders. Unscored."
    assert cells(part, "raise-it")[-1] == "No"
    items = Report.open(run).part("items")._repr_html_()
    assert "raise-it" in items
    assert "forty-places" not in items


def test_the_aggregate_key_is_what_learners_were_shown(run: Path) -> None:
    shown = Report.open(run).frame("panel_forms")["aggregate_percent"][0]
    own = [float(row["clinicians_percent"]) for row in results(run) if row["case"] == DETOX]
    assert shown == pytest.approx(np.mean(own), abs=0.006)


def test_without_a_standard_nobody_passes_and_it_says_what_to_give(run: Path) -> None:
    said = text(Report.open(run), "standard", "decisions")
    assert "No standard was set, so nobody passes and nobody fails here" in said
    assert "phbkit-standards/1" in said
    assert "P(pass)" not in said


def test_a_fixed_pass_mark_gives_every_learner_a_side_and_a_chance(
    run: Path, tmp_path: Path
) -> None:
    report = Report.open(run, standards(tmp_path, fixed(50)))
    percents = np.array([100 * points / most for points, most in wholes(run).values()])
    table = report.part("decisions").frame(1)
    sides = ["at or above" if percent >= 50 else "below" for percent in percents]
    assert table["side"].tolist() == sides
    alpha = report.frame("reliability")["alpha"][0]
    chances = pass_chances(percents, 50, alpha)[1]
    assert table["chance"].tolist() == pytest.approx(chances, abs=1e-3)
    low = set(report.part("decisions").frame(0)["learner"])
    again = {
        name
        for name, chance in zip(wholes(run), table["chance"], strict=True)
        if 0.05 <= chance <= 0.95
    }
    assert low == again != set()
    assert "For learning only: this key may not pass or fail anybody" in text(report, "decisions")


def test_a_learner_without_every_case_gets_no_decision(tmp_path: Path, cases: list[Case]) -> None:
    attempts = [a for a in simulated(cases, 12) if (a.learner, a.case) != ("simulated-03", KNOW)]
    broken = [
        replace(a, answers=a.answers | {"raise-it": 9})
        if (a.learner, a.case) == ("simulated-04", KNOW) else a
        for a in attempts
    ]  # fmt: skip
    run = made_run(tmp_path / "run", cases, broken)
    report = Report.open(run, standards(tmp_path, fixed(50)))
    table = report.frame("decisions").set_index("learner")
    without = table[table["side"] == "no decision"]
    assert list(without.index) == ["simulated-03", "simulated-04"]
    assert report.frame("reliability")["learners"].tolist() == [10, 10, 10]
    failed = text(report, "failed")
    assert "simulated-04" in failed
    assert "raise-it: must be -2, -1, 0, 1 or 2; got 9." in failed


def test_whoever_answered_nothing_is_named_and_changes_no_figure(
    tmp_path: Path, cases: list[Case]
) -> None:
    attempts = simulated(cases, 12)
    blank = [CohortAttempt(f"blank-{n}", case.id, {}) for n in range(3) for case in cases]
    plain = Report.open(made_run(tmp_path / "plain", cases, attempts))
    mixed = Report.open(
        made_run(tmp_path / "mixed", cases, attempts + blank), standards(tmp_path, fixed(50))
    )
    assert "3 learners answered nothing: blank-0, blank-1 and blank-2" in text(mixed, "run")
    for part in ("cases", "items"):
        assert text(mixed, part) == text(plain, part)
    left_out = mixed.frame("reliability")["left_out"].tolist()
    before, after = (report.frame("reliability") for report in (plain, mixed))
    assert after.drop(columns="left_out").equals(before.drop(columns="left_out"))
    assert left_out == [3, 3, 3]
    table = mixed.frame("decisions").set_index("learner")
    assert set(table.index[table["side"] == "no decision"]) == {f"blank-{n}" for n in range(3)}


def test_no_chance_is_given_where_alpha_cannot_be_told_from_nothing(
    tmp_path: Path, cases: list[Case]
) -> None:
    run = made_run(tmp_path / "run", cases, simulated(cases, 4))
    report = Report.open(run, standards(tmp_path, fixed(50)))
    assert report.frame("reliability")["alpha_low"][0] < 0
    assert "(−" in text(report, "reliability")
    assert "Who is borderline cannot be told: look at everybody" in text(report, "decisions")
    part = report.part("decisions")
    assert part.frame()["borderline"].tolist() == [None] * 4
    assert part.frame()["chance"].isna().all()
    assert [cells(part, who)[-1] for who in part.frame()["learner"]] == ["cannot be told"] * 4


def test_one_module_alone_says_nothing_of_a_reliability_that_nobody_estimated(
    tmp_path: Path, cases: list[Case]
) -> None:
    attempts = [attempt for attempt in simulated(cases, 40) if attempt.case == KNOW]
    run = made_run(tmp_path / "run", cases[2:], attempts)
    report = Report.open(run, standards(tmp_path, fixed(50)))
    said = text(report, "reliability", "decisions")
    assert "No alpha: it takes two modules or more" in said
    assert "No reliability could be estimated, so there are no chances" in said
    assert "cannot be told from 0" not in said
    assert report.frame("decisions")["chance"].isna().all()


def test_critical_errors_stand_beside_each_decision(run: Path, tmp_path: Path) -> None:
    report = Report.open(run, standards(tmp_path, fixed(50)))
    made = report.run.critical["learner"].tolist() if report.run else []
    assert made
    table = report.part("decisions").frame(1).set_index("learner")
    assert table["critical_errors"].to_dict() == {who: made.count(who) for who in table.index}
    write_report(run, standards(tmp_path, fixed(50)), (), using=settings())
    with (run / "decisions.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["learner"]: int(row["critical_errors"]) for row in rows} == {
        who: made.count(str(who)) for who in table.index
    }


def test_angoff_judgements_set_the_pass_mark_as_the_mean_of_the_judges_sums(
    run: Path, tmp_path: Path
) -> None:
    items = list(Report.open(run).run.items("key").columns)  # type: ignore[union-attr]
    judges = {"ann": dict.fromkeys(items, 0.5), "ben": dict.fromkeys(items, 0.6)}
    limits = {"ann": [40, 70, 0, 99], "ben": [40, 70, 0, 99]}
    report = Report.open(run, standards(tmp_path, {"key": {"angoff": judges, "hofstee": limits}}))
    assert report.standards["key"].cut == 55.0
    said = text(report, "standard")
    assert "Pass mark: 55.00 %. Method: Angoff" in said
    assert "2 judges" in said
    assert "within both limits" in said


def test_borderline_ratings_set_the_pass_mark_on_their_line(run: Path, tmp_path: Path) -> None:
    whole = wholes(run)
    ratings = {name: round(5 * points / most) for name, (points, most) in whole.items()}
    percents = [100 * points / most for points, most in whole.values()]
    slope, start = np.polyfit(list(ratings.values()), percents, 1)
    given = {"key": {"borderline": {"borderline": 2, "ratings": ratings}}}
    report = Report.open(run, standards(tmp_path, given))
    assert abs(report.standards["key"].cut - (start + 2 * slope)) < 0.02


BAD_STANDARDS = [
    ({"key": {"angoff": {"ann": {"no-such-thing": 0.5}}}}, "is no item of this key"),
    ({"key": {"angoff": {"ann": {"raise-it": 60}}}}, "keys.key.angoff.ann.raise-it"),
    ({"key": {"borderline": {"borderline": 2, "ratings": {"simulated-1": 3}}}},
     "no learner of this run. Did you mean 'simulated-"),
    ({"key": {"hofstee": {"ann": [40, 70, 0, 50]}}}, "Hofstee only checks"),
    ({"key": {"use": "angoff", "fixed": {"cut": 50, "why": "x"}}}, "'angoff' is not given"),
    ({"key": {"fixed": {"cut": 50, "why": "x"}, "hofstee": {"ann": [70, 40, 0, 50]}}},
     "keys.key: Judge 1: a least acceptable is above its most"),
    ({"kee": {"fixed": {"cut": 50, "why": "x"}}}, "Did you mean 'key'"),
    ({"key": {"fixd": {}}}, "keys.key.fixd"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "message"), BAD_STANDARDS)
def test_a_standard_that_cannot_be_used_is_told_with_its_place(
    run: Path, tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    file = standards(tmp_path, given)
    with pytest.raises((StandardsError, UnknownNameError), match=r"standards\.json") as caught:
        Report.open(run, file).document()
    assert message in str(caught.value)


def test_standards_that_are_no_json_are_told_with_the_line(run: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"format":\n oops}')
    with pytest.raises(StandardsError, match=r"bad\.json:2: is not JSON"):
        Report.open(run, tmp_path / "bad.json")


def test_critical_errors_stand_apart_from_the_score(tmp_path: Path, cases: list[Case]) -> None:
    attempts = [
        CohortAttempt("ann", DETOX, careful(cases[0])),
        CohortAttempt("ben", DETOX, careless(cases[0])),
    ]
    report = Report.open(made_run(tmp_path / "run", cases[:1], attempts))
    people = report.part("critical").frame(1)
    assert people["learner"].tolist() == ["ben"]
    assert people["not_put_right"].tolist() == [0]
    assert people["errors"][0] == report.part("critical").frame(0)["learners"].count()
    assert "**" not in text(report, "critical")


def test_certainty_is_shown_as_calibration(tmp_path: Path, cases: list[Case]) -> None:
    attempts = [
        *(CohortAttempt(f"sure-{n}", DETOX, careful(cases[0])) for n in range(6)),
        *(CohortAttempt(f"wrong-{n}", DETOX, careless(cases[0])) for n in range(6)),
    ]
    report = Report.open(made_run(tmp_path / "run", cases[:1], attempts))
    part = report.part("certainty")
    frame = part.frame().set_index("level")
    assert frame.loc[3, "answers"] == frame.loc[3, "right"] > 0
    assert frame.loc[2, "right"] == 0
    assert cells(part, "2, fairly sure")[-1] == "Surer than right"
    assert "kept out of pass or fail" in text(report, "certainty")


def test_learners_ratings_of_a_conversation_stand_beside_the_person_s_and_in_no_score(
    tmp_path: Path, cases: list[Case]
) -> None:
    pain = cases[1]
    talked = careful(pain)["talk"]
    theirs = conversations(pain, {"talk": talked})[0].ratings
    low, high = dict.fromkeys(theirs, 0), dict.fromkeys(theirs, 9)
    attempts = [
        CohortAttempt(f"{name}-{n}", PAIN, careful(pain) | {"talk": talked | {"rated": rated}})
        for name, rated in (("low", low), ("high", high))
        for n in range(2)
    ]
    report = Report.open(made_run(tmp_path / "run", [pain], attempts))
    frame = report.frame("gaps").set_index(["talk", "part"])
    for part, points in theirs.items():
        row = frame.loc[("talk", RATED[part])]
        assert (row.learners, row.own_mean, row.theirs_mean) == (4, 4.5, points)
        assert row.apart_mean == 4.5 - points
        assert row.higher == (2 if points < 9 else 0)
    assert cells(report.part("gaps"), "The first: listening for what matters most")[1] == "4"
    assert "in no score" in text(report, "gaps")
    assert len(set(report.run.points("key").sum(axis=1))) == 1  # type: ignore[union-attr]


def test_a_case_bank_that_changed_is_told_and_its_panels_are_not_used(
    run: Path, bank_copy: Path
) -> None:
    file = bank_copy / "cases" / KNOW / "questions.yaml"
    file.write_text(file.read_text() + "\n")
    report = Report.open(run, using=Settings(casebank=bank_copy))
    assert "The case bank has changed since this run: know-the-deal" in text(report, "run")
    assert {form.case for form in report.forms} == {DETOX, PAIN}


def hand_out(run: Path) -> None:
    """Write the files for markers, as `phb report` does."""
    read = Report.open(run).run
    assert read
    write_for_marking(run, read.texts)


def test_texts_are_handed_out_blind_and_keep_their_ids(run: Path) -> None:
    hand_out(run)
    first = (run / "for_marking.csv").read_text()
    assert "simulated-" not in first
    waiting = {row["text_id"]: row for row in csv.DictReader(first.splitlines())}
    assert len(waiting) == len(list(csv.DictReader((run / "texts.csv").open())))
    key = json.loads((run / "marking_key.json").read_text())["texts"]
    assert waiting.keys() == key.keys()
    assert {each["learner"] for each in key.values()} <= wholes(run).keys()
    hand_out(run)
    assert (run / "for_marking.csv").read_text() == first


def test_marks_that_somebody_wrote_into_the_table_are_not_written_over(run: Path) -> None:
    hand_out(run)
    marked(run, "spring/for_marking.csv", lambda _: [1, "", ""])
    kept = (run / "for_marking.csv").read_bytes()
    with pytest.raises(MarksError, match="has marks in it"):
        hand_out(run)
    assert (run / "for_marking.csv").read_bytes() == kept


def marked(run: Path, name: str, marks: Marks, delimiter: str = ",") -> Path:
    """Fill in a copy of the file for markers."""
    with (run / "for_marking.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    file = run.parent / name
    with file.open("w", newline="", encoding="utf-8-sig") as lines:
        table = csv.DictWriter(lines, list(rows[0]), delimiter=delimiter)
        table.writeheader()
        for row in rows:
            given = dict(zip(("mark_1", "mark_2", "mark_3"), marks(row), strict=True))
            table.writerow(row | given)
    return file


def test_two_markers_are_compared_and_told_which_texts_to_look_at_together(run: Path) -> None:
    hand_out(run)
    worst = min(json.loads((run / "marking_key.json").read_text())["texts"])

    def level(row: dict[str, str]) -> list[Any]:
        return [int(row["text_id"][-1], 16) % 3, int(row["text_id"][-2], 16) % 3, 1]

    def strict(row: dict[str, str]) -> list[Any]:
        return [0, 0, 0] if row["text_id"] == worst else level(row)

    def kind(row: dict[str, str]) -> list[Any]:
        return [2, 2, 1] if row["text_id"] == worst else level(row)

    files = (marked(run, "a.csv", strict), marked(run, "b.csv", kind, ";"))
    report, written = write_report(run, None, files, using=settings())
    texts = report.part("texts")
    assert texts.frame(2)["text_id"].tolist() == [worst]
    count = len(report.frame("marks"))
    agreement = report.frame("agreement")
    assert agreement["equal_percent"].tolist() == pytest.approx([100 * (count - 1) / count])
    assert cells(texts, agreement["question"][0], 1)[2] == f"{100 * (count - 1) / count:.0f} %"
    assert run / "marked_texts.csv" in written
    rows = {row["text_id"]: row for row in csv.DictReader((run / "marked_texts.csv").open())}
    assert (rows[worst]["first"], rows[worst]["second"]) == ("0", "5")
    assert rows[worst]["look_together"] == "yes"
    assert "simulated-" not in text(report, "texts")


def test_marks_that_cannot_be_used_are_told_with_their_line(run: Path) -> None:
    with pytest.raises(MarksError, match="no texts were handed out"):
        Report.open(run, marks=[run / "a.csv", run / "b.csv"]).document()
    hand_out(run)
    good = marked(run, "good.csv", lambda row: [1, 1, 1])
    bad = marked(run, "bad.csv", lambda row: [3, "x", 1])
    with pytest.raises(MarksError, match="mark_1: must be 0 to 2, or empty; got '3'") as caught:
        Report.open(run, marks=[good, bad]).document()
    assert "mark_2: must be 0 to 2, or empty; got 'x'" in str(caught.value)
    with pytest.raises(MarksError, match="takes the marks of two markers; 1 were given"):
        Report.open(run, marks=[good])
    strange = run.parent / "strange.csv"
    strange.write_text("text_id,mark_1\nt000,1\n")
    with pytest.raises(MarksError, match="csv:2: text_id: 't000' is no text of this run"):
        Report.open(run, marks=[good, strange]).document()


def test_a_report_without_a_standard_takes_away_the_pass_mark_of_an_earlier_one(
    run: Path, tmp_path: Path
) -> None:
    write_report(run, standards(tmp_path, fixed(50)), (), using=settings())
    assert json.loads((run / "standard.json").read_text())["cuts"] == {"key": "50.00"}
    with (run / "decisions.csv").open(newline="") as lines:
        assert {row["formative_only"] for row in csv.DictReader(lines)} == {"yes"}
    write_report(run, None, (), using=settings())
    assert not (run / "standard.json").exists()
    assert not (run / "decisions.csv").exists()


def test_a_folder_without_a_run_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"holds no finished run\. Run one first"):
        write_report(tmp_path / "nothing", None, (), using=settings())
    assert not (tmp_path / "nothing").exists()


def test_a_run_in_which_everything_failed_still_has_a_report(
    tmp_path: Path, cases: list[Case]
) -> None:
    run = made_run(tmp_path / "run", cases[2:], [CohortAttempt("ann", KNOW, {"raise-it": 9})])
    said = text(Report.open(run))
    assert "1 in all: 0 done, 1 failed" in said
    assert "No notebook is done" in said
    assert "must be -2, -1, 0, 1 or 2; got 9." in said


def test_one_learner_alone_breaks_nothing(tmp_path: Path, cases: list[Case]) -> None:
    run = made_run(tmp_path / "run", cases, simulated(cases, 1))
    said = text(Report.open(run, standards(tmp_path, fixed(50))))
    assert "it takes two learners with every part, and there are 1" in said
    assert "nan" not in said.split()


def test_a_name_that_is_markup_stays_a_name(tmp_path: Path, cases: list[Case]) -> None:
    name = "<script>alert(1)</script>"
    attempts = [CohortAttempt(name, DETOX, careless(cases[0]))]
    run = made_run(tmp_path / "run", cases[:1], attempts)
    html = as_html(Report.open(run).document()).decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html


def test_the_page_needs_no_network_and_axe_finds_nothing_wrong(run: Path, tmp_path: Path) -> None:
    report = Report.open(run, standards(tmp_path, fixed(50)))
    file = tmp_path / "report.html"
    file.write_bytes(as_html(report.document()))
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = launched(playwright)
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        assert violations(page) == []
        assert page.title() == "Cohort report"
        headings = page.get_by_role("heading", level=2).all_inner_texts()
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        browser.close()
    assert headings == list(PARTS.values())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    soup = BeautifulSoup(file.read_text(), "html.parser")
    for table in soup.find_all("table"):
        assert table.caption.get_text()
        assert all(head.get("scope") for head in table.find_all("th"))
    assert all(image["alt"] for image in soup.find_all("img"))


def test_word_and_plain_text_have_the_words_of_a_picture() -> None:
    document = Document("A title", (Picture(Markup("<svg/>"), "What it shows."),))
    assert "What it shows." in as_text(document)
    word = docx.Document(io.BytesIO(as_word(document)))
    assert "What it shows." in [paragraph.text for paragraph in word.paragraphs]


def test_every_frame_has_numbers_and_a_name_that_is_none_is_told(run: Path, tmp_path: Path) -> None:
    report = Report.open(run, standards(tmp_path, fixed(50)))
    for name in FRAMES:
        if name not in {"marks", "agreement"}:
            frame = report.frame(name)
            told = [column for column in frame if str(column).endswith(("_percent", "_points"))]
            assert all(frame[column].dtype.kind in "if" for column in told)
    assert report.frame("items").groupby("key")["facility"].mean().between(0, 1).all()
    with pytest.raises(UnknownNameError, match="Did you mean 'items'"):
        report.frame("item")
    with pytest.raises(MarksError, match="No marks were given"):
        report.frame("agreement")


def test_the_pdf_is_tagged_and_its_pictures_have_their_words(run: Path, tmp_path: Path) -> None:
    reader = PdfReader(_file(tmp_path, as_pdf(Report.open(run).document())))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    spoken = [
        str(found["/Alt"])
        for number in range(1, len(reader.xref[0]) + 1)
        if isinstance(found := _object(reader, number), dict) and "/Alt" in found
    ]
    assert any("Bar chart: Questions with a right answer" in words for words in spoken)
    assert any("Dot chart" in words for words in spoken)


def _file(folder: Path, content: bytes) -> Path:
    file = folder / "report.pdf"
    file.write_bytes(content)
    return file


def _object(reader: PdfReader, number: int) -> Any:
    from pypdf.generic import IndirectObject

    return reader.get_object(IndirectObject(number, 0, reader))
