"""What a kernel without sockets says: messages, each with the channel it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

IOPUB, SHELL = "iopub", "shell"
Messages = list[tuple[str, dict[str, Any]]]
Deliver = Callable[[Messages], None]
