"""The parts that answers are made of, as types for pydantic: texts, choices, whole numbers, days.

Every type says in words what would be right. `Answer` is the base of what is made of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Self, get_origin

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from phbkit.casebank import Case
from phbkit.errors import AnswersError
from phbkit.workbook.formats import check_some, check_text

NOT_ANSWERED = "is not answered yet."


def problem(text: str) -> PydanticCustomError:
    """Make the error of one field, which is shown as it is."""
    return PydanticCustomError("answer", "{text}", {"text": text})


def _checked(check: Callable[..., Any], *arguments: Any, **options: Any) -> PlainValidator:
    def validate(value: Any) -> Any:
        try:
            return check("", value, *arguments, **options)
        except AnswersError as error:
            raise problem(error.problem) from None

    return PlainValidator(validate)


Text = Annotated[str, _checked(check_text)]
OptionalText = Annotated[str, _checked(check_text, required=False)]
TextOrNone = Annotated[
    str | None, _checked(lambda _, value: check_text("", value) if value else None)
]


def choice_of(allowed: Mapping[str, str]) -> PlainValidator:
    """Take one of some choices, which are given with their labels."""

    def validate(value: Any) -> str:
        if value == "":
            raise problem(NOT_ANSWERED)
        if not isinstance(value, str) or value not in allowed:
            raise problem(f"must be one of {', '.join(allowed)}; got {value!r}.")
        return value

    return PlainValidator(validate)


def some_of(known: Callable[[Case], list[str]], least: int = 0) -> PlainValidator:
    """Take a list of some of what a case has, in the case's order."""

    def validate(value: Any, info: ValidationInfo) -> list[str]:
        try:
            chosen = check_some("", value, known(case_of(info)))
        except AnswersError as error:
            raise problem(error.problem) from None
        if len(chosen) < least:
            raise problem(f"has fewer than {least}. Choose at least {least}.")
        return chosen

    return PlainValidator(validate)


def whole_number(what: str, most: int) -> PlainValidator:
    """Take a whole number of something, from 1 to `most`."""

    def validate(value: Any) -> int:
        if value == "":
            raise problem(NOT_ANSWERED)
        if type(value) is not int or not 1 <= value <= most:
            raise problem(f"must be a whole number of {what} from 1 to {most}; got {value!r}.")
        return value

    return PlainValidator(validate)


def day_within(longest: dt.timedelta) -> PlainValidator:
    """Take a day after the one a case plays on, as an ISO text; None where it is left empty."""

    def validate(value: Any, info: ValidationInfo) -> str | None:
        if not value:
            return None
        first = case_of(info).about.as_of
        try:
            day = dt.date.fromisoformat(value)
        except (TypeError, ValueError):
            day = first
        if not first < day <= first + longest:
            last = first + longest
            raise problem(f"must be a day after {first} and no later than {last}; got {value!r}.")
        return day.isoformat()

    return PlainValidator(validate)


def _hours(value: Any) -> str:
    try:
        hours = Decimal(str(value))
    except InvalidOperation:
        hours = Decimal("NaN")
    if not (hours.is_finite() and Decimal("0.25") <= hours <= 10):
        raise problem(
            f"must be a decimal number of hours from 0.25 to 10, like 0.50; got {value!r}."
        )
    return str(hours.quantize(Decimal("0.01")))


Hours = Annotated[str, PlainValidator(_hours)]


def case_of(info: ValidationInfo) -> Case:
    """Return the case that an answer is held against."""
    case: Case = (info.context or {})["case"]
    return case


class Answer(BaseModel):
    """An answer of several parts: one model for the form, the file, the record and simulations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def kept(cls, case: Case, key: str, value: Any) -> dict[str, Any]:
        """Return an answer in the form that is kept.

        Raises
        ------
        AnswersError
            Everything that is wrong with it, by `<key>.<part>`.
        """
        cls._need_parts(key, value)
        return cls._validated(case, key, value).model_dump(exclude_none=True)

    @classmethod
    def _need_parts(cls, key: str, value: Any) -> None:
        needed = {name for name, field in cls.model_fields.items() if field.is_required()}
        if isinstance(value, dict) and needed <= set(value) <= set(cls.model_fields):
            return
        got = sorted(value) if isinstance(value, dict) else value
        raise AnswersError(f"must have {', '.join(sorted(needed))}; got {got!r}.", key=key)

    @classmethod
    def _validated(cls, case: Case, key: str, value: Any) -> Self:
        try:
            return cls.model_validate(value, context={"case": case})
        except ValidationError as error:
            raise AnswersError.of(
                [
                    AnswersError(fault["msg"], key=".".join(map(str, (key, *fault["loc"]))))
                    for fault in error.errors(include_url=False)
                ]
            ) from None

    @classmethod
    def from_form(cls, key: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Gather the fields `<key>.<part>` of a form, whatever they hold; none where it has none.

        What may be left out is left out where it is empty.
        """
        if not any(name.startswith(f"{key}.") for name in values):
            return {}
        given = {
            name: _from_field(field, values.get(f"{key}.{name}", _empty(field)))
            for name, field in cls.model_fields.items()
        }
        optional = {name for name, field in cls.model_fields.items() if field.default is None}
        return {name: value for name, value in given.items() if value or name not in optional}


def to_form(key: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parts of an answer as the fields that its form would send."""
    return {f"{key}.{name}": value for name, value in answer.items()}


def whole_number_in(value: object) -> object:
    """Return the whole number a text stands for; anything else as it came, to be refused."""
    try:
        return int(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _empty(field: FieldInfo) -> list[str] | str:
    return [] if get_origin(field.annotation) is list else ""


def _from_field(field: FieldInfo, value: Any) -> Any:
    return whole_number_in(value) if field.annotation is int else value
