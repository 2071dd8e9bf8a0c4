"""One case, whole and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args

from phbkit.casebank import models
from phbkit.casebank.panel import Panel
from phbkit.casebank.reference_data import GlossaryEntry, Rule, Source
from phbkit.casebank.talk import Talk
from phbkit.errors import UnknownNameError
from phbkit.text import shown

if TYPE_CHECKING:
    import pandas as pd

Entry = TypeVar("Entry", models.Question, models.PlanItem)
Branch = TypeVar("Branch", models.Reply, models.FollowUp)
DRAFT = "Draft for teaching design: nobody qualified has signed this case off."
FICTION = "People, prices, stop rules and panel judgements in this case are made up for teaching."


def _fields(shape: type[models.Shape]) -> dict[str, str]:
    return {name: name for name in ("id", *shape.model_fields) if name != "when"}


_COLUMNS = {
    "items": {"title": "item", "price": "price", "per": "per", "times": "times a year",
              "cost": "cost a year", "price_year": "price year", "evidence.grade": "evidence",
              "safety.grade": "safety", "serves": "serves"},
    "risks": _fields(models.Risk),
    "voices": _fields(models.Voice),
    "outcomes": _fields(models.Outcome),
    "questions": {"id": "question", "step": "step", "format": "format", "stem": "stem"},
}  # fmt: skip
"""The columns of each table that a case gives: where a column is from, and what it is called."""
_POUNDS = ("price", "cost a year", "own cost a year")


def case_steps(case: models.CaseFile) -> tuple[models.StepId, ...]:
    """List the steps that a case plays: those it names, or the arc of a person's plan."""
    whole: tuple[models.StepId, ...] = get_args(models.StepId)
    left_out = {*models.MONEY_STEPS, *models.TALK_STEPS, *(() if case.gates else ("gates",))}
    return case.steps or tuple(step for step in whole if step not in left_out)


def table(entries: Iterable[object], columns: Mapping[str, str]) -> pd.DataFrame:
    """Make a table of entries: columns are called as said, pounds a number, outcomes a text."""
    import pandas as pd

    rows = [[attrgetter(path)(entry) for path in columns] for entry in entries]
    frame = pd.DataFrame(rows, columns=list(columns.values()))
    frame = frame.astype({name: float for name in _POUNDS if name in frame})
    if "serves" in frame:
        frame["serves"] = list(map(", ".join, frame["serves"]))
    return frame.set_index(frame.columns[0])


def _first(branches: Sequence[Branch], items: frozenset[str], *what: str | None) -> Branch:
    return next(branch for branch in branches if branch.when.holds(items, *what))


@dataclass(frozen=True)
class Case:
    """A person's situation with everything that hangs on it, loaded without a fault.

    `cited` has the sources that a learner can meet in it, by title. `picture` is the address of a
    decorative picture, which holds the picture itself. `area` is what the wing of
    money made of an area's figures, where a case is about them.
    """

    about: models.CaseFile
    questions: tuple[models.Question, ...]
    panels: tuple[Panel, ...]
    rules: Mapping[str, Rule]
    sources: Mapping[str, Source]
    glossary: Mapping[str, GlossaryEntry]
    version: str
    cited: tuple[Source, ...] = ()
    talks: tuple[Talk, ...] = ()
    picture: str = ""
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
    def steps(self) -> tuple[models.StepId, ...]:
        """The steps of the arc that the case plays, in the arc's order."""
        return case_steps(self.about)

    @property
    def sittings(self) -> dict[models.Sitting, tuple[models.StepId, ...]]:
        """The steps of each sitting; none where the case is played in one go."""
        found: dict[models.Sitting, tuple[models.StepId, ...]] = {}
        begins = {sitting.begins: sitting for sitting in self.about.sittings}
        sitting = None
        for step in self.steps if begins else ():
            sitting = begins.get(step, sitting)
            if sitting:
                found[sitting] = (*found.get(sitting, ()), step)
        return found

    @property
    def person(self) -> models.Person:
        """The person the case is about; only where a step of the case needs one."""
        return cast("models.Person", self.about.person)

    @property
    def budget(self) -> models.Budget:
        """The indicative budget; only where a step of the case needs one."""
        return cast("models.Budget", self.about.budget)

    @property
    def money(self) -> models.Money:
        """The money of an area; only where a step of the case needs it."""
        return cast("models.Money", self.about.money)

    @property
    def draft(self) -> bool:
        """Whether nobody qualified has signed the case off yet."""
        return self.about.sign_off.state == "draft"

    def question(self, question_id: str) -> models.Question:
        """Find a question, or raise UnknownNameError that lists them all."""
        return self._find("question", question_id, self.questions)

    def item(self, item_id: str) -> models.PlanItem:
        """Find a plan item, or raise UnknownNameError that lists them all."""
        return self._find("plan item", item_id, self.about.items)

    def _find(self, what: str, name: str, entries: Sequence[Entry]) -> Entry:
        for entry in entries:
            if entry.id == name:
                return entry
        raise UnknownNameError.among(what, name, [entry.id for entry in entries], self.id)

    def questions_at(self, step: str) -> tuple[models.Question, ...]:
        """List the questions that one step asks."""
        return tuple(question for question in self.questions if question.step == step)

    def follow_up(
        self, items: frozenset[str], refusal: str | None, held: str | None = None
    ) -> models.FollowUp:
        """Choose what happened next on what was agreed: the first branch whose condition holds."""
        return _first(self.about.after, items, refusal, held)

    def person_reply(self, items: frozenset[str]) -> models.Reply:
        """Choose what the person says to a plan: the first reply whose condition holds."""
        return _first(cast("models.Replies", self.about.replies).person, items)

    def commissioner_reply(
        self, items: frozenset[str], refusal: str | None, held: str | None = None
    ) -> models.Reply:
        """Choose what the commissioner says to what is left of a plan, last of the three."""
        return _first(cast("models.Replies", self.about.replies).commissioner, items, refusal, held)

    def frame(self, part: str = "items") -> pd.DataFrame:
        """Give one part of the case as a table: items, risks, voices, outcomes or questions."""
        if part not in _COLUMNS:
            raise UnknownNameError.among("part of a case", part, list(_COLUMNS))
        entries = self.questions if part == "questions" else getattr(self.about, part)
        return table(entries, _COLUMNS[part])

    def __repr__(self) -> str:
        return f"<Case {self.id}: {self.title}, {len(self.questions)} questions>"

    def _repr_html_(self) -> str:
        return shown(__file__, case=self, fiction=FICTION)
