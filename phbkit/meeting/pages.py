"""What each part of a meeting's page shows, for one seat at one stage."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import get_args

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from phbkit import forms
from phbkit.casebank import Case
from phbkit.casebank.models import Says
from phbkit.decision import Finding, Plan
from phbkit.decision.risk_ledger import HOLDERS
from phbkit.meeting import reveal
from phbkit.meeting.acts import CANNOT_SAY, HeldRisk, Terms
from phbkit.meeting.checks import OUTCOMES, OWN_RISKS, OWN_THINGS
from phbkit.meeting.decision_record import called, notices
from phbkit.meeting.meeting import NEXT, STAGE_TITLES, STAGES, Meeting, Seat
from phbkit.meeting.ratings import METHOD
from phbkit.meeting.reveal import RatedItem
from phbkit.meeting.roles import CLINICAL, FACILITATOR, PARTIES, PERSON_SIDE, Party, party_of
from phbkit.meeting.shared_plan import SharedPlan, plan_of
from phbkit.meeting.subject import candidates
from phbkit.text import clock, long_date
from phbkit.workbook.pages import environment
from phbkit.workbook.plan_steps import HELD

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
_OF_SEATS = {"person", "dissent"}  # each seat changes its own share only


@dataclass(frozen=True)
class View:
    """Who looks at a meeting, and how.

    `seat` is None for a record that nobody sits at; `screen` is the page to project, which has no
    forms; `code`, `address` and `back` say how to join and how to come back.
    """

    meeting: Meeting
    case: Case
    seat: Seat | None
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
    def party(self) -> Party | None:
        """The party that this seat answers for; None where it answers for none."""
        answers = self.seat is not None and self.meeting.may_agree(self.seat)
        return party_of(self.seat.role) if self.seat and answers else None

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
        rounds = self.meeting.rounds
        return reveal.rated_items(self.meeting, rounds[-1]) if rounds else ()

    def seen(self, part: str) -> int:
        """Return the number of the act that a form of this part is drawn from."""
        of_seat = self.seat.id if self.seat and part in _OF_SEATS else ""
        return self.meeting.changed_by(part, of_seat)

    @property
    def to_do(self) -> list[tuple[str, str]]:
        """What this seat has still to do at the last stage: the heading to go to, and words."""
        if self.meeting.stage != "agree" or not self.acts or self.seat is None:
            return []
        if self.facilitates:
            return self._facilitator_to_do()
        if not self.shared.is_asked or not self.party or self.meeting.standing(self.party):
            return []
        return [("agree-title", "Your answer is asked: read the plan, then give it")]

    def _facilitator_to_do(self) -> list[tuple[str, str]]:
        if not self.meeting.changed_by("plan"):
            return [("plan-title", "Put the plan together, and keep it")]
        shared = self.shared
        titles = [PARTIES[party].lower() for party in PARTIES if not self.meeting.standing(party)]
        waited = titles if shared.is_asked else []
        unheld = f"Nobody holds {shared.unheld} of the {len(shared.risks)} risks yet"
        steps = [
            (shared.unwatched, "plan-title", f"Say in the plan {', '.join(shared.unwatched)}"),
            (not shared.risks, "ledger-title", "Write down a risk, and who holds it"),
            (shared.unheld, "ledger-title", unheld),
            (waited, "agree-title", f"Still to answer: {', '.join(waited)}"),
            (True, "outcome-title", "How it ends: made, deferred or not reached"),
        ]
        return [(place, words) for is_open, place, words in steps if is_open]


def part_page(part: str, view: View) -> Markup:
    """Render one part; empty where it has nothing to show to this seat at this stage."""
    meeting, case = view.meeting, view.case
    html = (
        _environment()
        .get_template(f"{part}.html.j2")
        .render(
            part=part,
            view=view,
            meeting=meeting,
            case=case,
            shared=view.shared,
            seat=view.seat,
            stage=meeting.stage,
            first=called(meeting, case),
        )
    )
    return Markup(html.strip())


def plan_effect(view: View, items: Mapping[str, Terms]) -> dict[str, Markup]:
    """Render what a plan being put together does: in a line, and in cards."""
    plan = plan_of(view.case, items)
    found = view.shared.findings(plan)
    return {"line": _line(plan, found), "cards": _cards(view.meeting, plan, found)}


def _line(plan: Plan, found: Collection[Finding]) -> Markup:
    return Markup(environment().get_template("line.html.j2").render(plan=plan, found=found))


def _cards(meeting: Meeting, plan: Plan, found: Collection[Finding]) -> Markup:
    template = _environment().get_template("effects.html.j2")
    return Markup(template.render(meeting=meeting, plan=plan, found=found))


@cache
def _environment() -> Environment:
    folder = Path(__file__).parent / "templates"
    templates = environment().overlay(loader=FileSystemLoader([folder, forms.TEMPLATES]))
    templates.globals.update(
        reveal=reveal,
        cannot_say=CANNOT_SAY,
        outcomes=OUTCOMES,
        own_things=OWN_THINGS,
        own_risks=OWN_RISKS,
        no_risk=HeldRisk(),
        stages=STAGES,
        stage_titles=STAGE_TITLES,
        next_stages=NEXT,
        parties=PARTIES,
        clinical_roles=CLINICAL,
        holders=HOLDERS,
        held=HELD,
        says=get_args(Says),
        method=METHOD,
        candidates=candidates,
        notices=notices,
        clock=clock,
        day=long_date,
        effect_line=_line,
        effect_cards=_cards,
    )
    templates.globals["ui"] = templates.get_template("ui.html.j2").module
    return templates
