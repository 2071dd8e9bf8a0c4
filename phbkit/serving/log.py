"""The server's log: of the same trouble, no more than a line a minute."""

from __future__ import annotations

import logging
import re

_SECONDS = 60
_MOST = 1000  # troubles that are kept in mind
_VARIES = re.compile(r"0x[0-9a-f]+|[0-9a-f-]{16,}|[0-9]{4,}")


class OncePerMinute(logging.Filter):
    """Lets a line through once a minute, and says with the next how many there were between.

    Lines that differ in long numbers and ids alone tell of the same trouble.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, tuple[float, int]] = {}  # when, and how many since

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a line is written, which may add to it."""
        said, cause = record.getMessage(), record.exc_info and record.exc_info[1]
        trouble = _VARIES.sub("", f"{said} {cause!r}")
        told, since = self._told.pop(trouble, (0.0, 0))
        if record.created < told + _SECONDS:
            self._told[trouble] = told, since + 1
            return False
        self._told[trouble] = record.created, 0
        if len(self._told) > _MOST:
            del self._told[next(iter(self._told))]
        if since:
            record.msg, record.args = f"{said} (and {since} more like it before)", ()
        return True


def handlers(log: logging.Logger) -> list[logging.Handler]:
    """List what writes the lines of a server whose own logger is `log`."""
    return [each for each in (*logging.root.handlers, *log.handlers, logging.lastResort) if each]
