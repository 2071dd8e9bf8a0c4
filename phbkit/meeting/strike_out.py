"""Striking words out of what was kept: the words go, and that they were there stays."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from phbkit.meeting.roles import role_inside
from phbkit.text import moment
from phbkit.workbook.formats import LONGEST_TEXT

_TYPED = {
    *("matters", "worries", "not_asked", "text", "coordinator", "triggers", "stop_rule", "review"),
    *("consequence", "affects", "mitigation", "reason", "who", "reasons", "sole", "title", "name"),
    *("called", "outcomes", "safeguards", "not_to"),
}


def mark(role: str, at: dt.datetime) -> str:
    """Say who struck words out, and when: what stands in their place."""
    return f"[struck out by: {role_inside(role)}, {moment(at)}]"


def without(data: Any, words: str, mark: str, field: str = "") -> Any:
    """Return data with a mark in place of whole words wherever somebody may have typed them.

    Names of safeguards, such as `s.<id>`, are left. What gets too long is cut off at its end.
    """
    if isinstance(data, Mapping):
        return {name: without(value, words, mark, name) for name, value in data.items()}
    if isinstance(data, list):
        return [without(value, words, mark, field) for value in data]
    if field not in _TYPED or not isinstance(data, str):
        return data
    return re.sub(rf"(?<![\w.]){re.escape(words)}(?!\.?\w)", lambda _: mark, data)[:LONGEST_TEXT]
