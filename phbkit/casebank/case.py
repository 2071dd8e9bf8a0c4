"""One case, whole and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from markupsafe import Markup

from phbkit.casebank.models import (
    MONEY_STEPS,
    Budget,
    CaseFile,
    FollowUp,
    Money,
    Person,
    PlanItem,
    Question,
    Reply,
    StepId,
)
from phbkit.casebank.panel import Panel
from phbkit.casebank.reference_data import GlossaryEntry, Rule, Source
from phbkit.errors import UnknownNameError
from phbkit.text import long_date, pounds, table

if TYPE_CHECKING:
    import pandas as pd

Entry = TypeVar("Entry", Question, PlanItem)
DRAFT = "Draft for teaching design: nobody qualified has signed this case off."
FICTION = "People, prices, stop rules and panel judgements in this case are made up for teaching."


def case_steps(case: CaseFile) -> tuple[StepId, ...]:
    """List the steps that a case plays: those it names, or the arc of a person's plan."""
    whole: tuple[StepId, ...] = get_args(StepId)
    left_out = MONEY_STEPS if case.gates else (*MONEY_STEPS, "gates")
    return case.steps or tuple(step for step in whole if step not in left_out)


@dataclass(frozen=True)
class Case:
    """A person's situation with everything that hangs on it, loaded without a fault.

    `area` is what the wing of money made of an area's figures, where a case is about them.
    """

    about: CaseFile
    questions: tuple[Question, ...]
    panels: tuple[Panel, ...]
    rules: Mapping[str, Rule]
    sources: Mapping[str, Source]
    glossary: Mapping[str, GlossaryEntry]
    version: str
    area: Any = None

    @property
    def id(self) -> str:
        """The name of the case's folder."""
        return self.about.id

    @property
    def title(self) -> str:
        """What the case is called on a page."""
        return self.about.title

    @property
    def steps(self) -> tuple[StepId, ...]:
        """The steps of the arc that the case plays, in the arc's order."""
        return case_steps(self.about)

    @property
    def person(self) -> Person:
        """The person the case is about; only where a step of the case needs one."""
        assert self.about.person  # noqa: S101  checked when the case was loaded
        return self.about.person

    @property
    def budget(self) -> Budget:
        """The indicative budget; only where a step of the case needs one."""
        assert self.about.budget  # noqa: S101  checked when the case was loaded
        return self.about.budget

    @property
    def money(self) -> Money:
        """The money of an area; only where a step of the case needs it."""
        assert self.about.money  # noqa: S101  checked when the case was loaded
        return self.about.money

    @property
    def draft(self) -> bool:
        """Whether nobody qualified has signed the case off yet."""
        return self.about.sign_off.state == "draft"

    def question(self, question_id: str) -> Question:
        """Find a question, or raise UnknownNameError that lists them all."""
        return self._find("question", question_id, self.questions)

    def item(self, item_id: str) -> PlanItem:
        """Find a plan item, or raise UnknownNameError that lists them all."""
        return self._find("plan item", item_id, self.about.items)

    def _find(self, what: str, name: str, entries: Sequence[Entry]) -> Entry:
        for entry in entries:
            if entry.id == name:
                return entry
        raise UnknownNameError.among(what, name, [entry.id for entry in entries], self.id)

    def questions_at(self, step: str) -> tuple[Question, ...]:
        """List the questions that one step asks."""
        return tuple(question for question in self.questions if question.step == step)

    def follow_up(
        self, items: frozenset[str], refusal: str | None, held: str | None = None
    ) -> FollowUp:
        """Choose what happened next on what was agreed: the first branch whose condition holds."""
        return next(b for b in self.about.after if b.when.holds(items, refusal, held))

    def person_reply(self, items: frozenset[str]) -> Reply:
        """Choose what the person says to a plan: the first reply whose condition holds."""
        assert self.about.replies  # noqa: S101  checked when the case was loaded
        return next(r for r in self.about.replies.person if r.when.holds(items))

    def commissioner_reply(
        self, items: frozenset[str], refusal: str | None, held: str | None = None
    ) -> Reply:
        """Choose what the commissioner says to what is left of a plan, last of the three."""
        assert self.about.replies  # noqa: S101  checked when the case was loaded
        return next(
            r for r in self.about.replies.commissioner if r.when.holds(items, refusal, held)
        )

    def frame(self, part: str = "items") -> pd.DataFrame:
        """Give one part of the case as a table: items, risks, voices, outcomes or questions."""
        import pandas as pd

        parts = {
            "items": [
                {
                    "item": item.title,
                    "price": float(item.price),
                    "per": item.per,
                    "times a year": item.times,
                    "cost a year": float(item.cost),
                    "price year": item.price_year,
                    "evidence": item.evidence.grade,
                    "safety": item.safety.grade,
                    "serves": ", ".join(item.serves),
                }
                for item in self.about.items
            ],
            "risks": [risk.model_dump(exclude={"when"}) for risk in self.about.risks],
            "voices": [voice.model_dump() for voice in self.about.voices],
            "outcomes": [outcome.model_dump() for outcome in self.about.outcomes],
            "questions": [
                {"question": q.id, "step": q.step, "format": q.format, "stem": q.stem}
                for q in self.questions
            ],
        }
        if part not in parts:
            raise UnknownNameError.among("part of a case", part, list(parts))
        key = "question" if part == "questions" else "item" if part == "items" else "id"
        return pd.DataFrame(parts[part]).set_index(key)

    def __repr__(self) -> str:
        return f"<Case {self.id}: {self.title}, {len(self.questions)} questions>"

    def _repr_html_(self) -> str:
        about = self.about
        holds = f"{len(about.items)} plan items, {len(about.voices)} voices, "
        holds += f"{len(about.risks)} risks, {len(self.questions)} questions"
        rows = [
            ("Holds", holds),
            ("Plays on", long_date(about.as_of)),
            ("State", "draft for teaching design" if self.draft else "reviewed"),
        ]
        if about.person and about.budget:
            rows[:0] = [
                ("Person", f"{about.person.name}, {about.person.age}"),
                ("What matters most", about.person.matters_most),
                ("Outcomes", "; ".join(outcome.title for outcome in about.outcomes)),
                ("Indicative budget", f"{pounds(about.budget.indicative)} a year"),
            ]
        return str(table(self.title, rows) + Markup("<p>{}</p>").format(FICTION))
