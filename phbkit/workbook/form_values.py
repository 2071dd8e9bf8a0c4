"""From the flat strings of a browser form to answers, trusting nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from phbkit.casebank import Case
from phbkit.decision.risk_ledger import TEXTS
from phbkit.errors import AnswersError
from phbkit.money.fields import FIELDS
from phbkit.workbook.formats import LONGEST_TEXT, clean

MOST_FIELDS = 200
_PARTS = {
    "decision": (
        ["choice", "not_to", "held", "reasons", "review_weeks", "stop_rule", "decide_by", "contact"]
    ),
    "board": ["choice", "reasons", "agreed", "dissent", "triggers", "review_months"],
}
_MAY_LACK = {"decide_by", "contact"}
_EMPTY: dict[str, list[str]] = {"not_to": [], "triggers": []}
_GATHERED = ("cpd.", *(f"{place}." for place in (*_PARTS, *FIELDS)))
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,120}")
_LEDGER = re.compile(rf"ledger\.([a-z0-9-]+)\.({'|'.join(('holders', *TEXTS))})")


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


def answers_from(case: Case, values: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """Turn checked form values into answers, leaving out what was left empty."""
    numbers = {q.id for q in case.questions if q.format == "concordance"}
    numbers |= {q.sure_key for q in case.questions}
    answers, ranked = rankings_from(case, values)
    for name, value in values.items():
        if name.startswith(_GATHERED) or name in ranked or _LEDGER.fullmatch(name):
            continue
        if value not in ("", []) or name == "plan":
            answers[name] = _whole_number(value) if name in numbers else value
    ledger = ledger_from(values)
    if ledger:
        answers["ledger"] = ledger
    for place, parts in _PARTS.items():
        if any(name.startswith(f"{place}.") for name in values):
            given = {part: values.get(f"{place}.{part}", _EMPTY.get(part, "")) for part in parts}
            answers[place] = {
                part: _whole_number(value) if part.startswith("review_") else value
                for part, value in given.items()
                if value or part not in _MAY_LACK
            }
    answers |= {step: given for step in FIELDS if (given := figures_from(step, values))}
    if any(name.startswith("cpd.") for name in values):
        changes = [values.get(f"cpd.changes.{number}", "") for number in range(3)]
        answers["cpd"] = {
            "learnt": values.get("cpd.learnt", ""),
            "changes": changes if changes[2] else changes[:2],
            "hours": values.get("cpd.hours", ""),
        }
    return answers


def rankings_from(
    case: Case, values: Mapping[str, str | list[str]]
) -> tuple[dict[str, Any], set[str]]:
    """Gather the places that a form gives to options, and the names of its fields.

    A ranking is the list of option ids in order; the places as they came, to be refused, where they
    give no order; nothing, where no place was given.
    """
    answers: dict[str, Any] = {}
    names: set[str] = set()
    for question in case.questions:
        if question.format != "ranking":
            continue
        fields = {option.id: f"{question.id}.{option.id}" for option in question.options}
        names |= set(fields.values())
        places = {option: _whole_number(values.get(name, "")) for option, name in fields.items()}
        order = sorted(places, key=lambda option: str(places[option]))  # at most eight: one digit
        if [places[option] for option in order] == list(range(1, len(order) + 1)):
            answers[question.id] = order
        elif any(place not in ("", []) for place in places.values()):
            answers[question.id] = places
    return answers, names


def ledger_from(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Gather the fields of a ledger by risk, whatever they hold."""
    ledger: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        part = _LEDGER.fullmatch(name)
        if part:
            ledger.setdefault(part[1], {})[part[2]] = value
    return ledger


def figures_from(step: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Gather the fields of one step of the money, whatever they hold."""
    begins = f"{step}."
    return {name[len(begins) :]: value for name, value in values.items() if name.startswith(begins)}


def figures_values(step: str, figures: Mapping[str, str]) -> dict[str, str]:
    """Give the figures of a step as the fields that its form would send."""
    return {f"{step}.{name}": value for name, value in figures.items()}


def decision_values(decision: Mapping[str, Any]) -> dict[str, Any]:
    """Give a decision as the fields that its form would send."""
    return {f"decision.{name}": value for name, value in decision.items()}


def ledger_values(ledger: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give a ledger as the fields that its form would send."""
    return {
        f"ledger.{risk}.{name}": value
        for risk, entry in ledger.items()
        for name, value in entry.items()
    }


def _whole_number(value: object) -> object:
    """Return the whole number a text stands for; anything else as it came, to be refused."""
    try:
        return int(value) if isinstance(value, str) else value
    except ValueError:
        return value
