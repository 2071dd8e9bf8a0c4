"""Imports run one way, and `import phbkit` stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "phbkit"
FLOORS = {
    "errors": 0,
    "settings": 0,
    "text": 0,
    "identifiers": 0,
    "casebank": 1,
    "deciding": 2,
    "assessing": 3,
    "records": 4,
    "forms": 4,
    "exports": 4,
    "workbook": 5,
    "review": 6,
    "bulk": 7,
    "serving": 8,
    "cli": 9,
}


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
    return found & set(FLOORS)


def test_no_import_runs_back_up() -> None:
    for file in PACKAGE.rglob("*.py"):
        part = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part not in FLOORS:
            continue
        for other in parts_imported(file) - {part}:
            assert FLOORS[other] < FLOORS[part] or FLOORS[part] == 0, f"{file} imports {other}"


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
