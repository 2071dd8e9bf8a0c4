"""Playing every case once, so that copies of a template find cases, pages and texts ready."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from typing import Any

from phbkit.casebank import Case, CaseBank
from phbkit.errors import PhbError
from phbkit.settings import settings
from phbkit.workbook.workbook import Workbook


def play_each(answers: Callable[[Case], Mapping[str, Any]]) -> None:
    """Play each case with answers. One with faults is passed over: its own notebook says so."""
    bank = CaseBank(settings().casebank)
    for case_id in bank.case_ids:
        try:
            given = {"answers": answers(bank.load(case_id))}
            workbook = Workbook.open(case_id, given, using=settings())
            for step in workbook.case.steps:
                workbook.step(step)
        except (PhbError, OSError):
            continue
    gc.collect()
    gc.freeze()
