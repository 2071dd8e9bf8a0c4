"""An act: one thing somebody did in a review session."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Act:
    """One thing done from one seat, as it was written; acts are numbered from 1."""

    seq: int
    seat: str
    act: str
    data: dict[str, Any]
    at: dt.datetime
    ticket: str
