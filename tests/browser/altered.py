"""Workbooks of which one part is made by other code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

ALTERED = pytest.mark.xdist_group("altered")  # the tests that share the server of these
WORKBOOKS = Path(__file__).parents[2] / "workbooks"
INSTEAD = {  # of the first judgement
    "fails": "1 / 0",
    "ends_its_kernel": "import os; os._exit(1)",
    "fails_later": "import ipywidgets\nbox = ipywidgets.Text()\nbox.on_msg(lambda *_: 1 / 0)\nbox",
}


def altered_workbooks(folder: Path) -> Path:
    """Write each of them, named by what is wrong with it, beside one that is as it was."""
    folder.mkdir()
    shutil.copy(WORKBOOKS / "young_adult_learning_disability.ipynb", folder)
    for name, code in INSTEAD.items():
        notebook = json.loads((WORKBOOKS / "chronic_pain_massage.ipynb").read_text())
        cell = next(each for each in notebook["cells"] if each["id"] == "step-judge")
        cell["source"] = [code]
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    return folder
