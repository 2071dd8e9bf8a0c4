"""What a meeting asks of cases: that no text in them looks like that of a real person."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from phbkit.casebank.checks.registry import Context, Found, check
from phbkit.casebank.checks.texts import PROSE
from phbkit.meeting import identifiers

_FINE = {"date of birth", "name"}


@check(*PROSE)
def check_identifiers(text: str, context: Context) -> Found:
    """Find what could identify a real person; laws have dates, and people in a case have names."""
    return {"identifying": _told(text, context.today)}


@lru_cache(maxsize=10_000)  # what cases share is checked with each of them
def _told(text: str, today: dt.date) -> str:
    hits = [hit for hit in identifiers.find(text, today) if hit.kind not in _FINE]
    return identifiers.describe(hits)
