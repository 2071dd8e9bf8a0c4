"""The workbook: drives a notebook through a case, live in a browser or replayed from a file."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from IPython.display import HTML, Markdown, display
from markupsafe import Markup

from phbkit import wings
from phbkit.casebank import Case, CaseBank
from phbkit.casebank.case import DRAFT
from phbkit.decision import Plan
from phbkit.forms import STYLE
from phbkit.forms.step_form import StepForm, show_again
from phbkit.records import MemoryJournal, open_store
from phbkit.scoring import Result
from phbkit.scoring.result import SIMULATED
from phbkit.settings import Settings, settings
from phbkit.text import shown
from phbkit.workbook import notebook
from phbkit.workbook.answers import check_answers, read_answers
from phbkit.workbook.live import LiveModule, LivePage
from phbkit.workbook.module import Module
from phbkit.workbook.pages import step_page
from phbkit.workbook.steps import find_step

_RECORD = Markup('<div class="phb">{}</div>')


class Workbook:
    """One notebook at work on one case. Open it with `Workbook.open`."""

    def __init__(
        self,
        module: Module,
        *,
        live: bool,
        simulated: bool = False,
        attempt: str = "",
        learner: str = "",
    ) -> None:
        self._module, self._live, self._simulated = module, live, simulated
        self._attempt, self._learner = attempt, learner
        self._forms: dict[str, StepForm] = {}
        self._playing = LiveModule(module, self._show)

    @classmethod
    def open(
        cls,
        case: str,
        answers: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        *,
        live: bool | None = None,
        using: Settings | None = None,
        **parameters: Any,
    ) -> Workbook:
        """Open a case, live for the person at the notebook or replayed from answers.

        Parameters
        ----------
        case
            The id of a case in the case bank.
        answers
            A JSON file of answers, or its content as a mapping. `None` plays live when somebody
            sits at the notebook, and otherwise shows the module unanswered.
        live
            Set it to say so yourself; `None` finds out.
        using
            Settings; by default from the environment.
        parameters
            What the wings of the library take. A case about money takes `area`, a CSV file of
            your own area's figures in place of its own, and `scenario`, figures in place of the
            area's by step and field, such as `{"running.share": 25}`, which play the module as
            answers do.

        Raises
        ------
        UnknownNameError, CaseError
            There is no such case, or it has faults.
        AnswersError
            The answers cannot be taken; the message names the line and what is allowed.
        AreaError
            The area's figures have faults: all of them, each with its line and column.
        """
        notebook.refuse_unknown_parameters()
        chosen = using or settings()
        loaded = CaseBank(chosen.need_folder("casebank"), drafts=chosen.drafts).load(case)
        if isinstance(answers, str | os.PathLike):
            file: Path | None = Path(answers)
            given: Mapping[str, Any] = read_answers(Path(answers))
        else:
            file, given = None, answers or {}
        options, given = _with_parameters(loaded, given, parameters)
        alone = answers is None and not given
        if alone and (notebook.is_live() if live is None else live):
            store = open_store(chosen.database_url)
            attempt = store.resume(chosen.learner, loaded.id, loaded.version)
            journal = store.journal(attempt.id)
            return cls(Module(loaded, journal, options), live=True, attempt=attempt.id)
        replayed = MemoryJournal(dt.datetime.combine(loaded.about.as_of, dt.time(), dt.UTC))
        module = Module(loaded, replayed, options)
        module.replay(check_answers(loaded, given, file, options) if given else {})
        simulated, learner = given.get("simulated") is True, str(given.get("learner", ""))
        return cls(module, live=False, simulated=simulated, learner=learner)

    @property
    def case(self) -> Case:
        """The case."""
        return self._module.case

    @property
    def plan(self) -> Plan:
        """The plan as last kept."""
        return self._module.plan

    @property
    def result(self) -> Result:
        """What scoring says of the answers so far."""
        return replace(self._module.result, simulated=self._simulated)

    def __getattr__(self, name: str) -> Any:
        """Return what a wing's steps make of the module, such as `sums`."""
        for step in self._module.steps if name != "_module" else ():
            if name in step.objects:
                return step.objects[name](self._module)
        raise AttributeError(f"this workbook has no {name!r}")

    def step(self, step_id: str) -> StepForm | HTML:
        """Show one step: a form to answer, or the record of what was answered.

        Raises
        ------
        UnknownNameError
            The arc has no such step.
        """
        self._module.place(step_id)
        step = find_step(step_id)
        if not self._live:
            return HTML(_RECORD.format(step_page(self._module, step, live=False)))
        shown = self._playing.page(step.id)
        form = StepForm(step.id, self._playing.answer, attempt=self._attempt, **shown)
        self._forms[step.id] = form
        return form

    def play(self) -> None:
        """Show every step of the case, each under its title."""
        for step_id in self.case.steps:
            display(Markdown(f"## {find_step(step_id).title}"), self.step(step_id))

    def __repr__(self) -> str:
        return f"<Workbook {self.case.id}: {self._how}>"

    def _repr_html_(self) -> str:
        result = None if self._live else self.result
        style = Markup(STYLE.read_text(encoding="utf-8"))
        return shown(__file__, book=self, how=self._how, result=result, style=style, draft=DRAFT)

    @property
    def _how(self) -> str:
        if self._live:
            return "live; every answer is kept as it is given."
        if not self._module.answers:
            return "not answered. Nobody’s answers were given, so every step stands unanswered."
        if self._simulated:
            return f"a record. {SIMULATED}"
        by = f" by {self._learner}" if self._learner else ""
        return f"a record of answers that were given{by}."

    def _show(self, page: Callable[[str], LivePage], *, again: bool) -> None:
        for step_id, form in self._forms.items():
            for name, value in page(step_id).items():
                setattr(form, name, value)
        if again:
            show_again(self._forms.values())


def _with_parameters(
    case: Case, given: Mapping[str, Any], parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Let the wings take the parameters of a workbook: into the module's options, or as answers."""
    options: dict[str, Any] = {}
    left = dict(parameters)
    for hook in wings.hooks("take_parameters"):
        more, given = hook(case, given, left)
        options |= more
    if left:
        raise TypeError(f"Workbook.open() got an unexpected keyword argument {min(left)!r}")
    return options, given
