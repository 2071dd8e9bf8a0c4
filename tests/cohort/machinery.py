"""Notebooks, made and run; processes, found by a mark in their environment; `phb` as a program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

ROOT = Path(__file__).parents[2]
MARK = "PHB_TEST_MARK"
PYTHON3 = {"name": "python3", "display_name": "Python 3", "language": "python"}


def notebook(*cells: str, tags: Mapping[int, list[str]] = {}) -> nbformat.NotebookNode:
    """Make a notebook of code cells."""
    made = [
        v4.new_code_cell(source, id=f"cell-{number}", metadata={"tags": tags.get(number, [])})
        for number, source in enumerate(cells)
    ]
    return v4.new_notebook(cells=made, metadata={"kernelspec": PYTHON3})


def workbook_file(file: Path, case: str, *cells: str) -> Path:
    """Write a workbook that plays a case in its own way; `answers` names the learner's file."""
    made = notebook("answers = None", *cells, tags={0: ["parameters"]})
    made.metadata["phbkit"] = {"case": case, "order": 1}
    file.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, file)
    return file


def read(file: Path) -> nbformat.NotebookNode:
    return nbformat.read(file, as_version=4)


def outputs(notebook: nbformat.NotebookNode, source: str) -> list[Any]:
    """The outputs of the one cell whose code has this in it."""
    [cell] = [c for c in notebook.cells if c.cell_type == "code" and source in c.source]
    return list(cell.outputs)


def printed(notebook: nbformat.NotebookNode, source: str) -> str:
    return "".join(each.get("text", "") for each in outputs(notebook, source))


def marked() -> dict[str, str]:
    """An environment with a mark that no other process has."""
    return {**os.environ, MARK: uuid.uuid4().hex}


def alive(environment: Mapping[str, str]) -> dict[int, str]:
    """The processes that have the mark of an environment, with their command lines."""
    wanted = f"{MARK}={environment[MARK]}".encode()
    found = {}
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            if wanted in (place / "environ").read_bytes().split(b"\0"):
                said = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                if _state(place) != "Z":
                    found[int(place.name)] = said
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


def all_gone(environment: Mapping[str, str], seconds: float = 20) -> dict[int, str]:
    """What is left of the processes of an environment, after those that end have had the time."""
    end = time.monotonic() + seconds
    left = alive(environment)
    while left and time.monotonic() < end:
        time.sleep(0.02)
        left = alive(environment)
    return left


def phb(
    *words: object, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `phb` as a program."""
    command = [sys.executable, "-m", "phbkit", *map(str, words)]
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=280
    )


def in_plain(made: nbformat.NotebookNode) -> dict[str, Any]:
    """What must be equal whichever engine ran a notebook.

    Not: times, ids that papermill or ipywidgets draw at random, addresses in memory, the number of
    the process in file names, and where one text printed to one stream was cut into pieces.
    """
    whole: dict[str, Any] = json.loads(json.dumps(made))
    times = ("duration", "start_time", "end_time")
    told = whole["metadata"].get("papermill", {})
    for key in (*times, "output_path"):
        told.pop(key, None)
    for cell in whole["cells"]:
        if cell["metadata"].get("tags") in (["injected-parameters"], ["papermill-error-cell-tag"]):
            cell.pop("id", None)
        for key in times:
            cell["metadata"].get("papermill", {}).pop(key, None)
        cell["metadata"].pop("execution", None)  # times of messages, which we have none of
        if "outputs" in cell:
            cell["outputs"] = _joined(cell["outputs"])
    for view in whole["metadata"].get("widgets", {}).values():
        view["state"] = sorted(_anonymous(json.dumps(each)) for each in view["state"].values())
    anonymous: dict[str, Any] = json.loads(_anonymous(json.dumps(whole)))
    return anonymous


def _in_order(sources: re.Match[str]) -> str:
    """Sources of one title stand in any order, whichever engine runs the workbook."""
    return "".join(sorted(sources[0].split("<li>")))


def _joined(outputs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    joined: list[dict[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            output["text"] = "".join(output["text"])
            if joined and joined[-1].get("name") == output["name"]:
                joined[-1]["text"] += output["text"]
                continue
        joined.append(output)
    return joined


def _anonymous(text: str) -> str:
    text = re.sub(r'(?<=phb-source-list\\">)(\\n)?<li>.*?(?=</ul>)', _in_order, text)
    text = re.sub(r"\b(IPY_MODEL_)?[0-9a-f]{32}\b", "ID", text)
    text = re.sub(r"ipykernel_[0-9]+", "ipykernel_N", text)
    return re.sub(r"\b0x[0-9a-f]+|\bat [0-9a-f]{12}\b", "ADDRESS", text)
