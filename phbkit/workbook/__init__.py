"""The workbook: steps of a case in a notebook, live or replayed."""
