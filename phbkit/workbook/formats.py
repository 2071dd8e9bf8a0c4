"""The answer to one question, by its format: checked, and in the form that is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from phbkit.casebank import SCALE, Question
from phbkit.errors import AnswersError

LONGEST_TEXT = 6000
_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_NOT_TEXT = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]"
)  # XML has no such characters
LEVELS: dict[int, str] = {1: "Not sure", 2: "Fairly sure", 3: "Sure"}


def check_question(question: Question, value: Any) -> Any:
    """Return the answer to a question as it is kept, or raise AnswersError: what is allowed."""
    return _FORMAT_CHECKS[question.format](question, value)


def too_many(question: Question, chosen: Collection[str]) -> str:
    """Say that more was chosen than a question lets count; empty where it was not."""
    if question.most is None or len(chosen) <= question.most:
        return ""
    return (
        f"has {len(chosen)} choices. Choose at most {question.most}: "
        "whoever chooses more earns nothing, even where the right ones are among them."
    )


def ordinal(place: int) -> str:
    """Write one of the first twenty places in short: 1st, 2nd."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{place}{endings.get(place, 'th')}"


def _single(question: Question, value: Any) -> str:
    allowed = [option.id for option in question.options]
    if not isinstance(value, str) or value not in allowed:
        raise AnswersError(f"must be one of {', '.join(allowed)}; got {value!r}.", key=question.id)
    return value


def _multiple(question: Question, value: Any) -> list[str]:
    return check_some(question.id, value, [option.id for option in question.options])


def _ranking(question: Question, value: Any) -> list[str]:
    options = {option.id: option.text for option in question.options}
    errors = _misplaced(question, value) if isinstance(value, Mapping) else []
    if errors:
        raise AnswersError.of(errors)
    if isinstance(value, list) and sorted(map(str, value)) == sorted(options):
        return [str(option) for option in value]
    listed = ", ".join(options)
    problem = f"must be a list of all of {listed}, the first first; got {value!r}."
    raise AnswersError(problem, key=question.id)


def _misplaced(question: Question, places: Mapping[str, Any]) -> list[AnswersError]:
    """Find which options of a form have no place of their own: the later of two that share one."""
    errors, taken = [], dict[int, str]()
    for option in question.options:
        key, place = f"{question.id}.{option.id}", places.get(option.id)
        if type(place) is not int or not 1 <= place <= len(question.options):
            errors.append(AnswersError("has no place yet.", key=key))
        elif place in taken:
            problem = f"is {ordinal(place)}, and so is “{taken[place]}”. Give each its own place."
            errors.append(AnswersError(problem, key=key))
        else:
            taken[place] = option.text
    return errors


def _concordance(question: Question, value: Any) -> int:
    if type(value) is not int or value not in SCALE:
        raise AnswersError(f"must be -2, -1, 0, 1 or 2; got {value!r}.", key=question.id)
    return value


def _reflection(question: Question, value: Any) -> str:
    return check_text(question.id, value)


def check_sure(key: str, value: Any) -> int:
    """Return how sure somebody is, or raise AnswersError that lists the levels."""
    if type(value) is not int or value not in LEVELS:
        words = ", ".join(f"{level} ({word.lower()})" for level, word in LEVELS.items())
        raise AnswersError(f"must be one of {words}; got {value!r}.", key=key)
    return value


def check_some(key: str, value: Any, allowed: list[str]) -> list[str]:
    """Return some of what is allowed, in its order, or raise AnswersError that lists it."""
    if not isinstance(value, list) or any(not isinstance(chosen, str) for chosen in value):
        raise AnswersError(f"must be a list of {', '.join(allowed)}; got {value!r}.", key=key)
    for chosen in value:
        if chosen not in allowed:
            raise AnswersError(f"{chosen!r} is not one of {', '.join(allowed)}.", key=key)
    if len(set(value)) < len(value):
        raise AnswersError("names an option twice.", key=key)
    return [option for option in allowed if option in value]


def check_text(key: str, value: Any, *, required: bool = True) -> str:
    """Return a text tidied, or raise AnswersError where it is none, empty or too long."""
    if not isinstance(value, str):
        raise AnswersError(f"must be text; got {value!r}.", key=key)
    kept = clean(value).strip()
    if required and not kept:
        raise AnswersError("is not answered yet.", key=key)
    if len(kept) > LONGEST_TEXT:
        raise AnswersError(f"must be at most {LONGEST_TEXT} characters; got {len(kept)}.", key=key)
    return kept


def clean(text: str) -> str:
    """Make all line breaks one kind, and leave out what no document can hold."""
    return _NOT_TEXT.sub("", _LINE_BREAKS.sub("\n", text))


_FORMAT_CHECKS: dict[str, Callable[[Question, Any], Any]] = {
    "single": _single,
    "multiple": _multiple,
    "key-features": _multiple,
    "ranking": _ranking,
    "concordance": _concordance,
    "reflection": _reflection,
}
