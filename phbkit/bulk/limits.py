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

    def apply(self) -> None:
        """Hold this process to its memory; asking for more raises MemoryError."""
        if self.mebibytes is not None:
            most = self.mebibytes * MEBIBYTE
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
