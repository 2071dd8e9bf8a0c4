"""What the template imports. Importing it must start no thread and open no socket."""

# ruff: noqa: E402, F401

from __future__ import annotations

import gc
import sys

sys.modules["debugpy"] = None  # type: ignore[assignment]
import ipykernel.debugger  # nobody debugs in a copy, and a debugger takes much memory

del sys.modules["debugpy"]

import anywidget
import IPython.core.debugger
import IPython.extensions.storemagic
import ipywidgets
import nbformat.v4
import numpy as np
import pandas as pd
import psutil
import tornado.platform.asyncio

import phbkit.kernels.template  # which keeps this path for the copies
import phbkit.workbook.workbook
from phbkit.kernels import cells, page_kernel


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


_write_a_notebook()
nbformat.v4.nbbase.validate = lambda *_, **__: None  # notebooks are checked whole, as written
cells.prepare()
page_kernel.prepare()
gc.collect()
gc.freeze()
