"""Answers made from a case itself: a careful learner's and a careless one's."""

from __future__ import annotations

from typing import Any

from phbkit.casebank import SCALE, Case, Question
from phbkit.casebank.conversation import Conversation
from phbkit.casebank.talk import TalkLine
from phbkit.decision import Plan
from phbkit.scoring.marking import critical_errors

WORKBOOKS = {
    "know_the_deal": "know-the-deal",
    "chronic_pain_massage": "chronic-pain-massage",
    "alcohol_detox_at_home": "alcohol-detox-at-home",
    "mental_health": "mental-health",
    "young_adult_learning_disability": "young-adult-learning-disability",
    "getting_the_sums_right": "getting-the-sums-right",
}


def careful(case: Case) -> dict[str, Any]:
    """Every key right and sure of it, the best lines, a plan never stopped.

    Where a panel judged, its commonest answer.
    """
    answers = {question.id: _right(case, question) for question in case.questions} | _sure(case, 3)
    trouble = {error for fault in case.about.critical for error in fault.when.with_any}
    plan = [
        item.id
        for item in case.about.items
        if not item.marks and item.how != "own-money" and item.safety.grade != "unsafe"
        if item.id not in trouble
    ][:3]
    holders = ["person", "professional", "commissioner"]
    answers |= _talks(case, plan, best=True)
    return answers | _arc(case, plan, holders, ("trial", "notional", 12))


def careless(case: Case) -> dict[str, Any]:
    """Every key wrong, the worst lines; all in the plan, all agreed, all left to the person.

    What is unsafe in that is answered again, so that the module can be finished.
    """
    answers = {question.id: _wrong(question) for question in case.questions} | _sure(case, 2)
    plan = [item.id for item in case.about.items]
    answers |= _talks(case, plan, best=False)
    answers |= _arc(case, plan, ["person"], ("agree", "direct-payment", 52))
    return answers | put_right(case, answers)


def put_right(case: Case, answers: dict[str, Any]) -> dict[str, Any]:
    """Answer what is unsafe once more: the key, or the plan declined."""
    again: dict[str, Any] = {}
    for error in critical_errors(case, answers):
        if error.where in answers:
            again[f"{error.where}.again"] = [_right(case, case.question(error.where))]
        else:
            again["decision.again"] = [answers["decision"] | {"choice": "decline", "not_to": []}]
    return again


def _talks(case: Case, plan: list[str], *, best: bool) -> dict[str, Any]:
    """Say the best or the worst line at each turn, and ask later for what the plan needs."""
    answers: dict[str, Any] = {}
    before = frozenset[str]()
    for talk in case.talks:
        held = Conversation(talk, before=before)
        while not held.ended:
            held = held.after((max if best else min)(held.sayable, key=_worth))
        turns: list[dict[str, str]] = [{"line": name} for name in held.said]
        turns[0]["own"] = "As I would say it."
        later = [thing.id for thing in held.missed if thing.of in plan]
        answers[talk.id] = {"turns": turns, "rated": dict.fromkeys(talk.begins, 5), "later": later}
        before = held.heard.union(later)
    return answers


def _worth(line: TalkLine) -> int:
    return sum(line.rates.values())


def _sure(case: Case, level: int) -> dict[str, int]:
    return {question.sure_key: level for question in case.questions if question.certainty}


def _right(case: Case, question: Question) -> Any:
    if question.format == "reflection":
        return "That it was not about the money."
    if question.format == "concordance":
        counts = case.panels[0].counts[question.id]
        return SCALE[counts.index(max(counts))]
    return question.key[0] if question.format == "single" else list(question.key)


def _wrong(question: Question) -> Any:
    if question.format == "reflection":
        return "Nothing."
    if question.format == "concordance":
        return -2
    options = [option.id for option in question.options]
    if question.format == "multiple":
        return options
    if question.format == "ranking":
        return list(reversed(question.key))
    if question.format == "key-features":
        return [option for option in options if option not in question.key][: question.most]
    wrong = [option for option in options if option not in question.key]
    return next(iter(question.critical), wrong[0])


def ledger(case: Case, plan: list[str], holders: list[str]) -> dict[str, Any]:
    """Hold every risk of a plan alike, and write out one of doing and one of not doing."""
    risks = Plan.of(case, plan).risks if plan else ()
    written = {risk.of: risk.id for risk in reversed(risks)}.values()
    texts = {"mitigation": "A check.", "stop_rule": "A sign.", "review": "A date."}
    empty = dict.fromkeys(texts, "")
    return {
        risk.id: {"holders": holders, **(texts if risk.id in written else empty)} for risk in risks
    }


def _arc(
    case: Case, plan: list[str], holders: list[str], decided: tuple[str, str, int]
) -> dict[str, Any]:
    choice, held, weeks = decided
    decision = {
        "choice": choice,
        "not_to": [],
        "held": held,
        "reasons": "What was said, by whom, and why.",
        "review_weeks": weeks,
        "stop_rule": "If it does harm, or does nothing.",
    }
    entry = {"learnt": "A thing.", "changes": ["One thing.", "Another."], "hours": "0.50"}
    shared = ledger(case, plan, holders)
    kept = {"plan": plan, "ledger": shared, "decision": decision, "cpd": entry}
    kept |= {step: {} for step in ("setting", "block", "running", "bands")}
    kept["board"] = {
        "choice": "gradual" if choice == "trial" else "fast",
        "reasons": "What it costs, and who carries it.",
        "agreed": "That plans are paid for.",
        "dissent": "The provider, who has a lease.",
        "triggers": [trigger.id for trigger in case.about.money.triggers][:2]
        if case.about.money
        else [],
        "review_months": 6,
    }
    money = {step: step for step in ("setting", "block", "running", "bands", "board")}
    steps = money | {"plan": "plan", "ledger": "risk", "decision": "decide", "cpd": "reflect"}
    played = {key: value for key, value in kept.items() if steps[key] in case.steps}
    return {key: value for key, value in played.items() if key != "ledger" or shared}


def unseen(page: object, *, again: bool) -> None:
    """Show the pages of a live module to nobody."""
