"""The arc of a module: its steps in order, and what each one asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from phbkit.errors import UnknownNameError

State = Literal["locked", "open", "stopped", "done"]


@dataclass(frozen=True)
class Step:
    """One step of a module.

    `asks` names the answer that the step itself takes, beside the questions a case puts there;
    `final` says that all that is answered there stays.
    """

    id: str
    title: str
    go_on: str
    asks: str = ""
    final: bool = False


STEPS = (
    Step("meet", "Meet the person", "Go on to your first judgement"),
    Step("judge", "First judgement", "Commit my first judgement", final=True),
    Step("deal", "The deal", "Mark my answers", final=True),
    Step("gates", "Safety first", "Mark my answers", final=True),
    Step("voices", "Voices", "Commit my answers", final=True),
    Step("setting", "Setting a budget", "Keep these figures", "setting"),
    Step("block", "Where the money is", "Keep this contract", "block"),
    Step("running", "Double running", "Keep this roll-out", "running"),
    Step("bands", "What nobody knows", "Keep these bands", "bands"),
    Step("board", "Advise the board", "Make this advice final", "board", final=True),
    Step("plan", "Options and plan", "Keep this plan", "plan"),
    Step("risk", "Shared risk", "Keep who holds what", "ledger"),
    Step("decide", "Decide and agree", "Make this decision final", "decision", final=True),
    Step("after", "What happened next", "Go on to feedback"),
    Step("feedback", "Feedback", "Go on to reflect"),
    Step("reflect", "Reflect", "Finish and make my CPD entry", "cpd"),
)
STEP_IDS = tuple(step.id for step in STEPS)
REVISABLE_UNTIL = {
    "plan": "decide",
    "risk": "decide",
    **dict.fromkeys(("setting", "block", "running", "bands"), "board"),
}
REVISING = {
    "plan": "the plan",
    "risk": "who holds what",
    "setting": "these figures",
    "block": "the contract",
    "running": "the roll-out",
    "bands": "the bands",
}


def find_step(step_id: str) -> Step:
    """Find a step of the arc, or raise UnknownNameError that lists them all."""
    for step in STEPS:
        if step.id == step_id:
            return step
    raise UnknownNameError.among("step", step_id, STEP_IDS)
