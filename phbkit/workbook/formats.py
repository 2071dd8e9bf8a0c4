"""What answers are made of, as types for pydantic: texts, choices, whole numbers, lists.

Every type says in words what would be right. What may be chosen hangs on what is asked about: a
question, or the case for what its steps ask. A number may be written as a text, as forms send it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from phbkit.casebank import Question
from phbkit.casebank.models import Option
from phbkit.errors import AnswersError
from phbkit.tables import wrong
from phbkit.text import tidy

LONGEST_TEXT = 6000
LEVELS: dict[int, str] = {1: "Not sure", 2: "Fairly sure", 3: "Sure"}
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
NOT_ANSWERED = "is not answered yet."
_NO_PARTS = {"missing": NOT_ANSWERED, "extra_forbidden": "is not asked here."}


def said(words: str) -> WrapValidator:
    """Say in words what a type takes, where pydantic would say it for programmers."""

    def validate(value: Any, take: ValidatorFunctionWrapHandler) -> Any:
        try:
            return take(value)
        except ValidationError:
            empty = isinstance(value, str) and not value.strip()
            wanted = NOT_ANSWERED if empty else f"must be {words}; got {value!r:.80}."
            raise wrong(wanted) from None

    return WrapValidator(validate)


def _cleaned(value: Any) -> Any:
    return tidy(value) if isinstance(value, str) else value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value


Cleaned = Annotated[str, BeforeValidator(_cleaned)]
_Text = Annotated[Cleaned, StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT)]
_TEXT = said(f"text of at most {LONGEST_TEXT} characters")
OptionalText = Annotated[_Text, _TEXT]
TextIfAny = Annotated[OptionalText | None, AfterValidator(lambda text: text or None)]
Text = Annotated[_Text, Field(min_length=1), _TEXT]
Whole = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
Known = Callable[[Any], Iterable[str]]


def one_of(known: Known) -> PlainValidator:
    """Take one of what a question offers, or a case has."""

    def validate(value: Any, info: ValidationInfo) -> str:
        allowed = list(known(info.context))
        if not isinstance(value, str) or value not in allowed:
            raise wrong(f"must be one of {', '.join(allowed)}; got {value!r}.")
        return value

    return PlainValidator(validate)


def some_of(known: Known, least: int = 0) -> PlainValidator:
    """Take a list of some of what a question offers, or a case has, in its order."""

    def validate(value: Any, info: ValidationInfo) -> list[str]:
        allowed = list(known(info.context))
        if not isinstance(value, list) or any(not isinstance(chosen, str) for chosen in value):
            raise wrong(f"must be a list of {', '.join(allowed)}; got {value!r}.")
        chosen = in_order(value, allowed)
        if len(chosen) < len(value):
            raise wrong("names an option twice.")
        if len(chosen) < least:
            raise wrong(f"has fewer than {least}. Choose at least {least}.")
        return chosen

    return PlainValidator(validate)


def in_order(names: Collection[str], allowed: Collection[str]) -> list[str]:
    """Put names in the order of what is allowed, or raise what tells the first that is not."""
    for name in names:
        if name not in allowed:
            raise wrong(f"{name!r} is not one of {', '.join(allowed)}.")
    return [name for name in allowed if name in names]


class Answer(BaseModel):
    """An answer of several parts: one model for the form, the file, the record and simulations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _has_parts(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            needed = [name for name, field in cls.model_fields.items() if field.is_required()]
            raise wrong(f"must have {', '.join(needed)}; got {value!r}.")
        return value


def check(kind: TypeAdapter[Any], key: str, value: Any, about: object) -> Any:
    """Return an answer in the form that is kept.

    Parameters
    ----------
    about
        The question, or the case, that the answer is held against.

    Raises
    ------
    AnswersError
        Everything that is wrong with it, by `<key>.<part>`.
    """
    try:
        answer = kind.validate_python(value, context=about)
    except ValidationError as error:
        errors = []
        for fault in error.errors(include_url=False):
            part = ".".join(map(str, (key, *fault["loc"])))
            errors.append(AnswersError(_NO_PARTS.get(fault["type"], fault["msg"]), key=part))
        raise AnswersError.of(errors) from None
    return kind.dump_python(answer, mode="json", exclude_none=True)


def fields_of(key: str, answer: Any) -> dict[str, Any]:
    """Give an answer as the fields that its form would send."""
    if not isinstance(answer, Mapping):
        return {key: answer}
    fields = (fields_of(f"{key}.{part}", value) for part, value in answer.items())
    return {name: value for part in fields for name, value in part.items()}


def gathered(key: str, values: Mapping[str, Any]) -> Any:
    """Make an answer of a form's fields, `<key>.<part>` and deeper; empty where it has none."""
    start = f"{key}."
    parts = {n.removeprefix(start): value for n, value in values.items() if n.startswith(start)}
    names = dict.fromkeys(name.partition(".")[0] for name in parts)
    return {name: gathered(name, parts) or parts[name] for name in names}


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


def _options(question: Question) -> list[str]:
    return [option.id for option in question.options]


def _ranking(value: Any, info: ValidationInfo[Question]) -> list[str]:
    """Take all options in order, or the place of each, as a form asks for it."""
    options = _options(info.context)
    if isinstance(value, Mapping):
        return _placed(info.context, value)
    if not isinstance(value, list) or sorted(map(str, value)) != sorted(options):
        listed = ", ".join(options)
        raise wrong(f"must be a list of all of {listed}, the first first; got {value!r}.")
    return [str(option) for option in value]


def _placed(question: Question, places: Mapping[str, Any]) -> list[str]:
    """Put options in the order of their places; of two that share one, the later is at fault."""
    order: dict[int, Option] = {}
    errors = []
    for option in question.options:
        key, place = f"{question.id}.{option.id}", _whole(places.get(option.id))
        if place not in range(1, len(question.options) + 1):
            errors.append(AnswersError("has no place yet.", key=key))
        elif place in order:
            words = f"is {ordinal(place)}, and so is “{order[place].text}”."
            errors.append(AnswersError(f"{words} Give each its own place.", key=key))
        else:
            order[place] = option
    if errors:
        raise AnswersError.of(errors)
    return [order[place].id for place in sorted(order)]


SURE = TypeAdapter[Any](
    Annotated[Whole, Field(ge=1, le=3), said("one of 1 (not sure), 2 (fairly sure), 3 (sure)")]
)
"""How sure somebody is of an answer."""
_SOME = TypeAdapter[Any](Annotated[list[str], some_of(_options)])
QUESTIONS = {
    "single": TypeAdapter[Any](Annotated[str, one_of(_options)]),
    "multiple": _SOME,
    "key-features": _SOME,
    "ranking": TypeAdapter[Any](Annotated[list[str], PlainValidator(_ranking)]),
    "concordance": TypeAdapter[Any](
        Annotated[Whole, Field(ge=-2, le=2), said("-2, -1, 0, 1 or 2")]
    ),
    "reflection": TypeAdapter[Any](Text),
}
"""The answer to a question, by its format."""
