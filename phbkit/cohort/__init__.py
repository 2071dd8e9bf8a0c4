"""Cohorts: workbooks run without anybody at them, and what their results come to.

A wing: it registers the tables of invitations, the commands that invite cohorts, run them and
report on them, personal links, and a trainer's page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer

    from phbkit.casebank import Case
    from phbkit.serving.identity import Identity
    from phbkit.settings import Settings


def add_tables() -> None:
    """Add the tables of invitations to those of the records."""
    import_module("phbkit.cohort.schema")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of cohorts to `phb`."""
    from phbkit.cohort import learner_commands
    from phbkit.cohort.commands import add_cohorts

    app.add_typer(learner_commands.commands)
    add_cohorts(app)


def page_templates() -> Path:
    """Return the folder of its pages' templates."""
    return Path(__file__).parent / "templates"


def made_up_answers(case: Case) -> dict[str, Any]:
    """Make up answers to everything that a case asks."""
    from phbkit.cohort.simulate import whole_answers

    return whole_answers(case)


def report_questions(cases: Sequence[Case]) -> str:
    """Report what in the questions of cases gives their keys away."""
    from phbkit.cohort.construct import report

    return report(cases)


def handlers(*, alone: bool = False) -> list[tuple[str, type]]:
    """List the page of a trainer's cohort, where a server has modules."""
    from phbkit.cohort.trainer_page import CohortHandler

    return [] if alone else [(r"/cohort", CohortHandler)]


def erase_old(using: Settings, before: dt.datetime) -> None:
    """Erase the learners of whom nothing happened since a moment."""
    from phbkit.cohort.register import open_register

    open_register(using.database_url).erase_old(before)


def identity_class(using: Settings) -> type[Identity]:
    """Return what knows learners who come by personal links; refuse a key that is not theirs."""
    from phbkit.cohort.links import need_key
    from phbkit.cohort.sign_in import LinkIdentity

    need_key(using)
    return LinkIdentity
