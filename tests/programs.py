"""Programs that tests start: none outlives the tests, whatever becomes of these."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

ENDS_WITHIN = 60  # seconds, on a machine that may be busy
_PR_SET_PDEATHSIG = 1


def _end_with_the_tests() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def start(command: Sequence[object], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program in a group of its own."""
    return subprocess.Popen(
        [*map(str, command)],
        start_new_session=True,
        preexec_fn=_end_with_the_tests,  # noqa: PLW1509  nothing is held across it
        **options,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a program to end if it runs; where it takes too long, end it and all of its group."""
    process.terminate()
    try:
        process.wait(timeout=ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


@contextmanager
def running(command: Sequence[object], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program as long as the test needs it."""
    process = start(command, **options)
    try:
        yield process
    finally:
        end(process)
