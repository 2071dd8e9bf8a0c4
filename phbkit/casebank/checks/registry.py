"""The registry of checks: functions that say which faults a part of a case has.

A pattern says which parts a function is given. `case.items.*.serves` is a field of every item, and
`case` the whole file, both of the model; `case.**.sources.*` is every text whose place ends so, as
it was written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from phbkit import wings
from phbkit.casebank.faults import Place, Problem, problem
from phbkit.casebank.reading import YamlDocument
from phbkit.casebank.reference_data import Files

Found = Mapping[str, object]
"""By the name of a fault what was found of it: nothing, one thing, or a list with one for each."""


class Context(Files):
    """What a check may look at beside its part: the days, and files that fit their models.

    A file that does not is not there. `functions` names the rules of the deal that have one, where
    that is asked.
    """

    functions: Collection[str]

    def __init__(self, case_id: str, day: dt.date, today: dt.date, *, drafts: bool) -> None:
        self.case_id, self.day, self.today, self.drafts = case_id, day, today, drafts

    def has(self, *files: str) -> bool:
        """Say whether all of these files fit their models."""
        return all(hasattr(self, name) for name in files)

    def names(self, pattern: str) -> set[str]:
        """List the names that stand at a pattern: ids, or the keys of a mapping."""
        file, _, part = pattern.partition(".")
        found = [names for _, names in parts_at(getattr(self, file), part)]
        return {name for names in found for name in ([names] if isinstance(names, str) else names)}


Check = Callable[[Any, Context], Found]
_CHECKS: list[tuple[str, str, tuple[str, ...], Check]] = []


def check(*patterns: str, needs: str = "") -> Callable[[Check], Check]:
    """Register a function as the check of some parts.

    It is given a part and the context, and returns what it found by the name of the fault. `needs`
    names what else has to be there.
    """

    def register(function: Check) -> Check:
        for pattern in patterns:
            file, _, part = pattern.partition(".")
            own = [] if part.startswith("**") else [file]
            _CHECKS.append((file, part, (*own, *needs.split()), function))
        return function

    return register


@cache
def _checks() -> list[tuple[str, str, tuple[str, ...], Check]]:
    for add_checks in wings.hooks("add_checks"):
        add_checks()
    return _CHECKS


def problems(file: str, document: YamlDocument, context: Context) -> Iterator[Problem]:
    """Hold a file against every check."""
    for of, pattern, needs, function in _checks():
        if of == file and context.has(*needs):
            texts = pattern.startswith("**")
            whole = None if texts else getattr(context, file)
            parts = document.texts_at(pattern[3:]) if texts else parts_at(whole, pattern)
            for place, part in parts:
                for name, found in function(part, context).items():
                    for each in found if isinstance(found, list) else [found] if found else []:
                        yield problem(name, place, part=part, found=each, context=context)


def parts_at(whole: Any, pattern: str) -> Iterator[tuple[Place, Any]]:
    """List what stands at a pattern in a model, with its place; what is left out is passed over."""
    first, _, rest = pattern.partition(".")
    if not first:
        yield (), whole
        return
    children = whole.items() if isinstance(whole, dict) else enumerate(whole)
    for name, part in children if first == "*" else [(first, getattr(whole, first, None))]:
        if part is not None:
            yield from (((name, *place), deeper) for place, deeper in parts_at(part, rest))


def unknown(
    names: Iterable[str], known: Collection[str], what: str, at: str = ""
) -> list[tuple[str, str, str, str]]:
    """List names that are not among those known, as the words of `unknown-name` need them."""
    listed = ", ".join(sorted(known)) or "none"
    return [(name, what, listed, at) for name in names if name not in known]
