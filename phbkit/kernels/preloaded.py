"""What the template imports. Importing it must start no thread and open no socket."""

# ruff: noqa: E402, F401

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping
from typing import Any

sys.modules["debugpy"] = None  # type: ignore[assignment]
import ipykernel.debugger  # nobody debugs in a copy, and a debugger takes much memory

del sys.modules["debugpy"]

import anywidget
import IPython.core.debugger
import IPython.extensions.storemagic
import ipywidgets
import psutil
import tornado.platform.asyncio

import phbkit.kernels.template  # which keeps this path for the copies
from phbkit.casebank import Case, CaseBank
from phbkit.errors import PhbError
from phbkit.kernels import shell
from phbkit.settings import settings
from phbkit.workbook.workbook import Workbook


def play_each(answers: Callable[[Case], Mapping[str, Any]]) -> None:
    """Play each case with answers, so that copies find cases, pages and texts ready.

    One with faults is passed over: its own notebook says so.
    """
    bank = CaseBank(settings().casebank)
    for case_id in bank.case_ids:
        try:
            given = {"answers": answers(bank.load(case_id))}
            workbook = Workbook.open(case_id, given, using=settings())
            for step in workbook.case.steps:
                workbook.step(step)
            for made in (workbook, workbook.case, workbook.plan, workbook.result):
                shell.shell().display_formatter.format(made)
        except (PhbError, OSError):
            continue
    gc.collect()
    gc.freeze()


shell.prepare()
gc.collect()
gc.freeze()
