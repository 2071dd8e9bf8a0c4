"""The words of the faults, beside the checks that name them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import yaml
from pydantic_core.core_schema import ErrorType

import phbkit
from phbkit.casebank import faults

WORDS = yaml.safe_load(Path(faults.__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
CODE = {file: file.read_text() for file in Path(phbkit.__file__).parent.rglob("*.py")}
CHECKS = [
    ast.parse(text)
    for file, text in CODE.items()
    if file.parent.name == "checks" or file.stem == "case_checks"
]


def test_every_fault_that_has_words_is_found_by_something() -> None:
    code, errors = "\n".join(CODE.values()), get_args(ErrorType)
    ours = [name for name in WORDS if name.partition("-")[0] not in errors]
    assert len(ours) > 60
    assert [name for name in ours if f'"{name}"' not in code] == []


def test_every_fault_that_a_check_finds_has_words() -> None:
    nodes = [node for tree in CHECKS for node in ast.walk(tree)]
    returned = [node for node in nodes if isinstance(node, ast.Return)]
    dicts = [d for node in returned for d in ast.walk(node) if isinstance(d, ast.Dict)]
    found = {key.value for d in dicts for key in d.keys if isinstance(key, ast.Constant)}
    assert len(found) > 60
    assert found <= set(WORDS)
