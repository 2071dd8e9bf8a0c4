"""The trainer's page: how far each learner of a cohort has come, and nothing of what they said."""

from __future__ import annotations

from dataclasses import dataclass

from tornado.web import HTTPError

from phbkit.casebank import Case
from phbkit.cohort.register import Progress, Register
from phbkit.records.learners import TRAINER, Learner
from phbkit.serving.pages import Page
from phbkit.text import long_date


@dataclass(frozen=True)
class Row:
    """One learner's line: their name, when they last saved, and a word for each module."""

    learner: Learner
    last: str
    words: tuple[str, ...]
    finished: int


def rows_of(learners: list[Learner], progress: list[Progress], cases: list[Case]) -> list[Row]:
    """Put together a line for each learner, with how far they have come in each case."""
    found = {(each.learner_id, each.case_id): each for each in progress}
    return [_row(who, [found.get((who.id, case.id)) for case in cases], cases) for who in learners]


def _row(who: Learner, come: list[Progress | None], cases: list[Case]) -> Row:
    saved = [each.saved for each in come if each and each.saved]
    last = long_date(max(saved).astimezone().date()) if saved else "never"
    done = [each.steps if each else 0 for each in come]
    words = tuple(_word(steps, case) for steps, case in zip(done, cases, strict=True))
    finished = sum(steps >= len(case.steps) for steps, case in zip(done, cases, strict=True))
    return Row(who, last, words, finished)


def _word(steps: int, case: Case) -> str:
    if steps >= len(case.steps):
        return "finished"
    return f"{steps} of {len(case.steps)} steps" if steps else "not started"


class CohortHandler(Page):
    """The trainer's page."""

    def get(self) -> None:
        """Show a trainer their own cohort."""
        trainer = self.learner
        if trainer.role != TRAINER:
            raise HTTPError(404)
        register = Register(self.learners.database)
        cohort = [who for who in register.all(trainer.cohort) if who.role != TRAINER]
        progress = register.progress(who.id for who in cohort)
        cases = list(self.catalogue.cases.values())
        rows = rows_of(cohort, progress, cases)
        self.show("cohort.html.j2", trainer=trainer, cases=cases, rows=rows)
