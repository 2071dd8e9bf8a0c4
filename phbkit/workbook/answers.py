"""Answers: reading a file of them, and holding each against what may be answered.

An answer's key is a question id of the case. Its value is an option id for `single`, a list of
option ids for `multiple` and `key-features`, a list of all option ids in order for `ranking`, -2
to 2 for `concordance`, and text for `reflection`. `<question id>.sure` is 1 (not sure), 2 (fairly
sure) or 3 (sure), where the question asks for certainty. Numbers may be written as text. The others
the arc itself asks:

`talk`, `ask`, `close`
    A conversation: `turns` (a list, each with its `line`, and one's `own` words where there are
    any), `rated` (0 to 9 for listening, choosing and clarity) and `later` (what was asked about
    afterwards, by id).
`plan`
    A list of plan item ids.
`ledger`
    By risk id: `holders` (a list of person, close, professional, commissioner, provider and
    service), `mitigation`, `stop_rule` and `review`, which may be empty.
`decision`
    `choice` (agree, agree-part, trial, defer or decline), `held` (notional, third-party or
    direct-payment), `reasons`, `review_weeks` (1 to 52), `stop_rule`, and with agree-part
    `not_to`: the plan item ids that are not agreed, some of the plan and not all of it. With
    defer, `decide_by` (a day, 2026-12-07) and `contact` (who rings, and whom they can ring).
`setting`, `block`, `running`, `bands`
    Figures by the name of their field, as `phbkit.money.fields` lists them; what is left out
    keeps the area's own.
`board`
    `choice` (gradual, fast, small, wait or no), `reasons`, `agreed`, `dissent`, `triggers` (two or
    more ids) and `review_months` (1 to 24).
`cpd`
    `learnt`, `changes` (a list of two or three) and `hours` (0.25 to 10).

What stops a step, because it is unsafe, is answered again: `<question id>.again`, `plan.again` and
`decision.again` are lists of those later answers, in their order.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from phbkit.casebank import Case
from phbkit.casebank.models import AGAIN
from phbkit.errors import AnswersError
from phbkit.scoring.marking import critical_errors
from phbkit.workbook.formats import LONGEST_TEXT, QUESTIONS, SURE, Cleaned, check, gathered
from phbkit.workbook.steps import asks_of

MOST_FIELDS = 200
_TRIED = ("plan", "decision")
_Text = Annotated[Cleaned, Field(strict=True, max_length=LONGEST_TEXT)]
_Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9._-]{0,120}$")]
_VALUES = TypeAdapter[dict[str, str | list[str]]](
    Annotated[
        dict[_Name, _Text | Annotated[list[_Text], Field(strict=True, max_length=MOST_FIELDS)]],
        Field(strict=True, max_length=MOST_FIELDS),
    ]
)


def read_answers(file: Path) -> dict[str, Any]:
    """Read an answers file: JSON with `case` and `answers`.

    Raises
    ------
    AnswersError
        The file is missing, is not JSON, or answers one question twice.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        with _placed(text, file):
            data = json.loads(text, object_pairs_hook=no_repeats)
            _check_shape(data)
    except json.JSONDecodeError as error:
        place = f"{file}:{error.lineno}"
        problem = f"is not JSON: {error.msg} at column {error.colno}."
        raise AnswersError(problem, place=place) from error
    except (OSError, RecursionError, ValueError) as error:
        raise AnswersError(f"cannot be read: {error}", place=str(file)) from error
    return dict(data)


def _check_shape(data: Any) -> None:
    if not isinstance(data, Mapping) or not isinstance(data.get("answers"), Mapping):
        raise AnswersError(
            'must be a JSON object like {"case": "…", "answers": {"question": "a"}}.'
        )
    for strange in data.keys() - {"case", "answers", "learner", "simulated"}:
        problem = "is not known here. Allowed: case, answers, learner, simulated."
        raise AnswersError(problem, key=str(strange))
    if not isinstance(data.get("simulated"), bool | None):
        problem = f"must be true or false; got {data['simulated']!r}."
        raise AnswersError(problem, key="simulated")


def check_answers(
    case: Case,
    data: Mapping[str, Any],
    file: Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Hold every answer against the case, and return them in the form that is kept.

    Raises
    ------
    AnswersError
        For the first answer that cannot be taken, naming the line of the file where there is one.
    """
    text = file.read_text(encoding="utf-8-sig") if file else ""
    with _placed(text, file):
        _check_shape(data)
        return _checked(case, data, options or {})


def _checked(case: Case, data: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    if data.get("case", case.id) != case.id:
        problem = f"is {data['case']!r}; this workbook plays {case.id!r}."
        raise AnswersError(problem, key="case")
    kept = {key: check_answer(case, key, value) for key, value in data["answers"].items()}
    unsafe = {name for e in critical_errors(case, kept) for name in (e.where, e.step)}
    for key in kept:
        first = key.removesuffix(AGAIN)
        asked = "decide" if first in _TRIED else first
        if first != key and asked not in unsafe:
            problem = "is asked again only where the first answer was unsafe. Take it out."
            raise AnswersError(problem, key=key)
    for step in asks_of(case).values():
        for name, problem in step.crossed(case, kept, options).items():
            raise AnswersError(problem, key=name)
    return kept


def check_answer(case: Case, key: str, value: Any) -> Any:
    """Return one answer as it is kept, or raise AnswersError that says what is allowed."""
    for question in case.questions:
        if key == question.id:
            return check(QUESTIONS[question.format], key, value, question)
        if key == question.sure_key != "":
            return check(SURE, key, value, question)
    asks = asks_of(case)
    if key in asks:
        return asks[key].check(case, value)
    known, first = _known(case), key.removesuffix(AGAIN)
    if first == key or first not in known or (first in asks and first not in _TRIED):
        raise AnswersError.among(f"question of {case.id}", key, known)
    if not isinstance(value, list) or not value:
        problem = f"must be a list of answers, in their order; got {value!r}."
        raise AnswersError(problem, key=key)
    return [check_answer(case, first, answer) for answer in value]


def _known(case: Case) -> list[str]:
    """List the keys of all that a case may have answers to."""
    questions = [name for q in case.questions for name in (q.id, q.sure_key) if name]
    return [*questions, *asks_of(case)]


def check_values(values: object) -> dict[str, str | list[str]]:
    """Return form values, tidied, when they have the shape that a form can send.

    Raises
    ------
    AnswersError
        They are not field names with texts or lists of texts, or are too many or too long.
    """
    try:
        return _VALUES.validate_python(values)
    except ValidationError as error:
        [field, *_] = [*error.errors(include_url=False)[0]["loc"], ""]
        problem = f"must be a form of {MOST_FIELDS} fields with {LONGEST_TEXT} characters at most."
        raise AnswersError(problem, key=str(field)[:60]) from None


def answers_from(case: Case, values: Mapping[str, Any]) -> dict[str, Any]:
    """Gather answers from the fields of a form, leaving out questions that were left empty.

    A field is named by the key of its answer, and by the parts that lead to it where it has any:
    `ledger.falls.holders`. Fields that belong to nothing here are passed over.
    """
    known, asks = _known(case), asks_of(case)
    parts = {name: value for name, value in values.items() if name not in known}
    given = {key: gathered(key, parts) or values.get(key) for key in known}
    return {
        key: answer
        for key, answer in given.items()
        if answer is not None and (key in asks or not _empty(answer))
    }


def _empty(answer: Any) -> bool:
    return not any(answer.values()) if isinstance(answer, Mapping) else not answer


def no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a mapping of JSON's pairs, or raise AnswersError where a key comes twice."""
    for key, count in Counter(key for key, _ in pairs).items():
        if count > 1:
            raise AnswersError("is answered twice. Keep one answer.", key=key)
    return dict(pairs)


@contextmanager
def _placed(text: str, file: Path | None) -> Iterator[None]:
    """Say of an error where it is: on which line of a file, if the answers came in one."""
    try:
        yield
    except AnswersError as error:
        lines = [*_lines(text, error.key.partition(".")[0]), *_lines(text, error.key)]
        place = f"{file}:{lines[-1]}" if lines else str(file or "answers")
        raise AnswersError(error.problem, key=error.key, place=place) from error


def _lines(text: str, key: str) -> list[int]:
    found = re.finditer(re.escape(json.dumps(key)) + r"\s*:", text)
    return [text.count("\n", 0, place.start()) + 1 for place in found]
