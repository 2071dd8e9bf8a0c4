"""Cohorts: workbooks run without anybody at them, and what their results come to."""

from phbkit.cohort.one_notebook import read_result, run_notebook

__all__ = ["read_result", "run_notebook"]
