"""The faults of the case bank by name: what is wrong, where, and what would put it right.

Their words are in `faults.yaml`, for those who write cases.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import TypeAdapter

from phbkit.errors import Fault

Kind = Literal["fault", "warning", "unpublishable", "unread"]
Place = tuple[str | int, ...]


class Problem(NamedTuple):
    """One thing wrong with a file: at a place in it, what, and what would put it right."""

    place: Place
    problem: str
    cure: str
    kind: Kind = "fault"


class _Words(NamedTuple):
    problem: str
    cure: str
    at: str = ""
    kind: Kind = "fault"


@cache
def words() -> dict[str, _Words]:
    """Read the words of every fault, by its name."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, _Words]).validate_python(yaml.safe_load(text))


def problem(name: str, place: Place = (), **facts: Any) -> Problem:
    """Say what is wrong with what stands at a place, with the facts that its words need."""
    said = words()[name]
    fields = said.at.format(**facts).split(".") if said.at else []
    inner = (int(field) if field.isdigit() else field for field in fields if field)
    told, cure = said.problem.format(**facts), said.cure.format(**facts)
    return Problem((*place, *inner), told, cure, said.kind)


def fault(file: Path, name: str, line: int = 0, field: str = "", **facts: Any) -> Fault:
    """Make a fault of a file that is not read as a model."""
    _, said, cure, _ = problem(name, **facts)
    return Fault(file, line, field, said, cure)
