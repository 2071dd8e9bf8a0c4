"""What each question format needs, and what it cannot have."""

from __future__ import annotations

from collections.abc import Iterator

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
Problems = Iterator[tuple[str, str, str]]


def format_problems(question: Question) -> Problems:
    """Find what keeps a question from being asked or from being got right: field, problem, cure."""
    yield from _option_problems(question)
    yield from _key_problems(question)
    if question.format == "key-features":
        yield from _limit_problems(question)
    if question.format == "ranking" and question.variant is None:
        cure = "Say foundation or specialty: docs/authoring.md has both."
        yield "variant", "is missing.", cure
    if question.format == "concordance" and not (question.thinking and question.learn):
        yield "format", "is concordance.", "Give both `thinking` and `learn`."
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


def _option_problems(question: Question) -> Problems:
    count = len(question.options)
    if question.format in _CHOSEN and count < 2:
        yield "options", "are fewer than two.", "Give at least two."
    if question.format == "ranking" and not 3 <= count <= _MOST_RANKED:
        yield "options", f"are {count}.", f"Give three to {_MOST_RANKED}; five is usual."
    if question.format in {"concordance", "reflection"} and (question.options or question.key):
        problem = f"is {question.format}, which has no options."
        yield "format", problem, "Take out options and key."


def _key_problems(question: Question) -> Problems:
    options, key = {option.id for option in question.options}, question.key
    match question.format:
        case "single" if len(key) != 1:
            yield "key", f"has {len(key)} options.", "Give the one best."
        case "multiple" if not 0 < len(key) < len(options):
            yield "key", "is none or all of the options.", "Give some, and leave some."
        case "key-features" if not key:
            yield "key", "is empty.", "Name the key features."
        case "ranking" if set(key) < options:
            left = ", ".join(sorted(options.difference(key)))
            yield "key", f"leaves out {left}.", "Name every option, the best first."


def _limit_problems(question: Question) -> Problems:
    """Find a limit of key features that is missing, below the key, or limits nothing."""
    offered, key, most = len(question.options), len(question.key), question.most
    if most is None:
        yield "most", "is missing.", "Say how many may be chosen: at least as many as the key has."
    elif most < key:
        yield "most", f"is {most}, and the key has {key}.", "Raise it, or name fewer key features."
    elif most >= offered:
        yield "most", "lets everything be chosen.", f"Give less than {offered}."
