"""Cohorts that nobody gave: to try things out, for the documentation and for measuring.

A learner has an ability and a question a difficulty; the better of the two is the likelier to
win (a Rasch model). Answers are plausible and mean nothing else; every one is marked simulated.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from phbkit.casebank import SCALE, Case, Question
from phbkit.casebank.conversation import Conversation
from phbkit.casebank.models import AGAIN, MONEY_STEPS, TALK_STEPS, DecisionId, Held
from phbkit.casebank.talk import HIGHEST_RATING
from phbkit.cohort.csv_files import csv_file
from phbkit.cohort.jobs import CohortAttempt, RunError
from phbkit.decision import HOLDERS, Plan
from phbkit.files import part_of
from phbkit.money.fields import FIELDS
from phbkit.money.words import ADVICE
from phbkit.scoring.marking import critical_errors

_MISSING = 0.03
_TEXT = "A simulated text: nobody wrote it."


def simulate(cases: Sequence[Case], learners: int, seed: int) -> Iterator[CohortAttempt]:
    """Make up attempts of so many learners at each case; the same seed makes the same ones."""
    difficulties = random.Random(f"{seed} difficulties")  # noqa: S311  nothing here is a secret
    hard = {(c.id, q.id): difficulties.gauss(0, 1) for c in cases for q in c.questions}
    width = len(str(learners))
    for number in range(1, learners + 1):
        chance = random.Random(f"{seed} {number}")  # noqa: S311
        ability = chance.gauss(0.5, 1)
        learner = f"simulated-{number:0{width}}"
        for case in cases:
            answers = _answers(case, ability, hard, chance)
            yield CohortAttempt(learner, case.id, answers, simulated=True)


def whole_answers(case: Case) -> dict[str, Any]:
    """Make up answers to everything that a case asks, all right, on the plan of the panel."""
    answers = _answers(case, math.inf, {}, random.Random(0), missing=0)  # noqa: S311
    for plan in case.about.plans:
        if plan.whose == "panel":
            answers |= _on_plan(Plan.of(case, plan.items), "trial", random.Random(0))  # noqa: S311
    return {key: answer for key, answer in answers.items() if not key.endswith(AGAIN)}


def write_simulated(cases: Sequence[Case], learners: int, seed: int, out: Path) -> int:
    """Write a simulated cohort as JSON lines or as a wide CSV table; return how many attempts.

    Raises
    ------
    RunError
        The name ends in neither, or nothing can be written there.
    """
    if out.suffix.lower() not in {".jsonl", ".csv"}:
        raise RunError(f"{out}: the name must end in .jsonl or .csv.")
    attempts, columns = simulate(cases, learners, seed), _columns(cases)
    try:
        if out.suffix.lower() == ".csv":
            with csv_file(out, columns) as write:
                for attempt in attempts:
                    cells = _cells(attempt)
                    write(cells.get(name) for name in columns)
        else:
            with part_of(out) as part, Path(part).open("w", encoding="utf-8") as file:
                file.writelines(attempt.as_line() for attempt in attempts)
    except OSError as error:
        raise RunError(f"{out}: cannot be written: {error}") from error
    return learners * len(cases)


Hard = dict[tuple[str, str], float]


def _answers(
    case: Case, ability: float, hard: Hard, chance: random.Random, missing: float = _MISSING
) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for question in case.questions:
        if chance.random() < missing:
            continue
        wins = _wins(ability - hard.get((case.id, question.id), 0))
        answers[question.id] = _answer(case, question, wins, chance)
        if question.sure_key and chance.random() >= missing:
            answers[question.sure_key] = chance.choices((1, 2, 3), (1, 2, 1 + 3 * wins))[0]
    answers |= _talked(case, _wins(ability), chance)
    if "plan" in case.steps:
        answers |= _decided(case, chance)
    if case.about.money:
        answers |= _advised(case, chance)
    if "reflect" in case.steps:
        answers["cpd"] = {"learnt": _TEXT, "changes": [_TEXT, _TEXT], "hours": "0.50"}
    return answers | _put_right(case, answers)


def _wins(lead: float) -> float:
    return 1 / (1 + math.exp(-lead))


def _answer(case: Case, question: Question, wins: float, chance: random.Random) -> Any:
    """Answer a question as somebody who gets each part of it right with the chance `wins`."""
    options, key = [option.id for option in question.options], question.key
    match question.format:
        case "single":
            right = chance.random() < wins
            return key[0] if right else chance.choice([name for name in options if name not in key])
        case "multiple" | "key-features":
            chosen = [name for name in options if (chance.random() < wins) == (name in key)]
            return chosen[: question.most or len(chosen)] or [options[0]]
        case "ranking":
            order = list(key)
            for place in range(len(order) - 1):
                if chance.random() >= wins:
                    order[place], order[place + 1] = order[place + 1], order[place]
            return order
        case "concordance":
            panels = [panel.counts[question.id] for panel in case.panels]
            counts = [sum(column) for column in zip(*panels, strict=True)]
            weights = counts if chance.random() < wins and counts else None
            return chance.choices(SCALE, weights)[0]
    return _TEXT


def _talked(case: Case, wins: float, chance: random.Random) -> dict[str, Any]:
    """Talk as somebody who finds the best line with the chance `wins`; ask later for the rest."""
    answers: dict[str, Any] = {}
    before = frozenset[str]()
    for talk in case.talks:
        held = Conversation(talk, before=before)
        while not held.ended:
            best = max(held.sayable, key=lambda line: (sum(line.rates.values()), len(line.hears)))
            held = held.after(best if chance.random() < wins else chance.choice(held.sayable))
        later = [thing.id for thing in held.missed if thing.of]
        before = held.heard.union(later)
        answers[talk.id] = {"turns": [{"line": name} for name in held.said], "later": later}
        if talk.begins:
            answers[talk.id]["rated"] = {
                part: min(max(points + round(chance.gauss(1, 2)), 0), HIGHEST_RATING)
                for part, points in held.ratings.items()
            }
    return answers


def _decided(case: Case, chance: random.Random) -> dict[str, Any]:
    items = [item.id for item in case.about.items if item.how != "own-money"]
    plan = Plan.of(case, chance.sample(items, min(4, len(items))))
    choice = chance.choice([name for name in get_args(DecisionId) if name != "agree-part"])
    return _on_plan(plan, choice, chance)


def _on_plan(plan: Plan, choice: str, chance: random.Random) -> dict[str, Any]:
    """Share the risks of a plan, and decide on it."""
    entry = dict.fromkeys(("mitigation", "stop_rule", "review"), _TEXT)
    return {
        "plan": sorted(plan.ids),
        "ledger": {
            risk.id: {"holders": sorted(chance.sample(sorted(HOLDERS), 2)), **entry}
            for risk in plan.risks
        },
        "decision": {
            "choice": choice,
            "held": chance.choice(get_args(Held)),
            "reasons": _TEXT,
            "review_weeks": chance.randint(4, 16),
            "stop_rule": _TEXT,
        },
    }


def _put_right(case: Case, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answer what was unsafe once more, as the key has it; an unsafe plan is declined."""
    again = {}
    for error in critical_errors(case, answers):
        if error.where in answers:
            question = case.question(error.where)
            key = question.key[0] if question.format == "single" else list(question.key)
            again[error.where + AGAIN] = [key]
        else:
            again["decision" + AGAIN] = [answers["decision"] | {"choice": "decline"}]
    return again


def _advised(case: Case, chance: random.Random) -> dict[str, Any]:
    """Keep the area's own figures, and advise the board of one thing or another."""
    triggers = [trigger.id for trigger in case.money.triggers]
    board = {
        "choice": chance.choice(list(ADVICE)),
        **dict.fromkeys(("reasons", "agreed", "dissent"), _TEXT),
        "triggers": sorted(chance.sample(triggers, 2)),
        "review_months": chance.randint(3, 12),
    }
    return {step: {} for step in FIELDS if step in case.steps} | {"board": board}


def _columns(cases: Sequence[Case]) -> list[str]:
    """List the columns of a wide table: the parts of what the arc asks are JSON in a cell."""
    asked = [question for case in cases for question in case.questions]
    keys = [key for question in asked for key in (question.id, question.sure_key) if key]
    keys += [question.id + AGAIN for question in asked if question.critical]
    arc = (*TALK_STEPS, "plan", "ledger", "decision", *MONEY_STEPS, "cpd")
    return ["learner", "case", "simulated", *dict.fromkeys([*keys, "decision" + AGAIN]), *arc]


def _cells(attempt: CohortAttempt) -> dict[str, Any]:
    given = {"learner": attempt.learner, "case": attempt.case, "simulated": "yes"}
    return given | {key: _cell(value) for key, value in attempt.answers.items()}


def _cell(value: Any) -> Any:
    """Write texts with spaces between, numbers as they are, and anything else as JSON."""
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return " ".join(value)
    return json.dumps(value) if isinstance(value, dict | list) else value
