"""Imports run one way, the core knows no wing, and `import phbkit` stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from phbkit import wings

PACKAGE = Path(__file__).parent.parent / "phbkit"
CASEBANK, TESTS = PACKAGE.parent / "casebank", PACKAGE.parent / "tests"
ARCHITECTURE = PACKAGE.parent / "docs" / "architecture.md"
ORDER = re.findall(r"^\| `([a-z]+)` \|", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE)
WINGS = ["money", "meeting", "cohort", "packaging"]
PEOPLE = (
    "alcohol-detox-at-home",
    "chronic-pain-massage",
    "know-the-deal",
    "mental-health",
    "young-adult-learning-disability",
)
PLAYING = """
import datetime as dt, sys
from phbkit.casebank import CaseBank
from phbkit.records import MemoryJournal
from phbkit.scoring import score
from phbkit.settings import settings
from phbkit.workbook.module import Module
from phbkit.workbook.pages import step_page
from tests.made import careful

case = CaseBank(settings().casebank).load(sys.argv[1])
module = Module(case, MemoryJournal(dt.datetime(2026, 11, 30, tzinfo=dt.UTC)))
module.replay(careful(case))
pages = [step_page(module, step, live=False) for step in module.steps]
assert all(pages) and module.current is None
assert score(case, module.given).answered == len(case.questions)
heavy = "numpy pandas scipy matplotlib sqlalchemy nh3 IPython ipywidgets anywidget tornado"
print([name for name in heavy.split() if name in sys.modules])
"""


def part_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parts_imported(file: Path) -> set[str]:
    """Names of the parts of phbkit that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("phbkit.")}
    return found & set(ORDER)


def imports() -> set[tuple[str, str]]:
    """Every part with every other part that it imports."""
    return {
        (part, other)
        for file in PACKAGE.rglob("*.py")
        if (part := part_of(file)) in ORDER
        for other in parts_imported(file) - {part}
    }


def test_no_import_runs_back_up() -> None:
    assert not {pair for pair in imports() if ORDER.index(pair[1]) > ORDER.index(pair[0])}


def test_the_wings_stand_on_the_core() -> None:
    assert ORDER[-4:] == WINGS
    assert [name.removeprefix("phbkit.") for name in wings.INSTALLED] == WINGS


def test_every_part_has_its_place() -> None:
    parts = {part_of(file) for file in PACKAGE.rglob("*.py")}
    assert parts - {"__init__", "__main__"} == set(ORDER)


def test_every_file_that_the_document_names_is_there() -> None:
    endings = r"\.(?:py|yaml|csv|css|js|html\.j2)"
    named = set(re.findall(rf"`([\w/]+(?:{endings}|/))`", ARCHITECTURE.read_text("utf-8")))
    files = [file for folder in (PACKAGE, CASEBANK, TESTS) for file in folder.rglob("*.*")]
    there = [f"/{file.relative_to(PACKAGE.parent).as_posix()}" for file in files]
    assert len(named) > 40
    assert [name for name in named if not any(f"/{name}" in file for file in there)] == []


def test_importing_phbkit_loads_nothing_heavy() -> None:
    heavy = ["pandas", "sqlalchemy", "pydantic", "ipywidgets", "jinja2", "matplotlib", "scipy"]
    script = f"import sys, phbkit; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_opening_a_workbook_for_papermill_loads_no_pandas_and_no_database() -> None:
    script = (
        "import sys; from phbkit import Workbook;"
        "Workbook.open('chronic-pain-massage', {'answers': {}}).step('meet');"
        "print([name for name in ('pandas', 'sqlalchemy', 'docx') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("case_id", PEOPLE)
def test_a_case_is_played_without_arrays_database_notebook_or_server(case_id: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PLAYING, case_id], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_two_classes_share_a_name() -> None:
    trees = [ast.parse(file.read_text()) for file in PACKAGE.rglob("*.py")]
    names = [n.name for tree in trees for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
    assert {name for name in names if names.count(name) > 1} == set()
