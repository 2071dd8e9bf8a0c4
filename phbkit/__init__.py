"""Workbooks for deciding with people how a personal health budget is spent.

Nothing heavy is imported until it is used: `import phbkit` costs a few milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Report": "phbkit.cohort.report",
    "Review": "phbkit.meeting.room",
    "Workbook": "phbkit.workbook.workbook",
    "CaseBank": "phbkit.casebank",
    "Case": "phbkit.casebank",
    "score": "phbkit.scoring",
    "PhbError": "phbkit.errors",
}

__all__ = ["Case", "CaseBank", "PhbError", "Report", "Review", "Workbook", "__version__", "score"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'phbkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
