"""What a case is: the shapes that the files of the case bank must have."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ID, YEAR = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", r"^20\d\d/\d\d$"
Id = Annotated[str, StringConstraints(pattern=ID, max_length=60)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=6000)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=240)]
Pounds = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=2)]
PriceYear = Annotated[str, StringConstraints(pattern=YEAR)]
_Beginning = Literal["meet", "talk", "judge", "deal", "gates", "voices", "ask"]
MoneyStep = Literal["setting", "block", "running", "bands", "board"]
_Deciding = Literal["plan", "risk", "close", "decide", "after", "feedback", "reflect"]
TalkStep = Literal["talk", "ask", "close"]
StepId = Literal[_Beginning, MoneyStep, _Deciding]
MONEY_STEPS: tuple[StepId, ...] = get_args(MoneyStep)
TALK_STEPS: tuple[StepId, ...] = get_args(TalkStep)
BoardChoice = Literal["gradual", "fast", "small", "wait", "no"]
Unproven = Literal["low quality", "no recommendation", "none found"]
Held = Literal["notional", "third-party", "direct-payment"]
Says = Literal["agrees", "agrees in part", "does not agree"]
SURE = ".sure"
AGAIN = ".again"
"""Ends the key under which a question's answers after an unsafe one are kept, in their order."""
MOST_TIMES = 400
"""How often a plan item may happen in a year."""
RankingVariant = Literal["foundation", "specialty"]
DecisionId = Literal["agree", "agree-part", "trial", "defer", "decline"]
Refusal = Literal["defer-dated", "defer", "decline"]
"""How a decision agrees to nothing; in a condition `defer` is any waiting, with a date or not."""


class Shape(BaseModel):
    """Base of every model: frozen, and a field nobody knows is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Identified(Shape):
    """Base of what has an id."""

    id: Id


class Named(Identified):
    """Base of what has an id and a title."""

    title: Line


class Claim(Shape):
    """A statement about the world, with the sources that say it."""

    text: Text
    sources: Annotated[tuple[Id, ...], Field(min_length=1)]


class SignOff(Shape):
    """Whether somebody qualified has read the case and put their role to it."""

    state: Literal["draft", "reviewed"]
    role: Line | None = None
    signed: dt.date | None = None
    next_review: dt.date | None = None


class Person(Shape):
    """Whoever the budget is for. Always invented."""

    name: Line
    age: Annotated[int, Field(ge=0, le=110)]
    matters_most: Text
    worries: Text
    story: Text


class Outcome(Named):
    """What the person wants from the budget, and how they will know."""

    words: Text
    measure: Text


class Budget(Shape):
    """The indicative budget in pounds a year, and what it rests on. Always invented."""

    indicative: Pounds
    contingency: Pounds
    price_year: PriceYear
    basis: Text


class DealPoint(Claim):
    """One thing about the deal that this case teaches."""

    title: Line


class Voice(Identified):
    """One perspective, in the invented speaker's own words."""

    role: Line
    name: Line
    said: Text
    sources: tuple[Id, ...] = ()


class Evidence(Claim):
    """What is known of whether an item works."""

    grade: Literal["recommended", "some support", Unproven, "usual care"]


class Safety(Claim):
    """What could go wrong with an item, and what to check."""

    grade: Literal["no special checks", "needs checks", "could harm", "unsafe"]


class PlanItem(Named):
    """One thing the budget would buy, or that usual care already gives.

    `price` is pounds each time, of which the person pays `own_share`; all of it for `own-money`.
    """

    what: Text
    price: Pounds
    own_share: Pounds = Decimal(0)
    per: Line
    times: Annotated[int, Field(ge=1, le=MOST_TIMES)]
    price_year: PriceYear
    how: Literal["bought", "nhs", "own-money"]
    provider: Line
    serves: tuple[Id, ...]
    person_says: Text
    evidence: Evidence
    safety: Safety
    marks: tuple[Id, ...] = ()
    instead_of: tuple[Id, ...] = ()

    @property
    def cost(self) -> Decimal:
        """Pounds a year, whoever pays."""
        return self.price * self.times

    @property
    def budget_cost(self) -> Decimal:
        """What the budget pays, pounds a year."""
        each = self.price - self.own_share if self.how == "bought" else Decimal(0)
        return each * self.times

    @property
    def own_cost(self) -> Decimal:
        """What the person pays, pounds a year."""
        return (self.price if self.how == "own-money" else self.own_share) * self.times


class AgreedWhen(Shape):
    """A condition on what is agreed to, whatever the decision is called: every part must hold."""

    with_all: tuple[Id, ...] = ()
    with_any: tuple[Id, ...] = ()
    without: tuple[Id, ...] = ()
    held: tuple[Held, ...] = ()

    @property
    def items(self) -> set[str]:
        """The items that it turns on."""
        return {*self.with_all, *self.with_any, *self.without}

    def met(self, items: frozenset[str], held: str | None = None) -> bool:
        """Say whether `items` and a way to hold the money meet it."""
        return (
            items.issuperset(self.with_all)
            and (not self.with_any or not items.isdisjoint(self.with_any))
            and items.isdisjoint(self.without)
            and (not self.held or held in self.held)
        )


class When(AgreedWhen):
    """A condition on items and, where it names any, on a decision that agrees to nothing."""

    decision: tuple[Refusal, ...] = ()

    def holds(
        self, items: frozenset[str], refusal: str | None = None, held: str | None = None
    ) -> bool:
        """Say whether `items`, a refusal (None where something is agreed) and `held` meet it."""
        if not self.met(items, held):
            return False
        told = {refusal, "defer"} if refusal == "defer-dated" else {refusal}
        return not self.decision or not told.isdisjoint(self.decision)


class Risk(Identified):
    """A consequence of doing or of not doing, and who carries what."""

    of: Literal["doing", "not doing"]
    when: When
    consequence: Text
    affects: Line
    holds: Line
    mitigation: Text
    stop_rule: Text
    review: Line
    sources: tuple[Id, ...] = ()


class Gate(Claim):
    """A safety question that comes before preference and price: what is asked, and why."""

    id: Id
    asks: Line
    here: Text


class CriticalError(Claim):
    """What is unsafe to agree to, whatever the score and whatever the decision is called."""

    id: Id
    when: AgreedWhen


class Reply(Shape):
    """What the person, or the commissioner, says to a plan; `not_to` names the items refused."""

    when: When = When()
    says: Says
    not_to: tuple[Id, ...] = ()
    words: Text
    sources: tuple[Id, ...] = ()


class Replies(Shape):
    """What the other two parties to an agreement say: the first reply whose condition holds."""

    person: Annotated[tuple[Reply, ...], Field(min_length=1)]
    commissioner: Annotated[tuple[Reply, ...], Field(min_length=1)]


class RuleException(Claim):
    """A rule of the deal that does not bind here, why, and who says so."""

    rule: Id


class OtherPlan(Named):
    """What the person, or a panel, would have put together: set beside the learner's own."""

    whose: Literal["person", "panel"]
    items: tuple[Id, ...]
    held: Held
    why: Text


class Safeguard(Named):
    """One thing that would make an option safer, short enough to be rated in a meeting."""


class FollowUp(Identified):
    """What happened next on one branch: invented, with the reason for writing it so."""

    when: When = When()
    three_months: Text
    twelve_months: Text
    why: Text
    sources: tuple[Id, ...] = ()


class Option(Identified):
    """One answer that a question offers."""

    text: Line


class Rate(Named):
    """A rate set by law or by custom, per hour, per cent or pounds, in one year.

    Without `sources` it is illustrative, and the page says so and asks for the current figure.
    """

    value: Annotated[Decimal, Field(ge=0)]
    unit: Line
    year: PriceYear
    sources: tuple[Id, ...] = ()


class Lesson(Shape):
    """What one step of the money teaches. Sources where it states facts; sums need none."""

    step: MoneyStep
    title: Line
    text: Text
    sources: tuple[Id, ...] = ()


class Recommendation(Shape):
    """What somebody else would have told the board: set beside the learner's own."""

    whose: Line
    choice: BoardChoice
    why: Text


class Money(Shape):
    """The money of an area: its figures in a CSV, rates, what is taught and what others advise.

    `budget` fills in the page on which one person's budget is set, field by field.
    """

    area: Line
    rates: Annotated[tuple[Rate, ...], Field(min_length=1)]
    budget: dict[str, Decimal]
    lessons: tuple[Lesson, ...]
    triggers: Annotated[tuple[Option, ...], Field(min_length=3)]
    recommendations: Annotated[tuple[Recommendation, ...], Field(min_length=2)]


class Criterion(Identified):
    """One thing that a marker looks for in a text, and the most points a person gives for it."""

    asks: Line
    most: Annotated[int, Field(ge=1, le=10)]


class Question(Identified):
    """One decision point.

    `single`, `multiple` and `key-features` have options and a key; `critical` says of each option
    that is a critical error why it is unsafe: of a wrong one to choose it, and where several may be
    chosen, of a right one to leave it out; `gate` names the safety gate that a question tries;
    `certainty` asks beside it how sure the learner is. `key-features` takes at most `most`.
    `ranking` has all its options as key, the best first, and a `variant` that says how the
    distances count. `concordance` has a hypothesis, new information and panels; `again` names an
    earlier one with the same hypothesis, to show whether the learner moved. `reflection` is kept
    and never scored by a program; with a `rubric` it waits for people to mark it.
    """

    step: StepId
    format: Literal["single", "multiple", "key-features", "ranking", "concordance", "reflection"]
    stem: Text
    options: tuple[Option, ...] = ()
    key: tuple[Id, ...] = ()
    most: Annotated[int, Field(ge=1)] | None = None
    variant: RankingVariant | None = None
    certainty: bool = False
    rubric: tuple[Criterion, ...] = ()
    critical: dict[Id, Text] = Field(default_factory=dict)
    gate: Id | None = None
    thinking: Text | None = None
    learn: Text | None = None
    scale: Literal["appropriate", "likely", "important"] = "appropriate"
    reveal: Literal["at once", "at the end"] = "at once"
    again: Id | None = None
    feedback: Claim | None = None

    @property
    def sure_key(self) -> str:
        """The key under which it is kept how sure the learner was; empty where nobody asks."""
        return self.id + SURE if self.certainty else ""


class Sitting(Shape):
    """A part of the arc that is played in one go: from a step up to where the next one begins."""

    title: Line
    begins: StepId
    minutes: Annotated[int, Field(ge=2, le=20)]


class PanelFile(Named):
    """Whose judgements form a concordance key, and where they are kept."""

    file: Line
    illustrative: bool
    note: Line


class CaseFile(Named):
    """`case.yaml`.

    `brief` stands on the start page, where `summary` would be long there. `steps` names the steps
    of the arc that the case plays, when it does not play all of them; a part that only a left-out
    step shows may be left out too.
    """

    minutes: Annotated[int, Field(ge=5, le=90)]
    as_of: dt.date
    brief: Line | None = None
    summary: Text
    sign_off: SignOff
    steps: tuple[StepId, ...] = ()
    sittings: tuple[Sitting, ...] = ()
    marks: tuple[Id, ...] = ()
    person: Person | None = None
    outcomes: tuple[Outcome, ...] = ()
    budget: Budget | None = None
    deal: tuple[DealPoint, ...] = ()
    exceptions: tuple[RuleException, ...] = ()
    glossary: tuple[Id, ...] = ()
    gates: tuple[Gate, ...] = ()
    voices: tuple[Voice, ...] = ()
    items: tuple[PlanItem, ...] = ()
    risks: tuple[Risk, ...] = ()
    critical: tuple[CriticalError, ...] = ()
    replies: Replies | None = None
    plans: tuple[OtherPlan, ...] = ()
    safeguards: tuple[Safeguard, ...] = ()
    after: tuple[FollowUp, ...] = ()
    panels: tuple[PanelFile, ...] = ()
    money: Money | None = None

    def unsafe(self, items: frozenset[str], held: str | None) -> tuple[CriticalError, ...]:
        """List the critical errors that agreeing to `items` makes."""
        met = (error for error in self.critical if error.when.met(items, held))
        return tuple(met) if items else ()


class QuestionFile(Shape):
    """`questions.yaml`."""

    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
