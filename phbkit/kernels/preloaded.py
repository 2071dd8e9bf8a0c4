"""What the template imports. Importing it must start no thread and open no socket."""

# ruff: noqa: F401

from __future__ import annotations

import gc

import anywidget
import ipykernel.zmqshell
import IPython.core.debugger
import IPython.extensions.storemagic
import ipywidgets
import nbformat.v4
import numpy as np
import pandas as pd
import papermill.execute
import papermill.iorw
import psutil
import sqlalchemy.dialects.sqlite
import tornado.platform.asyncio

import phbkit.cohort.client
import phbkit.cohort.one_notebook
import phbkit.kernels.bare_kernel
import phbkit.meeting.room
import phbkit.meeting.sessions
import phbkit.records.attempts
from phbkit.casebank import CaseBank
from phbkit.cohort.simulate import whole_answers
from phbkit.errors import PhbError
from phbkit.kernels import page_kernel
from phbkit.settings import settings
from phbkit.workbook.workbook import Workbook


def _play_each_case() -> None:
    """Play every case once, so that copies find cases, templates and rendered texts ready."""
    chosen = settings()
    bank = CaseBank(chosen.casebank)
    for case_id in bank.case_ids:
        try:
            answers = whole_answers(bank.load(case_id))
            workbook = Workbook.open(case_id, {"answers": answers}, using=chosen)
            for step in workbook.case.steps:
                workbook.step(step)
        except (PhbError, OSError):
            continue  # a case with faults is told of by the notebook that plays it


def _write_a_notebook() -> None:
    """Write one notebook with every kind of output, so that copies find its schema compiled."""
    v4 = nbformat.v4
    shown = {"data": {"text/plain": "x"}, "metadata": {}}
    outputs = [
        v4.new_output("stream", name="stdout", text="x"),
        v4.new_output("display_data", **shown),
        v4.new_output("execute_result", execution_count=1, **shown),
        v4.new_output("error", ename="x", evalue="x", traceback=[]),
    ]
    notebook = v4.new_notebook(cells=[v4.new_code_cell("", outputs=outputs)])
    nbformat.reads(nbformat.writes(notebook), as_version=4)


def _validate_notebooks_whole() -> None:
    """Leave single outputs unchecked: the notebook is checked when it is written, and faster."""
    nbformat.v4.nbbase.validate = lambda *_, **__: None


_play_each_case()
_write_a_notebook()
_validate_notebooks_whole()
page_kernel.prepare()
gc.collect()
gc.freeze()
