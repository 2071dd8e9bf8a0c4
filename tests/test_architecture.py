"""Imports run one way, the core knows no wing, and `import phbkit` stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "phbkit"
ORDER = (
    "errors", "settings", "text", "files", "identifiers", "casebank", "decision", "scoring",
    "records", "forms", "documents", "workbook", "kernels", "serving", "cli",
    "money", "meeting", "cohort",
)  # fmt: skip
NOT_YET = {
    ("records", "meeting"),
    ("scoring", "cohort"),
    ("serving", "meeting"),
    ("workbook", "money"),
}


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
    upward = {(part, other) for part, other in imports() if ORDER.index(other) > ORDER.index(part)}
    assert upward == NOT_YET


def test_every_part_has_its_place() -> None:
    parts = {part_of(file) for file in PACKAGE.rglob("*.py")}
    assert parts - {"__init__", "__main__"} == set(ORDER)


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
