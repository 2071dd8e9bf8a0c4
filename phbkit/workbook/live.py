"""A module that somebody plays: what its steps show, and what becomes of what their forms send."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from phbkit.errors import RefusedError
from phbkit.forms.messages import Reply, Response, answer
from phbkit.records import StaleError
from phbkit.text import clock
from phbkit.workbook.answers import answers_from, check_values
from phbkit.workbook.appraisal import ENTRY_FORMATS, entry_file
from phbkit.workbook.module import Module
from phbkit.workbook.pages import effect, kept_fields, step_page
from phbkit.workbook.steps import find_step

LivePage = dict[str, str]
"""What a step shows: its `state`, and its `html`."""
_ASKED = {"open", "stopped"}
_LONGEST_DRAFT = 64 * 1024


class Show(Protocol):
    """Shows steps as they are now; `again` where a page may have missed it the first time."""

    def __call__(self, page: Callable[[str], LivePage], *, again: bool) -> None:
        """Show what `page` gives for each step that is on show, by its id."""


class LiveModule:
    """A module with somebody at its forms.

    Parameters
    ----------
    show
        Called whenever the answer to a message has changed what steps show.
    """

    def __init__(self, module: Module, show: Show) -> None:
        self.module, self._show = module, show

    def page(self, step_id: str, *, revising: bool = False) -> LivePage:
        """Render a step as it stands, with what was last typed into it."""
        step, state = find_step(step_id), self.module.state(step_id)
        values = self.module.journal.draft(step_id) if state in _ASKED else {}
        page = step_page(self.module, step, live=True, values=values, revising=revising)
        return {"state": "open" if revising else state, "html": str(page)}

    def _show_all(self, *, revising: str = "", again: bool = False) -> None:
        self._show(lambda step: self.page(step, revising=step == revising), again=again)

    def answer(self, step_id: str, message: Mapping[str, Any]) -> Response:
        """Do what a step's form asks, and answer it."""
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
            self.module.refresh()
            self._show_all()
            problem = "Another window answered first. This page is now up to date."
            raise RefusedError({"": problem}) from error
        raise RefusedError({"": "This page cannot ask for that."})

    def _save(self, step_id: str, ticket: str, values: object) -> Reply:
        again, step = self.module.taken(ticket, step_id), find_step(step_id)
        given = answers_from(self.module.case, check_values(values))
        own = given.get(step.key)
        if step.grows and isinstance(own, Mapping) and own.keys() & {"turns", "later"}:
            raise RefusedError({"": "A page says one thing at a time."})
        moment = self.module.submit(ticket, step_id, given)
        self._show_all(again=again)
        goes_on = step_id in self.module.closed and not self.module.has_feedback_at(step_id)
        following = self.module.step_after(step_id) if goes_on else None
        return {
            "did": "saved",
            "at": clock(moment),
            "next": following.id if following else "",
            "stopped": len(self.module.unsafe_at(step_id)),
            "finished": self.module.current is None,
        }

    def _draft(self, step_id: str, values: object, touched: object) -> Reply:
        """Keep what was typed; of a page that says what it touched, nothing else."""
        typed = check_values(values)
        if isinstance(touched, list):
            others = self.module.journal.draft(step_id)
            typed = others | {name: typed[name] for name in typed if name in touched}
        reply: Reply = {"did": "kept"}
        is_open = self.module.state(step_id) in _ASKED
        if not is_open and not self.module.revisable(step_id):
            raise RefusedError({"": "This step is not open."})
        if is_open:
            asked = self.module.asked_now(step_id)
            kept = {name: typed[name] for name in typed if name.partition(".")[0] in asked}
            if len(json.dumps(kept)) > _LONGEST_DRAFT:
                raise RefusedError({"": "This is too long for a draft. Press the button to save."})
            reply["at"] = clock(self.module.journal.keep_draft(step_id, kept))
        shown = effect(self.module, step_id, kept_fields(self.module, find_step(step_id)) | typed)
        return reply | {name: str(html) for name, html in shown.items()}

    def _revise(self, step_id: str) -> Reply:
        if not self.module.revisable(step_id):
            raise RefusedError({"": "This step can no longer be changed."})
        self._show_all(revising=step_id)
        return {"did": "revising", "words": f"You can change {find_step(step_id).revising}"}

    def _hear(self, step_id: str, ticket: str, name: object) -> Reply:
        self.module.hear(ticket, str(name))
        self._show_all(revising=step_id if self.module.revisable(step_id) else "")
        return {"did": "heard"}

    def _download(self, step_id: str, kind: object) -> Response:
        if step_id != "reflect" or "cpd" not in self.module.answers or kind not in ENTRY_FORMATS:
            raise RefusedError({"": "There is no CPD entry yet."})
        file = entry_file(self.module, str(kind))
        return {"did": "download", "name": file.name, "type": file.type}, [file.content]
