"""Notebooks that misbehave: each ends in bounded time, shows where, and harms no other."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import nbformat
import pytest

from phbkit.scoring import MIME
from tests.cohort.machinery import all_gone, marked, outputs, phb, printed, read, workbook_file

FOREVER = "while True: pass"
TIMEOUT = "TimeoutError"
ENDS_BADLY: dict[str, tuple[str, str]] = {
    "loops": (FOREVER, TIMEOUT),
    "loops-catching-all": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        TIMEOUT,
    ),
    "sleeps": ("import time; time.sleep(600)", TIMEOUT),
    "loops-in-c": ("sum(range(10 ** 13))", TIMEOUT),
    "awaits": ("import asyncio\nawait asyncio.sleep(600)", TIMEOUT),
    "unlimits-itself": (
        f"import signal; signal.setitimer(signal.ITIMER_REAL, 0)\n{FOREVER}",
        TIMEOUT,
    ),
    "waits-for-a-thread": (
        "import threading as t; a = t.Thread(target=t.Event().wait); a.start(); a.join()",
        TIMEOUT,
    ),
    "waits-for-a-program": ("import subprocess; subprocess.run(['sleep', '600'])", TIMEOUT),
    "allocates": ("held = []\nwhile True: held.append(bytearray(10 ** 7))", "MemoryError"),
    "allocates-at-once": ("held = bytearray(10 ** 11)", "MemoryError"),
    "allocates-in-numpy": ("import numpy; numpy.ones((10 ** 5, 10 ** 5))", "MemoryError"),
    "prints": ("while True: print('x' * 1000)", "PrintedTooMuchError"),
    "prints-errors": (
        "import sys\nwhile True: print('x' * 1000, file=sys.stderr)",
        "PrintedTooMuchError",
    ),
    "prints-past-python": ("import os\nwhile True: os.write(1, b'x' * 10000)", "PermissionError"),
    "displays": ("while True: display({'text/plain': 'x' * 10 ** 6}, raw=True)", ""),
    "exits": ("import os; os._exit(3)", "DeadKernelError"),
    "exits-well": ("import os; os._exit(0)", "DeadKernelError"),
    "aborts": ("import os; os.abort()", "DeadKernelError"),
    "breaks-memory": ("import ctypes; ctypes.string_at(0)", "DeadKernelError"),
    "kills-itself": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "KilledError"),
    "closes-stdout": ("import sys; sys.stdout.close()\nprint('x')", "ValueError"),
    "closes-all-files": ("import os; os.closerange(0, 300); print('x')", "DeadKernelError"),
    "opens-files": ("held = []\nwhile True: held.append(open('/dev/null'))", "OSError"),
    "recurses": ("def f(): return f()\nf()", ""),  # IPython is long over the traceback
    "wants-input": ("input()", "StdinNotImplementedError"),
}
GOES_WELL: dict[str, str] = {
    "threads": (
        "import threading, time\n"
        "for daemon in (True, False):\n"
        "    threading.Thread(target=time.sleep, args=(600,), daemon=daemon).start()"
    ),
    "busy-threads": (
        "import threading\ndef busy():\n    while True: pass\n"
        "for _ in range(3): threading.Thread(target=busy).start()"
    ),
    "programs": (
        "import subprocess\nsubprocess.Popen(['sleep', '600'])\n"
        "subprocess.Popen(['sleep', '600'], start_new_session=False)"
    ),
    "quits": "quit()",
    "stops-the-loop": "import asyncio\nasyncio.get_running_loop().stop()",
    "changes-folder": "import os; os.chdir('/')",
    "changes-environment": "import os; os.environ.clear(); os.umask(0)",
    "goes-down-at-the-end": "import atexit, os; atexit.register(os.abort)",
    "hangs-at-the-end": "import atexit, time; atexit.register(time.sleep, 600)",
    "closes-a-descriptor": "import os; os.close(1)",
    "opens-files-and-stops": (
        "held = []\ntry:\n    while True: held.append(open('/dev/null'))\nexcept OSError: pass"
    ),
    "is-no-notebook": "display({'text/plain': 5}, raw=True)",
    "shows-bytes": "print('\\ud800'); display({'text/plain': '\\ud800'}, raw=True)",
    "handles-signals": (
        "import signal\nfor s in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD):\n"
        "    signal.signal(s, signal.SIG_IGN)"
    ),
    "calls-later": "import asyncio, time\nasyncio.get_event_loop().call_soon(time.sleep, 0.3)",
}
EITHER: dict[str, str] = {
    "deletes-builtins": (
        "import builtins\nfor name in list(vars(builtins)):\n"
        "    if not name.startswith('_'): delattr(builtins, name)"
    ),
    "breaks-the-kernel": "get_ipython().kernel.do_execute = None",
    "breaks-json": "import json; json.dumps = json.loads = None",
    "breaks-writing": "import os, pathlib; os.replace = pathlib.Path.replace = None",
    "breaks-asyncio": "import asyncio; asyncio.Queue.get_nowait = asyncio.Event.set = None",
    "limits-recursion": "import sys, inspect; sys.setrecursionlimit(len(inspect.stack(0)) + 3)",
    "forks": "import os; os.fork()",
    "forks-and-loops": "import os\nif not os.fork():\n    while True: pass",
    "lets-no-files-open": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))",
    "lets-nothing-be-written": "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9))",
    "drowns-the-end": "import asyncio, time\nasyncio.get_running_loop().call_soon(time.sleep, 600)",
    "dies-later": (
        "import threading, os, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), os._exit(5))).start()"
    ),
}
GOOD = [f"good-{number}" for number in range(8)]
ACT = """code = acts.get(learner, '')
if 'await' not in code:
    exec(code)"""
AWAIT = """import ast
if 'await' in code:
    await eval(compile(code, 'act', 'exec', ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))"""
RESULT = {"case": "know-the-deal", "critical_errors": [], "scores": {}}


# Only the first are stopped at their seconds: on a busy machine others would be too.
SECONDS = {"stopped": 2, "left-alone": 60}


@dataclass(frozen=True)
class Ran:
    """Two runs that hold everybody above, and what they left."""

    folders: list[Path]
    complaints: str
    rows: dict[str, dict[str, str]]
    left: dict[int, str]

    def file(self, learner: str) -> Path:
        files = (folder / "notebooks" / "mischief" / f"{learner}.ipynb" for folder in self.folders)
        return next(file for file in files if file.exists())

    def notebook(self, learner: str) -> nbformat.NotebookNode:
        return read(self.file(learner))


def failing_cell(made: nbformat.NotebookNode) -> Any:
    told = [cell.metadata.get("papermill", {}).get("status") for cell in made.cells]
    assert told.count("failed") == 1
    return made.cells[told.index("failed")]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("limits")
    acts = {name: code for name, (code, _) in ENDS_BADLY.items()} | GOES_WELL | EITHER
    opened = "import json\nlearner = json.load(open(answers))['learner']\nprint('opened', learner)"
    act = f"acts = json.loads({json.dumps(json.dumps(acts))})\nprint('acts')\n{ACT}"
    shown = f"display({{{MIME!r}: {RESULT!r}}}, raw=True)\nprint('shown')"
    workbook = workbook_file(folder / "mischief.ipynb", "know-the-deal", opened, act, AWAIT, shown)
    stopped = [name for name, (_, error) in ENDS_BADLY.items() if error == TIMEOUT]
    stopped += EITHER
    left_alone = [name for name in acts if name not in stopped]
    left_alone = [*chain(*zip(left_alone, GOOD, strict=False)), *left_alone[len(GOOD) :]]
    env, complaints, rows = marked(), "", {}
    for run, learners in {"stopped": stopped, "left-alone": left_alone}.items():
        lines = [json.dumps({"learner": name, "answers": {}}) for name in learners]
        (folder / f"{run}.jsonl").write_text("\n".join(lines))
        words = ("--answers", f"{run}.jsonl", "--out", run, "--seconds", SECONDS[run])
        done = phb("run", workbook, *words, "--memory", 512, "-j", 4, cwd=folder, env=env)
        assert done.returncode == 1, done.stdout + done.stderr
        complaints += done.stderr
        with (folder / run / "results.csv").open(newline="") as table:
            rows |= {row["learner"]: row for row in csv.DictReader(table)}
    assert len(rows) == len(acts) + len(GOOD)
    return Ran([folder / run for run in SECONDS], complaints, rows, all_gone(env))


@pytest.mark.parametrize("learner", ENDS_BADLY)
def test_a_notebook_that_misbehaves_fails_and_shows_where(ran: Ran, learner: str) -> None:
    row, made = ran.rows[learner], ran.notebook(learner)
    assert row["state"] == "failed", row
    assert row["error"]
    wanted = ENDS_BADLY[learner][1]
    assert wanted in row["error"]
    assert printed(made, "learner = json") == f"opened {learner}\n"
    failed = failing_cell(made)
    assert "code" in failed.source
    assert failed.outputs[-1].output_type == "error"
    assert made.cells[0].metadata.tags == ["papermill-error-cell-tag"]
    assert made.metadata.papermill.exception
    assert not outputs(made, "'shown'")


@pytest.mark.parametrize("learner", GOES_WELL)
def test_a_notebook_that_only_seems_to_misbehave_is_done(ran: Ran, learner: str) -> None:
    row = ran.rows[learner]
    assert (row["state"], row["error"]) == ("done", ""), row
    assert printed(ran.notebook(learner), "'shown'") == "shown\n"


@pytest.mark.parametrize("learner", EITHER)
def test_a_notebook_that_breaks_its_own_ground_ends_somehow_and_is_whole(
    ran: Ran, learner: str
) -> None:
    row, made = ran.rows[learner], ran.notebook(learner)
    assert row["state"] in {"done", "failed"}
    assert printed(made, "learner = json") == f"opened {learner}\n"
    assert bool(made.metadata.papermill.exception) == (row["state"] == "failed")
    if row["state"] == "failed":
        assert failing_cell(made).outputs[-1].output_type == "error"


@pytest.mark.parametrize("learner", GOOD)
def test_the_others_are_as_if_nothing_had_happened(ran: Ran, learner: str) -> None:
    row = ran.rows[learner]
    assert (row["state"], row["error"]) == ("done", "")
    assert printed(ran.notebook(learner), "acts.get") == "acts\n"
    assert printed(ran.notebook(learner), "'shown'") == "shown\n"


def test_the_terminal_is_not_filled_with_what_went_wrong(ran: Ran) -> None:
    assert "Traceback" not in ran.complaints
    assert not ran.complaints.strip()


def test_nothing_of_it_is_left_running(ran: Ran) -> None:
    assert not ran.left


def test_what_is_printed_without_end_is_kept_up_to_its_limit_and_no_more(ran: Ran) -> None:
    assert 4_000_000 < ran.file("prints").stat().st_size < 40_000_000
    for learner in ran.rows:
        assert ran.file(learner).stat().st_size < 200_000_000, learner


def test_no_half_written_file_is_left(ran: Ran) -> None:
    assert not [file for folder in ran.folders for file in folder.rglob(".*") if file.is_file()]


def test_what_a_cell_leaves_running_goes_on_before_the_next(tmp_path: Path) -> None:
    steps = (
        "import asyncio\nseen = []\nasync def steps():\n"
        "    for number in range(200): await asyncio.sleep(0); seen.append(number)\n"
        "task = asyncio.ensure_future(steps())"
    )
    shown = f"print(len(seen))\ndisplay({{{MIME!r}: {RESULT!r}}}, raw=True)"
    workbook = workbook_file(tmp_path / "steps.ipynb", "know-the-deal", steps, shown)
    (tmp_path / "cohort.jsonl").write_text(json.dumps({"learner": "ann", "answers": {}}))
    done = phb("run", workbook, "--answers", "cohort.jsonl", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    made = read(tmp_path / "out" / "notebooks" / "steps" / "ann.ipynb")
    assert printed(made, "print(len(seen))") == "200\n"
