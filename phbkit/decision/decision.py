"""What a decision comes to: the items it agrees to, or how it agrees to nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from phbkit.casebank.models import Refusal

GOES_AHEAD = frozenset({"agree", "agree-part", "trial"})


def agreed_items(plan: Collection[str], decision: Mapping[str, Any]) -> frozenset[str]:
    """List the items of a plan that a decision agrees to: none where it waits or declines.

    Parameters
    ----------
    plan
        Item ids.
    decision
        With `choice` and, where something is left out, `not_to`.
    """
    if decision.get("choice") not in GOES_AHEAD:
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
