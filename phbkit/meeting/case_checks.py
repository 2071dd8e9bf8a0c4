"""What a meeting asks of cases: that no text in them looks like that of a real person."""

from __future__ import annotations

from phbkit.casebank.checks.registry import Context, Found, check
from phbkit.casebank.checks.texts import PROSE
from phbkit.meeting import identifiers

_FINE = {"date of birth", "name"}


@check(*PROSE)
def check_identifiers(text: str, context: Context) -> Found:
    """Find what could identify a real person; laws have dates, and people in a case have names."""
    hits = [h for h in identifiers.find(text, context.today) if h.kind not in _FINE]
    return {"identifying": hits and identifiers.describe(hits)}
