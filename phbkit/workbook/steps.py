"""The steps of a module in order, and what each one asks; wings add steps of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from phbkit import wings
from phbkit.casebank import Case
from phbkit.casebank.models import StepId
from phbkit.errors import UnknownNameError
from phbkit.workbook.asks import CPD, DECISION, LEDGER, PLAN, Ask

if TYPE_CHECKING:
    from phbkit.workbook.module import Module

State = Literal["locked", "open", "stopped", "done"]


@dataclass(frozen=True)
class Step:
    """One step of a module.

    Attributes
    ----------
    go_on
        What its button says.
    ask
        What the step itself asks, beside the questions a case puts there.
    final
        Whether all that is answered there stays.
    objects
        What a notebook may ask its workbook for by name, made of the module.
    """

    id: StepId
    title: str
    go_on: str
    ask: Ask | None = None
    final: bool = False
    objects: Mapping[str, Callable[[Module], Any]] = field(default_factory=dict)


_CORE = (
    Step("meet", "Meet the person", "Go on to your first judgement"),
    Step("judge", "First judgement", "Commit my first judgement", final=True),
    Step("deal", "The deal", "Mark my answers", final=True),
    Step("gates", "Safety first", "Mark my answers", final=True),
    Step("voices", "Voices", "Commit my answers", final=True),
    Step("plan", "Options and plan", "Keep this plan", PLAN),
    Step("risk", "Shared risk", "Keep who holds what", LEDGER),
    Step("decide", "Decide and agree", "Make this decision final", DECISION, final=True),
    Step("after", "What happened next", "Go on to feedback"),
    Step("feedback", "Feedback", "Go on to reflect"),
    Step("reflect", "Reflect", "Finish and make my CPD entry", CPD),
)


@cache
def steps() -> dict[str, Step]:
    """Return every step by its id, in the order in which modules play them."""
    known = {
        step.id: step for step in (*_CORE, *(s for hook in wings.hooks("steps") for s in hook()))
    }
    return {name: known[name] for name in get_args(StepId) if name in known}


def find_step(step_id: str) -> Step:
    """Find a step, or raise UnknownNameError that lists them all."""
    if step_id not in steps():
        raise UnknownNameError.among("step", step_id, list(steps()))
    return steps()[step_id]


@cache
def asks() -> dict[str, Ask]:
    """Return what steps ask, by the key of the answer: first what every plan is asked."""
    core = {step.ask.key: step.ask for step in _CORE if step.ask}
    return core | {step.ask.key: step.ask for step in steps().values() if step.ask}


def steps_of(case: Case) -> tuple[Step, ...]:
    """List the steps that a case plays, in order."""
    return tuple(map(find_step, case.steps))
