"""A case review in a notebook: live for one seat, or a record of a meeting that was held."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import json
import logging
import os
import random
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from IPython.display import HTML

from phbkit.casebank import Case, CaseBank
from phbkit.errors import RecordsError, RefusedError
from phbkit.forms.messages import Reply, Response, answer
from phbkit.forms.step_form import StepForm, show_again
from phbkit.meeting import documents
from phbkit.meeting.acts import PlanItems
from phbkit.meeting.checks import check
from phbkit.meeting.meeting import Act, Meeting
from phbkit.meeting.pages import View, notice, part_page, plan_effect
from phbkit.meeting.request import Request, Values, need_checked, refusal
from phbkit.meeting.roles import FACILITATOR, PERSON_SIDE, SEAT_VARIABLE
from phbkit.meeting.sessions import ReviewSession, Sessions, open_sessions
from phbkit.meeting.subject import local_case
from phbkit.records import StaleError
from phbkit.settings import settings
from phbkit.text import clock
from phbkit.workbook import notebook
from phbkit.workbook.answers import check_values

_log = logging.getLogger(__name__)
_POLL_SECONDS = 0.5
_MOST_TRIES = 60
_NOT_TYPED = {"keep", "seen", "from", "to", "round", "words"}


class Nobody:
    """What stands where a meeting would, when this notebook has no seat in one."""

    def part(self, name: str) -> HTML:
        """Show how to begin, once; the other parts are empty."""
        return HTML(notice("begin", name))

    def __repr__(self) -> str:
        return "<Review: nobody sits here>"


class Review:
    """A case review that was held, in a notebook. `Review.open` also opens one that goes on."""

    def __init__(self, case: Case, meeting: Meeting) -> None:
        self.case, self.meeting = case, meeting

    @staticmethod
    def open(meeting: str | os.PathLike[str] | None = None) -> Review | Nobody:
        """Open the meeting that this device sits in, or show one that was held.

        Parameters
        ----------
        meeting
            The JSON file of a meeting that was held. `None` takes the seat that the server gave.

        Returns
        -------
        Review
            Or, where there is neither a seat nor a file, a page that says how to begin.

        Raises
        ------
        AnswersError
            The file is not the record of a meeting.
        """
        notebook.refuse_unknown_parameters()
        chosen = settings()
        bank = CaseBank(chosen.need_folder("casebank"))
        if meeting is not None:
            held = documents.read_meeting(Path(meeting), bank)
            return Review(held.case, held.meeting)
        if secret := os.environ.get(SEAT_VARIABLE, "").partition(".")[0]:
            sessions = open_sessions(chosen.database_url)
            if found := sessions.seat_of(secret):
                case = documents.case_of(found[0], bank)
                return SeatedReview(case, sessions, *found, secret)
        return Nobody()

    def part(self, name: str) -> StepForm | HTML:
        """Show one part of the meeting's page.

        Raises
        ------
        UnknownNameError
            There is no such part.
        """
        return HTML(part_page(name, View(self.meeting, self.case)))

    def __repr__(self) -> str:
        return f"<Review {self.meeting.title}: {self.meeting.stage}>"


class SeatedReview(Review):
    """A meeting that goes on, from one seat of its session; `secret` proves the seat."""

    def __init__(
        self, case: Case, sessions: Sessions, session: ReviewSession, seat: str, secret: str
    ) -> None:
        super().__init__(case, Meeting.of(sessions.acts(session.id)))
        self._sessions, self._session, self._seat, self._secret = sessions, session, seat, secret
        self._parts: dict[str, StepForm] = {}
        self._following: asyncio.Task[None] | None = None

    def part(self, name: str) -> StepForm:
        """Show one part of the meeting's page, and keep it up to date."""
        about = {"state": "open", "html": part_page(name, self._view), "attempt": self._seat}
        device = self.meeting.mode == "training"  # no word about a real person stays on a phone
        self._parts[name] = StepForm(name, self._receive, device=device, **about)
        if self._following is None:
            with contextlib.suppress(RuntimeError):  # nobody's loop: a plain interpreter
                self._following = asyncio.get_running_loop().create_task(self._follow())
        return self._parts[name]

    @property
    def _held(self) -> bool:
        """Whether the seat is still this device's: another may have come back to it."""
        return self._sessions.seat_of(self._secret) is not None

    @property
    def _view(self) -> View:
        seat = self.meeting.seats[self._seat]
        return View(
            self.meeting,
            self.case,
            seat,
            screen=os.environ.get("QUERY_STRING") == "screen=1" and seat.role == FACILITATOR,
            code=self._session.code,
            address=f"{os.environ.get('PHB_PUBLIC_URL', '')}review",
            back=os.environ.get(SEAT_VARIABLE, "").partition(".")[2],
        )

    def _show_all(self) -> None:
        view = self._view
        for name, part in self._parts.items():
            part.html = part_page(name, view)

    def refresh(self) -> None:
        """Fold what was done since the last time; all of it again where words were struck out."""
        acts = self._acts(self.meeting.seq)
        if any(act.act == "strike" for act in acts):
            acts, self.meeting = self._acts(), Meeting()
            self._session = self._sessions.get(self._session.id)
            if subject := self._session.subject:
                self.case = local_case(self.case, subject, self._session.opened.date())
        for act in acts:
            self.meeting = self.meeting.after(act)

    async def _follow(self) -> None:
        """Bring the page up to date whenever anybody did something."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                if not self._held:
                    self._leave()
                    return
                if self._sessions.last(self._session.id) > self.meeting.seq:
                    self.refresh()
                    self._show_all()
            except RecordsError as error:
                _log.warning("The meeting could not be read: %s", error)
            except Exception:  # noqa: BLE001  the page must go on following
                _log.exception("A part of the meeting's page could not be made")

    def _leave(self) -> None:
        """Show nothing more: the seat was taken again from another device."""
        for name, part in self._parts.items():
            part.html = notice("gone", name)

    def _receive(self, part: str, message: Mapping[str, Any]) -> Response:
        return answer(message, partial(self._obey, part))

    def _obey(self, part: str, ticket: str, message: Mapping[str, Any]) -> Response:
        if not self._held:
            self._leave()
            raise refusal("This seat was taken again from another device.")
        try:
            match message.get("do"):
                case "save":
                    form = message.get("form")
                    act = form if isinstance(form, str) else part
                    return self._save(act, ticket, check_values(message.get("values"))), []
                case "draft":
                    return self._draft(part, check_values(message.get("values"))), []
                case "download":
                    return self._download(message.get("what"))
            raise refusal("This page cannot ask for that.")
        except RefusedError:
            self._show_all()  # perhaps it is refused because the page is behind
            raise

    def _save(self, act: str, ticket: str, values: Values) -> Reply:
        if not ticket:
            raise refusal("The message has no ticket.")
        if self._view.screen:
            raise refusal("The page to project takes no answers.")
        ticket = _stamped(ticket, act, values)
        for _ in range(_MOST_TRIES):
            self.refresh()
            sent_again = (self._seat, ticket) in self.meeting.tickets
            if not sent_again:
                try:
                    self._write(act, values, ticket)
                except StaleError:
                    time.sleep(random.uniform(0.005, 0.05))  # noqa: S311  only to take turns
                    continue
                self.refresh()
            self._show_all()
            if sent_again:
                show_again(self._parts.values())
            at = self.meeting.tickets[self._seat, ticket]
            return {"did": "saved", "at": clock(at), "next": ""}
        raise refusal("Everybody is saving at once. Nothing was lost: try again.")

    def _write(self, act: str, values: Values, ticket: str) -> None:
        """Check an act of this seat, and write it; the outcome closes the session."""
        data = check(act, self._request(values))
        if self.meeting.mode == "live":
            need_checked(values, [name for name in values if name not in _NOT_TYPED])
        session, seat, after = self._session.id, self.meeting.seats[self._seat], self.meeting.seq
        if act == "strike":
            self._sessions.strike(session, seat, data["words"], ticket=ticket, after=after)
            return
        ends = act == "outcome"
        self._sessions.append(session, seat.id, act, data, ticket=ticket, after=after, closes=ends)

    def _acts(self, since: int = 0) -> list[Act]:
        return self._sessions.acts(self._session.id, since=since)

    def _request(self, values: Values) -> Request:
        today = dt.datetime.now(tz=dt.UTC).date()
        seat = self.meeting.seats[self._seat]
        return Request(self.meeting, self.case, seat, values, today)

    def _draft(self, part: str, values: Values) -> Reply:
        """Keep nothing: what is not given yet is nobody's. A plan answers with what it does."""
        view = self._view
        if part != "plan" or not view.facilitates or self.meeting.stage != "agree":
            return {"did": "kept"}
        items = self._request(values).read(PlanItems).items
        return {"did": "kept", **plan_effect(view, items)}

    def _download(self, what: object) -> Response:
        role = self.meeting.seats[self._seat].role
        offered = documents.FOR_PERSON if role in PERSON_SIDE else documents.FOR_EVERYBODY
        theirs = role == FACILITATOR or what in offered
        if self.meeting.ended and theirs and what in documents.NAMES:
            held = documents.HeldMeeting(self._session, self.case, self._acts())
            file = documents.make(str(what), held)
            if file:
                name = documents.file_name(str(what), held.session)
                return {"did": "download", "name": name, "type": file[0]}, [file[1]]
        raise refusal("There is no such document for you here.")


def _stamped(ticket: str, act: str, values: Values) -> str:
    """Make a ticket good for this content only: sent again with other content, it is another act.

    A browser that heard no answer sends the same ticket; somebody may have typed on meanwhile.
    """
    content = json.dumps([act, values], sort_keys=True).encode()
    return f"{ticket}.{hashlib.sha256(content).hexdigest()[:16]}"
