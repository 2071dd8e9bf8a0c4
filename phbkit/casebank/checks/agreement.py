"""Checks of what is agreed: every reply and every ending has its turn, and nobody agrees to harm.

Every set of the items that conditions turn on is tried, with every refusal and every way to hold
the money.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, combinations, product
from typing import get_args

from phbkit.casebank import models
from phbkit.casebank.checks.registry import Context, Found, check

_MOST_ITEMS = 14
_REFUSALS: tuple[str | None, ...] = (None, *get_args(models.Refusal))
Situation = tuple[frozenset[str], str | None, str | None]
"""The items of a plan, how the decision agrees to nothing, and how the money is held."""


class _Situations:
    """Every situation that some conditions tell apart; none where they turn on too many items."""

    def __init__(
        self,
        conditions: Iterable[models.AgreedWhen],
        refusals: Sequence[str | None] = _REFUSALS,
    ) -> None:
        self._conditions, self._refusals = list(conditions), refusals
        self._items = sorted({name for when in self._conditions for name in when.items})
        self.too_many = len(self._items) > _MOST_ITEMS and (len(self._items), _MOST_ITEMS)

    def __iter__(self) -> Iterator[Situation]:
        sizes = () if self.too_many else range(len(self._items) + 1)
        held = any(when.held for when in self._conditions)
        ways: tuple[str | None, ...] = get_args(models.Held) if held else (None,)
        for plan in chain.from_iterable(combinations(self._items, size) for size in sizes):
            yield from product([frozenset(plan)], self._refusals, ways)


@check("case.replies.person.*", "case.replies.commissioner.*")
def check_reply(reply: models.Reply, _: Context) -> Found:
    """Find replies that agree in part to everything, and others that refuse an item."""
    in_part = reply.says == "agrees in part"
    return {
        "refuses-nothing": in_part and not reply.not_to,
        "refuses-beside": reply.not_to and not in_part,
    }


@check("case.replies.person.*.when.decision", "case.replies.person.*.when.held")
def check_person(named: Sequence[str], _: Context) -> Found:
    """Find replies of the person to what comes after them."""
    return {"not-known-yet": bool(named)}


@check("case.replies.person", "case.replies.commissioner")
def check_replies(replies: Sequence[models.Reply], _: Context) -> Found:
    """Find replies that never come first, and plans that have none."""
    branches = [reply.when for reply in replies]
    tried = _Situations(branches)
    return {
        "no-last-reply": branches[-1] != models.When() and [len(branches) - 1],
        "too-many-items": tried.too_many,
        "unreachable": not tried.too_many and _unreached(branches, tried),
    }


@check("case.after")
def check_endings(endings: Sequence[models.FollowUp], context: Context) -> Found:
    """Find endings that no safe plan reaches, or none that the budget can pay for."""
    if not endings:
        return {}
    case, branches = context.case, [ending.when for ending in endings]
    tried = _Situations([*branches, *(error.when for error in case.critical)])
    prices = {item.id: item.budget_cost for item in case.items}
    budget = case.budget.indicative if case.budget else Decimal("inf")

    def agreed(most: Decimal) -> Iterator[Situation]:
        """List what may be agreed; what is unsafe stops the module before anything comes of it."""
        for plan, refusal, held in tried:
            items = frozenset() if refusal else plan
            cost = sum(prices.get(name, 0) for name in items)
            if cost <= most and not case.unsafe(items, held):
                yield items, refusal, held

    unreachable = _unreached(branches, agreed(Decimal("inf")))
    too_dear = set(_unreached(branches, agreed(budget))).difference(unreachable)
    return {
        "no-last-ending": branches[-1] != models.When() and [len(branches) - 1],
        "too-many-items": tried.too_many,
        "unreachable": not tried.too_many and unreachable,
        "too-dear": sorted(too_dear),
    }


def _unreached(branches: Sequence[models.When], situations: Iterable[Situation]) -> list[int]:
    """List the branches that come first in no situation."""
    unreached = set(range(len(branches)))
    for situation in situations:
        met = (index for index, when in enumerate(branches) if when.holds(*situation))
        unreached.discard(next(met, -1))
        if not unreached:
            break
    return sorted(unreached)


@check("case.critical.*")
def check_critical(error: models.CriticalError, _: Context) -> Found:
    """Find critical errors that hold for every plan."""
    return {"unsafe-whatever": error.when == models.AgreedWhen()}


@check("case.plans.*")
def check_plan(plan: models.OtherPlan, context: Context) -> Found:
    """Find a panel's plan that is unsafe."""
    errors = context.case.unsafe(frozenset(plan.items), plan.held)
    return {"unsafe-panel": plan.whose == "panel" and [error.id for error in errors[:1]]}


@check("case")
def check_agreements(case: models.CaseFile, _: Context) -> Found:
    """Find unsafe plans that nothing catches, and commissioner's replies that agree to one.

    That is every plan, decision and part left out: a critical error rests on what is agreed and on
    nothing else.
    """
    replies = case.replies.commissioner if case.replies else ()
    graded = {item.id: n for n, item in enumerate(case.items) if item.safety.grade == "unsafe"}
    conditions = [*(error.when for error in case.critical), *(reply.when for reply in replies)]
    tried = _Situations([*conditions, models.AgreedWhen(with_all=tuple(graded))], [None])
    uncaught: dict[int, str] = {}
    unsafe: dict[int, tuple[str, str, str]] = {}
    for items, _refusal, held in tried:
        errors = case.unsafe(items, held)
        if not errors:
            for name in items & graded.keys():
                uncaught.setdefault(graded[name], _plan(items, held))
            continue
        met = (index for index, reply in enumerate(replies) if reply.when.holds(items, None, held))
        index = next(met, None)
        if index is None or replies[index].says == "does not agree":
            continue
        if case.unsafe(items.difference(replies[index].not_to), held):
            unsafe.setdefault(index, (replies[index].says, _plan(items, held), errors[0].id))
    return {
        "too-many-to-try": tried.too_many,
        "unsafe-item": list(uncaught.items()),
        "agrees-to-unsafe": [(index, *said) for index, said in unsafe.items()],
    }


def _plan(items: frozenset[str], held: str | None) -> str:
    return ", ".join(sorted(items)) + (f" ({held})" if held else "")
