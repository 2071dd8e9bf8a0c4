"""The steps that make a plan: its items, who holds its risks, the decision, the CPD entry."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationInfo,
    field_validator,
)

from phbkit.casebank import Case
from phbkit.casebank.models import DecisionId, Held
from phbkit.decision import HOLDERS, Ledger, Plan, Proposal, findings
from phbkit.tables import wrong
from phbkit.workbook import formats
from phbkit.workbook.step import Effect, Step

if TYPE_CHECKING:
    from phbkit.workbook.module import Module

HELD: dict[Held, str] = {
    "notional": "Notional: the commissioner keeps the money and pays",
    "third-party": "Third party: an independent body holds the money and pays",
    "direct-payment": "Direct payment: the person holds the money and pays",
}
_LONGEST_WAIT = dt.timedelta(weeks=12)


def _items(case: Case) -> list[str]:
    return [item.id for item in case.about.items]


class _PlanStep(Step):
    """The plan: a list of plan item ids."""

    def effect(self, module: Module, values: Mapping[str, Any]) -> Effect:
        chosen = values.get("plan", [])
        plan = Plan.of(module.case, (name for name in _items(module.case) if name in chosen))
        context = {"plan": plan, "found": findings(Proposal(plan)), "unheard": module.unheard}
        return Effect(context, "line.html.j2", "live.html.j2")


class RiskAnswer(formats.Answer):
    """Who holds one risk, and how; the texts may be empty."""

    holders: Annotated[list[str], formats.some_of(lambda _: HOLDERS)]
    mitigation: formats.OptionalText = ""
    stop_rule: formats.OptionalText = ""
    review: formats.OptionalText = ""


def _of_the_case(entries: Any, info: ValidationInfo[Case]) -> Any:
    """Take entries for risks of the case, in its order."""
    known = [risk.id for risk in info.context.about.risks]
    if not isinstance(entries, dict):
        raise wrong(f"must have some of {', '.join(known)}; got {entries!r}.")
    return {name: entries[name] for name in formats.in_order(entries, known)}


class _RiskStep(Step):
    """Who holds which risk: an entry by risk id."""

    def asks(self, module: Module) -> bool:
        return bool(module.plan.risks)

    def problems(self, module: Module, answer: Mapping[str, Any]) -> dict[str, str]:
        strange = set(answer) - {risk.id for risk in module.plan.risks}
        missing = Ledger.of(module.plan.risks, answer).problems()
        found = {f"ledger.{name}": "is no risk of this plan." for name in strange}
        return found | {f"ledger.{place}": words for place, words in missing.items()}

    def effect(self, module: Module, values: Mapping[str, Any]) -> Effect | None:
        risks = module.plan.risks
        held = {r.id: {"holders": values.get(f"ledger.{r.id}.holders", ())} for r in risks}
        context = {"ledger": Ledger.of(risks, held), "first": module.first_name}
        return Effect(context, "ledger_line.html.j2", "ledger.html.j2") if risks else None


def _in_time(day: dt.date | None, info: ValidationInfo[Case]) -> dt.date | None:
    first = info.context.about.as_of
    last = first + _LONGEST_WAIT
    if day and not first < day <= last:
        raise wrong(f"must be a day after {first} and no later than {last}; got {str(day)!r}.")
    return day


def _without_unit(weeks: Any) -> Any:
    """Take `12 weeks` as `12`."""
    return re.sub(" weeks?$", "", weeks) if isinstance(weeks, str) else weeks


class Decision(formats.Answer):
    """What is decided on a plan: `not_to` names what is left out of one that is agreed in part.

    Where it waits, `decide_by` is the day by which it will be decided, and `contact` says who
    keeps in touch.
    """

    choice: Annotated[str, formats.one_of(lambda _: get_args(DecisionId))]
    not_to: Annotated[list[str], formats.some_of(_items)] = Field([], validate_default=True)
    held: Annotated[str, formats.one_of(lambda _: HELD)]
    reasons: formats.Text
    review_weeks: Annotated[
        formats.Whole,
        Field(ge=1, le=52),
        BeforeValidator(_without_unit),
        formats.said("a whole number of weeks from 1 to 52"),
    ]
    stop_rule: formats.Text
    decide_by: Annotated[
        dt.date | None,
        BeforeValidator(lambda day: day or None),
        formats.said("a day, like 2026-12-07"),
        AfterValidator(_in_time),
    ] = None
    contact: formats.TextIfAny = None

    @field_validator("not_to")
    @classmethod
    def _goes_with_the_choice(cls, refused: list[str], info: ValidationInfo) -> list[str]:
        part = info.data.get("choice") == "agree-part"
        if part and not refused:
            raise wrong("is not answered yet: say what you do not agree to.")
        if refused and not part:
            raise wrong("must be empty, unless you agree part of the plan.")
        return refused


class _DecideStep(Step):
    """The decision on the plan."""

    def crossed(
        self, case: Case, answers: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, str]:
        plan, refused = answers.get("plan", ()), answers.get("decision", {}).get("not_to", ())
        strange = [item for item in refused if item not in plan]
        if strange:
            return {"decision.not_to": f"names {strange[0]!r}, which is not in the plan."}
        if refused and len(refused) == len(plan):
            words = "is the whole plan. Leave something agreed, or decline."
            return {"decision.not_to": words}
        return {}

    def effect(self, module: Module, values: Mapping[str, Any]) -> Effect | None:
        if "plan" not in module.answers:
            return None
        plan, ticked = module.plan, values.get("decision.not_to", [])
        left = plan.without([item.id for item in plan.items if item.id in ticked])
        context = {"plan": plan, "left": left, "choice": values.get("decision.choice")}
        return Effect(context, "decision_line.html.j2")


def _two_or_three(changes: Any) -> Any:
    """Take two or three changes; a form has three places, of which the last may stay empty."""
    if isinstance(changes, dict):
        changes = [change for place, change in changes.items() if change or place != "2"]
    if not isinstance(changes, list) or not 2 <= len(changes) <= 3:
        raise wrong("must be a list of two or three changes.")
    return changes


class CpdEntry(formats.Answer):
    """The learner's own entry for appraisal; `name` is theirs, if they want it there."""

    name: formats.TextIfAny = None
    learnt: formats.Text
    changes: Annotated[list[formats.Text], BeforeValidator(_two_or_three)]
    hours: Annotated[
        Decimal,
        Field(ge=Decimal("0.25"), le=10),
        AfterValidator(lambda hours: hours.quantize(Decimal("0.01"))),
        formats.said("a decimal number of hours from 0.25 to 10, like 0.50"),
    ]


_CHOSEN = TypeAdapter(Annotated[list[str], formats.some_of(_items)])
_ENTRIES = TypeAdapter(Annotated[dict[str, RiskAnswer], BeforeValidator(_of_the_case)])
PLAN = _PlanStep("plan", "Options and plan", "plan", _CHOSEN, revising="the plan")
RISK = _RiskStep(
    "risk", "Shared risk", "ledger", _ENTRIES, revising="who holds what", tells_more=True
)
DECIDE = _DecideStep(
    "decide", "Decide and agree", "decision", TypeAdapter(Decision), tells_more=True
)
REFLECT = Step(
    "reflect", "Reflect", "cpd", TypeAdapter(CpdEntry), revising="your entry", until=None
)
