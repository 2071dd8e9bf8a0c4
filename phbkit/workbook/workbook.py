"""The workbook: drives a notebook through a case, live in a browser or replayed from a file."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from IPython.display import HTML, Markdown, display
from markupsafe import Markup

from phbkit import wings
from phbkit.casebank import Case, CaseBank
from phbkit.casebank.case import DRAFT
from phbkit.decision import Plan
from phbkit.errors import RefusedError
from phbkit.forms import STYLE
from phbkit.forms.step_form import Reply, Response, StepForm, answer, show_again
from phbkit.records import MemoryJournal, StaleError, open_store
from phbkit.scoring import Result
from phbkit.scoring.result import SIMULATED
from phbkit.settings import Settings, settings
from phbkit.text import clock, shown
from phbkit.workbook import notebook
from phbkit.workbook.answers import answers_from, check_answers, check_values, read_answers
from phbkit.workbook.appraisal import ENTRY_FORMATS, entry_file
from phbkit.workbook.module import Module
from phbkit.workbook.pages import effect, kept_fields, step_page
from phbkit.workbook.steps import find_step

_RECORD = Markup('<div class="phb">{}</div>')
_ASKED = {"open", "stopped"}
_LONGEST_DRAFT = 64 * 1024


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
        shown = self._shown(step.id)
        self._forms[step.id] = StepForm(step.id, self._receive, attempt=self._attempt, **shown)
        return self._forms[step.id]

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

    def _shown(self, step_id: str, *, revising: bool = False) -> dict[str, str]:
        step, state = find_step(step_id), self._module.state(step_id)
        values = self._module.journal.draft(step_id) if state in _ASKED else {}
        page = step_page(self._module, step, live=True, values=values, revising=revising)
        return {"state": "open" if revising else state, "html": str(page)}

    def _show_all(self, *, revising: str = "") -> None:
        for step_id, form in self._forms.items():
            for name, value in self._shown(step_id, revising=step_id == revising).items():
                setattr(form, name, value)

    def _receive(self, step_id: str, message: Mapping[str, Any]) -> Response:
        return answer(message, partial(self._obey, step_id))

    def _obey(self, step_id: str, ticket: str, message: Mapping[str, Any]) -> Response:
        if message.get("do") in {"save", "hear"} and not ticket:
            raise RefusedError({"": "The message has no ticket."})
        try:
            match message.get("do"):
                case "save":
                    return self._save(step_id, ticket, message.get("values")), []
                case "draft":
                    return self._draft(step_id, message.get("values"), message.get("touched")), []
                case "revise":
                    return self._revise(step_id), []
                case "hear":
                    return self._hear(step_id, ticket, message.get("what")), []
                case "download":
                    return self._download(step_id, message.get("what"))
        except StaleError as error:
            self._module.refresh()
            self._show_all()
            problem = "Another window answered first. This page is now up to date."
            raise RefusedError({"": problem}) from error
        raise RefusedError({"": "This page cannot ask for that."})

    def _save(self, step_id: str, ticket: str, values: object) -> Reply:
        again, step = self._module.taken(ticket, step_id), find_step(step_id)
        given = answers_from(self.case, check_values(values))
        own = given.get(step.key)
        if step.grows and isinstance(own, Mapping) and own.keys() & {"turns", "later"}:
            raise RefusedError({"": "A page says one thing at a time."})
        moment = self._module.submit(ticket, step_id, given)
        self._show_all()
        if again:
            show_again(self._forms.values())
        goes_on = step_id in self._module.closed and not self._module.has_feedback_at(step_id)
        following = self._module.step_after(step_id) if goes_on else None
        return {
            "did": "saved",
            "at": clock(moment),
            "next": following.id if following else "",
            "stopped": len(self._module.unsafe_at(step_id)),
            "finished": self._module.current is None,
        }

    def _draft(self, step_id: str, values: object, touched: object) -> Reply:
        """Keep what was typed; of a page that says what it touched, nothing else."""
        typed = check_values(values)
        if isinstance(touched, list):
            others = self._module.journal.draft(step_id)
            typed = others | {name: typed[name] for name in typed if name in touched}
        reply: Reply = {"did": "kept"}
        is_open = self._module.state(step_id) in _ASKED
        if not is_open and not self._module.revisable(step_id):
            raise RefusedError({"": "This step is not open."})
        if is_open:
            asked = self._module.asked_now(step_id)
            kept = {name: typed[name] for name in typed if name.partition(".")[0] in asked}
            if len(json.dumps(kept)) > _LONGEST_DRAFT:
                raise RefusedError({"": "This is too long for a draft. Press the button to save."})
            reply["at"] = clock(self._module.journal.keep_draft(step_id, kept))
        shown = effect(self._module, step_id, kept_fields(self._module, find_step(step_id)) | typed)
        return reply | {name: str(html) for name, html in shown.items()}

    def _revise(self, step_id: str) -> Reply:
        if not self._module.revisable(step_id):
            raise RefusedError({"": "This step can no longer be changed."})
        self._show_all(revising=step_id)
        return {"did": "revising", "words": f"You can change {find_step(step_id).revising}"}

    def _hear(self, step_id: str, ticket: str, name: object) -> Reply:
        self._module.hear(ticket, str(name))
        self._show_all(revising=step_id if self._module.revisable(step_id) else "")
        return {"did": "heard"}

    def _download(self, step_id: str, kind: object) -> Response:
        if step_id != "reflect" or "cpd" not in self._module.answers or kind not in ENTRY_FORMATS:
            raise RefusedError({"": "There is no CPD entry yet."})
        file = entry_file(self._module, str(kind))
        return {"did": "download", "name": file.name, "type": file.type}, [file.content]


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
