"""The three agreements to a plan: the person's, the healthcare professional's, the commissioner's.

Each stands for itself: nobody's no is outvoted, and what one of them refused is not agreed yet.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from phbkit.casebank.models import Refusal, Reply
from phbkit.decision.plan import Plan

Party = Literal["person", "professional", "commissioner"]
_GOES_AHEAD = frozenset({"agree", "agree-part", "trial"})


def agreed_items(plan: Collection[str], decision: Mapping[str, Any]) -> frozenset[str]:
    """List the items of a plan that a decision agrees to: none where it waits or declines.

    Parameters
    ----------
    plan
        Item ids.
    decision
        With `choice` and, where something is left out, `not_to`.
    """
    if decision.get("choice") not in _GOES_AHEAD:
        return frozenset()
    return frozenset(plan).difference(decision.get("not_to", ()))


def refusal(decision: Mapping[str, Any]) -> Refusal | None:
    """Say how a decision agrees to nothing, or None where something goes ahead.

    Waiting is `defer-dated` with `decide_by`, a day, and `contact`, a name; without one, `defer`.
    """
    choice = decision.get("choice")
    if choice == "defer" and decision.get("decide_by") and decision.get("contact"):
        return "defer-dated"
    return choice if choice in {"defer", "decline"} else None


def refused_by(reply: Reply, plan: Plan) -> frozenset[str]:
    """List the items of a plan that a reply does not agree to."""
    return plan.ids if reply.says == "does not agree" else plan.ids.intersection(reply.not_to)


@dataclass(frozen=True)
class Agreements:
    """What each party says of one plan, and what it does not agree to.

    The person answers the plan on the table, the professional decides on it, and the commissioner
    answers what is left of it. Where the decision leaves something out, the person is asked
    `again`, about what is left. `refused` has the item ids that each does not agree to.
    """

    plan: Plan
    person: Reply
    again: Reply | None
    commissioner: Reply
    refused: Mapping[Party, frozenset[str]]
    goes_ahead: bool

    @classmethod
    def of(cls, plan: Plan, decision: Mapping[str, Any]) -> Agreements:
        """Hear all three: a plan, and the decision that the learner made on it."""
        case, left = plan.case, plan.without(decision.get("not_to", ()))
        goes_ahead = decision["choice"] in _GOES_AHEAD
        person = case.person_reply(plan.ids)
        again = case.person_reply(left.ids) if left != plan else None
        commissioner = case.commissioner_reply(left.ids, refusal(decision), decision["held"])
        refused: dict[Party, frozenset[str]] = {
            "person": (refused_by(person, plan) - left.ids) | refused_by(again or person, left),
            "professional": plan.ids - left.ids if goes_ahead else plan.ids,
            "commissioner": refused_by(commissioner, left),
        }
        return cls(plan, person, again, commissioner, refused, goes_ahead)

    @property
    def in_common(self) -> Plan:
        """What all three agree to."""
        return self.plan.without(frozenset().union(*self.refused.values()))

    @property
    def against_the_person(self) -> frozenset[str]:
        """What the professional agreed to and the person did not."""
        return self.refused["person"] - self.refused["professional"]

    @property
    def agreed(self) -> bool:
        """Whether all three agree to the whole plan."""
        no = "does not agree" in {self.person.says, self.commissioner.says}
        return self.goes_ahead and not no and not any(self.refused.values())
