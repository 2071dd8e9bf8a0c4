"""What is older than PHB_KEEP_DAYS goes while a server runs, and not only as it starts."""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path

from phbkit.cohort.register import Register
from phbkit.meeting.sessions import Sessions
from phbkit.records.database import open_database
from phbkit.records.learners import Learner
from tests.browser.served import Served
from tests.ports import free_port

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
WITH_DAYS_OF_A_SECOND = """
import datetime, sys
from phbkit.cli import entry
from phbkit.serving import app
app._DAY = datetime.timedelta(seconds=1)
del sys.argv[1:4]  # python -m phbkit
entry()
"""


def test_learners_and_meetings_that_have_become_too_old_are_erased_again_each_day(
    tmp_path: Path,
) -> None:
    under = (sys.executable, "-c", WITH_DAYS_OF_A_SECOND)
    server = Served(tmp_path, free_port(), env={"PHB_KEEP_DAYS": "999"}, under=under)
    records = open_database(server.database, clock=lambda: LONG_AGO)
    register, sessions = Register(records), Sessions(records)
    server.start()
    try:
        for _ in range(2):
            register.invite([Learner("ann", "Ann")], LONG_AGO)
            sessions.open("chronic-pain-massage", "training", data={})
            until = time.monotonic() + 30
            while register.all() or sessions.listed():
                assert time.monotonic() < until
                time.sleep(0.1)
    finally:
        server.stop()
