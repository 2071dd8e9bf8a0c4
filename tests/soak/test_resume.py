"""Runs that are stopped, killed at random moments and out of disk: in the end the same tables."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cohort.machinery import (
    ROOT,
    alive,
    all_gone,
    marked,
    phb,
    printed,
    read,
    workbook_file,
)

WORKBOOK = ROOT / "workbooks" / "know_the_deal.ipynb"
CASE = "know-the-deal"
TABLES = ("results.csv", "results.parquet", "marks.parquet", "texts.csv", "manifest.json")
LEARNERS = 30
# who is killed, and how often in all
KILLS = {"notebook": 34, "template": 6, "runner": 6, "Ctrl-C": 4}
ROUNDS = 2


@dataclass(frozen=True)
class Cohort:
    """A cohort, and the tables of a run of it that nobody disturbed."""

    file: Path
    undisturbed: Path
    tables: dict[str, bytes]


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TABLES}


def run(cohort: Path, out: Path, *words: object, **more: object) -> tuple[int, str]:
    """Run the cohort to an end; return the exit code and all that was said."""
    done = phb("run", WORKBOOK, "-a", cohort, "-o", out, *words, cwd=out.parent, **more)  # type: ignore[arg-type]
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    folder = tmp_path_factory.mktemp("cohort")
    made = folder / "cohort.jsonl"
    phb("simulate", "-o", made, "--learners", LEARNERS, "--case", CASE, cwd=folder)
    lines = made.read_text().splitlines()
    wrong = {"learner": "=cannot be taken", "case": CASE, "answers": {"raise-it": 99}}
    made.write_text("\n".join([*lines[:10], json.dumps(wrong), *lines[10:]]) + "\n")
    code, said = run(made, folder / "undisturbed")
    assert code == 1
    assert f"{LEARNERS + 1} ran, 0 were already done, 1 failed." in said
    return Cohort(made, folder / "undisturbed", tables(folder / "undisturbed"))


class Disturbed:
    """A run in a process group of its own, whose processes can be found and killed."""

    def __init__(self, cohort: Path, out: Path, *words: object) -> None:
        self.env = marked()
        command = [sys.executable, "-m", "phbkit", "run", WORKBOOK, "-a", cohort, "-o", out]
        self.said = out.parent / f"said-{out.name}-{time.monotonic_ns()}"
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [*map(str, command), *map(str, words)],
                env=self.env, start_new_session=True, stdout=said, stderr=said, cwd=out.parent,
            )  # fmt: skip

    def running(self) -> bool:
        return self.process.poll() is None

    def members(self, kind: str) -> list[int]:
        """The processes of a kind that run now."""
        if kind in {"runner", "Ctrl-C"}:
            return [self.process.pid] if self.running() else []
        family = _family(self.env)
        templates = [
            pid for pid, (parent, said) in family.items()
            if parent == self.process.pid and "forkserver import main" in said
        ]  # fmt: skip
        if kind == "template":
            return templates
        return [pid for pid, (parent, _) in family.items() if parent in templates]

    def kill(self, kind: str, chance: random.Random) -> bool:
        """Kill one process of a kind; say whether there was one."""
        found = self.members(kind)
        if not found:
            return False
        try:
            if kind == "Ctrl-C":
                os.killpg(self.process.pid, signal.SIGINT)
            else:
                os.kill(chance.choice(found), signal.SIGKILL)
        except ProcessLookupError:
            return False
        if kind in {"runner", "Ctrl-C"}:
            self.process.wait(timeout=30)
        return True

    def wait_until(self, there: Callable[[], bool]) -> bool:
        """Wait until something is there, as long as the run goes on."""
        while self.running():
            if there():
                return True
            time.sleep(0.005)
        return there()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def _family(env: Mapping[str, str]) -> dict[int, tuple[int, str]]:
    found = {}
    for pid, said in alive(env).items():
        try:
            parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[pid] = (int(parent), said)
    return found


def disturb(cohort: Path, out: Path, kinds: list[str], chance: random.Random) -> int:
    """Run a cohort and kill at random moments until it is finished; return how many were killed."""
    killed = 0
    for _ in range(60):
        run = Disturbed(cohort, out, "-j", 2)
        try:
            while run.running():
                if not kinds:
                    run.process.wait(timeout=200)
                    break
                time.sleep(chance.uniform(0, 0.4) ** 2)
                if run.kill(kinds[-1], chance):
                    kinds.pop()
                    killed += 1
        finally:
            run.end()
        assert not all_gone(run.env)
        said = run.said.read_text()
        assert "Traceback" not in said or run.process.returncode in {-9, -2, 130, 1}, said
        if run.process.returncode == 1 and "failed." in said:
            return killed
        assert run.process.returncode in {-signal.SIGKILL, 130, 1, -signal.SIGINT}, said
    raise AssertionError("the run never came to its end")


@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed_at_random_moments_a_run_comes_to_the_same_tables(
    number: int, cohort: Cohort, tmp_path: Path
) -> None:
    chance = random.Random(number)
    kinds = [kind for kind, count in KILLS.items() for _ in range(count)]
    chance.shuffle(kinds)
    wanted, folder = len(kinds), 0
    killed = 0
    while kinds:
        out = tmp_path / f"run-{folder}"
        killed += disturb(cohort.file, out, kinds, chance)
        run(cohort.file, out, "--retry-failed")  # a notebook that was killed three times has failed
        assert tables(out) == cohort.tables
        assert not [file for file in out.rglob(".*") if file.is_file()], "a part is left"
        folder += 1
    assert killed == wanted


def test_a_run_that_is_finished_does_nothing_again(cohort: Cohort, finished: Path) -> None:
    made = (finished / "notebooks").rglob("*.ipynb")
    before = {file: file.stat().st_mtime_ns for file in made}
    code, said = run(cohort.file, finished)
    assert code == 1
    assert f"0 ran, {LEARNERS + 1} were already done, 1 failed." in said
    assert tables(finished) == cohort.tables
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_ctrl_c_stops_says_so_and_leaves_nothing_running(cohort: Cohort, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = Disturbed(cohort.file, out, "-j", 2)
    log = out / "outcomes.jsonl"
    assert run.wait_until(lambda: log.exists() and log.stat().st_size > 0)
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.process.wait(timeout=30) == 130
    said = run.said.read_text()
    assert "Stopped. What is done is kept; the same command goes on." in said
    assert "Traceback" not in said
    assert not all_gone(run.env)
    done = len(log.read_text().splitlines())
    code, said = globals()["run"](cohort.file, out)
    assert code == 1
    assert f"{LEARNERS + 1 - done} ran, {done} were already done, 1 failed." in said
    assert tables(out) == cohort.tables


@pytest.fixture
def finished(cohort: Cohort, tmp_path: Path) -> Path:
    return Path(shutil.copytree(cohort.undisturbed, tmp_path / "out"))


@pytest.mark.parametrize("tail", [b'{"case": "know-the-de', b"\0\0\0\0", b"[]", b'\xff{"cas'])
def test_a_line_that_a_power_cut_tore_is_passed_over(
    cohort: Cohort, finished: Path, tail: bytes
) -> None:
    log = finished / "outcomes.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-3]) + tail)
    _, said = run(cohort.file, finished)
    assert f"3 ran, {LEARNERS - 2} were already done, 1 failed." in said
    assert tables(finished) == cohort.tables
    assert len(log.read_bytes().splitlines()) == LEARNERS + 1


@pytest.mark.parametrize(
    "spoilt", [b"\0\0\0\0\n", b"{}\n", b'{"case": "x"\n', b"\xff\xfe\n", b"7\n"]
)
def test_a_line_that_cannot_be_read_costs_no_more_than_itself(
    cohort: Cohort, finished: Path, spoilt: bytes
) -> None:
    log = finished / "outcomes.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:5], spoilt, *lines[6:]]))
    _, said = run(cohort.file, finished)
    assert f"1 ran, {LEARNERS} were already done" in said
    assert tables(finished) == cohort.tables


def test_a_notebook_that_somebody_deleted_is_made_again(cohort: Cohort, finished: Path) -> None:
    gone = finished / "notebooks" / "know_the_deal" / "simulated-07.ipynb"
    gone.unlink()
    _, said = run(cohort.file, finished)
    assert f"1 ran, {LEARNERS} were already done, 1 failed." in said
    assert gone.is_file()
    assert tables(finished) == cohort.tables


def test_changed_answers_run_again_only_whose_answers_changed(
    cohort: Cohort, finished: Path, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in cohort.file.read_text().splitlines()]
    for number in (3, 7):
        answers = lines[number]["answers"]
        left = {key: answers[key] for key in answers if not key.startswith("sign-by-friday")}
        lines[number]["answers"] = left | {"raise-it": 2}
    lines[10]["answers"] = lines[0]["answers"]  # the one that failed
    changed = tmp_path / "changed.jsonl"
    changed.write_text("\n".join(map(json.dumps, lines)))
    code, said = run(changed, finished)
    assert code == 0
    assert f"3 ran, {LEARNERS - 2} were already done, 0 failed." in said
    fresh = tmp_path / "fresh"
    run(changed, fresh)
    assert tables(finished) == tables(fresh)
    back, said = run(cohort.file, finished)
    assert back == 1
    assert f"3 ran, {LEARNERS - 2} were already done" in said
    assert {**tables(finished), "manifest.json": b""} == {**cohort.tables, "manifest.json": b""}


def test_fewer_learners_leave_no_row_of_who_is_gone(
    cohort: Cohort, finished: Path, tmp_path: Path
) -> None:
    fewer = tmp_path / "fewer.jsonl"
    fewer.write_text("\n".join(cohort.file.read_text().splitlines()[:4]))
    code, said = run(fewer, finished)
    assert code == 0
    assert "0 ran, 4 were already done, 0 failed." in said
    with (finished / "results.csv").open(newline="") as table:
        assert len(list(csv.DictReader(table))) == 4


MOODY = "import json, pathlib\nlearner = json.load(open(answers))['learner']\nprint(learner)"
MOOD = "mood = pathlib.Path(MOODS, learner)\nif mood.exists(): raise ValueError('in a mood')"


def moody(folder: Path) -> tuple[Path, Path]:
    """A workbook that fails for whoever is in a mood, and its cohort of ten."""
    (folder / "moods").mkdir()
    named = f"MOODS = {str(folder / 'moods')!r}"
    workbook = workbook_file(folder / "moody.ipynb", CASE, MOODY, f"{named}\n{MOOD}", "print('so')")
    lines = [json.dumps({"learner": f"l{number}", "answers": {}}) for number in range(10)]
    (folder / "ten.jsonl").write_text("\n".join(lines))
    return workbook, folder / "ten.jsonl"


def test_only_and_retry_failed_run_what_they_name(tmp_path: Path) -> None:
    workbook, ten = moody(tmp_path)
    for learner in ("l2", "l5"):
        (tmp_path / "moods" / learner).touch()

    def go(*words: str) -> tuple[int, str]:
        done = phb("run", workbook, "-a", ten, "-o", "out", *words, cwd=tmp_path)
        return done.returncode, done.stdout + done.stderr

    def states() -> dict[str, str]:
        with (tmp_path / "out" / "results.csv").open(newline="") as table:
            return {row["learner"]: row["state"] for row in csv.DictReader(table)}

    code, said = go("--only", "l1", "--only", "l2", "-j", "1")
    assert (code, states()) == (1, {"l1": "done", "l2": "failed"})
    assert "2 ran, 0 were already done, 1 failed." in said
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["state"] == "unfinished"
    code, said = go("-j", "3")
    assert "8 ran, 2 were already done, 2 failed." in said
    assert [who for who, state in states().items() if state == "failed"] == ["l2", "l5"]
    assert list(states()) == [f"l{number}" for number in range(10)]
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["state"] == "finished"
    shutil.rmtree(tmp_path / "moods")
    code, said = go()
    assert (code, said.count("0 ran, 10 were already done, 2 failed.")) == (1, 1)
    code, said = go("--retry-failed", "--only", "l2")
    assert (code, said.count("1 ran, 9 were already done, 1 failed.")) == (1, 1)
    assert states()["l2"] == "done"
    code, said = go("--retry-failed")
    assert (code, said.count("1 ran, 9 were already done, 0 failed.")) == (0, 1)
    assert set(states().values()) == {"done"}
    made = read(tmp_path / "out" / "notebooks" / "moody" / "l5.ipynb")
    assert printed(made, "'so'") == "so\n"


def test_a_learner_whom_only_names_and_nobody_is_called_is_told_of(tmp_path: Path) -> None:
    workbook, ten = moody(tmp_path)
    done = phb("run", workbook, "-a", ten, "-o", "out", "--only", "l77", cwd=tmp_path)
    assert done.returncode == 2
    assert "--only: nobody in this cohort is called 'l77'." in done.stderr
    assert "Traceback" not in done.stderr


def test_two_runs_into_one_folder_the_second_is_refused_and_the_first_unharmed(
    cohort: Cohort, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = Disturbed(cohort.file, out)
    try:
        assert first.wait_until((out / "outcomes.jsonl").exists)
        code, said = run(cohort.file, out)
        assert code == 2
        assert f"Another run is at work in {out}. Wait for it, or name another folder." in said
        assert first.process.wait(timeout=120) == 1
    finally:
        first.end()
    assert tables(out) == cohort.tables


def test_a_folder_that_holds_something_else_is_left_as_it_is(
    cohort: Cohort, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.docx").write_text("mine")
    code, said = run(cohort.file, out)
    assert code == 2
    assert "holds something else than a run. Name a new folder." in said
    assert [file.name for file in out.iterdir()] == ["thesis.docx"]
    file = tmp_path / "file"
    file.write_text("mine")
    code, said = run(cohort.file, file)
    assert code == 2
    assert "Traceback" not in said
    assert file.read_text() == "mine"


FULL = """
set -u
mount -t tmpfs -o size={small} tmpfs {disk}
{command} > {log}/first 2>&1; echo $? > {log}/first-code
find {disk} -type f -name '.*' > {log}/parts
find {disk} -type f | wc -l > {log}/files
ls {disk}/out > {log}/listing
mount -o remount,size=60m {disk}
{command} > {log}/second 2>&1; echo $? > {log}/second-code
mkdir {log}/tables
cd {disk}/out && cp results.* marks.parquet texts.csv manifest.json {log}/tables; cd /
find {disk} -type f -name '.*' >> {log}/parts
umount {disk}
"""


@pytest.mark.parametrize("small", ["24k", "200k", "900k"])
def test_a_full_disk_stops_the_run_clearly_and_with_space_it_goes_on(
    cohort: Cohort, tmp_path: Path, small: str
) -> None:
    disk, log = tmp_path / "disk", tmp_path / "log"
    disk.mkdir()
    log.mkdir()
    command = f"{sys.executable} -m phbkit run {WORKBOOK} -a {cohort.file} -o {disk}/out"
    script = FULL.format(disk=disk, log=log, command=command, small=small)
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    env = marked()
    subprocess.run([*unshare, "sh", "-c", script], env=env, check=True, cwd=tmp_path, timeout=200)
    first = (log / "first").read_text()
    assert (log / "first-code").read_text().strip() == "2", first
    assert "No space left on device" in first
    assert "What is done is kept; the same command goes on." in first
    assert "Traceback" not in first
    assert not (log / "parts").read_text()
    assert "results.csv" not in (log / "listing").read_text()
    assert (log / "second-code").read_text().strip() == "1", (log / "second").read_text()
    assert tables(log / "tables") == cohort.tables
    assert not all_gone(env)


def peak_memory(cohort: Path, out: Path) -> int:
    """The most kibibytes that the runner itself held."""
    run, peak = Disturbed(cohort, out), 0
    while run.running():
        try:
            status = Path(f"/proc/{run.process.pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            break
        told = [line for line in status.splitlines() if line.startswith("VmHWM")]
        peak = max(peak, int(told[0].split()[1])) if told else peak
        time.sleep(0.02)
    assert run.process.wait() == 0, run.said.read_text()
    return peak


def test_the_runner_needs_as_much_memory_for_many_as_for_few(tmp_path: Path) -> None:
    peaks = []
    for learners in (20, 1000):
        cohort = tmp_path / f"{learners}.jsonl"
        phb("simulate", "-o", cohort, "--learners", learners, "--case", CASE, cwd=tmp_path)
        peaks.append(peak_memory(cohort, tmp_path / f"out-{learners}"))
    few, much = peaks
    assert much < few * 1.15 + 10_000, peaks
