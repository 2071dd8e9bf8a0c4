"""Answers: reading a file of them, and holding each against what may be answered.

An answer's key is a question id of the case. Its value is an option id for `single`, a list of
option ids for `multiple` and `key-features`, a list of all option ids in order for `ranking`, -2
to 2 for `concordance`, and text for `reflection`. `<question id>.sure` is 1 (not sure), 2 (fairly
sure) or 3 (sure), where the question asks for certainty. The others the arc itself asks:

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
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from phbkit.casebank import Case
from phbkit.casebank.models import AGAIN
from phbkit.errors import AnswersError
from phbkit.scoring.marking import critical_errors
from phbkit.workbook.formats import check_question, check_sure
from phbkit.workbook.steps import asks

_TRIED = ("plan", "decision")


def read_answers(file: Path) -> dict[str, Any]:
    """Read an answers file: JSON with `case` and `answers`.

    Raises
    ------
    AnswersError
        The file is missing, is not JSON, or answers one question twice.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AnswersError(f"cannot be read: {error}", place=str(file)) from error
    try:
        data = json.loads(text, object_pairs_hook=_no_repeats(text, file))
    except json.JSONDecodeError as error:
        place = f"{file}:{error.lineno}"
        problem = f"is not JSON: {error.msg} at column {error.colno}."
        raise AnswersError(problem, place=place) from error
    except (RecursionError, ValueError) as error:
        problem = "is not JSON that can be read: it nests too deeply or holds a number too long."
        raise AnswersError(problem, place=str(file)) from error
    _check_shape(data, text, file)
    return dict(data)


def _check_shape(data: Any, text: str = "", file: Path | None = None) -> None:
    if not isinstance(data, Mapping) or not isinstance(data.get("answers"), Mapping):
        problem = 'must be a JSON object like {"case": "…", "answers": {"question": "a"}}.'
        raise AnswersError(problem, place=str(file or "answers"))
    strange = sorted(map(str, set(data) - {"case", "answers", "learner", "simulated"}))
    if strange:
        problem = "is not known here. Allowed: case, answers, learner, simulated."
        place = _line_of(text, strange[0], file) or "answers"
        raise AnswersError(problem, key=strange[0], place=place)


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
    _check_shape(data, text, file)

    def fault(problem: str, key: str, line_of: str) -> AnswersError:
        place = _line_of(text, line_of, file) or str(file or "answers")
        return AnswersError(problem, key=key, place=place)

    if data.get("case", case.id) != case.id:
        raise fault(f"is {data['case']!r}; this workbook plays {case.id!r}.", "case", "case")
    kept: dict[str, Any] = {}
    for key, value in data["answers"].items():
        try:
            kept[key] = check_answer(case, key, value)
        except AnswersError as error:
            raise fault(error.problem, error.key, key) from None
    unsafe = {name for e in critical_errors(case, kept) for name in (e.where, e.step)}
    for key in kept:
        first = key.removesuffix(AGAIN)
        asked = "decide" if first in _TRIED else first
        if first != key and asked not in unsafe:
            problem = "is asked again only where the first answer was unsafe. Take it out."
            raise fault(problem, key, key)
    for key, ask in asks().items():
        for name, problem in ask.crossed(case, kept, options or {}).items():
            raise fault(problem, name, key)
    return kept


def check_answer(case: Case, key: str, value: Any) -> Any:
    """Return one answer as it is kept, or raise AnswersError that says what is allowed."""
    if key in asks():
        return asks()[key].kept(case, value)
    first = key.removesuffix(AGAIN)
    if first != key and (first in _TRIED or any(q.id == first for q in case.questions)):
        if not isinstance(value, list) or not value:
            problem = f"must be a list of answers, in their order; got {value!r}."
            raise AnswersError(problem, key=key)
        return [check_answer(case, first, answer) for answer in value]
    for question in case.questions:
        if question.id == key:
            return check_question(question, value)
        if question.sure_key == key != "":
            return check_sure(key, value)
    questions = (name for q in case.questions for name in (q.id, q.sure_key) if name)
    known = [*questions, *asks()]
    near = get_close_matches(key, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise AnswersError(f"is no question of {case.id}.{hint} Known: {', '.join(known)}.", key=key)


def _no_repeats(text: str, file: Path) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                place = _line_of(text, key, file, nth=2)
                raise AnswersError("is answered twice. Keep one answer.", key=key, place=place)
            found[key] = value
        return found

    return build


def _line_of(text: str, key: str, file: Path | None, nth: int = 1) -> str:
    """Place a key in a file as `file:line`; the file alone when the key is not found."""
    if file is None:
        return ""
    found = list(re.finditer(re.escape(json.dumps(key)) + r"\s*:", text))
    if len(found) < nth:
        return str(file)
    return f"{file}:{text.count(chr(10), 0, found[nth - 1].start()) + 1}"
