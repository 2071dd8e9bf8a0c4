"""From the flat strings of a browser form to answers, trusting nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from phbkit.casebank import Case, Question
from phbkit.errors import AnswersError
from phbkit.workbook.formats import LONGEST_TEXT, clean
from phbkit.workbook.parts import whole_number_in
from phbkit.workbook.steps import asks

MOST_FIELDS = 200
Values = Mapping[str, str | list[str]]
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,120}")


def check_values(values: object) -> dict[str, str | list[str]]:
    """Return form values when they have the shape a form can send.

    Raises
    ------
    AnswersError
        They are not field names with texts or lists of texts, or are too many or too long.
    """
    if not isinstance(values, Mapping) or len(values) > MOST_FIELDS:
        raise AnswersError(f"must be a form of at most {MOST_FIELDS} fields.")
    kept: dict[str, str | list[str]] = {}
    for name, value in values.items():
        texts = value if isinstance(value, list) else [value]
        whole = len(texts) <= MOST_FIELDS and all(
            isinstance(text, str) and len(text) <= LONGEST_TEXT for text in texts
        )
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise AnswersError("must be a field's name.", key=clean(str(name))[:60])
        if not whole:
            problem = f"must be text of at most {LONGEST_TEXT} characters."
            raise AnswersError(problem, key=name)
        kept[name] = list(map(clean, value)) if isinstance(value, list) else clean(value)
    return kept


def answers_from(case: Case, values: Values) -> dict[str, Any]:
    """Turn checked form values into answers, leaving out what was left empty."""
    numbers = {q.id for q in case.questions if q.format == "concordance"}
    numbers |= {q.sure_key for q in case.questions}
    rankings = [question for question in case.questions if question.format == "ranking"]
    known = asks()
    parts = (*(f"{key}." for key in known), *(f"{question.id}." for question in rankings))
    answers = {
        name: whole_number_in(value) if name in numbers else value
        for name, value in values.items()
        if (value not in ("", []) and not name.startswith(parts)) or name == "plan"
    }
    for question in rankings:
        order = _ranking(question, values)
        if order is not None:
            answers[question.id] = order
    for key, ask in known.items():
        answer = ask.from_form(values)
        if answer:
            answers[key] = answer
    return answers


def _ranking(question: Question, values: Values) -> Any:
    """Gather the places that a form gives to options.

    The list of option ids in order; the places as they came, to be refused, where they give no
    order; None where no place was given.
    """
    places = {
        option.id: whole_number_in(values.get(f"{question.id}.{option.id}", ""))
        for option in question.options
    }
    order = sorted(places, key=lambda option: str(places[option]))  # at most eight: one digit
    if [places[option] for option in order] == list(range(1, len(order) + 1)):
        return order
    return places if any(place not in ("", []) for place in places.values()) else None
