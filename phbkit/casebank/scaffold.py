"""Making a new case: a commented skeleton that `phb check` leads through to the end."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from pathlib import Path

from phbkit.casebank.models import ID
from phbkit.casebank.reference_data import SHAPES
from phbkit.errors import SettingsError, UnknownNameError

_SKELETON = Path(__file__).parent / "skeleton"


def new_case(root: Path, case_id: str, today: dt.date) -> Path:
    """Make the folder of a new case in a case bank, and the schemas that editors use.

    Raises
    ------
    SettingsError
        The id cannot be one, or there is such a case already. Nothing is written.
    """
    folder = root / "cases" / case_id
    if not re.fullmatch(ID, case_id):
        raise SettingsError(f"{case_id!r} cannot be a case's id. Write it like back-pain-at-work.")
    if folder.exists():
        raise SettingsError(f"There is a case in {folder} already.")
    monday = today + dt.timedelta(days=7 - today.weekday() if today.weekday() > 4 else 0)
    shutil.copytree(_SKELETON, folder)
    for file in folder.glob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("{case}", case_id)
        file.write_text(text.replace("{today}", monday.isoformat()), encoding="utf-8")
    write_schemas(root)
    return folder


def write_schemas(root: Path) -> None:
    """Write a JSON Schema for each kind of file, where the files' first lines look for them."""
    folder = root / "schema"
    folder.mkdir(exist_ok=True)
    for name in SHAPES:
        (folder / f"{name}.json").write_text(schema(name), encoding="utf-8")


def schema(name: str) -> str:
    """Return the JSON Schema of one kind of file, as text.

    Raises
    ------
    UnknownNameError
        No file is of this kind.
    """
    if name not in SHAPES:
        raise UnknownNameError.among("file", name, list(SHAPES))
    return json.dumps(SHAPES[name].model_json_schema(), indent=2) + "\n"
