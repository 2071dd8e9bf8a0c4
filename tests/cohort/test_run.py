"""Cohorts are read from every shape they come in, and what is wrong is told of by line."""

from __future__ import annotations

import csv
import json
import random
import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from phbkit.casebank import Case, CaseBank
from phbkit.cli import app
from phbkit.cohort.folder import RunFolder
from phbkit.cohort.jobs import CohortAttempt, Job, JobOutcome, RunError
from phbkit.cohort.reading import CohortError, read_cohort
from phbkit.cohort.run import Options, cases_played, run_attempts
from phbkit.cohort.simulate import write_simulated
from phbkit.errors import AnswersError
from phbkit.records import open_store
from phbkit.records.attempts import Store
from phbkit.scoring import score
from phbkit.workbook.answers import check_answers
from tests.cohort.machinery import ROOT, read, workbook_file
from tests.cohort.made_run import made_run
from tests.commands import phb
from tests.conftest import CASEBANK

DEAL, PAIN = "know-the-deal", "chronic-pain-massage"


@pytest.fixture(scope="module")
def deal() -> Case:
    return CaseBank(CASEBANK).load(DEAL)


@pytest.fixture(scope="module")
def pain() -> Case:
    return CaseBank(CASEBANK).load(PAIN)


@pytest.fixture(scope="module")
def every() -> list[Case]:
    bank = CaseBank(CASEBANK)
    return [bank.load(case) for case in bank.case_ids]


def attempts(file: Path, *cases: Case) -> list[CohortAttempt]:
    return list(read_cohort(str(file), cases))


def csv_file(folder: Path, text: str, name: str = "cohort.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder / name


def lines_file(folder: Path, *lines: object) -> Path:
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return csv_file(folder, "\n".join(written) + "\n", "cohort.jsonl")


def told(file: Path | str, *cases: Case) -> str:
    with pytest.raises(CohortError) as caught:
        list(read_cohort(str(file), cases))
    message = str(caught.value)
    assert str(file) in message
    assert "Nothing was." in message
    return message


WIDE = "learner,raise-it,sign-by-friday,who-has-a-right,what-you-would-have-said\n"


def test_a_wide_table_of_one_case(deal: Case, tmp_path: Path) -> None:
    file = csv_file(tmp_path, f'{WIDE}ann,-1,b,a c,"So, no."\nben,,a,"b; c", two \n')
    assert attempts(file, deal) == [
        CohortAttempt(
            "ann", DEAL,
            {"raise-it": -1, "sign-by-friday": "b", "who-has-a-right": ["a", "c"],
             "what-you-would-have-said": "So, no."},
        ),
        CohortAttempt(
            "ben", DEAL,
            {"sign-by-friday": "a", "who-has-a-right": ["b", "c"],
             "what-you-would-have-said": " two "},
        ),
    ]  # fmt: skip


def test_a_wide_table_of_two_cases_by_a_column_or_by_headings(
    deal: Case, pain: Case, tmp_path: Path
) -> None:
    by_column = csv_file(
        tmp_path,
        "learner,case,raise-it,first-lean,plan,simulated\n"
        f"ann,{DEAL},1,,,\nann,{PAIN},,2,x y,yes\n",
    )
    wanted = [
        CohortAttempt("ann", DEAL, {"raise-it": 1}),
        CohortAttempt("ann", PAIN, {"first-lean": 2, "plan": ["x", "y"]}, simulated=True),
    ]
    assert attempts(by_column, deal, pain) == wanted
    headings = csv_file(
        tmp_path, f"learner,raise-it,first-lean,{PAIN}/plan\nann,1,2,x y\n", "h.csv"
    )
    assert attempts(headings, deal, pain) == [
        wanted[0],
        CohortAttempt("ann", PAIN, wanted[1].answers),
    ]


def test_a_long_table_gathers_what_belongs_to_one_learner(
    deal: Case, pain: Case, tmp_path: Path
) -> None:
    rows = [
        f"ann,{DEAL},raise-it,1",
        f"ben,{PAIN},first-lean,-2",
        f"ann,{PAIN},decision.choice,agree",
        f"ann,{DEAL},three-things-to-ask.sure,3",
        f'ann,{PAIN},decision.reasons,"two\nlines"',
    ]
    file = csv_file(tmp_path, "learner,case,question,answer\n" + "\n".join(rows) + "\n")
    assert attempts(file, deal, pain) == [
        CohortAttempt("ann", DEAL, {"raise-it": 1, "three-things-to-ask.sure": 3}),
        CohortAttempt("ben", PAIN, {"first-lean": -2}),
        CohortAttempt("ann", PAIN, {"decision": {"choice": "agree", "reasons": "two\nlines"}}),
    ]


def test_lines_of_json_and_a_folder_say_the_same(deal: Case, tmp_path: Path) -> None:
    given = [
        {"learner": "ann", "case": DEAL, "answers": {"raise-it": 1}},
        {"learner": "ben", "answers": {"who-has-a-right": ["a"]}, "simulated": True},
    ]
    wanted = [
        CohortAttempt("ann", DEAL, {"raise-it": 1}),
        CohortAttempt("ben", DEAL, {"who-has-a-right": ["a"]}, simulated=True),
    ]
    assert attempts(lines_file(tmp_path, *given), deal) == wanted
    folder = tmp_path / "answers"
    (folder / "deep").mkdir(parents=True)
    (folder / "one.json").write_text("\ufeff" + json.dumps(given[0]), encoding="utf-8")
    del given[1]["learner"]
    (folder / "deep" / "ben.JSON").write_text(json.dumps(given[1]))
    (folder / "readme.txt").write_text("not for us")
    assert sorted(attempts(folder, deal), key=lambda each: each.learner) == wanted


def recorded(store: Store, learner: str, case: Case, answers: dict[str, Any]) -> None:
    attempt = store.start(learner, case.id, case.version)
    store.journal(attempt.id).append("t", "judge", answers, after=0)


def test_the_records_give_the_first_or_the_latest_attempt_in_which_anything_was_answered(
    deal: Case, pain: Case, address: str
) -> None:
    store = open_store(address)
    recorded(store, "ben", deal, {"raise-it": 2})
    store.start("ann", DEAL, deal.version)
    recorded(store, "ann", deal, {"raise-it": -1, "asked-no-more": "x"})
    recorded(store, "ann", deal, {"raise-it": 1, "asked-no-more": "x"})
    store.start("ann", DEAL, deal.version)
    recorded(store, "ann", pain, {"first-lean": 0})
    store.start("cy ", DEAL, deal.version)
    ben, cy = CohortAttempt("ben", DEAL, {"raise-it": 2}), CohortAttempt("cy", DEAL, {})
    assert list(read_cohort(address, [deal])) == [
        CohortAttempt("ann", DEAL, {"raise-it": -1}), ben, cy
    ]  # fmt: skip
    assert list(read_cohort(address, [deal], which="latest")) == [
        CohortAttempt("ann", DEAL, {"raise-it": 1}), ben, cy
    ]  # fmt: skip
    recorded(store, "Ann", deal, {"raise-it": 1})
    assert "'ann' is there already, at attempt " in told(address, deal)


def test_which_attempt_counts_is_asked_of_a_database_only(tmp_path: Path) -> None:
    workbook, cohort = ROOT / "workbooks" / "know_the_deal.ipynb", csv_file(tmp_path, WIDE)
    words = ["run", str(workbook), "-a", str(cohort), "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*words, "--attempt", "latest"])
    assert done.exit_code == 2
    assert "--attempt: goes with --answers that name a database." in done.output


TWICE = {
    "capitals": ("ann", "Ann"),
    "accents": ("Zo\u00e9", "Zoe\u0301"),
    "letters": ("fin", "\ufb01n"),
    "spaces": ("ann lee", "ann  lee"),
}


@pytest.mark.parametrize("shape", ["wide", "long", "lines", "folder"])
@pytest.mark.parametrize("names", TWICE.values(), ids=list(TWICE))
def test_somebody_twice_in_any_spelling_is_refused_with_both_places(
    names: tuple[str, str], shape: str, deal: Case, tmp_path: Path
) -> None:
    places = ["line 3: ", "at line 2."]
    lines = [{"learner": name, "answers": {"raise-it": 1}} for name in names]
    if shape == "folder":
        source = tmp_path / "answers"
        for day, line in zip(("monday", "tuesday"), lines, strict=True):
            (source / day).mkdir(parents=True)
            (source / day / "them.JSON").write_text(json.dumps(line))
        places = ["tuesday/them.JSON: ", "at monday/them.JSON."]
    elif shape == "lines":
        source = lines_file(tmp_path, *lines)
        places = ["line 2: ", "at line 1."]
    else:
        first, second = names
        rows = {
            "wide": f"learner,raise-it\n{first},1\n{second},1\n",
            "long": f"learner,question,answer\n{first},raise-it,1\n{second},sign-by-friday,a\n",
        }
        source = csv_file(tmp_path, rows[shape])
    message = told(source, deal)
    assert all(place in message for place in places), message


def test_one_person_is_spelled_alike_in_every_case(deal: Case, pain: Case, tmp_path: Path) -> None:
    rows = f"learner,case,raise-it,first-lean\nann,{DEAL},1,\nAnn,{PAIN},,1\n"
    message = told(csv_file(tmp_path, rows), deal, pain)
    assert "line 3: 'Ann' is there already, at line 2. There it is 'ann': spell it" in message


def test_names_are_taken_with_one_space_and_accents_in_one_form(deal: Case, tmp_path: Path) -> None:
    [taken] = attempts(csv_file(tmp_path, "learner,raise-it\n Zoe\u0301  B ,1\n"), deal)
    assert taken.learner == "Zo\u00e9 B"


def test_workbooks_whose_notebooks_would_lie_in_one_folder_are_refused(
    tmp_path: Path, bank: CaseBank
) -> None:
    files = [workbook_file(tmp_path / "a" / "one.ipynb", DEAL),
             workbook_file(tmp_path / "b" / "One.ipynb", PAIN)]  # fmt: skip
    with pytest.raises(
        RunError, match=r"one\.ipynb and .*One\.ipynb play one case, or have one name"
    ):
        cases_played(files, bank)


@pytest.mark.parametrize("given", ["ja", "2", "simulated"])
def test_a_flag_that_is_not_understood_is_refused(given: str, deal: Case, tmp_path: Path) -> None:
    wanted = f"simulated must be yes, y, true, 1, no, n, false, 0, or empty; got {given!r}."
    wide = csv_file(tmp_path, f"learner,simulated,raise-it\nann,{given},1\n")
    assert f"line 2: {wanted}" in told(wide, deal)
    line = {"learner": "ann", "simulated": given, "answers": {"raise-it": 1}}
    assert f"line 1: {wanted}" in told(lines_file(tmp_path, line), deal)
    line["simulatd"] = line.pop("simulated")
    assert "line 1: 'simulatd' is not known here." in told(lines_file(tmp_path, line), deal)
    with pytest.raises(AnswersError, match=f"simulated: must be true or false; got '{given}'"):
        check_answers(deal, {"answers": {}, "simulated": given})


@pytest.mark.parametrize("given", ["Y", " yes ", "TRUE", 1, True])
def test_a_flag_is_understood_in_plain_words(given: object, deal: Case, tmp_path: Path) -> None:
    line = {"learner": "ann", "simulated": given, "answers": {"raise-it": 1}}
    assert attempts(lines_file(tmp_path, line), deal)[0].simulated
    rows = f"learner,question,answer,simulated\nann,raise-it,1,{given}\nann,sign-by-friday,a,{{}}\n"
    assert attempts(csv_file(tmp_path, rows.format(given)), deal)[0].simulated
    assert "line 3: 'ann' is simulated in some rows only" in told(
        csv_file(tmp_path, rows.format("no")), deal
    )


def test_what_is_blank_is_not_answered_in_any_file(pain: Case, tmp_path: Path) -> None:
    asked = "learner,first-lean,right-or-offer,decision.choice,ng193-reading,who-agrees,plan"
    wide = csv_file(tmp_path, f"{asked}\nann,1, ,,, ,\n", "wide.csv")
    rows = ["ann,first-lean,1", *(f"ann,{name}, " for name in asked.split(",")[2:])]
    long = csv_file(tmp_path, "\n".join(["learner,question,answer", *rows]), "long.csv")
    given = {
        "first-lean": 1, "right-or-offer": None, "ng193-reading": " ", "who-agrees": ["", None],
        "decision": {"choice": "", "reasons": None}, "decision.stop_rule": float("nan"),
    }  # fmt: skip
    lines = lines_file(tmp_path, {"learner": "ann", "case": None, "answers": given})
    blank = csv_file(tmp_path, "learner,question,answer\nben,first-lean,\n", "blank.csv")
    for file in (wide, long, lines):
        assert attempts(file, pain) == [CohortAttempt("ann", PAIN, {"first-lean": 1})], file
    assert attempts(blank, pain) == [CohortAttempt("ben", PAIN, {})]
    given = {"plan": [], "setting": {}, "who-agrees": ["a", "", "c"]}
    [kept] = attempts(lines_file(tmp_path, {"learner": "ann", "answers": given}), pain)
    assert kept.answers == {"plan": [], "setting": {}, "who-agrees": ["a", "c"]}


WHOLE = '"{""choice"": ""agree"", ""held"": ""notional""}"'


def test_a_whole_decision_goes_with_parts_that_it_has_not(pain: Case, tmp_path: Path) -> None:
    wanted = {"choice": "agree", "held": "notional", "reasons": "Yes."}
    for heads, cells in (("decision,decision.reasons", f"{WHOLE},Yes."),
                         ("decision.reasons,decision", f"Yes.,{WHOLE}")):  # fmt: skip
        [kept] = attempts(csv_file(tmp_path, f"learner,{heads}\nann,{cells}\n"), pain)
        assert kept.answers == {"decision": wanted}
    conflict = csv_file(tmp_path, f"learner,decision,decision.choice\nann,{WHOLE},defer\n")
    assert "line 2: 'ann' answers 'decision.choice' twice." in told(conflict, pain)
    answers = {"decision": {"choice": "agree"}, "decision.choice": "defer"}
    lines = lines_file(tmp_path, {"learner": "ann", "answers": answers})
    assert "line 1: 'ann' answers 'decision.choice' twice." in told(lines, pain)


def test_a_part_that_is_not_asked_is_refused_before_anything_runs(
    pain: Case, tmp_path: Path
) -> None:
    wanted = "'decision.choise' is asked in none of chronic-pain-massage. Did you mean"
    wide = csv_file(tmp_path, "learner,decision.choise,simulated\nann,agree,ja\n")
    message = told(wide, pain)
    assert f"line 1: {wanted} 'decision.choice'?" in message
    assert "line 2: simulated must be" in message  # faults of rows beside those of headings
    long = csv_file(tmp_path, "learner,question,answer\nann,decision.choise,agree\n")
    assert f"line 2: {wanted}" in told(long, pain)
    lines = {"learner": "ann", "answers": {"decision": {"choise": "agree"}}}
    said = told(lines_file(tmp_path, lines), pain)
    assert "line 1: 'chronic-pain-massage/decision.choise' is asked in none" in said


def test_a_notebook_is_run_again_where_anything_that_it_depends_on_is_another(
    deal: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_all(jobs: Iterable[Job], root: str, *_: object, **__: object) -> Iterator[JobOutcome]:
        for job in jobs:
            (Path(root) / job.notebook).parent.mkdir(parents=True, exist_ok=True)
            (Path(root) / job.notebook).touch()
            yield job.ended(result=score(deal, {}).as_dict())

    def run(case: Case, *, simulated: bool = False, answer: int = 1) -> int:
        attempt = CohortAttempt("ann", DEAL, {"raise-it": answer}, simulated)
        return run_attempts({workbook: case}, [attempt], "", tmp_path / "out", Options()).ran

    monkeypatch.setattr("phbkit.cohort.run.run_all", run_all)
    workbook = workbook_file(tmp_path / "it.ipynb", DEAL)
    name, entry = next(iter(deal.glossary.items()))
    other = entry.model_copy(update={"means": "Otherwise."})
    assert [run(deal), run(deal)] == [1, 0]
    assert [run(deal, simulated=True), run(deal)] == [1, 1]
    assert [run(deal, answer=2), run(deal)] == [1, 1]
    next((tmp_path / "out" / "notebooks").rglob("*.ipynb")).replace(tmp_path / "moved away")
    assert [run(deal), run(deal)] == [1, 0]
    glossed = replace(deal, glossary={**deal.glossary, name: other})
    assert run(glossed) == 1
    deal = replace(glossed, sources={})
    assert run(deal) == 1
    monkeypatch.setattr("phbkit.cohort.run.__version__", "9")
    assert [run(deal), run(deal)] == [1, 0]
    workbook_file(workbook, DEAL, "1 + 1")
    assert run(deal) == 1
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    with pytest.raises(RunError, match="changed meanwhile"):  # the notebooks found another case
        run(replace(deal, version="0" * 12))
    attempt = CohortAttempt("ann", DEAL, {"raise-it": 1})
    before = {name: text for name, text in manifest["cases"][DEAL].items() if name != "shown_with"}
    assert Job.of(attempt, before) == Job.of(replace(attempt), before)
    assert (
        Job.of(attempt, before).fingerprint
        == Job.of(replace(attempt, simulated=True), before).fingerprint
    )  # a run of 0.1.0 is still found


def test_the_table_says_where_each_notebook_is(deal: Case, tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", [deal], [CohortAttempt("ann o'd", DEAL, {"raise-it": 1})])
    with (run / "results.csv").open(newline="") as lines:
        [row] = csv.DictReader(lines)
    assert row["notebook"].startswith("notebooks/know_the_deal/ann-o-d~")


def test_a_database_that_is_not_there_is_not_made(deal: Case, tmp_path: Path) -> None:
    assert "there is no such file" in told(f"sqlite:///{tmp_path}/typo.sqlite", deal)
    assert not list(tmp_path.iterdir())


SAME = [CohortAttempt("ann", DEAL, {"raise-it": 1}), CohortAttempt("bén", DEAL, {"raise-it": 2})]


@pytest.mark.parametrize(
    "content",
    [
        "learner,raise-it\nann,1\nbén,2\n",
        "\ufefflearner,raise-it\nann,1\nbén,2\n",
        "learner,raise-it\r\nann,1\r\nbén,2\r\n",
        "learner,raise-it\rann,1\rbén,2\r",
        "learner,raise-it\n\nann,1\n,\n\n\nbén,2",
        ' learner , raise-it \n" ann ", 1 \n bén,+2\n',
        '"learner","raise-it"\n"ann","1"\n"bén","2"\n',
        '\ufeff"learner","raise-it"\r\n"ann","1"\r\n"bén","2"',
    ],
)
def test_marks_line_ends_empty_lines_and_quotes_change_nothing(
    content: str, deal: Case, tmp_path: Path
) -> None:
    assert attempts(csv_file(tmp_path, content), deal) == SAME


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n \n"])
def test_lines_of_json_with_a_mark_and_windows_line_ends(
    end: str, deal: Case, tmp_path: Path
) -> None:
    lines = [json.dumps({"learner": a.learner, "answers": a.answers}) for a in SAME]
    file = csv_file(tmp_path, "\ufeff" + end.join(lines) + end, "cohort.jsonl")
    assert attempts(file, deal) == SAME


BAD_TABLES: list[tuple[str, list[str]]] = [
    ("", ["line 1: has no column 'learner'."]),
    ("learner,raise-it\n", ["it holds no answers."]),
    ("name,raise-it\nann,1\n", ["line 1: has no column 'learner'. Its columns: name, raise-it."]),
    (
        "learner;raise-it\nann;1\n",
        ["line 1: has no column 'learner'. Its columns: learner;raise-it."],
    ),
    (
        "learner,rise-it\nann,1\n",
        [f"line 1: 'rise-it' is asked in none of {DEAL}. Did you mean 'raise-it'?"],
    ),
    ("learner,raise-it,raise-it\nann,1,2\n", ["line 1: has two columns 'raise-it'."]),
    (
        "learner,raise-it\nann,1\nben,1\nann,2\n",
        ["line 4: 'ann' is there already, at line 2."],
    ),
    ("learner,raise-it\nann,1\nben\n", ["line 3: has 1 cells for 2 columns."]),
    ("learner,raise-it\nann,1,\n", ["line 2: has 3 cells for 2 columns."]),
    (
        'learner,what-you-would-have-said\nann,"a\nb\nc"\n,x\n',
        ["line 5: the learner must be a name of 1 to 120 characters that can be printed; got ''."],
    ),
    ("learner,raise-it\n" + "x" * 121 + ",1\n", ["line 2: the learner must be a name of 1 to 120"]),
    ('learner,raise-it\n"a\nb",1\n', ["line 3: the learner must be a name", r"got 'a\nb'."]),
    ("learner,raise-it\na\u202eb,1\n", ["line 2: the learner must be a name"]),
    ("learner,case,raise-it\nann,nosuch,1\n", [f"no case 'nosuch' is played here. Played: {DEAL}"]),
    ("learner,raise-it\nann,1\n" * 2, ["line 4: 'ann' is there already, at line 2."]),
    ("learner,question,answer\nann,rise-it,1\n", ["line 2: 'rise-it' is", "mean 'raise-it'?"]),
    (
        "learner,question,answer\nann,raise-it,1\nann,raise-it,2\n",
        ["line 3: 'ann' answers 'raise-it' twice."],
    ),
    (
        "learner,question,answer,x\nann,raise-it,1,\n",
        ["has a column 'x', which is not known here."],
    ),
    ("learner,question,answer\n,raise-it,1\n", ["line 2: the learner must be a name"]),
    ('learner,raise-it\nann,"1\nben,2\n', ["line 3: unexpected end of data."]),
    ('learner,raise-it\nann,"1"0\n', ["line 2: ',' expected after"]),
    ("learner,raise-it\n" + "".join(f",{n}\n" for n in range(50)), ["line 21: ", "and 30 more"]),
]


@pytest.mark.parametrize(("content", "messages"), BAD_TABLES)
def test_what_is_wrong_with_a_table_is_told_of_by_line(
    content: str, messages: list[str], deal: Case, tmp_path: Path
) -> None:
    message = told(csv_file(tmp_path, content), deal)
    for part in messages:
        assert part in message


def test_a_question_of_two_cases_needs_to_say_which(
    deal: Case, pain: Case, every: list[Case], tmp_path: Path
) -> None:
    wide = csv_file(tmp_path, "learner,first-lean\nann,1\n")
    assert "is asked in 5 cases. Add a column 'case', or name columns like" in told(wide, *every)
    long = csv_file(tmp_path, "learner,question,answer\nann,first-lean,1\n")
    assert "line 2: 'first-lean' is asked in 5 cases: add a column 'case'." in told(long, *every)
    assert attempts(long, deal, pain) == [CohortAttempt("ann", PAIN, {"first-lean": 1})]


GOOD_LINE = {"learner": "ann", "answers": {"raise-it": 1}}
BAD_LINES: list[tuple[Sequence[object], str]] = [
    ([GOOD_LINE, "{"], "line 2: is not JSON: "),
    ([GOOD_LINE, "[1]"], "line 2: must be a JSON object like "),
    ([{"learner": "ann"}], "line 1: must be a JSON object like "),
    ([{"learner": "ann", "answers": []}], "line 1: must be a JSON object like "),
    ([GOOD_LINE, GOOD_LINE], "line 2: 'ann' is there already, at line 1."),
    ([{"answers": {}}], "line 1: the learner must be a name of 1 to 120 characters"),
    ([{**GOOD_LINE, "case": "nosuch"}], "line 1: no case 'nosuch' is played here."),
    (
        [{"learner": "ann", "answers": {"rise-it": 1}}],
        f"line 1: '{DEAL}/rise-it' is asked in none of {DEAL}. Did you mean 'raise-it'?",
    ),
    (
        ['{"learner": "ann", "answers": {"raise-it": 1, "raise-it": 2}}'],
        "line 1: raise-it: is answered twice. Keep one answer.",
    ),
    (['{"learner": "a\\ud800", "answers": {}}'], "line 1: "),
    (['{"learner": "a", "answers": {"what-you-would-have-said": "\\ud800"}}'], "line 1: "),
    (["[" * 100_000], "line 1: is not JSON: "),
    (["1" * 5000], "line 1: is not JSON: "),
    (["", " "], "it holds no answers."),
]


@pytest.mark.parametrize(("lines", "message"), BAD_LINES, ids=range(len(BAD_LINES)))
def test_what_is_wrong_with_lines_of_json_is_told_of_by_line(
    lines: Sequence[object], message: str, deal: Case, tmp_path: Path
) -> None:
    assert message in told(lines_file(tmp_path, *lines), deal)


def test_what_is_no_cohort_at_all_is_told_so(deal: Case, tmp_path: Path) -> None:
    assert "there is no such file or folder." in told(tmp_path / "nosuch.csv", deal)
    (tmp_path / "cohort.xlsx").write_bytes(b"PK")
    assert "its name must end in .csv, .jsonl" in told(tmp_path / "cohort.xlsx", deal)
    (tmp_path / "latin.csv").write_bytes("learner,raise-it\nbén,1\n".encode("latin-1"))
    assert "it is not UTF-8 text: " in told(tmp_path / "latin.csv", deal)
    (tmp_path / "wide.csv").write_bytes("learner,raise-it\nbén,1\n".encode("utf-16"))
    assert "Save it as UTF-8." in told(tmp_path / "wide.csv", deal)
    (tmp_path / "latin.jsonl").write_bytes('{"learner": "bén"}'.encode("latin-1"))
    assert "it is not UTF-8 text: " in told(tmp_path / "latin.jsonl", deal)
    (tmp_path / "empty").mkdir()
    assert "it holds no answers." in told(tmp_path / "empty", deal)
    (tmp_path / "empty" / "bad.json").write_bytes(b"\xff\xfe\x00")
    assert "bad.json: cannot be read: " in told(tmp_path / "empty", deal)


def test_cases_that_are_known_and_not_played_now_are_passed_over(
    deal: Case, every: list[Case], tmp_path: Path
) -> None:
    others = [case for case in every if case.id != DEAL]
    lines = lines_file(tmp_path, {**GOOD_LINE, "case": PAIN}, {**GOOD_LINE, "case": DEAL})
    assert list(read_cohort(str(lines), [deal], others)) == SAME[:1]
    wide = csv_file(tmp_path, f"learner,case,raise-it,first-lean\nann,{PAIN},,1\nann,{DEAL},1,\n")
    assert list(read_cohort(str(wide), [deal], others)) == SAME[:1]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_many_thousand_rows_are_read_without_being_held(
    ending: str, deal: Case, tmp_path: Path
) -> None:
    rows, text = 20_000, "what somebody wrote " * 5
    file = tmp_path / f"cohort.{ending}"
    with file.open("w") as out:
        if ending == "csv":
            out.write("learner,raise-it,what-you-would-have-said\n")
        for number in range(rows):
            answers = {"raise-it": 1, "what-you-would-have-said": text}
            line = {"learner": f"learner {number}", "answers": answers}
            out.write(
                f"learner {number},1,{text}\n" if ending == "csv" else json.dumps(line) + "\n"
            )
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_cohort(str(file), [deal]))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == rows
    # who was seen, and where, is kept to find who is there twice; nothing of what they answered
    assert peak / rows < 450


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(min_value=0, max_value=10**9),
    learners=st.integers(min_value=1, max_value=9),
    chosen=st.sets(st.integers(min_value=0, max_value=4), min_size=1),
)
def test_lines_and_a_wide_table_of_one_simulated_cohort_are_the_same_attempts(
    every: list[Case], tmp_path: Path, seed: int, learners: int, chosen: set[int]
) -> None:
    cases = [every[place] for place in sorted(chosen)]
    read_back = []
    for ending in ("jsonl", "csv"):
        file = tmp_path / f"cohort.{ending}"
        assert write_simulated(cases, learners, seed, file) == learners * len(cases)
        read_back.append(attempts(file, *cases))
    assert read_back[0] == read_back[1]
    assert all(attempt.simulated for attempt in read_back[0])


ODD_NAMES = [
    "ann",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@sum",
    "a/b",
    "../../etc/passwd",
    "/etc/passwd",
    ".",
    "..",
    ".hidden",
    "a\\b",
    "NUL",
    "com1.txt",
    "name with spaces",
    "trailing.",
    "🎈",
    "👩\u200d⚕️ Zoë",
    "نیک\u200cپی",
    "李" * 120,
    "x" * 120,
    "Anna",
    "a~b",
    "a%2Fb",
    "{learner}",
    "'quoted'",
    '"double", comma',
]


def test_odd_names_run_and_are_neutral_in_the_spreadsheet_and_whole_elsewhere(
    tmp_path: Path,
) -> None:
    cohort = tmp_path / "odd.csv"
    with cohort.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["learner", "raise-it", "what-you-would-have-said"])
        table.writerows([name, "1", f"={name}"] for name in ODD_NAMES)
    workbook = ROOT / "workbooks" / "know_the_deal.ipynb"
    done = phb("run", workbook, "-a", "odd.csv", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    out = tmp_path / "out"
    table = pq.read_table(out / "results.parquet").to_pylist()
    assert [row["learner"] for row in table] == ODD_NAMES
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        shown = [row["learner"] for row in csv.DictReader(file)]
    assert [name for name in shown if name.startswith(("=", "+", "-", "@"))] == []
    assert [name.removeprefix("'") if name[1:] in ODD_NAMES else name for name in shown] == (
        ODD_NAMES
    )
    with (out / "texts.csv").open(newline="", encoding="utf-8") as file:
        assert {row["text"][0] for row in csv.DictReader(file)} <= {"'"}
    made = list((out / "notebooks" / "know_the_deal").iterdir())
    assert len(made) == len(ODD_NAMES) == len(list((out / "answers").rglob("*.json")))
    assert all(len(file.name.encode()) < 100 and file.name[0] != "." for file in made)
    assert {entry.name for entry in tmp_path.iterdir()} == {"odd.csv", "out"}
    assert "Nobody's answers were given" not in read(made[0]).cells[-1].source


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.csv", "learner,rise-it\nann,1\n"),
        ("bad.csv", "learner,raise-it\n" + "".join(f"l{n},1\n" for n in range(500)) + "l7,1\n"),
        ("bad.jsonl", json.dumps(GOOD_LINE) + "\n{\n"),
    ],
)
def test_of_a_cohort_with_a_fault_nothing_is_run_and_nothing_is_left(
    name: str, content: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    workbook = ROOT / "workbooks" / "know_the_deal.ipynb"
    done = phb("run", workbook, "-a", name, "-o", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert f"phb: {name} cannot be run. Nothing was.\n  line " in done.stderr
    assert "Traceback" not in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_fault_in_a_new_cohort_leaves_a_finished_run_as_it_was(tmp_path: Path) -> None:
    workbook = ROOT / "workbooks" / "know_the_deal.ipynb"
    cohort = csv_file(tmp_path, "learner,raise-it\nann,1\n")
    assert phb("run", workbook, "-a", cohort, "-o", "out", cwd=tmp_path).returncode == 0
    before = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    csv_file(tmp_path, "learner,raise-it\nann,1\nann,2\n")
    assert phb("run", workbook, "-a", cohort, "-o", "out", cwd=tmp_path).returncode == 2
    after = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    assert after == before


def test_attempts_from_the_records_run_as_those_from_a_file(
    deal: Case, file: Path, tmp_path: Path
) -> None:
    address = f"sqlite:///{file}"
    store = open_store(address)
    answers = {"raise-it": 1, "sign-by-friday": "a", "who-has-a-right": ["a"]}
    for learner in random.Random(1).sample(["ann", "ben", "cat"], 3):
        recorded(store, learner, deal, answers)
    lines = [{"learner": name, "answers": answers} for name in ("ann", "ben", "cat")]
    workbook, tables = ROOT / "workbooks" / "know_the_deal.ipynb", []
    for number, source in enumerate((address, lines_file(tmp_path, *lines))):
        done = phb("run", workbook, "-a", source, "-o", f"out-{number}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        tables.append((tmp_path / f"out-{number}" / "results.csv").read_bytes())
    assert tables[0] == tables[1]
    manifest = json.loads((tmp_path / "out-0" / "manifest.json").read_text())
    assert manifest["cohort"] == "a database, first attempts"


def test_an_empty_case_cell_is_no_other_case(tmp_path: Path, deal: Case, pain: Case) -> None:
    rows = "learner,case,question,answer\nann,know-the-deal,raise-it,1\nann,,right-or-offer,b\n"
    read = attempts(csv_file(tmp_path, rows), deal, pain)
    assert [(a.case, a.answers) for a in read] == [
        (DEAL, {"raise-it": 1}),
        (PAIN, {"right-or-offer": "b"}),
    ]


def test_a_whole_number_may_be_written_as_spreadsheets_do_beside_gaps(
    tmp_path: Path, pain: Case
) -> None:
    asked = next(q.id for q in pain.questions if q.format == "concordance")
    for written, taken in (("1.0", 1), ("-2.", -2), ("1.5", "1.5")):
        file = csv_file(tmp_path, f"learner,{asked}\nann,{written}\n")
        assert attempts(file, pain)[0].answers[asked] == taken


PARTS = {
    "board.choice": ("gradual", "gradual"),
    "board.triggers": ("a;b", ["a", "b"]),
    "board.review_months": ("6", 6),
    "decision.review_weeks": ("12.0", 12),
    "decision.not_to": ("x y", ["x", "y"]),
    "decision.reasons": ("6", "6"),
    "ledger.bruise-or-bleed.holders": ("gp,person", ["gp", "person"]),
    "ledger.bruise-or-bleed.review": ("2", "2"),
    "cpd.changes": ("one | two, or three", ["one", "two, or three"]),
    "cpd.hours": ("0.50", "0.50"),
    "running.share": ("20", "20"),
}


@pytest.mark.parametrize("key", PARTS)
@pytest.mark.parametrize("shape", ["wide", "long"])
def test_a_cell_is_read_as_what_its_part_of_an_answer_is(
    key: str, shape: str, pain: Case, tmp_path: Path
) -> None:
    text, value = PARTS[key]
    rows = {"wide": f'learner,{key}\nann,"{text}"\n',
            "long": f'learner,question,answer\nann,{key},"{text}"\n'}  # fmt: skip
    answer: Any = attempts(csv_file(tmp_path, rows[shape]), pain)[0].answers
    for part in key.split("."):
        answer = answer[part]
    assert answer == value


def test_the_boards_review_in_a_table_can_be_taken(every: list[Case], tmp_path: Path) -> None:
    money = next(case for case in every if case.about.money)
    one, two = (trigger.id for trigger in money.money.triggers[:2])
    file = csv_file(
        tmp_path,
        "learner,board.choice,board.reasons,board.agreed,board.dissent,board.triggers,"
        f"board.review_months\nann,wait,Because.,Yes.,None.,{one} {two},6\n",
    )
    [attempt] = attempts(file, money)
    taken = check_answers(money, {"answers": attempt.answers})
    assert taken["board"]["review_months"] == 6


def test_a_folder_is_not_taken_from_other_learners(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    ann, ben = (CohortAttempt(who, DEAL, {}) for who in ("ann", "ben"))
    assert folder.keep_cohort([ann]) == 1
    with pytest.raises(RunError, match="of other learners"):
        folder.keep_cohort([ben])
    assert list(folder.cohort()) == [ann]
    assert folder.keep_cohort([ben, ann]) == 2


def test_what_a_run_says_of_people_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with folder.logging():
        pass
    assert (tmp_path / "outcomes.jsonl").stat().st_mode & 0o077 == 0
