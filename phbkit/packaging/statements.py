"""What a learner did, as xAPI statements: every choice, critical errors, the gap, and the end.

Words and shapes are of the Experience API 1.0.3. A statement's id follows from what it says, so
that the same answers make the same statements and a record store takes each of them once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from phbkit.casebank import Case, Question
from phbkit.casebank.models import AGAIN, SURE
from phbkit.scoring import Result, score
from phbkit.workbook.talk_steps import RATED, conversations

Statement = dict[str, Any]
VERSION = "1.0.3"
_ADL = "http://adlnet.gov/expapi"
_ANSWERED, _COMPLETED, _FAILED = (
    f"{_ADL}/verbs/{each}" for each in ("answered", "completed", "failed")
)
_KINDS = {"single": "choice", "multiple": "choice", "concordance": "likert", "text": "long-fill-in"}
_OURS = "urn:phbkit"
_TRY = f"{_OURS}:try"


def statements(
    case: Case, given: Mapping[str, Any], actor: Mapping[str, Any]
) -> Iterator[Statement]:
    """Write what somebody answered to a case.

    Parameters
    ----------
    given
        Answers as they are kept: first answers, and later ones under `<question>.again`.
    actor
        Whose they are, as xAPI names somebody.
    """
    result = score(case, given)
    for verb, activity, told in _told(case, given, result):
        content = {
            "actor": dict(actor),
            "verb": {"id": verb, "display": {"en-GB": verb.rpartition("/")[2].rpartition(":")[2]}},
            "object": {"objectType": "Activity", **activity},
            "result": told,
            "context": {"contextActivities": {"grouping": [_activity(case.id, case.title)]}},
        }
        name = json.dumps([content, case.version], sort_keys=True)
        yield {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)), "version": VERSION, **content}


def _activity(place: str, title: str, kind: str = "") -> dict[str, Any]:
    about: dict[str, Any] = {"name": {"en-GB": title}, "type": f"{_ADL}/activities/module"}
    if kind:
        about |= {"type": f"{_ADL}/activities/cmi.interaction", "interactionType": kind}
    return {"id": f"{_OURS}:{place}", "definition": about}


def _told(
    case: Case, given: Mapping[str, Any], result: Result
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give verb, activity and result of each statement, in the order of the module's answers."""
    questions = {question.id: question for question in case.questions}
    for key, value in given.items():
        question = questions.get(key)
        for number, answer in enumerate((value, *given.get(key + AGAIN, ())), start=1):
            if question:
                yield _ANSWERED, _asked(case, question), _answer(question, answer, number, result)
            elif not key.endswith((AGAIN, SURE)) and key != "cpd":
                told: dict[str, Any] = {"response": _text(answer), "extensions": {_TRY: number}}
                yield _ANSWERED, _activity(f"{case.id}:{key}", key, "other"), told
    for error in result.critical:
        made = _activity(f"{case.id}:{error.where}:critical", error.asked, "other")
        became = {f"{_OURS}:put-right": error.put_right, f"{_OURS}:tries": error.tries}
        yield _FAILED, made, {"success": False, "extensions": became}
    yield from _gaps(case, given)
    if result.answered == result.asked:
        told = {"completion": not result.unsafe}
        if result.possible():
            told |= {"score": {"scaled": float(result.percent() / 100)}}
        yield _COMPLETED, _activity(case.id, case.title), told


def _asked(case: Case, question: Question) -> dict[str, Any]:
    kind = _KINDS.get(question.format, "other")
    asked = _activity(f"{case.id}:{question.id}", question.stem, kind)
    options = [{"id": each.id, "description": {"en-GB": each.text}} for each in question.options]
    if options and kind == "choice":
        asked["definition"] |= {"choices": options}
    return asked


def _answer(question: Question, answer: Any, number: int, result: Result) -> dict[str, Any]:
    told: dict[str, Any] = {"response": _text(answer), "extensions": {_TRY: number}}
    marks = {m.key: m.credit for m in result.marks if m.question == question.id and number == 1}
    if "key" in marks:
        told |= {"success": marks["key"] == 1, "score": {"scaled": float(marks["key"])}}
    panels = {name: str(earned) for name, earned in marks.items() if name != "key"}
    if panels:
        told["extensions"] |= {f"{_OURS}:panels": panels}
    return told


def _gaps(
    case: Case, given: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Set how the learner rated their conversations beside how the person did; no score."""
    for held in conversations(case, given):
        for part, own in (given.get(held.talk.id, {}).get("rated") or {}).items():
            beside = {f"{_OURS}:rated-by-the-person": held.ratings[part]}
            told = {"response": str(own), "extensions": beside}
            rated = _activity(f"{case.id}:{held.talk.id}:{part}", RATED[part], "numeric")
            yield f"{_OURS}:rated", rated, told


def _text(answer: Any) -> str:
    """Write an answer as xAPI does: several choices with `[,]` between them."""
    if isinstance(answer, list) and all(isinstance(each, str) for each in answer):
        return "[,]".join(answer)
    return (
        answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, default=str)
    )
