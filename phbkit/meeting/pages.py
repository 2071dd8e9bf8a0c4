"""What each part of a meeting's page shows, for one seat at one stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from phbkit import forms
from phbkit.casebank import Case
from phbkit.decision import Finding
from phbkit.decision.risk_ledger import HOLDERS
from phbkit.errors import UnknownNameError
from phbkit.meeting import reveal
from phbkit.meeting.acts import CANNOT_SAY, HeldRisk, ItemTerms
from phbkit.meeting.checks import OWN_RISKS, OWN_THINGS
from phbkit.meeting.decision_record import called, notices
from phbkit.meeting.meeting import NEXT, STAGE_TITLES, STAGES, Meeting, Seat
from phbkit.meeting.ratings import METHOD, RatedItem
from phbkit.meeting.roles import FACILITATOR, PARTIES, PERSON_SIDE, ROLES, WORDS, Party
from phbkit.meeting.shared_plan import SharedPlan, plan_of
from phbkit.meeting.subject import candidates
from phbkit.text import clock
from phbkit.workbook.pages import environment

_TEMPLATES = Path(__file__).parent / "templates"
PARTS = [file.name.removesuffix(".html.j2") for file in sorted(_TEMPLATES.glob("parts/*.html.j2"))]


@dataclass(frozen=True)
class View:
    """Who looks at a meeting, and how.

    `seat` is None for a record that nobody sits at; `screen` is the page to project, which has no
    forms; `code`, `address` and `back` say how to join and how to come back.
    """

    meeting: Meeting
    case: Case
    seat: Seat | None = None
    screen: bool = False
    code: str = ""
    address: str = ""
    back: str = ""

    @property
    def acts(self) -> bool:
        """Whether there is somebody here who can do something now."""
        return self.seat is not None and not self.screen and not self.meeting.ended

    @property
    def facilitates(self) -> bool:
        """Whether the facilitator looks, at a page with forms."""
        return self.acts and self.seat is not None and self.seat.role == FACILITATOR

    @property
    def is_person(self) -> bool:
        """Whether the person looks, or whoever speaks for them."""
        return self.acts and self.seat is not None and self.seat.role in PERSON_SIDE

    @property
    def party(self) -> Party | None:
        """The party that this seat answers for; None where it answers for none."""
        return self.meeting.answers_for(self.seat) if self.seat else None

    @cached_property
    def shared(self) -> SharedPlan:
        """The plan of the meeting, and its risks."""
        return SharedPlan(self.case, self.meeting)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the deal says of the plan, once there is one."""
        return self.shared.findings() if self.meeting.changed_by("plan") else ()

    @cached_property
    def rated(self) -> tuple[RatedItem, ...]:
        """The last ratings that may be seen."""
        return reveal.rated_items(self.meeting, max(self.meeting.rounds, default=0))


def part_page(part: str, view: View) -> str:
    """Render one part; empty where it has nothing to show to this seat at this stage.

    Raises
    ------
    UnknownNameError
        There is no such part.
    """
    if part not in PARTS:
        raise UnknownNameError.among("part of a meeting", part, PARTS)
    meeting, case = view.meeting, view.case
    template = _environment().get_template(f"parts/{part}.html.j2")
    html = template.render(
        part=part,
        view=view,
        meeting=meeting,
        case=case,
        shared=view.shared,
        seat=view.seat,
        stage=meeting.stage,
        first=called(meeting, case),
    )
    return html.strip()


def notice(name: str, part: str) -> str:
    """Render what stands where there is no meeting to show: how to `begin`, or a seat is `gone`.

    It stands at the head of the page, in the place of the room; the other parts are empty.
    """
    return _environment().get_template(f"{name}.html.j2").render() if part == "room" else ""


def plan_effect(view: View, items: Mapping[str, ItemTerms]) -> dict[str, str]:
    """Render what a plan being put together does: in a line, and in cards."""
    plan = plan_of(view.case, items)
    shown = {"meeting": view.meeting, "plan": plan, "found": view.shared.findings(plan)}
    line = environment().get_template("line.html.j2").render(shown, unheard=())
    return {"line": line, "cards": _environment().get_template("effects.html.j2").render(shown)}


@cache
def _environment() -> Environment:
    templates = environment().overlay(loader=FileSystemLoader([_TEMPLATES, forms.TEMPLATES]))
    templates.globals.update(
        reveal=reveal,
        cannot_say=CANNOT_SAY,
        outcomes=WORDS["outcomes"],
        roles=ROLES,
        own_things=OWN_THINGS,
        own_risks=OWN_RISKS,
        no_risk=HeldRisk(),
        stages=STAGES,
        stage_titles=STAGE_TITLES,
        next_stages=NEXT,
        parties=PARTIES,
        holders=HOLDERS,
        method=METHOD,
        candidates=candidates,
        notices=notices,
        clock=clock,
        effect_line=environment().get_template("line.html.j2"),
    )
    templates.globals["ui"] = templates.get_template("ui.html.j2").module
    return templates
