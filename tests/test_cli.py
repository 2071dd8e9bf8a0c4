"""The `phb` command, as somebody types it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest

from phbkit.casebank import CaseBank
from phbkit.meeting.joining import MeetingLobby
from phbkit.meeting.sessions import open_sessions
from tests import commands
from tests.browser.reviewing import Meetings
from tests.ports import free_port


def phb(bank: Path, *words: object, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run phb on a case bank."""
    return commands.phb(*words, cwd=bank.parent, env={"PHB_CASEBANK": str(bank), **settings})


def phb_program(bank: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run phb on a case bank, as a program of its own."""
    return subprocess.run(
        [sys.executable, "-m", "phbkit", *map(str, words)],
        env={"PHB_CASEBANK": str(bank), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_says_that_all_is_well(bank_copy: Path) -> None:
    done = phb_program(bank_copy, "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("No faults in ")


def test_check_prints_every_fault_with_its_place_and_fails(bank_copy: Path) -> None:
    file = bank_copy / "cases/chronic-pain-massage/case.yaml"
    file.write_text(file.read_text().replace("minutes: 60", "minutes: 2", 1))
    done = phb(bank_copy, "check")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{file}:3: minutes: ")
    assert "found '2'. Give 5 or more." in done.stdout
    assert done.stderr == "1 fault.\n"


def test_check_finds_a_rule_that_nothing_holds_a_plan_against(bank_copy: Path) -> None:
    file = bank_copy / "deal.yaml"
    file.write_text(file.read_text().replace("- id: no-top-up", "- id: no-top-ups", 1))
    done = phb(bank_copy, "check")
    assert done.returncode == 1
    assert "has no function in phbkit." in done.stdout


def test_check_publishable_refuses_what_nobody_has_signed(bank_copy: Path) -> None:
    done = phb(bank_copy, "check", "--publishable")
    assert done.returncode == 1
    assert "chronic-pain-massage/case.yaml" in done.stdout
    assert "sign_off.state: is draft." in done.stdout


def test_check_due_lists_sources_whose_check_is_due(bank_copy: Path) -> None:
    file = bank_copy / "sources.yaml"
    text = file.read_text()
    place = text.index("due: ", text.index("bmj-2011:"))
    file.write_text(text[:place] + "due: 2026-11-02" + text[place + len("due: 2026-11-02") :])
    done = phb(bank_copy, "check", "--due")
    assert done.returncode == 0
    assert "2026-11-02  bmj-2011: " in done.stdout


def test_a_new_case_is_led_from_skeleton_to_soundness(bank_copy: Path) -> None:
    made = phb(bank_copy, "new", "back-pain")
    folder = bank_copy / "cases/back-pain"
    assert (made.returncode, made.stdout.strip()) == (0, str(folder))
    before = phb(bank_copy, "check")
    assert before.returncode == 1
    places = [line for line in before.stdout.splitlines() if "back-pain" in line]
    assert places
    assert all("is still to be filled in. Write it in your own words." in line for line in places)
    for file in folder.glob("*.yaml"):
        file.write_text(file.read_text().replace("FILL IN", "Something written"))
    one = phb(bank_copy, "check", "back-pain")
    assert one.returncode == 0
    assert one.stdout == "No faults in 1 case.\n"
    assert phb(bank_copy, "check").stdout.splitlines()[-1].startswith("No faults in ")


def test_check_of_one_case_leaves_the_others_alone(bank_copy: Path) -> None:
    file = bank_copy / "cases/mental-health/case.yaml"
    file.write_text(file.read_text().replace("state: draft", "state: daft", 1))
    assert phb(bank_copy, "check", "know-the-deal").stdout.endswith("No faults in 1 case.\n")
    assert phb(bank_copy, "check", "mental-health").returncode == 1
    unknown = phb(bank_copy, "check", "mental")
    assert unknown.returncode == 2
    assert "Did you mean 'mental-health'?" in unknown.stderr


def test_check_reports_on_construct(bank_copy: Path) -> None:
    told = phb(bank_copy, "check", "--construct").stdout
    assert "all cases: " in told
    assert "panels move from" in told
    assert "MEND" not in told


def test_a_new_case_never_overwrites_and_needs_a_proper_id(bank_copy: Path) -> None:
    again = phb(bank_copy, "new", "chronic-pain-massage")
    assert again.returncode == 2
    assert "There is a case in" in again.stderr
    for name in ("../outside", "Back Pain", "back_pain", "-x"):
        refused = phb(bank_copy, "new", "--", name)
        assert refused.returncode == 2
    assert not (bank_copy.parent / "outside").exists()


@pytest.mark.parametrize(
    "what", ["case", "questions", "talk", "deal", "sources", "bodies", "glossary"]
)
def test_schema_prints_the_schema_that_editors_use(bank_copy: Path, what: str) -> None:
    done = phb(bank_copy, "schema", what)
    assert json.loads(done.stdout)["type"] == "object"
    kept = Path(__file__).parent.parent / "casebank" / "schema" / f"{what}.json"
    assert kept.read_text() == done.stdout


def test_schema_of_nothing_known_is_refused_with_what_is(bank_copy: Path) -> None:
    done = phb(bank_copy, "schema", "cases")
    assert done.returncode == 2
    assert "no file is called 'cases'. Did you mean 'case'?" in done.stderr


def test_notebook_writes_one_that_plays_the_case_and_never_over_another(
    bank_copy: Path, tmp_path: Path
) -> None:
    out = tmp_path / "made.ipynb"
    assert phb(bank_copy, "notebook", "chronic-pain-massage", "-o", out).returncode == 0
    notebook = nbformat.read(out, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.phbkit["case"] == "chronic-pain-massage"
    assert "## Meet Owen" in [cell.source for cell in notebook.cells]
    assert phb(bank_copy, "notebook", "chronic-pain-massage", "-o", out).returncode == 2


def test_serve_refuses_an_address_that_others_can_reach(bank_copy: Path) -> None:
    done = phb_program(bank_copy, "serve", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "Use 127.0.0.1; or invite learners and set PHB_SIGN_IN=links" in done.stderr


def test_serve_refuses_to_send_learners_answers_over_the_network_in_clear(tmp_path: Path) -> None:
    env = {**os.environ, "PHB_DATA_DIR": str(tmp_path), "PHB_SIGN_IN": "links"}
    command = [sys.executable, "-m", "phbkit", "serve", "--host", "0.0.0.0"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "answers would cross the network in clear" in done.stderr
    assert "PHB_PUBLIC_URL=https://" in done.stderr


def test_a_case_bank_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = phb(tmp_path / "nowhere", "check")
    assert done.returncode == 2
    assert f"PHB_CASEBANK: there is no folder {tmp_path / 'nowhere'}." in done.stderr


def test_check_finds_a_mark_that_no_rule_reads(bank_copy: Path) -> None:
    file = bank_copy / "cases/chronic-pain-massage/case.yaml"
    file.write_text(file.read_text().replace("marks: [gp-services]", "marks: [gp-service]", 1))
    done = phb(bank_copy, "check")
    assert done.returncode == 1
    assert "'gp-service' is read by no rule. Did you mean 'gp-services'?" in done.stdout


def test_a_port_that_is_taken_is_told_before_any_address_is_given(bank_copy: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = phb_program(bank_copy, "serve", "--port", port)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--port: {port} is taken" in done.stderr


def test_review_list_and_record_write_the_documents_of_a_meeting(
    bank_copy: Path, tmp_path: Path
) -> None:
    address = f"sqlite:///{tmp_path / 'records.sqlite'}"
    lobby = MeetingLobby(open_sessions(address), CaseBank(bank_copy), live=False)
    values = {"name": "Fay", "mode": "training", "case": "chronic-pain-massage"}
    lobby.open(values, "ann", private=True)
    session = lobby.sessions.listed()[0]
    listed = phb(bank_copy, "review", "list", PHB_DATABASE=address)
    assert listed.returncode == 0, listed.stderr
    assert session.id in listed.stdout
    assert session.code in listed.stdout
    out = tmp_path / "documents"
    done = phb(bank_copy, "review", "record", session.id, "-o", out, PHB_DATABASE=address)
    assert done.returncode == 0, done.stderr
    written = {file.name for file in out.iterdir()}
    start = f"review-chronic-pain-massage-{session.opened.astimezone().date()}-"
    names = ("record.docx", "record.pdf", "record.json", "copy.docx", "copy.pdf")
    assert written == {start + name for name in names}
    unknown = phb(bank_copy, "review", "record", "nothing", "-o", out, PHB_DATABASE=address)
    assert unknown.returncode == 2
    assert "no review session nothing" in unknown.stderr


def test_review_serve_says_when_its_port_is_taken(bank_copy: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = phb_program(bank_copy, "review", "serve", "--port", str(port))
    assert done.returncode == 2
    assert f"--port: {port} is taken" in done.stderr


def test_reviews_are_served_also_where_settings_have_learners_sign_in_at_a_hub(
    tmp_path: Path,
) -> None:
    server = Meetings(tmp_path, free_port(), env={"PHB_SIGN_IN": "hub"})
    try:
        server.start()
        assert (
            "Decide together, each on your own device"
            in urllib.request.urlopen(server.door).read().decode()
        )
    finally:
        server.stop()
