"""What a notebook prints, from Python and past it."""

from __future__ import annotations

import fcntl
import io
import os
import threading
from collections.abc import Callable
from typing import Any, Protocol

_MOST_PAST_PYTHON = 16 * 1024 * 1024
_SOON_SECONDS = 0.2
_NUMBERS = {"stdout": 1, "stderr": 2}


class PrintedTooMuchError(Exception):
    """A notebook that prints without end."""


class Teller(Protocol):
    """Knows which cell is running, and sends what it prints."""

    def get_parent(self) -> Any:
        """Return the request that is being answered."""

    def say(self, name: str, text: str, parent: Any) -> None:
        """Send what was printed in answer to a request."""


class BareStream(io.TextIOBase):
    """What is printed, sent when the kernel flushes.

    What other programs and C code write to the file descriptor is kept in a file in memory, and
    sent with the rest.
    """

    encoding = "UTF-8"
    errors = None

    def __init__(self, name: str, teller: Teller, most: int | None) -> None:
        self.name, self._teller, self._most = name, teller, most
        self._process = os.getpid()
        self._past = _PastPython(_NUMBERS[name])
        self._turn = threading.RLock()
        self._texts: list[str] = []
        self._parent: Any = None
        self._length = 0

    def write(self, text: str) -> int:
        """Keep a text until it is flushed.

        Raises
        ------
        PrintedTooMuchError
            The notebook has printed more than it may.
        """
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if self.closed:
            raise ValueError("I/O operation on closed file")
        if os.getpid() != self._process:  # a fork that the notebook made
            os.write(self.fileno(), text.encode(errors="replace"))
            return len(text)
        parent = self._teller.get_parent()
        with self._turn:
            if parent is not self._parent:
                self.flush()
                self._parent = parent
            self._keep_past()
            self._length += len(text)
            if self._most is not None and self._length > self._most:
                raise PrintedTooMuchError(
                    f"This notebook has printed more than {self._most} characters."
                )
            self._texts.append(text)
        return len(text)

    def _keep_past(self) -> None:
        text = self._past.read()
        if not text:
            return
        if not self._texts:
            self._parent = self._teller.get_parent()
        self._texts.append(text)

    def flush(self) -> None:
        """Send what was written."""
        if os.getpid() != self._process:
            return
        with self._turn:
            self._keep_past()
            text, self._texts = "".join(self._texts), []
            if text:
                self._teller.say(self.name, text, self._parent)

    def fileno(self) -> int:
        """Give the file descriptor, for other programs to write to."""
        return _NUMBERS[self.name]

    def isatty(self) -> bool:
        """Say that nobody looks."""
        return False

    def writable(self) -> bool:
        """Say that it is."""
        return True


class _PastPython:
    """A file in memory in the place of a file descriptor; what does not fit is refused."""

    def __init__(self, number: int) -> None:
        self._file = os.memfd_create(f"past-python-{number}", os.MFD_ALLOW_SEALING)
        os.ftruncate(self._file, _MOST_PAST_PYTHON)
        fcntl.fcntl(self._file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
        os.dup2(self._file, number)
        self._place = 0

    def read(self) -> str:
        """Take what was written since."""
        try:
            end = os.lseek(self._file, 0, os.SEEK_CUR)
            if end == self._place:
                return ""
            text = os.pread(self._file, end - self._place, self._place)
            self._place = end
            if end > _MOST_PAST_PYTHON // 2:
                self._place = os.lseek(self._file, 0, os.SEEK_SET)
        except OSError:  # the notebook closed it
            return ""
        return text.decode(errors="replace")


def flush_soon(flush: Callable[[], None]) -> None:
    """Flush now and then from a thread, for a cell that prints and goes on and on."""

    def work() -> None:
        while True:
            threading.Event().wait(_SOON_SECONDS)
            flush()

    threading.Thread(target=work, daemon=True, name="phbkit-printing").start()


def sound(text: str) -> str:
    """Return a text as it can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text
