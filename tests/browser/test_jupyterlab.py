"""A trainer opens the notebook in JupyterLab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from phbkit.casebank import Case
from tests import programs
from tests.browser.served import Served, wait_until_up
from tests.browser.windows import Windows
from tests.ports import free_port

WORKBOOKS = Path(__file__).parent.parent.parent / "workbooks"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Served]:
    folder = Path(shutil.copytree(WORKBOOKS, tmp_path / "workbooks"))
    lab = Served(tmp_path, free_port())
    words = f"--no-browser --ServerApp.token= --ServerApp.port={lab.port} --ServerApp.ip=127.0.0.1"
    with (tmp_path / "lab.log").open("ab") as log:
        lab.process = programs.start(
            [sys.executable, "-m", "jupyterlab", *words.split(), "--allow-root", folder],
            env={**os.environ, "PHB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        wait_until_up(f"{lab.url}api", lab.process)
        yield lab
    finally:
        lab.stop()


def test_the_notebook_plays_in_jupyterlab_and_shows_case_and_result(
    lab: Served, windows: Windows, case: Case
) -> None:
    page: Page = windows.open(viewport={"width": 1280, "height": 1600})
    page.goto(f"{lab.url}lab/tree/chronic_pain_massage.ipynb")
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)
    page.get_by_text("Run", exact=True).first.click()
    page.get_by_text("Run All Cells", exact=True).click()
    expect(page.get_by_text("This module has not been answered.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Questions with a right answer")).to_be_visible()
    page.locator(".jp-WindowedPanel-outer").evaluate("panel => { panel.scrollTop = 0 }")
    form = page.locator(".phb-step-meet")
    form.get_by_role("button", name="Talk with Owen").click()
    expect(form.get_by_text("Sitting 1 of 5 · step 1 of 3 · done")).to_be_visible()
    expect(page.locator(".phb-step-talk form")).to_be_visible()
    assert set(lab.module(case).closed) == {"meet"}
