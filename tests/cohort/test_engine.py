"""The engine gives what papermill's stock engine gives, and falls back to it where it cannot work.

What honestly differs, and is left so:

- A notebook's process is no `ipykernel` application: `sys.argv` is short, `get_ipython()` is a
  `NotebookShell` with no kernel behind it, and `JPY_PARENT_PID` is not set.
- Cells that another program should look into while they run cannot be: no debugger, no interrupt,
  no subshells, no second client.
- History is kept in the process only: `history_manager.enabled` is False.
- Times of messages (`execution` in a cell's metadata) are not kept; papermill's own are.
- When the last cell has run the process is ended at once: nothing that was registered with
  `atexit` runs.
- Libraries that count threads when they are imported count one (BLAS, OpenMP), whatever the
  environment says; and what is set in `PYTHON…` variables counts from when the template starts.
- `sys.flags.safe_path` is on, whatever `sys.path` is.
- What C code and other programs write straight to file descriptors 1 and 2 comes in its order, up
  to 16 MiB before the next `print` or the end of a cell; what is more is refused to the writer. It
  is not repeated on the terminal, as the stock engine does.
- `display` in a process that the notebook forked itself is lost. (What is printed there is kept.)
- Printed text that is not Unicode (lone surrogates) is printed as `?`; the stock engine loses it,
  and shows a traceback of its own somewhere.
- Text printed to both streams comes in its order; the stock engine groups it as time allows.
- What a task prints after its cell is shown in the cell that runs then; the stock engine loses it.
- In a cohort run, where text is sent at the end of a cell, one text that was printed for longer
  than 0.2 seconds is one output; the stock engine makes several.
- `nbformat` does not check single outputs in a notebook's process that a template made.
"""

from __future__ import annotations

import difflib
import json
import logging
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from jupyter_client.manager import KernelManager
from nbclient.exceptions import CellTimeoutError
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError

from phbkit.cohort.engine import NAME, PhbEngine
from phbkit.kernels import template
from tests.cohort.machinery import ROOT, all_gone, in_plain, marked, notebook, printed, read

papermill_engines.register(NAME, PhbEngine)
WORKBOOKS = ("know_the_deal", "getting_the_sums_right", "mdt_case_review", "cohort_report")
ANSWERS = ROOT / "tests" / "answers"
STOCK_TRIES = 3


def execute(
    source: object, out: Path, engine: str | None = "phb", **options: Any
) -> tuple[nbformat.NotebookNode, str]:
    """Run a notebook with an engine; return it and what went wrong."""
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # or ipykernel would not watch file descriptors
    options = {"progress_bar": False, "kernel_name": "python3"} | options
    try:
        papermill.execute_notebook(source, out, engine_name=engine, **options)
    except PapermillExecutionError as error:
        return read(out), f"{error.ename}: {error.evalue}"
    return read(out), ""


def both(source: object, folder: Path, **options: Any) -> tuple[Any, Any]:
    """Run a notebook with the stock engine and with ours; return both in plain."""
    made = []
    for engine, run in (("nbclient", patiently), ("phb", execute)):
        place = folder / engine
        place.mkdir()
        executed, error = run(source, place / "out.ipynb", engine, **options)
        made.append((in_plain(executed), error))
    return made[0], made[1]


def patiently(source: object, out: Path, engine: str, **options: Any) -> tuple[Any, str]:
    """Run a notebook; a kernel that was asked and never heard it, as may be once a day, is left.

    So is one whose port was free when it was chosen, and taken when it began.
    """
    for _ in range(STOCK_TRIES):
        with suppress(CellTimeoutError, RuntimeError):
            return execute(source, out, engine, **{"execution_timeout": 60, **options})
    raise AssertionError(f"the engine {engine} heard nothing, {STOCK_TRIES} times")


def differences(stock: object, ours: object) -> str:
    told = [json.dumps(each, indent=1, sort_keys=True).splitlines() for each in (stock, ours)]
    return "\n".join(difflib.unified_diff(*told, "stock", "ours", lineterm=""))


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_of_each_kind_comes_out_as_from_the_stock_engine(
    name: str, tmp_path: Path
) -> None:
    assert not differences(*both(ROOT / "workbooks" / f"{name}.ipynb", tmp_path))


@pytest.mark.parametrize("answers", ["strong", "weak"])
def test_a_workbook_with_answers_comes_out_as_from_the_stock_engine(
    answers: str, tmp_path: Path
) -> None:
    file = ROOT / "workbooks" / "chronic_pain_massage.ipynb"
    given = {"answers": str(ANSWERS / f"{answers}.json")}
    stock, ours = both(file, tmp_path, parameters=given)
    assert not differences(stock, ours)
    assert not ours[1]


WIDGETS = [
    "import ipywidgets as w\nout = w.Output()\nout",
    "with out:\n    print('inside')\n    display(3)",
    "out.outputs",
    "slider = w.IntSlider(description='pain')\nslider",
    "slider.value = 5\nslider.value",
    "@out.capture()\ndef told():\n    print('captured')\ntold()",
    "w.interact(lambda x: x, x=3);",
    "with out:\n    1 / 0",
]
RICH = """class Rich:
    def _repr_mimebundle_(self, include=None, exclude=None):
        made = {'application/json': {'a': [1, None, (2, 3)]}, 'image/png': b'123'}
        return made, {'image/png': {'width': 7}}
Rich()"""
LATE = """import threading, time
def late():
    time.sleep(0.3)
    print('late')
thread = threading.Thread(target=late); thread.start()"""
REDIRECTED = """import io, contextlib
with contextlib.redirect_stdout(io.StringIO()) as text:
    print('x')
text.getvalue()"""
CHANGED = """said = {'application/json': {'x': [1]}}
display(said, raw=True)
said['application/json']['x'].append(2)"""
TASK = """import asyncio
async def work():
    await asyncio.sleep(0.1)
    print('done')
task = asyncio.create_task(work())"""
STEPS = """import asyncio
seen = []
async def steps():
    for number in range(5):
        await asyncio.sleep(0)
        seen.append(number)
task = asyncio.ensure_future(steps())"""
THREAD = """import threading
thread = threading.Thread(target=print, args=('in a thread',))
thread.start(); thread.join()"""
POOL = """import multiprocessing
with multiprocessing.Pool(2) as pool:
    print(pool.map(abs, [-1, 2]))"""
EXECUTOR = """from concurrent.futures import ProcessPoolExecutor
def twice(x):
    return x * 2
with ProcessPoolExecutor(1) as pool:
    print(list(pool.map(twice, [1])))"""
CHILD = """def talks():
    print('from a child', flush=True)
child = multiprocessing.Process(target=talks)
child.start(); child.join()
child.exitcode"""
SHAPES: dict[str, list[str]] = {
    "streams": [
        "import sys\nsys.stdout.write('x\\ny'); sys.stderr.write('z');",
        "print('a', flush=True); print('b', file=sys.stderr, flush=True); print('c')",
        "print('one'); display(1); print('two')",
    ],
    "a replaced stream": ["import io, sys\nsys.stdout = io.StringIO()", "print('unseen')", "1"],
    "redirected": [REDIRECTED],
    "display": [
        "from IPython.display import *\ndisplay(1, 'two', {'a': 1}, HTML('<b>x</b>'))",
        "handle = display('first', display_id='one')\nhandle.update('second')",
        "update_display('third', display_id='one')",
        "display(Markdown('*x*'), Latex('$x$'), JSON({'a': 1}), SVG('<svg></svg>'))",
    ],
    "clear_output": [
        "from IPython.display import clear_output\nprint('gone'); clear_output(); print('kept')",
        "print('stays'); clear_output(wait=True)",
        "print('gone'); clear_output(wait=True); print('kept')",
    ],
    "results": ["1 + 1", "_ + 1", "None", "'quiet';", "Out[1], In[2], _i", RICH, "%whos int"],
    "numbers that JSON has not": [
        "import warnings; warnings.simplefilter('ignore')",
        "display({'application/json': {'x': float('nan')}, 'text/plain': 'n'}, raw=True)",
    ],
    "changed later": [CHANGED],
    "a table": ["import pandas as pd\npd.DataFrame({'a': [1, 2]})"],
    "an error": ["def broken():\n    return 1 / 0", "print('before')\nbroken()", "print('never')"],
    "a chained error": ["raise ValueError('é 🎈') from KeyError('a')"],
    "an error of syntax": ["def f(:\n  1"],
    "Ctrl-C": ["raise KeyboardInterrupt", "1"],
    "leaving well": ["print('a')\nraise SystemExit(0)", "print('b')"],
    "leaving badly": ["import sys\nsys.exit('bad')", "print('b')"],
    "quitting": ["exit()", "print('b')"],
    "await": ["import asyncio\nawait asyncio.sleep(0.01)\n'waited'", "await asyncio.sleep(0, 'r')"],
    "an await that fails": ["import asyncio\nawait asyncio.wait_for(asyncio.sleep(9), 0.01)"],
    "a task between cells": [STEPS, "seen"],
    "asyncio.run": ["import asyncio\nasyncio.run(asyncio.sleep(0))"],
    "other programs": [
        "!echo hi",
        "!echo err >&2; exit 3",
        "_exit_code",
        "said = !echo captured\nsaid",
        "%%bash\necho from bash\necho err >&2",
        "import os\nprint('first', flush=True); os.system('echo second')",
        "import subprocess\nsubprocess.run(['echo', 'third']).returncode",
        "os.write(1, b'fourth'); os.write(2, b'fifth');",
        "import sys\nsys.__stdout__.write('sixth'); sys.__stdout__.flush()",
    ],
    "capture": ["%%capture kept\nprint('hidden')", "kept.stdout", "%env PHB_X=1", "%pwd", "%who"],
    "help": ["len?", "?print", "print??"],
    "matplotlib": [
        "import matplotlib.pyplot as plt\nplt.subplots(figsize=(1, 1))[1].plot([1, 2])",
        "%matplotlib inline\nplt.plot([1, 2]); plt.show()",
        "import matplotlib\nmatplotlib.get_backend()",
    ],
    "widgets": WIDGETS,
    "unicode": ["print('é 🎈 漢 \\u200b'); 'é🎈'"],
    "much": ["print('x' * 300_000)", "for number in range(20_000): print(number)"],
    "threads": [
        THREAD,
        LATE,
        "time.sleep(0.6); print('second')",
    ],
    "processes": [POOL, EXECUTOR, CHILD],
    "logging": [
        "import logging; logging.warning('careful')",
        "import warnings; warnings.warn('old', DeprecationWarning)",
    ],
    "the process": [
        "import sys, os, signal\n[place for place in sys.path if 'tmp' in place or not place]",
        "sys.stdin.isatty(), sys.stdout.isatty(), sys.stdout.encoding, sys.stdin.read()",
        "[signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)]",
        "sys.flags.utf8_mode, sys.getrecursionlimit(), __name__, sys.stdout.writable()",
        "sys.modules['__main__'].__dict__ is globals(), sorted(globals())",
        "sorted(set(os.environ) - {'JPY_PARENT_PID', 'PYDEVD_USE_FRAME_EVAL', 'PHB_X'})",
        "import pickle\nclass Own: pass\ntype(pickle.loads(pickle.dumps(Own()))) is Own",
        "import faulthandler, atexit, threading\nthreading.current_thread().name",
        "get_ipython().colors, get_ipython().xmode, get_ipython().ast_node_interactivity",
    ],
}


QUIET = (
    "results", "redirected", "display", "clear_output", "logging", "changed later", "a table",
    "await", "a task between cells", "asyncio.run", "capture", "help", "unicode",
    "numbers that JSON has not",
)  # fmt: skip
"""What leaves nothing behind and fails nowhere, and so can be of one notebook."""
NOTEBOOKS = {"what is quiet": [cell for shape in QUIET for cell in SHAPES[shape]]}
NOTEBOOKS |= {shape: cells for shape, cells in SHAPES.items() if shape not in QUIET}


@pytest.mark.parametrize("shape", NOTEBOOKS)
def test_every_kind_of_output_comes_out_as_from_the_stock_engine(
    shape: str, tmp_path: Path
) -> None:
    # The stock engine reads file descriptors in a thread, and on a busy machine sometimes too late.
    made = notebook(*NOTEBOOKS[shape])
    folders = [tmp_path / str(number) for number in range(4)]
    for folder in folders:
        folder.mkdir()
    assert any(not differences(*both(made, folder)) for folder in folders)


def test_a_cell_that_may_fail_stops_papermill_as_it_does_with_the_stock_engine(
    tmp_path: Path,
) -> None:
    made = notebook("1 / 0", "print('after')", tags={0: ["raises-exception"]})
    stock, ours = both(made, tmp_path)
    assert not differences(stock, ours)
    assert "after" in json.dumps(ours[0])


def test_parameters_report_mode_and_cell_timeouts_work_as_with_the_stock_engine(
    tmp_path: Path,
) -> None:
    made = notebook("x = 1", "x", tags={0: ["parameters"]})
    stock, ours = both(made, tmp_path, parameters={"x": 5}, report_mode=True, log_output=True)
    assert not differences(stock, ours)
    slow, error = execute(
        notebook("print('begun')", "print('soon')\nimport time; time.sleep(60)", "print('never')"),
        tmp_path / "slow.ipynb",
        execution_timeout=2,
    )
    assert error == "TimeoutError: This cell ran for more than 2 seconds and was stopped."
    assert [printed(slow, text) for text in ("begun", "sleep", "never")] == [
        "begun\n",
        "soon\n",
        "",
    ]


def test_printed_text_that_is_not_unicode_harms_nothing(tmp_path: Path) -> None:
    made = notebook("print('a\\ud800b')", "'c\\ud800'")
    executed, error = execute(made, tmp_path / "out.ipynb")
    assert printed(executed, "print") == "a?b\n"
    assert not error


def test_much_that_other_programs_write_is_cut_and_stops_nothing(tmp_path: Path) -> None:
    line = "x" * 9_999
    code = f"import os\nos.system('yes {line} 2> /dev/null | head -c 30000000')\nprint('after')"
    executed, error = execute(notebook(code, "print('next')"), tmp_path / "out.ipynb")
    assert not error
    text = printed(executed, "os.system")
    assert 10_000_000 < len(text) < 20_000_000
    assert text.count("after\n") == 1
    assert printed(executed, "next") == "next\n"


def test_what_is_printed_to_both_streams_comes_in_its_order(tmp_path: Path) -> None:
    code = "import sys\nprint('out'); print('err', file=sys.stderr); print('more', end='')"
    executed, _ = execute(notebook(code), tmp_path / "out.ipynb")
    texts = [(output.name, output.text) for output in executed.cells[0].outputs]
    assert texts == [("stdout", "out\n"), ("stderr", "err\n"), ("stdout", "more")]


def test_a_task_goes_on_and_what_it_prints_is_shown_where_it_does(tmp_path: Path) -> None:
    cells = (TASK, "await asyncio.sleep(0.3)", "print(task.done())")
    executed, error = execute(notebook(*cells), tmp_path / "out.ipynb")
    assert not error
    assert printed(executed, "asyncio.sleep(0.3)") == "done\n"
    assert printed(executed, "task.done()") == "True\n"


def test_nobody_is_asked_for_input(tmp_path: Path) -> None:
    for code in ("input('who?')", "import getpass\ngetpass.getpass()"):
        _, error = execute(notebook(code), tmp_path / "out.ipynb")
        assert error == "StdinNotImplementedError: Nobody sits at this notebook to answer it."


def said_in_the_log(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.message for record in caplog.records if record.name == "papermill")


def test_another_kernel_is_left_to_the_stock_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spec = tmp_path / "share" / "kernels" / "other"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    told = {"argv": argv, "display_name": "Other", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(told))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    made = notebook("type(get_ipython().kernel).__name__")
    with caplog.at_level(logging.WARNING):
        executed, error = execute(made, tmp_path / "out.ipynb", kernel_name="other")
    assert not error
    assert "'IPythonKernel'" in json.dumps(executed)
    assert "The stock engine runs this notebook: its kernel is 'other'" in said_in_the_log(caplog)


def test_a_kernel_that_was_given_is_left_to_the_stock_engine(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manager = KernelManager(kernel_name="python3")
    with caplog.at_level(logging.WARNING):
        executed, error = execute(notebook("1 + 1"), tmp_path / "out.ipynb", km=manager)
    assert not error
    assert executed.cells[0].outputs[0].data["text/plain"] == "2"
    assert "The stock engine runs this notebook: km was given." in said_in_the_log(caplog)


def test_off_linux_the_stock_engine_runs_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(template.sys, "platform", "darwin")
    assert "this is darwin" in template.why_not()
    reason = template.why_not()
    monkeypatch.undo()  # the stock engine must not be misled
    monkeypatch.setattr(template, "why_not", lambda: reason)
    with caplog.at_level(logging.WARNING):
        executed, _ = execute(notebook("type(get_ipython().kernel).__name__"), tmp_path / "o.ipynb")
    assert "'IPythonKernel'" in json.dumps(executed)
    assert "this is darwin" in said_in_the_log(caplog)


def test_papermill_finds_the_engine_from_the_shell_and_nothing_is_left_running(
    tmp_path: Path,
) -> None:
    source, out, env = tmp_path / "in.ipynb", tmp_path / "out.ipynb", marked()
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "type(get_ipython()).__name__, 'pandas' in sys.modules"
    )
    nbformat.write(notebook(code), source)
    words = ["papermill", source, out, "--engine", "phb", "--no-progress-bar"]
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        env=env, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "('NotebookShell', False)" in out.read_text()  # nor waits for what it does not use
    assert "warning" not in done.stderr.casefold()
    assert not all_gone(env)


SCRIPT = """
import sys
print("begun", flush=True)
import papermill
for number in range(2):
    papermill.execute_notebook(
        "in.ipynb", f"out-{number}.ipynb", engine_name="phb", progress_bar=False
    )
"""


def test_a_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    nbformat.write(
        notebook("import sys; '__main__' in sys.modules, __name__"), tmp_path / "in.ipynb"
    )
    (tmp_path / "script.py").write_text(SCRIPT)
    env = marked()
    done = subprocess.run(
        [sys.executable, "script.py"],
        env=env, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("begun") == 1
    assert "(True, '__main__')" in (tmp_path / "out-1.ipynb").read_text().replace('\\"', '"')
    assert not all_gone(env)


LOOK = """
import os, json, threading
def open_files(pid):
    found = []
    for name in os.listdir(f'/proc/{pid}/fd'):
        try:
            found.append(os.readlink(f'/proc/{pid}/fd/{name}'))
        except FileNotFoundError:
            pass
    return found
above = os.getppid()
said = open(f'/proc/{above}/environ').read().split(chr(0))
print(json.dumps({
    'template': 'forkserver' in open(f'/proc/{above}/cmdline').read(),
    'threads': len(os.listdir(f'/proc/{above}/task')),
    'sockets': [name for name in open_files(above) if name.startswith('socket:')],
    'listens': above,
}))
"""


def test_the_template_has_one_thread_and_no_socket_but_its_own(tmp_path: Path) -> None:
    executed, error = execute(notebook(LOOK), tmp_path / "out.ipynb")
    assert not error
    found = json.loads(printed(executed, "listdir"))
    assert found["template"]
    assert found["threads"] == 1
    assert len(found["sockets"]) <= 1  # where it takes orders
    used = (Path("/proc") / str(found["listens"]) / "net" / "tcp").read_text()
    numbers = {name[len("socket:[") : -1] for name in found["sockets"]}
    assert not any(line.split()[9] in numbers for line in used.splitlines()[1:])


def test_two_copies_draw_different_numbers(tmp_path: Path) -> None:
    code = (
        "import random, numpy, uuid, secrets\n"
        "print(random.random(), numpy.random.rand(), numpy.random.default_rng().random(),\n"
        "      uuid.uuid4(), secrets.token_hex(8))"
    )
    drawn = [
        printed(execute(notebook(code), tmp_path / f"{number}.ipynb")[0], "random").split()
        for number in range(3)
    ]
    for stream in zip(*drawn, strict=True):
        assert len(set(stream)) == 3


SET_BY_IPYTHON = {"TERM", "CLICOLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PAGER", "GIT_PAGER"}


def test_a_copy_has_the_environment_and_the_folder_of_whoever_asks_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import os, json\nprint(json.dumps([dict(os.environ), os.getcwd()]))"
    for number in range(2):
        place = tmp_path / f"place {number}"
        place.mkdir()
        monkeypatch.chdir(place)
        monkeypatch.setenv("PHB_SECRET", f"secret {number}")
        monkeypatch.setenv("OMP_NUM_THREADS", f"{number + 5}")
        executed, _ = execute(notebook(code), place / "out.ipynb")
        environment, folder = json.loads(printed(executed, "environ"))
        assert folder == str(place)
        theirs = set(os.environ) - SET_BY_IPYTHON
        assert {name: environment.get(name) for name in theirs} == {
            n: os.environ[n] for n in theirs
        }
    monkeypatch.delenv("PHB_SECRET")
    executed, _ = execute(notebook(code), tmp_path / "out.ipynb")
    assert "PHB_SECRET" not in json.loads(printed(executed, "environ"))[0]


def test_code_finds_what_a_kernel_of_its_own_would_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "local_module.py").write_text("here = True")
    (tmp_path / "colorsys.py").write_text("shadow = True")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "only the caller has this"))
    code = (
        "import sys, local_module, colorsys\n"
        "print(local_module.here, hasattr(colorsys, 'shadow'),\n"
        "      any('only the caller' in place for place in sys.path))"
    )
    stock, ours = both(notebook(code), tmp_path)
    assert not differences(stock, ours)
    assert "True False False" in json.dumps(ours[0])


def test_code_in_the_current_folder_is_left_alone_where_python_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "local_module.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    code = "import importlib.util\nprint('found:', importlib.util.find_spec('local_module'))"
    stock, ours = both(notebook(code), tmp_path)
    assert not differences(stock, ours)
    assert "found: None" in json.dumps(ours[0])


def test_what_one_notebook_changes_no_other_sees(tmp_path: Path) -> None:
    spoil = "import builtins, os, json\nbuiltins.spoilt = os.environ['SPOILT'] = 'yes'\njson.x = 1"
    look = "hasattr(builtins, 'spoilt'), 'SPOILT' in os.environ, hasattr(json, 'x')"
    look = f"import os, json, builtins\n{look}"
    assert not execute(notebook(spoil), tmp_path / "one.ipynb")[1]
    executed, error = execute(notebook(look), tmp_path / "two.ipynb")
    assert not error
    assert executed.cells[0].outputs[0].data["text/plain"] == "(False, False, False)"


@pytest.mark.parametrize("ending", ["import os; os._exit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_a_process_that_dies_is_told_of_where_it_happened(ending: str, tmp_path: Path) -> None:
    made = notebook("print('kept')", f"print('last', flush=True)\n{ending}", "print('never')")
    executed, error = execute(made, tmp_path / "out.ipynb")
    how = "ended with exit code 3" if "_exit" in ending else "was killed by signal 9"
    assert error == (
        f"DeadKernelError: This cell was never finished: the notebook’s process {how}."
    )
    assert printed(executed, "kept") == "kept\n"
    [last] = [cell for cell in executed.cells if "last" in cell.source]
    assert last.metadata.papermill.status == "failed"
    assert last.outputs[-1].evalue in error
    assert printed(executed, "last").startswith("last\n")
    assert executed.cells[0].metadata.tags == ["papermill-error-cell-tag"]
    assert executed.metadata.papermill.exception


def test_what_lies_in_the_current_folder_is_not_taken_for_the_library(tmp_path: Path) -> None:
    (tmp_path / "phbkit").mkdir()
    (tmp_path / "phbkit" / "__init__.py").write_text("")
    nbformat.write(notebook("import phbkit", "print(phbkit.__version__)"), tmp_path / "in.ipynb")
    program = Path(sys.executable).with_name("papermill")
    run = [program, "--engine", "phb", "in.ipynb", "out.ipynb"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert printed(nbformat.read(tmp_path / "out.ipynb", 4), "print(phbkit.__version__)")
