"""Files that are there whole, or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phbkit.errors import SettingsError

_PART = ".part-"


@contextmanager
def part_of(file: Path) -> Iterator[str]:
    """Give the name of a part to write; it becomes `file` once it is on disk, or vanishes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=file.parent, prefix=_PART, suffix=file.suffix)
    os.close(handle)
    try:
        yield part
        with Path(part).open("rb") as written:
            os.fsync(written.fileno())
        Path(part).replace(file)
    finally:
        Path(part).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Delete the parts that processes left which were killed."""
    for part in folder.rglob(f"{_PART}*"):
        part.unlink(missing_ok=True)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file whole."""
    with part_of(file) as part:
        Path(part).write_bytes(content)


def need_absent(file: Path) -> None:
    """Refuse to write over a file that is there already."""
    if file.exists():
        raise SettingsError(f"{file} is there already. Choose another name, or move it away.")
