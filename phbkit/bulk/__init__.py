"""Bulk: workbooks run without anybody at them."""

from phbkit.bulk.running import read_result, run_notebook

__all__ = ["read_result", "run_notebook"]
