"""One case, whole and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from phbkit.casebank.models import (
    CaseFile,
    FollowUp,
    GlossaryEntry,
    PlanItem,
    Question,
    Rule,
    Source,
)
from phbkit.casebank.panel import Panel
from phbkit.errors import UnknownNameError
from phbkit.text import long_date, pounds, table

if TYPE_CHECKING:
    import pandas as pd

FICTION = "People, prices, stop rules and panel judgements in this case are made up for teaching."


@dataclass(frozen=True)
class Case:
    """A person's situation with everything that hangs on it, loaded without a fault."""

    about: CaseFile
    questions: tuple[Question, ...]
    panels: tuple[Panel, ...]
    rules: Mapping[str, Rule]
    sources: Mapping[str, Source]
    glossary: Mapping[str, GlossaryEntry]
    version: str

    @property
    def id(self) -> str:
        """The name of the case's folder."""
        return self.about.id

    @property
    def title(self) -> str:
        """What the case is called on a page."""
        return self.about.title

    @property
    def draft(self) -> bool:
        """Whether nobody qualified has signed the case off yet."""
        return self.about.sign_off.state == "draft"

    def question(self, question_id: str) -> Question:
        """Find a question, or raise UnknownNameError that lists them all."""
        for question in self.questions:
            if question.id == question_id:
                return question
        known = [question.id for question in self.questions]
        raise UnknownNameError.among("question", question_id, known, self.id)

    def questions_at(self, step: str) -> tuple[Question, ...]:
        """List the questions that one step asks."""
        return tuple(question for question in self.questions if question.step == step)

    def item(self, item_id: str) -> PlanItem:
        """Find a plan item, or raise UnknownNameError that lists them all."""
        for item in self.about.items:
            if item.id == item_id:
                return item
        known = [item.id for item in self.about.items]
        raise UnknownNameError.among("plan item", item_id, known, self.id)

    def follow_up(self, items: frozenset[str], decision: str | None) -> FollowUp:
        """Choose what happened next: the first branch whose condition holds."""
        return next(branch for branch in self.about.after if branch.when.holds(items, decision))

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
        rows = (
            ("Person", f"{about.person.name}, {about.person.age}"),
            ("What matters most", about.person.matters_most),
            ("Outcomes", "; ".join(outcome.title for outcome in about.outcomes)),
            ("Indicative budget", f"{pounds(about.budget.indicative)} a year"),
            ("Holds", holds),
            ("Plays on", long_date(about.as_of)),
            ("State", "draft for teaching design" if self.draft else "reviewed"),
        )
        return str(table(self.title, rows) + Markup("<p>{}</p>").format(FICTION))
