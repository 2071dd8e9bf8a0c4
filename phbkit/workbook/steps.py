"""The steps of a module in order; wings add steps of their own."""

from __future__ import annotations

from functools import cache
from typing import Literal, get_args

from phbkit import wings
from phbkit.casebank import Case
from phbkit.casebank.models import StepId
from phbkit.errors import UnknownNameError
from phbkit.workbook.plan_steps import DECIDE, PLAN, REFLECT, RISK
from phbkit.workbook.step import Step
from phbkit.workbook.talk_steps import ASK, CLOSE, TALK

State = Literal["locked", "open", "stopped", "done"]
_CORE: dict[str, Step] = {
    step.id: step
    for step in (
        Step("meet", "Meet the person"),
        TALK,
        Step("judge", "First judgement"),
        Step("deal", "The deal"),
        Step("gates", "Safety first"),
        Step("voices", "Voices"),
        ASK,
        PLAN,
        RISK,
        CLOSE,
        DECIDE,
        Step("after", "What happened next"),
        Step("feedback", "Feedback"),
        REFLECT,
    )
}


@cache
def steps() -> dict[str, Step]:
    """Return every step by its id, in the order in which modules play them."""
    of_wings = {step.id: step for hook in wings.hooks("steps") for step in hook()}
    known = _CORE | of_wings
    return {name: known[name] for name in get_args(StepId) if name in known}


def find_step(step_id: str) -> Step:
    """Find a step, or raise UnknownNameError that lists them all; wings are asked last."""
    known = _CORE if step_id in _CORE else steps()
    if step_id not in known:
        raise UnknownNameError.among("step", step_id, list(known))
    return known[step_id]


def steps_of(case: Case) -> tuple[Step, ...]:
    """List the steps that a case plays, in order."""
    return tuple(map(find_step, case.steps))


def asks() -> dict[str, Step]:
    """Return the steps of all cases that ask something themselves, by the key of its answer."""
    return {step.key: step for step in steps().values() if step.key}


def asks_of(case: Case) -> dict[str, Step]:
    """Return the steps of a case that ask something themselves, by the key of its answer."""
    return {step.key: step for step in steps_of(case) if step.key}
