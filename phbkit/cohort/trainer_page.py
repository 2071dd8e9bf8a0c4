"""The trainer's page: how far each learner of a cohort has come, and nothing of what they said."""

from __future__ import annotations

from tornado.web import HTTPError

from phbkit.cohort.register import Register
from phbkit.records.learners import TRAINER
from phbkit.serving.pages import Page
from phbkit.serving.threads import in_thread


class CohortHandler(Page):
    """The trainer's page."""

    async def get(self) -> None:
        """Show a trainer their own cohort."""
        trainer = self.learner
        if trainer.role != TRAINER:
            raise HTTPError(404)
        register = Register(self.settings["voila"].learners.database)
        everybody = await in_thread(register.all, trainer.cohort)
        cohort = [who for who in everybody if who.role != TRAINER]
        progress = await in_thread(register.progress, [who.id for who in cohort])
        found = {(each.learner_id, each.case_id): each for each in progress}
        cases = list(self.catalogue.cases.values())
        rows = [(who, [found.get((who.id, case.id)) for case in cases]) for who in cohort]
        self.show("cohort.html.j2", trainer=trainer, cases=cases, rows=rows)
