"""The workbook: steps of a case in a notebook, live or replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phbkit.workbook.workbook import Record, Workbook

__all__ = ["Record", "Workbook"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from phbkit.workbook import workbook  # brings ipywidgets, which a module needs not

        return getattr(workbook, name)
    raise AttributeError(name)
