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

import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, get_args

from phbkit.casebank import Case
from phbkit.casebank.area import Area
from phbkit.casebank.models import AGAIN, MONEY_STEPS, BoardChoice, DecisionId, Held
from phbkit.decision import HOLDERS
from phbkit.decision.risk_ledger import TEXTS
from phbkit.errors import AnswersError
from phbkit.money.fields import FIELDS, check_figures, crossed
from phbkit.money.sums import Sums
from phbkit.scoring.marking import critical_errors
from phbkit.workbook.formats import (
    LONGEST_TEXT,
    check_question,
    check_some,
    check_sure,
    check_text,
    clean,
)

__all__ = ["LONGEST_TEXT", "check_answer", "check_answers", "clean", "part_problem", "read_answers"]

DECISIONS: dict[str, str] = {
    "agree": "Agree the whole plan",
    "agree-part": "Agree part of it, and say which part not",
    "trial": "Try it for a set time, then review",
    "defer": "Wait, and say what is needed before deciding and by when",
    "decline": "Decline, with reasons and the route to reconsideration",
}
assert set(DECISIONS) == set(get_args(DecisionId))  # noqa: S101
HELD: dict[str, str] = {
    "notional": "Notional: the NHS keeps the money and pays",
    "third-party": "Third party: an independent body holds the money and pays",
    "direct-payment": "Direct payment: the person holds the money and pays",
}
assert set(HELD) == set(get_args(Held))  # noqa: S101
PART = "agree-part"
BOARD: dict[str, str] = {
    "gradual": "Roll out gradually, with bridging money and notice served in time",
    "fast": "Roll out fast, and have the hole over sooner",
    "small": "Start small, where care is bought person by person and no block stands in the way",
    "wait": "Wait, and say what has to be known or changed first",
    "no": "Do not offer it here, with reasons",
}
assert set(BOARD) == set(get_args(BoardChoice))  # noqa: S101
LEAST_TRIGGERS = 2
LONGEST_WAIT = dt.timedelta(weeks=26)
_TRIED = ("plan", "decision")
ARC_KEYS = ("plan", "ledger", "decision", "cpd", *MONEY_STEPS)

Checked = Callable[[Case, Any], Any]


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
    case: Case, data: Mapping[str, Any], file: Path | None = None, area: Area | None = None
) -> dict[str, Any]:
    """Hold every answer against the case, and return them in the form that is kept.

    Raises
    ------
    AnswersError
        For the first answer that cannot be taken, naming the line of the file where there is one.
    """
    text = file.read_text(encoding="utf-8-sig") if file else ""
    _check_shape(data, text, file)
    name = str(file) if file else "answers"
    if data.get("case", case.id) != case.id:
        problem = f"is {data['case']!r}; this workbook plays {case.id!r}."
        raise AnswersError(problem, key="case", place=_line_of(text, "case", file) or name)
    kept = {}
    for key, value in data["answers"].items():
        try:
            kept[key] = check_answer(case, key, value)
        except AnswersError as error:
            place = _line_of(text, key, file) or name
            raise AnswersError(error.problem, key=error.key, place=place) from None
    problem = part_problem(kept.get("plan", ()), kept.get("decision", {}))
    if problem:
        place = _line_of(text, "decision", file) or name
        raise AnswersError(problem, key="decision.not_to", place=place)
    unsafe = {name for e in critical_errors(case, kept) for name in (e.where, e.step)}
    for key in kept:
        first = key.removesuffix(AGAIN)
        asked = "decide" if first in _TRIED else first
        if first != key and asked not in unsafe:
            problem = "is asked again only where the first answer was unsafe. Take it out."
            raise AnswersError(problem, key=key, place=_line_of(text, key, file) or name)
    for step in FIELDS if any(step in kept for step in FIELDS) else ():
        for key, problem in crossed(step, Sums.of(case, kept, area).figures).items():
            place = _line_of(text, step, file) or name
            raise AnswersError(problem, key=key, place=place)
    return kept


def part_problem(plan: Collection[str], decision: Mapping[str, Any]) -> str:
    """Say what is wrong with the part of a plan that a decision leaves out; empty where nothing."""
    refused = decision.get("not_to", ())
    strange = [item for item in refused if item not in plan]
    if strange:
        return f"names {strange[0]!r}, which is not in the plan."
    if refused and len(refused) == len(plan):
        return "is the whole plan. Leave something agreed, or decline."
    return ""


def check_answer(case: Case, key: str, value: Any) -> Any:
    """Return one answer as it is kept, or raise AnswersError that says what is allowed."""
    if key in ARC_KEYS:
        return _ARC_CHECKS[key](case, value)
    first = key.removesuffix(AGAIN)
    if first != key and (first in _TRIED or any(q.id == first for q in case.questions)):
        if not isinstance(value, list) or not value:
            problem = f"must be a list of answers, in their order; got {value!r}."
            raise AnswersError(problem, key=key)
        return [check_answer(case, first, each) for each in value]
    for question in case.questions:
        if question.id == key:
            return check_question(question, value)
        if question.sure_key == key != "":
            return check_sure(key, value)
    asked = (name for q in case.questions for name in (q.id, q.sure_key) if name)
    known = [*asked, *ARC_KEYS]
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


def _plan(case: Case, value: Any) -> list[str]:
    return check_some("plan", value, [item.id for item in case.about.items])


def _ledger(case: Case, value: Any) -> dict[str, Any]:
    known = [risk.id for risk in case.about.risks]
    if not isinstance(value, dict):
        raise AnswersError(f"must have some of {', '.join(known)}; got {value!r}.", key="ledger")
    for name in value:
        if name not in known:
            raise AnswersError(f"{name!r} is not one of {', '.join(known)}.", key="ledger")
    given = [name for name in known if name in value]
    return _parts(**{name: partial(_entry, f"ledger.{name}", value[name]) for name in given})


def _entry(key: str, value: Any) -> dict[str, Any]:
    _require_fields(key, value, {"holders", *TEXTS})
    texts = {
        name: partial(check_text, f"{key}.{name}", value[name], required=False) for name in TEXTS
    }
    return _parts(
        holders=lambda: check_some(f"{key}.holders", value["holders"], list(HOLDERS)), **texts
    )


def _decision(case: Case, value: Any) -> dict[str, Any]:
    fields = {"choice", "held", "reasons", "review_weeks", "stop_rule"}
    _require_fields("decision", value, fields, {"not_to", *_WAITS})
    return _parts(
        choice=lambda: _one_of("decision.choice", value["choice"], DECISIONS),
        not_to=lambda: _not_to(case, value["choice"], value.get("not_to", [])),
        held=lambda: _one_of("decision.held", value["held"], HELD),
        reasons=lambda: check_text("decision.reasons", value["reasons"]),
        review_weeks=lambda: _whole("decision.review_weeks", value["review_weeks"], "weeks", 52),
        stop_rule=lambda: check_text("decision.stop_rule", value["stop_rule"]),
        **{name: partial(_WAITS[name], case, value[name]) for name in _WAITS if value.get(name)},
    )


def _not_to(case: Case, choice: Any, value: Any) -> list[str]:
    key = "decision.not_to"
    refused = check_some(key, value, [item.id for item in case.about.items])
    if choice == PART and not refused:
        raise AnswersError("is not answered yet: say what you do not agree to.", key=key)
    if choice != PART and refused:
        raise AnswersError("must be empty, unless you agree part of the plan.", key=key)
    return refused


def _decide_by(case: Case, value: Any) -> str:
    first, last = case.about.as_of, case.about.as_of + LONGEST_WAIT
    try:
        day = dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        day = first
    if not first < day <= last:
        problem = f"must be a day after {first} and no later than {last}; got {value!r}."
        raise AnswersError(problem, key="decision.decide_by")
    return day.isoformat()


def _board(case: Case, value: Any) -> dict[str, Any]:
    fields = {"choice", "reasons", "agreed", "dissent", "triggers", "review_months"}
    _require_fields("board", value, fields)
    known = [trigger.id for trigger in case.money.triggers]
    return _parts(
        choice=lambda: _one_of("board.choice", value["choice"], BOARD),
        reasons=lambda: check_text("board.reasons", value["reasons"]),
        agreed=lambda: check_text("board.agreed", value["agreed"]),
        dissent=lambda: check_text("board.dissent", value["dissent"]),
        triggers=lambda: _triggers("board.triggers", value["triggers"], known),
        review_months=lambda: _whole("board.review_months", value["review_months"], "months", 24),
    )


def _triggers(key: str, value: Any, known: list[str]) -> list[str]:
    chosen = check_some(key, value, known)
    if len(chosen) < LEAST_TRIGGERS:
        raise AnswersError("has fewer than two. Choose at least two.", key=key)
    return chosen


def _cpd(_: Case, value: Any) -> dict[str, Any]:
    _require_fields("cpd", value, {"learnt", "changes", "hours"})
    changes = value["changes"]
    if not isinstance(changes, list) or not 2 <= len(changes) <= 3:
        raise AnswersError("must be a list of two or three changes.", key="cpd.changes")
    texts = {
        f"change {n}": partial(check_text, f"cpd.changes.{n}", text)
        for n, text in enumerate(changes)
    }
    kept = _parts(
        learnt=lambda: check_text("cpd.learnt", value["learnt"]),
        **texts,
        hours=lambda: _hours("cpd.hours", value["hours"]),
    )
    return {
        "learnt": kept["learnt"],
        "changes": [kept[name] for name in texts],
        "hours": kept["hours"],
    }


def _figures(step: str, case: Case, value: Any) -> dict[str, str]:
    if case.about.money is None:
        raise AnswersError(f"is not asked in {case.id}.", key=step)
    return check_figures(step, value)


def _parts(**checks: Callable[[], Any]) -> dict[str, Any]:
    """Check every part of an answer, so that all that is wrong with it is told at once."""
    kept, errors = {}, []
    for name, check in checks.items():
        try:
            kept[name] = check()
        except AnswersError as error:
            errors += [AnswersError(text, key=key) for key, text in error.problems.items()]
    if errors:
        raise AnswersError.of(errors)
    return kept


def _one_of(key: str, value: Any, allowed: Mapping[str, str]) -> str:
    if value == "":
        raise AnswersError("is not answered yet.", key=key)
    if not isinstance(value, str) or value not in allowed:
        raise AnswersError(f"must be one of {', '.join(allowed)}; got {value!r}.", key=key)
    return value


def _whole(key: str, value: Any, what: str, most: int) -> int:
    if value == "":
        raise AnswersError("is not answered yet.", key=key)
    if type(value) is not int or not 1 <= value <= most:
        problem = f"must be a whole number of {what} from 1 to {most}; got {value!r}."
        raise AnswersError(problem, key=key)
    return value


def _hours(key: str, value: Any) -> str:
    try:
        hours = Decimal(str(value))
    except InvalidOperation:
        hours = Decimal("NaN")
    if not (hours.is_finite() and Decimal("0.25") <= hours <= 10):
        problem = f"must be a decimal number of hours from 0.25 to 10, like 0.50; got {value!r}."
        raise AnswersError(problem, key=key)
    return str(hours.quantize(Decimal("0.01")))


def _require_fields(key: str, value: Any, fields: set[str], more: Collection[str] = ()) -> None:
    if not isinstance(value, dict) or set(value).difference(more) != fields:
        got = sorted(value) if isinstance(value, dict) else value
        raise AnswersError(f"must have {', '.join(sorted(fields))}; got {got!r}.", key=key)


_WAITS: dict[str, Checked] = {
    "decide_by": _decide_by,
    "contact": lambda _, value: check_text("decision.contact", value),
}
_ARC_CHECKS: dict[str, Checked] = {
    "plan": _plan,
    "ledger": _ledger,
    "decision": _decision,
    "cpd": _cpd,
    "board": _board,
    **{step: partial(_figures, step) for step in FIELDS},
}
