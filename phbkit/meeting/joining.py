"""Opening a meeting, joining one, and the request handlers for both and for the room."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from jupyter_server.base.handlers import JupyterHandler

from phbkit.casebank import CaseBank
from phbkit.errors import PhbError, RecordsError, RefusedError, SettingsError
from phbkit.meeting.checks import check_join
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.request import need_checked, need_name, refusal
from phbkit.meeting.roles import FACILITATOR, ORDER, ROLES, SEAT_VARIABLE, WORDS
from phbkit.meeting.sessions import ReviewSession, Seated, Sessions
from phbkit.meeting.subject import local_case, read_subject, usual_things
from phbkit.records import StaleError
from phbkit.serving.identity import client_address, cookie_name
from phbkit.serving.notebook_page import NotebookPage
from phbkit.serving.owners import Owner
from phbkit.serving.pages import Page
from phbkit.serving.rate_limit import MovingWindow
from phbkit.serving.threads import OutOfReachError, in_thread
from phbkit.text import tidy
from phbkit.workbook.formats import LONGEST_TEXT

NOTEBOOK = "mdt_case_review"
SEAT_COOKIE = "phb-seat"
_SEAT_DAYS = 1
_DESCRIPTION = ("title", "called", "outcomes", "options", "safeguards")
_MOST_TRIES = 60
_MOST_MEETINGS, _MOST_WRONG_CODES, _AN_HOUR = 20, 100, 3600.0


class MeetingLobby:
    """Where meetings are opened and joined: the sessions, the cases, and what bounds guessing.

    A caller, a learner or the address of a guest, opens at most 20 meetings an hour. After 100
    wrong codes in an hour it waits, whatever it types: whole hospitals share an address, so a right
    code is not refused before, and to delay wrong ones alone would delay nobody who guesses.

    There are 24^6 codes, 191 million, and each works for 24 hours: the chance that one address
    guesses that of a given meeting is 2,400 in 191 million, 1 in 80,000. Ten thousand addresses
    would have 1 in 8: those are for a proxy to stop.
    """

    def __init__(self, sessions: Sessions, bank: CaseBank, *, live: bool) -> None:
        self.sessions, self.bank, self.live = sessions, bank, live
        self.wrong_codes = MovingWindow(_MOST_WRONG_CODES, _AN_HOUR)
        self.meetings = MovingWindow(_MOST_MEETINGS, _AN_HOUR)
        self.cases = {case: bank.load(case) for case in bank.case_ids if _fits(bank, case)}

    def open(self, values: Mapping[str, str], caller: str, *, private: bool) -> Seated:
        """Open a session and take the facilitator's seat; `private` is whether nobody can listen.

        Raises
        ------
        RefusedError, SettingsError
            What is wrong in which field, that the caller has opened too many, or that live sessions
            are switched off here.
        """
        name, mode = need_name(values.get("name")), values.get("mode", "")
        if mode not in {"live", "training"}:
            raise refusal("must be training or live.", "mode")
        case, subject = self.cases.get(values.get("case", "")), None
        if mode == "live":
            subject = self._live_subject(values, private=private)
            base = self.bank.load(self.bank.case_ids[0])
            case = local_case(base, subject, dt.datetime.now(tz=dt.UTC).date())
        elif case is None:
            raise refusal("must be a case of the case bank.", "case")
        if wait := self.meetings.wait(caller):
            raise refusal(f"You have opened many meetings. Wait {_minutes(wait)}, or join one.")
        self.meetings.add(caller)
        things = [asdict(thing) for thing in usual_things(case)]
        quorum = [role for role in ORDER if values.get(f"quorum.{role}")]
        data = {"title": case.title, "mode": mode, "things": things, "name": name, "quorum": quorum}
        return self.sessions.open(case.id, mode, subject, data=data)[1]

    def _live_subject(self, values: Mapping[str, str], *, private: bool) -> dict[str, Any]:
        """Read what a live meeting is about, or refuse it."""
        if not private:
            problem = "can be live only over HTTPS: what is typed here would cross the network."
            raise refusal(problem, "mode")
        if not self.live:
            raise SettingsError(
                "Live sessions about real people are switched off here. Whoever runs this server "
                "can switch them on with PHB_LIVE_REVIEWS=true, after clinical-safety advice."
            )
        if not any(values.get(f"quorum.{role}") for role in ORDER):
            raise refusal("needs at least one role without which nothing is decided.", "quorum")
        if values.get("duties") != "yes":
            raise refusal("must be ticked before a live session.", "duties")
        subject = read_subject(values)
        need_checked(values, _DESCRIPTION)
        return subject

    def join(self, values: Mapping[str, str], caller: str, *, private: bool = True) -> Seated:
        """Join the session with this code, or come back to a seat in it.

        Raises
        ------
        RefusedError
            The code, the role, the name or the return code is not right; or the caller has tried
            too many codes and has to wait.
        """
        if wait := self.wrong_codes.wait(caller):
            problem = f"cannot be tried for {_minutes(wait)}: too many wrong codes came from here."
            raise refusal(problem, "code")
        code, back = values.get("code", "")[:40], values.get("back", "").strip()[:40]
        session = self.sessions.find(code)
        if session is None:
            self.wrong_codes.add(caller)
            raise refusal(
                "opens no meeting. Look at the screen and type it again, or ask whether the "
                "meeting has ended.",
                "code",
            )
        if session.mode == "live" and not private:
            raise refusal("is of a live meeting, which is joined over HTTPS only.", "code")
        if session.mode == "live" and not back:
            need_checked(values, ["name"])
        seated = self.sessions.return_to(code, back) if back else self._sit(session.id, values)
        if seated is None:
            self.wrong_codes.add(caller)
            raise refusal("is no return code of this meeting.", "back")
        return seated

    def _sit(self, session: str, values: Mapping[str, str]) -> Seated:
        for _ in range(_MOST_TRIES):
            acts = self.sessions.acts(session)
            data = check_join(Meeting.of(acts), values.get("role", ""), values.get("name", ""))
            try:
                return self.sessions.sit(session, data, after=len(acts))
            except StaleError:
                continue
        raise refusal("Everybody is joining at once. Try again.")

    def sits(self, held: tuple[ReviewSession, str] | None) -> tuple[str, str] | None:
        """Name the meeting and the seat in it that a browser holds, if it holds one."""
        if held is None:
            return None
        meeting = Meeting.of(self.sessions.acts(held[0].id))
        return meeting.title, meeting.seats[held[1]].title


def _minutes(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _fits(bank: CaseBank, case_id: str) -> bool:
    """Say whether a case has something to plan."""
    try:
        return bool(bank.load(case_id).about.items)
    except PhbError:
        return False


def seat_cookie(handler: JupyterHandler) -> str:
    """Return the secret of a seat that a browser holds, and its return code; empty without one."""
    return handler.get_cookie(cookie_name(handler, SEAT_COOKIE), "") or ""


def held_seat(handler: JupyterHandler) -> tuple[ReviewSession, str] | None:
    """Return the session and the seat in it that a browser's cookie proves, if it proves one."""
    secret = seat_cookie(handler).partition(".")[0]
    lobby: MeetingLobby = handler.settings["lobby"]
    return lobby.sessions.seat_of(secret) if secret else None


class LobbyHandler(Page):
    """The page to join or to open a meeting, and what its forms send."""

    @property
    def lobby(self) -> MeetingLobby:
        """The sessions of this server."""
        lobby: MeetingLobby = self.settings["lobby"]
        return lobby

    @property
    def private(self) -> bool:
        """Whether nobody on the way can listen: HTTPS, or a browser on this very machine."""
        forwarded = {"X-Forwarded-For", "X-Real-Ip", "Forwarded"} & set(self.request.headers)
        here = self.request.remote_ip in {"127.0.0.1", "::1"} and not forwarded
        return here or self.encrypted

    @property
    def caller(self) -> str:
        """Whose openings and wrong codes are counted: a learner's, or those of an address."""
        learner = self.current_user.learner
        address = client_address(self.request, self.using.proxies)
        return f"learner {learner.id}" if learner else f"address {address}"

    async def get(self) -> None:
        """Show the page."""
        self.show_lobby({}, {}, await self.sits())

    async def sits(self) -> tuple[str, str] | None:
        """Name the meeting and the seat in it that the browser holds, if it holds one."""
        return await in_thread(lambda: self.lobby.sits(held_seat(self)))

    def show_lobby(
        self, problems: Mapping[str, str], values: Mapping[str, str], sits: tuple[str, str] | None
    ) -> None:
        """Write the page, with what is wrong and what was typed."""
        self.show(
            "review.html.j2",
            may_open=self.catalogue is None or self.current_user.learner is not None,
            roles={role: name for role, name in ROLES.items() if role != FACILITATOR},
            cases=self.lobby.cases.values(),
            live=self.lobby.live,
            sits=sits,
            problems=problems,
            values={"code": self.get_query_argument("code", "")[:20], **values},
            **WORDS["notices"],
        )


class SeatHandler(LobbyHandler):
    """Takes a seat by joining or by opening a meeting."""

    SUPPORTED_METHODS = ("POST",)

    async def post(self, door: str) -> None:
        """Take the seat, or show the page again with what is wrong.

        Raises
        ------
        HTTPError
            401: learners sign in here, and whoever wants to open a meeting has not.
        """
        if door == "open" and self.catalogue:
            _ = self.learner
        values = {
            name: tidy(texts[-1].decode("utf-8", "replace"))[:LONGEST_TEXT]
            for name, texts in self.request.body_arguments.items()
        }
        take = self.lobby.open if door == "open" else self.lobby.join
        try:
            seated = await in_thread(partial(take, values, self.caller, private=self.private))
        except RefusedError as error:
            status, problems = 400, error.problems
        except OutOfReachError as error:
            status, problems = 503, {"": f"{error.told} Try again in a minute."}
        except (SettingsError, RecordsError) as error:
            status, problems = 403, {"": str(error)}
        else:
            self.set_secret(SEAT_COOKIE, f"{seated.secret}.{seated.back}", _SEAT_DAYS)
            self.redirect(f"{self.base_url}review/room", status=303)
            return
        sits = await self.sits() if status != 503 else None
        self.set_status(status)
        self.show_lobby(problems, {**values, "door": door}, sits)


class LeaveHandler(Page):
    """Leaving on this device; the seat stays and its return code works."""

    def post(self) -> None:
        """Forget the seat."""
        self.set_secret(SEAT_COOKIE, "", days=0)
        self.redirect(f"{self.base_url}review", status=303)


class ToLobbyHandler(Page):
    """The root of a server that serves meetings alone."""

    def get(self) -> None:
        """Go to the lobby."""
        self.redirect(f"{self.base_url}review")


class RoomHandler(NotebookPage):
    """The meeting, seen from the seat that this device holds."""

    async def get(self) -> None:
        """Run the notebook for the seat; without one, go to the lobby."""
        held = await in_thread(held_seat, self)
        if held is None or self.request.headers.get("Sec-Fetch-Site") == "cross-site":
            self.redirect(f"{self.base_url}review", status=303)
            return
        await self.play(NOTEBOOK, Owner("seat", held[1]), {SEAT_VARIABLE: seat_cookie(self)})


HANDLERS: list[tuple[str, type[Page]]] = [
    (r"/review", LobbyHandler),
    (r"/review/(join|open)", SeatHandler),
    (r"/review/leave", LeaveHandler),
    (r"/review/room", RoomHandler),
]
