"""Edits of a case's files."""

from __future__ import annotations

from pathlib import Path


def edit(file: Path, after: str, old: str, new: str) -> int:
    """Replace the first `old` that follows `after`; return the line where the edit begins."""
    text = file.read_text(encoding="utf-8")
    start = text.index(old, text.index(after))
    file.write_text(text[:start] + new + text[start + len(old) :], encoding="utf-8")
    return text.count("\n", 0, start) + 1
