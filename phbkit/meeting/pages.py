"""What each part of a meeting's page shows, for one seat at one stage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from phbkit import forms
from phbkit.casebank import Case
from phbkit.casebank.models import Says
from phbkit.decision import Finding, Plan, findings
from phbkit.decision.ratings import METHOD
from phbkit.decision.risk_ledger import HOLDERS
from phbkit.meeting.acts import CANNOT_SAY, OWN_THINGS
from phbkit.meeting.agreeing import (
    AUTHORITIES,
    OUTCOMES,
    OWN_RISKS,
    TO_WATCH,
    is_asked,
    parts_of,
    plan_of,
    risks_now,
    safeguards_of,
)
from phbkit.meeting.meeting import NEXT, STAGE_TITLES, STAGES, Meeting, Seat
from phbkit.meeting.recording import called, notices, proposal
from phbkit.meeting.reveal import is_split, moved, picture, rated_items, spread, to_discuss
from phbkit.meeting.roles import FACILITATOR, PARTIES, PERSON_SIDE, party_of, role_name
from phbkit.meeting.subject import candidates
from phbkit.text import clock, long_date
from phbkit.workbook.asks import HELD
from phbkit.workbook.pages import environment

PARTS = (
    "room",
    "record",
    "case",
    "things",
    "person",
    "rate",
    "reveal",
    "plan",
    "ledger",
    "agreement",
    "note",
    "dissent",
    "outcome",
    "stage",
)
_OWN = {"person", "dissent"}  # each seat changes its own share only
GO_ON = {
    "person": "Go on: hear the person first",
    "rate": "Go on: everybody rates alone",
    "reveal": "Show the ratings to everybody",
    "rate-again": "Rate a second time",
    "reveal-again": "Show the second ratings",
    "agree": "Go on to plan, risks and agreements",
}


@dataclass(frozen=True)
class View:
    """Who looks at a meeting, and how.

    `seat` is None for a record that nobody sits at; `screen` is the page to project, which has no
    forms; `code`, `address` and `back` say how to join and how to come back.
    """

    meeting: Meeting
    case: Case
    seat: Seat | None
    today: dt.date
    live: bool = True
    screen: bool = False
    code: str = ""
    address: str = ""
    back: str = ""

    @property
    def acts(self) -> bool:
        """Whether there is somebody here who can do something now."""
        return self.live and not self.screen and not self.meeting.ended

    @property
    def facilitates(self) -> bool:
        """Whether the facilitator looks, at a page with forms."""
        return self.acts and self.seat is not None and self.seat.role == FACILITATOR

    @property
    def is_person(self) -> bool:
        """Whether the person looks, or whoever speaks for them."""
        return self.acts and self.seat is not None and self.seat.role in PERSON_SIDE

    @property
    def own(self) -> Mapping[str, int | None]:
        """The ratings given from this seat in the round that is open."""
        return self.meeting.mine(self.meeting.round, self.seat.id) if self.seat else {}


def part_page(part: str, view: View) -> Markup:
    """Render one part; empty where it has nothing to show to this seat at this stage."""
    meeting, case = view.meeting, view.case
    plan = plan_of(case, meeting.plan)
    made = _environment().get_template(f"{part}.html.j2")
    rated = rated_items(meeting, meeting.rounds[-1]) if meeting.rounds else ()
    html = made.render(
        part=part,
        view=view,
        meeting=meeting,
        case=case,
        about=case.about,
        person=case.about.person,
        first=called(meeting, case),
        seat=view.seat,
        stage=meeting.stage,
        place=STAGES.index(meeting.stage),
        seen=meeting.changed_by(part, view.seat.id if view.seat and part in _OWN else ""),
        risks=risks_now(case, meeting),
        safeguards=safeguards_of(case, meeting),
        agreed_to=meeting.agreed_to,
        plan=plan,
        found=findings(proposal(meeting, case)) if meeting.changed_by("plan") else (),
        rated=rated,
        lead=meeting.signer("professional"),
        asked=is_asked(meeting, case),
        refusable=parts_of(case, meeting),
        may_agree=view.seat is not None and meeting.may_agree(view.seat),
        party=party_of(view.seat.role) if view.seat else None,
        candidates=candidates(case),
        discuss=to_discuss(rated),
        moved=moved(meeting),
        notices=notices(meeting, case),
        todo=left_to_do(view),
    )
    return Markup(html.strip())


def left_to_do(view: View) -> list[tuple[str, str]]:
    """List what this seat has still to do at the last stage: the heading to go to, and words."""
    meeting = view.meeting
    if meeting.stage != "agree" or not view.acts or view.seat is None:
        return []
    if not view.facilitates:
        party = party_of(view.seat.role)
        asked = is_asked(meeting, view.case) and party and meeting.may_agree(view.seat)
        if not asked or party is None or meeting.standing(party):
            return []
        return [("agree-title", "Your answer is asked: read the plan, then give it")]
    if not meeting.changed_by("plan"):
        return [("plan-title", "Put the plan together, and keep it")]
    missing = [words for name, words in TO_WATCH.items() if not meeting.plan.get(name)]
    risks = risks_now(view.case, meeting)
    unheld = sum(not risk["holders"] for risk in risks.values())
    nobody = f"Nobody holds {unheld} of the {len(risks)} risks yet"
    asked = is_asked(meeting, view.case)
    waited = [title.lower() for party, title in PARTIES.items() if not meeting.standing(party)]
    return [
        *([("plan-title", f"Say in the plan {', '.join(missing)}")] if missing else []),
        *([("ledger-title", "Write down a risk, and who holds it")] if not risks else []),
        *([("ledger-title", nobody)] if unheld else []),
        *([("agree-title", f"Still to answer: {', '.join(waited)}")] if waited and asked else []),
        ("outcome-title", "How it ends: made, deferred or not reached"),
    ]


def plan_effect(view: View, chosen: Collection[str], terms: Mapping[str, Any]) -> dict[str, Markup]:
    """Render what a plan being put together does: in a line, and in cards."""
    plan = plan_of(view.case, {"items": {item: terms[item] for item in chosen if item in terms}})
    found = findings(proposal(view.meeting, view.case, plan))
    return {"line": _line(plan, found), "cards": _cards(view.meeting, plan, found)}


def _line(plan: Plan, found: Collection[Finding]) -> Markup:
    return Markup(environment().get_template("line.html.j2").render(plan=plan, found=found))


def _cards(meeting: Meeting, plan: Plan, found: Collection[Finding]) -> Markup:
    template = _environment().get_template("effects.html.j2")
    return Markup(template.render(meeting=meeting, plan=plan, found=found))


def _day(text: str) -> str:
    """Write a day kept as ISO text in words."""
    return long_date(dt.date.fromisoformat(text))


@cache
def _environment() -> Environment:
    here = Path(__file__).parent / "templates"
    made = environment().overlay(loader=FileSystemLoader([here, forms.TEMPLATES]))
    made.globals.update(
        stages=STAGES,
        stage_titles=STAGE_TITLES,
        next_stages=NEXT,
        go_on=GO_ON,
        roles=role_name,
        parties=PARTIES,
        holders=HOLDERS,
        held=HELD,
        says=get_args(Says),
        outcomes=OUTCOMES,
        authorities=AUTHORITIES,
        own_things=range(OWN_THINGS),
        own_risks=range(OWN_RISKS),
        cannot_say=CANNOT_SAY,
        method=METHOD,
        is_split=is_split,
        picture=picture,
        spread=spread,
        clock=clock,
        day=_day,
        effect_line=_line,
        effect_cards=_cards,
        plan_of=plan_of,
    )
    made.globals["ui"] = made.get_template("ui.html.j2").module
    return made
