"""papermill's own tests, from its source distribution, with our engine instead of the stock one.

Run it by hand, with the network: ``python tests/cohort/papermill_suite.py``. It ends with 0 when
what fails is exactly what is listed here.
"""

# ruff: noqa: T201

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from importlib.metadata import version
from pathlib import Path

FILES = (
    "execute engines clientwrap parameterize inspect translators exceptions utils cli autosave "
    "iorw conf"
).split()
LEFT_OUT = {
    "abs, adl, gcs, hdfs, s3": "storage elsewhere: papermill's business, and more to install",
}
EXCEPTIONS = {
    "test_execute.TestNotebookHelpers.test_start_timeout": (
        "it patches the stock engine's client to see its arguments, and ours is another: a copy "
        "of the template needs no time to start"
    ),
    "test_execute.TestNotebookHelpers.test_default_start_timeout": "the same",
    "test_execute.TestBrokenNotebook2.test": (
        "it fails with the stock engine too: its notebook imports what IPython 9 no longer has"
    ),
}
STOCK_FAILS_TOO = {"test_execute.TestBrokenNotebook2.test"}
PLUGIN = """
from pathlib import Path
from papermill.engines import papermill_engines
from phbkit.cohort.engine import PhbEngine

class Counted(PhbEngine):
    @classmethod
    def execute_managed_notebook(cls, *given, **options):
        with Path({counts!r}).open("a") as counts:
            counts.write("x")
        return super().execute_managed_notebook(*given, **options)

papermill_engines.register(None, Counted)
"""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="papermill-suite-") as made:
        folder = Path(made)
        source = _download(folder)
        counts = folder / "counts"
        counts.touch()
        (folder / "ours.py").write_text(PLUGIN.format(counts=str(counts)))
        stock = _run(source, folder)
        ours = _run(source, folder, "-p", "ours")
        executed = len(counts.read_text())
    failed = {name for name, passes in ours.items() if not passes}
    stock_failed = {name for name, passes in stock.items() if not passes}
    print(f"{len(ours)} tests, {len(ours) - len(failed)} pass; {executed} notebooks were executed.")
    print(f"With the stock engine {len(stock) - len(stock_failed)} of {len(stock)} pass.")
    for name in sorted(failed):
        print(f"- {name}: {EXCEPTIONS.get(name, 'NOT EXPECTED')}")
    for name in sorted(set(EXCEPTIONS) - failed):
        print(f"- {name}: passes, and was expected to fail")
    as_listed = failed == set(EXCEPTIONS) and stock_failed == STOCK_FAILS_TOO
    return 0 if as_listed and executed and set(ours) == set(stock) else 1


def _download(folder: Path) -> Path:
    name = f"papermill=={version('papermill')}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-binary", "papermill", name], check=True, cwd=folder)
    [archive] = folder.glob("papermill-*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def _run(source: Path, folder: Path, *options: str) -> dict[str, bool]:
    report = folder / "report.xml"
    tests = [f"papermill/tests/test_{name}.py" for name in FILES]
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", "."]
    env = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{source}"}
    subprocess.run(
        [*command, f"--junitxml={report}", *options, *tests],
        check=False, cwd=source, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return {
        f"{case.get('classname', '')}.{case.get('name')}".removeprefix("papermill.tests."): (
            case.find("failure") is None and case.find("error") is None
        )
        for case in ET.parse(report).iter("testcase")
    }


if __name__ == "__main__":
    sys.exit(main())
