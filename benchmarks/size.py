"""How much there is to read: lines of code by part, without docstrings, comments and blanks."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

PACKAGE = Path(__file__).parent.parent / "phbkit"
WINGS = ("money", "meeting", "cohort", "packaging")
MOST_CORE, MOST = 6_800, 15_330
BESIDE = {".j2": "templates", ".js": "scripts", ".css": "styles", ".typ": "layouts"}
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_lines(text: str) -> int:
    """Count the lines of a module that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - _docstrings(text))


def _docstrings(text: str) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            lines.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return lines


def by_part() -> Counter[str]:
    """Count the lines of code of each part of the library."""
    parts: Counter[str] = Counter()
    for file in PACKAGE.rglob("*.py"):
        part = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        parts[part] += code_lines(file.read_text(encoding="utf-8"))
    return parts


def beside() -> Counter[str]:
    """Count the lines of what is no Python: templates, scripts, styles."""
    kinds: Counter[str] = Counter()
    for file in PACKAGE.rglob("*"):
        if file.suffix in BESIDE:
            kinds[BESIDE[file.suffix]] += len(file.read_text(encoding="utf-8").splitlines())
    return kinds


def main() -> None:
    parts = by_part()
    core = sum(lines for part, lines in parts.items() if part not in WINGS)
    table = Table("Part", "Lines of code", title="phbkit")
    for part, lines in sorted(parts.items(), key=lambda entry: (entry[0] in WINGS, entry[0])):
        table.add_row(part, f"{lines:,}")
    table.add_section()
    table.add_row("core", f"{core:,} of at most {MOST_CORE:,}")
    table.add_row("everything", f"{sum(parts.values()):,} of at most {MOST:,}")
    table.add_section()
    for kind, lines in sorted(beside().items()):
        table.add_row(kind, f"{lines:,}")
    Console().print(table)


if __name__ == "__main__":
    main()
