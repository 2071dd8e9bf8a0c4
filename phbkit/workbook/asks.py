"""What the steps of a plan ask: its items, who holds its risks, the decision, the CPD entry."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import Field, ValidationInfo, field_validator

from phbkit.casebank import Case
from phbkit.casebank.models import DecisionId, Held
from phbkit.decision import HOLDERS, Ledger, Plan, Proposal, findings
from phbkit.decision.risk_ledger import TEXTS
from phbkit.errors import AnswersError
from phbkit.workbook.formats import check_some
from phbkit.workbook.parts import (
    Answer,
    Hours,
    OptionalText,
    Text,
    TextOrNone,
    choice_of,
    day_within,
    problem,
    some_of,
    to_form,
    whole_number,
)

if TYPE_CHECKING:
    from phbkit.workbook.module import Module

DECISIONS: dict[DecisionId, str] = {
    "agree": "Agree the whole plan",
    "agree-part": "Agree part of it, and say which part not",
    "trial": "Try it for a set time, then review",
    "defer": "Wait, and say what is needed before deciding and by when",
    "decline": "Decline, with reasons and the route to reconsideration",
}
HELD: dict[Held, str] = {
    "notional": "Notional: the NHS keeps the money and pays",
    "third-party": "Third party: an independent body holds the money and pays",
    "direct-payment": "Direct payment: the person holds the money and pays",
}
assert set(DECISIONS) == set(get_args(DecisionId))  # noqa: S101
assert set(HELD) == set(get_args(Held))  # noqa: S101
PART: DecisionId = "agree-part"
_LONGEST_WAIT = dt.timedelta(weeks=26)
_LEDGER_FIELD = re.compile(rf"ledger\.([a-z0-9-]+)\.({'|'.join(('holders', *TEXTS))})")


@dataclass(frozen=True)
class Effect:
    """What the values of an open form would do, to be rendered.

    `line` and `cards` name templates: what is announced as values change, and what stands beside
    the form; `cards` may be empty.
    """

    context: Mapping[str, Any]
    line: str
    cards: str = ""


class Ask:
    """What a step itself asks, beside the questions that a case puts there.

    Attributes
    ----------
    key
        The key of its answer.
    revisable_until
        The step until whose end an answer may be changed; empty where it may not.
    revising
        What is changed then, in words.
    tells_more
        Whether the step has more to show once it is answered.
    """

    key = ""
    revisable_until = ""
    revising = ""
    tells_more = False

    def kept(self, case: Case, value: Any) -> Any:
        """Return an answer in the form that is kept, or raise AnswersError: what is allowed."""
        raise NotImplementedError

    def from_form(self, values: Mapping[str, Any]) -> Any:
        """Gather the answer from the fields of a form; something empty where it has none."""
        raise NotImplementedError

    def to_form(self, answer: Any) -> dict[str, Any]:
        """Give an answer as the fields that its form would send."""
        return to_form(self.key, answer)

    def crossed(
        self, case: Case, answers: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, str]:
        """Find by field what is wrong with an answer beside the others, each right by itself.

        `options` is what the workbook was opened with.
        """
        return {}

    def problems(self, module: Module, answer: Any) -> dict[str, str]:
        """Find by field what is wrong with an answer that is given now, beside those kept."""
        return self.crossed(module.case, module.answers | {self.key: answer}, module.options)

    def effect(self, module: Module, values: Mapping[str, Any]) -> Effect | None:
        """Say what the values of an open form, which may be anything, would do."""
        return None

    def context(self, module: Module, *, form: bool) -> dict[str, Any]:
        """Give what the step's template needs beside what every step has."""
        return {}


def _items(case: Case) -> list[str]:
    return [item.id for item in case.about.items]


class _PlanAsk(Ask):
    """The plan: a list of plan item ids."""

    key, revisable_until, revising = "plan", "decide", "the plan"

    def kept(self, case: Case, value: Any) -> list[str]:
        return check_some("plan", value, _items(case))

    def from_form(self, values: Mapping[str, Any]) -> Any:
        return values.get("plan")

    def to_form(self, answer: Any) -> dict[str, Any]:
        return {"plan": answer}

    def effect(self, module: Module, values: Mapping[str, Any]) -> Effect:
        chosen = values.get("plan", [])
        plan = Plan.of(module.case, (name for name in _items(module.case) if name in chosen))
        context = {"plan": plan, "found": findings(Proposal(plan))}
        return Effect(context, "line.html.j2", "live.html.j2")


class RiskEntry(Answer):
    """Who holds one risk, and how; the texts may be empty."""

    holders: Annotated[list[str], some_of(lambda _: list(HOLDERS))]
    mitigation: OptionalText
    stop_rule: OptionalText
    review: OptionalText


class _LedgerAsk(Ask):
    """Who holds which risk: an entry by risk id."""

    key, revisable_until, revising, tells_more = "ledger", "decide", "who holds what", True

    def kept(self, case: Case, value: Any) -> dict[str, Any]:
        known = [risk.id for risk in case.about.risks]
        if not isinstance(value, dict):
            listed = ", ".join(known)
            raise AnswersError(f"must have some of {listed}; got {value!r}.", key="ledger")
        check_some("ledger", list(value), known)
        entries: dict[str, Any] = {}
        errors: list[AnswersError] = []
        for name in filter(value.__contains__, known):
            try:
                entries[name] = RiskEntry.kept(case, f"ledger.{name}", value[name])
            except AnswersError as error:
                errors.append(error)
        if errors:
            raise AnswersError.of(errors)
        return entries

    def from_form(self, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        ledger: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            field = _LEDGER_FIELD.fullmatch(name)
            if field:
                ledger.setdefault(field[1], {})[field[2]] = value
        return ledger

    def to_form(self, answer: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        fields = (to_form(f"ledger.{risk}", entry) for risk, entry in answer.items())
        return {name: value for part in fields for name, value in part.items()}

    def problems(self, module: Module, answer: Mapping[str, Any]) -> dict[str, str]:
        strange = set(answer) - {risk.id for risk in module.plan.risks}
        missing = Ledger.of(module.plan.risks, answer).problems()
        found = {f"ledger.{name}": "is no risk of this plan." for name in strange}
        return found | {f"ledger.{place}": words for place, words in missing.items()}

    def effect(self, module: Module, values: Mapping[str, Any]) -> Effect | None:
        if not module.plan.risks:
            return None
        ledger = Ledger.of(module.plan.risks, self.from_form(values))
        first = module.first_name
        context = {"ledger": ledger, "first": first, "holders": holder_names(first)}
        return Effect(context, "ledger_line.html.j2", "ledger.html.j2")


class Decision(Answer):
    """What is decided on a plan: `not_to` names what is left out of one that is agreed in part.

    Where it waits, `decide_by` is the day by which it will be decided, and `contact` says who
    keeps in touch.
    """

    choice: Annotated[str, choice_of(DECISIONS)]
    not_to: Annotated[list[str], some_of(_items)] = Field([], validate_default=True)
    held: Annotated[str, choice_of(HELD)]
    reasons: Text
    review_weeks: Annotated[int, whole_number("weeks", 52)]
    stop_rule: Text
    decide_by: Annotated[str | None, day_within(_LONGEST_WAIT)] = None
    contact: TextOrNone = None

    @field_validator("not_to")
    @classmethod
    def _goes_with_the_choice(cls, refused: list[str], info: ValidationInfo) -> list[str]:
        choice = info.data.get("choice")
        if choice == PART and not refused:
            raise problem("is not answered yet: say what you do not agree to.")
        if choice != PART and refused:
            raise problem("must be empty, unless you agree part of the plan.")
        return refused


class _DecisionAsk(Ask):
    """The decision on the plan."""

    key, tells_more = "decision", True

    def kept(self, case: Case, value: Any) -> dict[str, Any]:
        return Decision.kept(case, "decision", value)

    def from_form(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return Decision.from_form("decision", values)

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
        return Effect(context | {"part": PART}, "decision_line.html.j2")


class CpdEntry(Answer):
    """The learner's own entry for appraisal."""

    learnt: Text
    changes: list[Text]
    hours: Hours

    @field_validator("changes", mode="before")
    @classmethod
    def _two_or_three(cls, value: Any) -> Any:
        if not isinstance(value, list) or not 2 <= len(value) <= 3:
            raise problem("must be a list of two or three changes.")
        return value


class _CpdAsk(Ask):
    """The entry for appraisal: what was learnt, two or three changes, hours."""

    key = "cpd"

    def kept(self, case: Case, value: Any) -> dict[str, Any]:
        return CpdEntry.kept(case, "cpd", value)

    def from_form(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if not any(name.startswith("cpd.") for name in values):
            return {}
        changes = [values.get(f"cpd.changes.{number}", "") for number in range(3)]
        given = {name: values.get(f"cpd.{name}", "") for name in ("learnt", "hours")}
        return given | {"changes": changes if changes[2] else changes[:2]}


def holder_names(first: str) -> dict[str, str]:
    """Say who may hold a risk, to a learner who plays the healthcare professional."""
    return HOLDERS | {
        "person": first,
        "close": f"somebody close to {first}",
        "professional": "the healthcare professional (you)",
    }


PLAN, LEDGER, DECISION, CPD = _PlanAsk(), _LedgerAsk(), _DecisionAsk(), _CpdAsk()
