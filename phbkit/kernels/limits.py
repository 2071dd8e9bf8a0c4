"""How much one notebook, or the kernel of one page, may use."""

from __future__ import annotations

import resource
from dataclasses import dataclass

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Seconds for each cell and mebibytes of memory of one notebook; None for no limit."""

    seconds: float | None = None
    mebibytes: int | None = None

    @property
    def characters(self) -> float:
        """How many characters a notebook may show: they have to be held, written and read."""
        return float("inf") if self.mebibytes is None else self.mebibytes * _MEBIBYTE // 64

    def apply(self) -> None:
        """Hold this process to its memory; asking for more raises MemoryError."""
        if self.mebibytes is not None:
            most = self.mebibytes * _MEBIBYTE
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
