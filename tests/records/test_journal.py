"""The journal of an attempt that is kept in memory: without a database, and without its package."""

from __future__ import annotations

import subprocess
import sys

PLAY = """
import datetime as dt, sys
from pathlib import Path
from phbkit.casebank import CaseBank
from phbkit.records import MemoryJournal, open_store
from phbkit.workbook.module import Module
case = CaseBank(Path("casebank")).load("chronic-pain-massage")
module = Module(case, MemoryJournal(dt.datetime.now(tz=dt.UTC)))
module.submit("s1", "meet", {})
print(sorted(module.closed), [name for name in ("sqlalchemy", "alembic") if name in sys.modules])
"""


def test_a_case_is_played_without_a_database_package() -> None:
    done = subprocess.run([sys.executable, "-c", PLAY], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() == "['meet'] []"
