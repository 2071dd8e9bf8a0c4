"""What gives the keys of questions away: cues that somebody who knows nothing could follow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from phbkit.casebank.case import Case
from phbkit.casebank.checks.questions import facts_in
from phbkit.casebank.models import Question

MOST_BY_CUE = 0.4
"""Share of four-option questions that no single cue may get right; by chance it is 0.25."""
FEWEST_QUESTIONS = 8
_COMMONEST = 10
_FEWEST_KEYS = 4
_LONGEST = "the longest option"
_WORD = re.compile(r"[a-z]+(?:’[a-z]+|'[a-z]+)?")
Cue = Callable[[Question], set[str]]


def four_option(cases: Iterable[Case]) -> list[Question]:
    """List the single best answer questions with four options."""
    asked = (question for case in cases for question in case.questions)
    return [q for q in asked if q.format == "single" and len(q.options) == 4]


def cues(questions: Sequence[Question]) -> dict[str, float]:
    """Work out how often each cue alone would pick the key.

    Parameters
    ----------
    questions
        Single best answer questions with four options.

    Returns
    -------
    dict
        By cue, the share of questions got right by whoever follows it: the longest option, each
        opening word, each of the ten commonest words. Where several options have the cue one is
        picked by chance, and where none has it any of the four.
    """
    options = [option for question in questions for option in question.options]
    words = Counter(word for option in options for word in set(_words(option.text)))
    openings = {_words(option.text)[0] for option in options}
    found = {_LONGEST: _share(questions, _longest)}
    for word in sorted(openings):
        found[f"opens with {word!r}"] = _share(questions, _having(word, 1))
    for word, _ in words.most_common(_COMMONEST):
        found[f"has {word!r}"] = _share(questions, _having(word, None))
    return found


def keys_only(questions: Sequence[Question]) -> list[str]:
    """List the words of four keys or more that no other option has."""
    keys, others = Counter[str](), set[str]()
    for question in questions:
        for option in question.options:
            words = set(_words(option.text))
            keys.update(words) if option.id in question.key else others.update(words)
    return sorted(word for word, n in keys.items() if n >= _FEWEST_KEYS and word not in others)


def report(cases: Sequence[Case]) -> str:
    """Write the report on construct: cues by case and over all, facts added, how panels end."""
    lines = []
    for name, some in (*((case.id, [case]) for case in cases), ("all cases", cases)):
        questions = four_option(some)
        if not questions:
            continue
        found = cues(questions)
        best = sorted(found.items(), key=lambda cue: -cue[1])[:3]
        shown = dict([*best, (_LONGEST, found[_LONGEST])])
        told = ", ".join(f"{cue} {100 * share:.0f} %" for cue, share in shown.items())
        letters = Counter(q.key[0] for q in questions)
        spread = " ".join(f"{letter}{letters[letter]}" for letter in "abcd")
        mend = len(questions) >= FEWEST_QUESTIONS and best[0][1] > MOST_BY_CUE
        lines.append(f"{name}: {len(questions)} questions, keys {spread}; {told}{' MEND' * mend}")
        if only := keys_only(questions):
            lines.append(f"  words of keys only: {', '.join(only)}")
    asked = [q for case in cases for q in case.questions if q.learn]
    several = [question.id for question in asked if facts_in(question) > 1]
    lines.append(f"{len(several)} of {len(asked)} concordance questions add several facts.")
    lines += [f"{case.id}: {told}" for case in cases if (told := _endings(case))]
    return "\n".join(lines)


def _endings(case: Case) -> str:
    """Say where the panels stand at the first and at the last asking of one question."""
    pairs = [(question.again, question.id) for question in case.questions if question.again]
    means = []
    for panel in case.panels if pairs else ():
        first, last = (panel.judgements[name] for name in pairs[0])
        means.append(f"{sum(first) / panel.size:+.1f} to {sum(last) / panel.size:+.1f}")
    return f"panels move from {' and '.join(means)}" if means else ""


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _longest(question: Question) -> set[str]:
    most = max(len(option.text) for option in question.options)
    return {option.id for option in question.options if len(option.text) == most}


def _having(word: str, first: int | None) -> Cue:
    return lambda asked: {one.id for one in asked.options if word in _words(one.text)[:first]}


def _share(questions: Sequence[Question], cue: Cue) -> float:
    picked = 0.0
    for question in questions:
        chosen = cue(question) or {option.id for option in question.options}
        picked += (question.key[0] in chosen) / len(chosen)
    return picked / len(questions)
