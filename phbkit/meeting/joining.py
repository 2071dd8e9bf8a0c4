"""Request handlers of case reviews: opening a session, joining one, the room, leaving it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from tornado.web import HTTPError, authenticated

from phbkit.casebank import CaseBank
from phbkit.errors import PhbError, RecordsError, RefusedError, SettingsError, UnreachableError
from phbkit.meeting.acts import check_join
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.openings import Openings
from phbkit.meeting.recording import PRIVACY_NOTICE, SAFETY_NOTICE
from phbkit.meeting.request import need_checked
from phbkit.meeting.roles import ROLES, SEAT_VARIABLE
from phbkit.meeting.subject import local_case, read_subject, usual_things
from phbkit.meeting.throttle import Throttle
from phbkit.records import Seated, Sessions, StaleError
from phbkit.serving.notebook_handler import PlayHandler
from phbkit.serving.owners import Owner
from phbkit.serving.pages import Page, show_problem
from phbkit.workbook.formats import clean

NOTEBOOK = "mdt_case_review"
SEAT_COOKIE = "phb-seat"
_SEAT_DAYS = 1
_DESCRIPTION = ("title", "called", "outcomes", "options", "safeguards")
_MOST_TRIES = 60
_NO_MEETING = (
    "opens no meeting. Look at the screen and type it again, or ask whether the meeting has ended."
)


class Doors:
    """Where meetings are opened and joined: the sessions, the cases, and what slows guessing."""

    def __init__(
        self,
        sessions: Sessions,
        bank: CaseBank,
        *,
        live: bool,
        public_url: str = "",
    ) -> None:
        self.sessions, self.bank, self.live = sessions, bank, live
        self.encrypted = public_url.startswith("https:")
        self.throttle, self.openings = Throttle(), Openings()
        self.cases = {case: bank.load(case) for case in bank.case_ids if _fits(bank, case)}

    def open(self, values: Mapping[str, str], *, private: bool) -> Seated:
        """Open a session and take the facilitator's seat; `private` is whether nobody can listen.

        Raises
        ------
        RefusedError, SettingsError
            What is wrong in which field, or that live sessions are switched off here.
        """
        name = values.get("name", "").strip()
        if not name or len(name) > 40 or not name.isprintable():
            raise RefusedError(
                {"name": "must be what the room calls you, in at most 40 characters."}
            )
        if values.get("mode") == "live":
            if not private:
                problem = "can be live only over HTTPS: what is typed here would cross the network."
                raise RefusedError({"mode": problem})
            return self._open_live(name, values)
        if values.get("mode") != "training":
            raise RefusedError({"mode": "must be training or live."})
        case = self.cases.get(values.get("case", ""))
        if case is None:
            raise RefusedError({"case": "must be a case of the case bank."})
        things = [thing.__dict__ for thing in usual_things(case)]
        data = {"title": case.title, "mode": "training", "things": things, "name": name}
        return self.sessions.open(case.id, "training", ticket=_ticket(), data=data)[1]

    def _open_live(self, name: str, values: Mapping[str, str]) -> Seated:
        if not self.live:
            raise SettingsError(
                "Live sessions about real people are switched off here. Whoever runs this server "
                "can switch them on with PHB_LIVE_REVIEWS=true, after clinical-safety advice."
            )
        if values.get("duties") != "yes":
            raise RefusedError({"duties": "must be ticked before a live session."})
        subject = read_subject(values)
        described = {part: values.get(part, "") for part in _DESCRIPTION}
        need_checked(described, values.get("keep", ""))
        base = self.bank.load(self.bank.case_ids[0])
        case = local_case(base, subject, dt.datetime.now(tz=dt.UTC).date())
        things = [thing.__dict__ for thing in usual_things(case)]
        data = {"title": subject["title"], "mode": "live", "things": things, "name": name}
        return self.sessions.open("local", "live", subject, ticket=_ticket(), data=data)[1]

    def join(self, values: Mapping[str, str], address: str, *, private: bool = True) -> Seated:
        """Join the session with this code, or come back to a seat in it.

        Raises
        ------
        RefusedError
            The code, the role, the name or the return code is not right; or somebody at this
            address has tried too many codes and has to wait.
        """
        wait = self.throttle.wait(address)
        if wait > 0:
            problem = f"cannot be tried again for {wait:.0f} seconds: too many wrong codes."
            raise RefusedError({"code": problem})
        code = values.get("code", "")[:40]
        session = self.sessions.find(code)
        if session is None:
            self.throttle.failed(address)
            raise RefusedError({"code": _NO_MEETING})
        if session.mode == "live" and not private:
            raise RefusedError({"code": "is of a live meeting, which is joined over HTTPS only."})
        if values.get("back", "").strip():
            seated = self.sessions.return_to(code, values["back"][:40])
            if seated is None:
                self.throttle.failed(address)
                raise RefusedError({"back": "is no return code of this meeting."})
            self.throttle.passed(address)
            return seated
        if session.mode == "live":
            need_checked({"name": values.get("name", "")}, values.get("keep", ""))
        for _ in range(_MOST_TRIES):
            acts = self.sessions.acts(session.id)
            data = check_join(Meeting.of(acts), values.get("role", ""), values.get("name", ""))
            try:
                seated = self.sessions.sit(session.id, data, after=len(acts), ticket=_ticket())
            except StaleError:
                continue
            self.throttle.passed(address)
            return seated
        raise RefusedError({"": "Everybody is joining at once. Try again."})

    def sits(self, secret: str) -> tuple[str, str] | None:
        """Name the meeting and the seat that a secret belongs to: title and who."""
        found = self.sessions.seat_of(secret) if secret else None
        if found is None:
            return None
        acts = self.sessions.acts(found[0].id)
        meeting = Meeting.of(act for act in acts if act.act in {"open", "join"})
        return meeting.title, meeting.seats[found[1]].title


def _fits(bank: CaseBank, case_id: str) -> bool:
    """Say whether a case has something to plan."""
    try:
        return bool(bank.load(case_id).about.items)
    except PhbError:
        return False


def _ticket() -> str:
    return uuid.uuid4().hex


class _Door(Page):
    @property
    def doors(self) -> Doors:
        doors: Doors = self.settings["doors"]
        return doors

    def values(self) -> dict[str, str]:
        """Return the last value of every field of a posted form."""
        return {
            name: clean(texts[-1].decode("utf-8", "replace"))[:6000]
            for name, texts in self.request.body_arguments.items()
        }

    def door(
        self, problems: Mapping[str, str] | None = None, values: Mapping[str, str] | None = None
    ) -> None:
        """Write the page with the two doors: join, and open."""
        seat = (self.get_cookie(SEAT_COOKIE) or "").partition(".")[0]
        given = {"code": self.get_query_argument("code", "")[:20], **(values or {})}
        self.show(
            "review.html.j2",
            xsrf=self.xsrf_field(),
            roles=ROLES,
            cases=self.doors.cases.values(),
            live=self.doors.live,
            sits=self.doors.sits(seat),
            problems=problems or {},
            values=given,
            safety=SAFETY_NOTICE,
            privacy=PRIVACY_NOTICE,
        )

    @property
    def private(self) -> bool:
        """Whether nobody on the way can listen: HTTPS, or a browser on this very machine."""
        forwarded = {"X-Forwarded-For", "X-Real-Ip", "Forwarded"} & set(self.request.headers)
        here = self.request.remote_ip in {"127.0.0.1", "::1"} and not forwarded
        return here or self.doors.encrypted or self.request.protocol == "https"

    def seat(self, seated: Seated) -> None:
        """Give this device its seat, and open the room."""
        self.set_cookie(
            SEAT_COOKIE,
            f"{seated.secret}.{seated.back}",
            expires_days=_SEAT_DAYS,
            path=self.base_url,
            httponly=True,
            samesite="Lax",
            secure=self.doors.encrypted or self.request.protocol == "https",
        )
        self.redirect(f"{self.base_url}review/room", status=303)

    def refuse(self, error: PhbError, values: Mapping[str, str]) -> None:
        """Show the page again with what is wrong, and what was typed."""
        problems = error.problems if isinstance(error, RefusedError) else {"": str(error)}
        self.set_status(400 if isinstance(error, RefusedError) else 403)
        if isinstance(error, UnreachableError):
            problems = {"": f"{error.told} Try again in a minute."}
            self.set_status(503)
        self.door(problems, values)


class DoorHandler(_Door):
    """The page to join or to open a meeting."""

    @authenticated
    def get(self) -> None:
        """Show it."""
        self.door()


class ToDoorHandler(_Door):
    """The root of a server that serves reviews alone."""

    @authenticated
    def get(self) -> None:
        """Go to the door."""
        self.redirect(f"{self.base_url}review")


class JoinHandler(_Door):
    """Joining a meeting."""

    @authenticated
    def post(self) -> None:
        """Take a seat, or say what is wrong."""
        values = self.values()
        try:
            address = self.request.remote_ip or ""
            self.seat(self.doors.join(values, address, private=self.private))
        except (RefusedError, RecordsError) as error:
            self.refuse(error, {**values, "door": "join"})


class OpenHandler(_Door):
    """Opening a meeting."""

    @authenticated
    def post(self) -> None:
        """Take the facilitator's seat, or say what is wrong."""
        values = self.values()
        try:
            self.seat(self.doors.open(values, private=self.private))
        except (RefusedError, SettingsError, RecordsError) as error:
            self.refuse(error, {**values, "door": "open"})


class LeaveHandler(_Door):
    """Leaving on this device; the seat stays and its return code works."""

    @authenticated
    def post(self) -> None:
        """Forget the seat."""
        self.clear_cookie(SEAT_COOKIE, path=self.base_url)
        self.redirect(f"{self.base_url}review", status=303)


class RoomHandler(PlayHandler):
    """The meeting, seen from the seat that this device holds."""

    @authenticated
    async def get(self) -> None:
        """Run the notebook for the seat; without one, go to the door."""
        self.refuse_unasked()
        doors: Doors = self.settings["doors"]
        held = self.get_cookie(SEAT_COOKIE) or ""
        found = doors.sessions.seat_of(held.partition(".")[0])
        elsewhere = self.request.headers.get("Sec-Fetch-Site") == "cross-site"
        if found is None or elsewhere:
            self.redirect(f"{self.base_url}review", status=303)
            return
        owner = Owner("seat", found[1])
        if not (doors.openings.another(owner.id) and await self.kernel_manager.room_for(owner)):
            raise HTTPError(503)
        await self.play(NOTEBOOK, owner, {SEAT_VARIABLE: held})

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say what happened without a traceback."""
        show_problem(self, status_code)


def review_handlers() -> list[tuple[Any, ...]]:
    """List the addresses of case reviews."""
    return [
        (r"/review", DoorHandler),
        (r"/review/join", JoinHandler),
        (r"/review/open", OpenHandler),
        (r"/review/leave", LeaveHandler),
        (r"/review/room", RoomHandler),
    ]
