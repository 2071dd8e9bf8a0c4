"""How much one notebook may use."""

from __future__ import annotations

import resource
from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Seconds for each cell and mebibytes of memory of one notebook; None for no limit."""

    seconds: float | None = None
    mebibytes: int | None = None

    @property
    def most_printed(self) -> int | None:
        """How many characters a notebook may print: they have to be held, written and read."""
        return None if self.mebibytes is None else self.mebibytes * MEBIBYTE // 64

    @property
    def most_shown(self) -> int | None:
        """How many bytes a notebook may print and display."""
        return None if self.mebibytes is None else self.mebibytes * MEBIBYTE // 8

    def apply(self) -> None:
        """Hold this process to its memory; asking for more raises MemoryError."""
        if self.mebibytes is not None:
            most = self.mebibytes * MEBIBYTE
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
