"""Checks of questions: that they can be asked, and that some answer is right."""

from __future__ import annotations

import re
from collections.abc import Sequence

from phbkit.casebank.case import case_steps
from phbkit.casebank.checks.cases import is_sound
from phbkit.casebank.checks.registry import Context, Found, check, unknown
from phbkit.casebank.models import MONEY_STEPS, SURE, TALK_STEPS, Question

_CHOSEN = ("single", "multiple", "key-features")
_OF_FORMATS = {
    "most": ("key-features",),
    "variant": ("ranking",),
    "certainty": _CHOSEN,
    "rubric": ("reflection",),
    "critical": _CHOSEN,
}
_RANKED = range(3, 9)
_LONGEST_KEY = 60  # what the records of answers hold
_ARC_KEYS = {"plan", "ledger", "decision", "cpd", *MONEY_STEPS, *TALK_STEPS}
_JOINED = re.compile(
    r";|,? and (?:that|then|so|also|he|she|it|they|nobody|there|the|a|an|his|her|their|[A-Z]\w+)\b"
)


def facts_in(question: Question) -> int:
    """Count the statements in what a concordance question adds: joined clauses are several."""
    return 1 + len(_JOINED.findall(question.learn or ""))


@check("questions.questions.*.step", needs="case")
def check_step(step: str, context: Context) -> Found:
    """Find questions at a step that the case does not play, or that is a conversation."""
    known = [each for each in case_steps(context.case) if each not in TALK_STEPS]
    return {"unknown-name": unknown([step], known, "step of this case")}


@check("questions.questions.*")
def check_options(question: Question, _: Context) -> Found:
    """Find options that are too few, too many or of no use, and keys that are not among them."""
    kind, count, key = question.format, len(question.options), question.key
    options = {option.id for option in question.options}
    wrong = options.difference(key)
    what, may_harm = ("wrong option", wrong) if kind == "single" else ("option", options)
    return {
        "few-options": kind in _CHOSEN and count < 2,
        "options-to-rank": kind == "ranking" and count not in _RANKED and (count, _RANKED[-1]),
        "no-options": kind in {"concordance", "reflection"} and (options or key),
        "single-key": kind == "single" and len(key) != 1 and [len(key)],
        "multiple-key": kind == "multiple" and not 0 < len(key) < count,
        "no-key-features": kind == "key-features" and not key,
        "key-leaves-out": kind == "ranking" and set(key) < options and ", ".join(sorted(wrong)),
        "repeated-key": len(set(key)) < len(key),
        "unknown-name": [
            *unknown(key, options, "option", "key"),
            *unknown(question.critical, may_harm, what, "critical"),
        ],
    }


@check("questions.questions.*")
def check_format(question: Question, _: Context) -> Found:
    """Find what is missing for a format, what belongs to another, and limits that limit nothing."""
    kind, most, count = question.format, question.most or 0, len(question.options)
    limited = kind == "key-features" and most > 0
    argued = question.thinking and question.learn
    needless = [name for name, formats in _OF_FORMATS.items() if kind not in formats]
    return {
        "no-limit": kind == "key-features" and not most,
        "limit-below-key": limited and most < len(question.key) and len(question.key),
        "limit-of-nothing": limited and most >= count and count,
        "no-variant": kind == "ranking" and question.variant is None,
        "concordance-parts": kind == "concordance" and not argued,
        "no-feedback": kind != "reflection" and question.feedback is None,
        "of-no-use": [
            (name, " and ".join(_OF_FORMATS[name])) for name in needless if getattr(question, name)
        ],
    }


@check("questions.questions.*")
def check_question(question: Question, context: Context) -> Found:
    """Find ids that cannot be kept, second askings of nothing, and additions of several facts."""
    questions, again = context.questions.questions, [question.again] if question.again else []
    before = questions[: questions.index(question)]
    earlier = {other.id: other for other in before if other.format == question.format}
    first = earlier.get(question.again or "", question)
    facts = facts_in(question)
    return {
        "name-of-the-arc": question.id in _ARC_KEYS,
        "id-too-long": len(question.sure_key) > _LONGEST_KEY and _LONGEST_KEY - len(SURE),
        "another-thought": first.thinking != question.thinking and first.id,
        "several-facts": facts > 1 and facts,
        "unknown-name": unknown(again, earlier, "earlier such question", "again"),
    }


@check("questions.questions", needs="case")
def check_gates(questions: Sequence[Question], context: Context) -> Found:
    """Find gates that no answer fails."""
    failed = {question.gate for question in questions if question.critical}
    tried = {question.gate: index for index, question in reversed([*enumerate(questions)])}
    missed = [gate.id for gate in context.case.gates if gate.id not in failed]
    return {"gate-never-failed": [(tried.get(gate, 0), gate) for gate in missed]}


@check("questions.questions.*", needs="sources")
def check_safety_of_feedback(question: Question, context: Context) -> Found:
    """Find feedback on safety that rests on no sound source."""
    claim = question.feedback if question.critical or question.gate else None
    weak = claim and not is_sound(claim, context.sources.sources)
    return {"weakly-sourced": weak and "feedback.sources"}
