"""Every way of failing that a person should read about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self


class PhbError(Exception):
    """Something a person can put right. The message says what, where, and what would be right."""


class SettingsError(PhbError):
    """A setting, a folder or a database that cannot be used as given."""


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Ask, after a space, for the known name that was probably meant; empty where none is near."""
    near = get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _meant(name: str, known: Collection[str]) -> str:
    """Say which name was probably meant, and which are known."""
    return f"{did_you_mean(name, known)} Known: {', '.join(known) or 'none'}."


class UnknownNameError(PhbError):
    """A name that is not in the list it should come from."""

    @classmethod
    def among(cls, what: str, name: str, known: Collection[str], where: str = "") -> Self:
        """Say which name is unknown, which are known and which was probably meant."""
        place = f"{where}: " if where else ""
        return cls(f"{place}no {what} is called {name!r}.{_meant(name, sorted(known))}")


def need_known(what: str, name: str, known: Collection[str], where: str = "") -> None:
    """Refuse a name that is not in the list it should come from."""
    if name not in known:
        raise UnknownNameError.among(what, name, known, where)


class AnswersError(PhbError):
    """An answers file, or one answer, that cannot be taken.

    `problems` holds what is wrong by key, where an answer has several parts; the message tells the
    first.
    """

    def __init__(self, problem: str, *, key: str = "", place: str = "") -> None:
        self.problem, self.key, self.place = problem, key, place
        self.problems = {key: problem}
        super().__init__(": ".join(part for part in (place, key, problem) if part))

    @classmethod
    def among(cls, what: str, key: str, known: Sequence[str]) -> AnswersError:
        """Say of a key that it is unknown, which are known and which was probably meant."""
        return cls(f"is no {what}.{_meant(key, known)}", key=key)

    @classmethod
    def of(cls, errors: Sequence[AnswersError]) -> AnswersError:
        """Make one error of several."""
        made = cls(errors[0].problem, key=errors[0].key)
        made.problems = {key: text for error in errors for key, text in error.problems.items()}
        return made


class RefusedError(PhbError):
    """A submission that was not taken, with what is wrong in each field; "" is the whole form."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in problems.items()))


class RecordsError(PhbError):
    """Answers could not be written or read. Nothing was acknowledged that is not on disk."""


class UnreachableError(RecordsError):
    """The database is locked or gone: what failed now may work later. `told` is for browsers.

    The message names the database and is for whoever runs the server.
    """

    told = "The place where answers are kept cannot be reached at the moment."


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with the case bank: where it is and what would put it right."""

    file: Path
    line: int
    field: str
    problem: str
    cure: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        field = f" {self.field}:" if self.field else ""
        return f"{place}:{field} {self.problem} {self.cure}".rstrip()


class FaultsError(PhbError):
    """Something that was not used, with every fault found in it: nothing was done by halves."""

    faults: tuple[Any, ...] = ()

    @classmethod
    def of(cls, subject: object, faults: Iterable[object], outcome: str = "was not used") -> Self:
        """Make one error of every fault that was found, each on a line."""
        listed = tuple(faults)
        count = "1 fault" if len(listed) == 1 else f"{len(listed)} faults"
        error = cls("\n  ".join([f"{subject} {outcome}: {count}.", *map(str, listed)]))
        error.faults = listed
        return error


class AreaError(FaultsError):
    """An area's figures, or scenarios, that cannot be used: nothing was worked out."""


class CaseError(FaultsError):
    """A case that cannot be loaded, with every fault found in it."""
