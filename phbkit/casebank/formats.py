"""What each question format needs, and what it cannot have."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from phbkit.casebank.models import SURE, Question

_CHOSEN = ("single", "multiple", "key-features")
_OF_FORMATS = {
    "most": ("key-features",),
    "variant": ("ranking",),
    "certainty": _CHOSEN,
    "rubric": ("reflection",),
}
_MOST_RANKED = 8
_LONGEST_KEY = 60  # what the records of answers hold
Found = Iterator[tuple[str, str, str]]


def format_faults(question: Question) -> Found:
    """Find what keeps a question from being asked or from being got right: field, problem, cure."""
    yield from _CHECKS[question.format](question)
    if len(set(question.key)) < len(question.key):
        yield "key", "names an option twice.", "Keep one."
    if question.format != "reflection" and question.feedback is None:
        yield "feedback", "is missing.", "Say why, with sources."
    if len(question.sure_key) > _LONGEST_KEY:
        cure = f"Use at most {_LONGEST_KEY - len(SURE)} characters, or take `certainty` out."
        yield "id", "is too long to ask how sure somebody is.", cure
    for field, formats in _OF_FORMATS.items():
        if getattr(question, field) and question.format not in formats:
            cure = f"Take it out: it goes with {' and '.join(formats)}."
            yield field, f"is of no use to {question.format}.", cure


def _option_faults(question: Question) -> Found:
    if len(question.options) < 2:
        yield "options", "are fewer than two.", "Give at least two."


def _single_faults(question: Question) -> Found:
    yield from _option_faults(question)
    if len(question.key) != 1:
        yield "key", f"has {len(question.key)} options.", "Give the one best."


def _multiple_faults(question: Question) -> Found:
    yield from _option_faults(question)
    if not 0 < len(question.key) < len(question.options):
        yield "key", "is none or all of the options.", "Give some, and leave some."


def _optionless_faults(question: Question) -> Found:
    if question.options or question.key:
        problem = f"is {question.format}, which has no options."
        yield "format", problem, "Take out options and key."


def _concordance_faults(question: Question) -> Found:
    yield from _optionless_faults(question)
    if not (question.thinking and question.learn):
        yield "format", "is concordance.", "Give both `thinking` and `learn`."


def _key_feature_faults(question: Question) -> Found:
    yield from _option_faults(question)
    offered, most = len(question.options), question.most
    if not question.key:
        yield "key", "is empty.", "Name the key features."
    if most is None:
        yield "most", "is missing.", "Say how many may be chosen: at least as many as the key has."
    elif most < len(question.key):
        cure = "Raise it, or name fewer key features."
        yield "most", f"is {most}, and the key has {len(question.key)}.", cure
    elif most >= offered:
        yield "most", "lets everything be chosen.", f"Give less than {offered}."


def _ranking_faults(question: Question) -> Found:
    options, key = {option.id for option in question.options}, set(question.key)
    if not 3 <= len(question.options) <= _MOST_RANKED:
        cure = f"Give three to {_MOST_RANKED}; five is usual."
        yield "options", f"are {len(question.options)}.", cure
    if key < options:
        left = ", ".join(sorted(options - key))
        yield "key", f"leaves out {left}.", "Name every option, the best first."
    if question.variant is None:
        yield "variant", "is missing.", "Say foundation or specialty: docs/authoring.md has both."


_CHECKS: dict[str, Callable[[Question], Found]] = {
    "single": _single_faults,
    "multiple": _multiple_faults,
    "key-features": _key_feature_faults,
    "ranking": _ranking_faults,
    "concordance": _concordance_faults,
    "reflection": _optionless_faults,
}
