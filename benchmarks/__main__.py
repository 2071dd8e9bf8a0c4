"""Run every benchmark and print one table."""

from __future__ import annotations

import os
import platform
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import cohort, finance, headless, importing, scoring, serving


def main() -> None:
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        sys.exit("Unset PYTHONDONTWRITEBYTECODE: without bytecode every import time is wrong.")
    table = Table(title=f"phbkit, {os.cpu_count()} cores, Python {platform.python_version()}")
    for heading in ("What", "Ours", "Stock", "Ratio", "Runs"):
        table.add_column(heading)
    for benchmark in (importing, headless, cohort, scoring, finance, serving):
        for row in benchmark.rows():
            table.add_row(*row)
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
