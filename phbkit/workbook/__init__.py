"""The workbook: steps of a case in a notebook, live or replayed."""

from phbkit.workbook.workbook import Record, Workbook

__all__ = ["Record", "Workbook"]
