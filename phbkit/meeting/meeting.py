"""A meeting: its state, folded from its acts and from nothing else.

An act that was folded already changes nothing, so a fold may start anywhere before the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PlainSerializer

from phbkit.casebank.models import Says
from phbkit.meeting.acts import CarePlan, Ending, HeldRisk, SharedRisk, Thing
from phbkit.meeting.roles import (
    FACILITATOR,
    PARTIES,
    PERSON_SIDE,
    Party,
    party_of,
    role_inside,
    role_name,
)

Stage = Literal["gather", "person", "rate", "reveal", "rate-again", "reveal-again", "agree", "end"]
STAGES: tuple[Stage, ...] = get_args(Stage)
STAGE_TITLES: dict[Stage, str] = {
    "gather": "Coming in",
    "person": "The person first",
    "rate": "Rate alone",
    "reveal": "What the room thinks",
    "rate-again": "Rate again",
    "reveal-again": "What moved",
    "agree": "Plan, risks, agreements",
    "end": "The record",
}
NEXT: dict[Stage, tuple[Stage, ...]] = {
    "gather": ("person",),
    "person": ("rate",),
    "rate": ("reveal",),
    "reveal": ("rate-again", "agree"),
    "rate-again": ("reveal-again",),
    "reveal-again": ("agree",),
    "agree": (),
    "end": (),
}
ROUNDS: dict[Stage, int] = {"rate": 1, "rate-again": 2}
_TOLD_IN: dict[Stage, int] = {"reveal": 1, "reveal-again": 2, **ROUNDS}
Teller = Literal["", "speaks-for", "facilitator", "facilitator-while-away"]
TOLD_BY: dict[Teller, str] = {
    "": "",
    "speaks-for": "somebody who speaks for the person, from a seat in the meeting",
    "facilitator": "the facilitator",
    "facilitator-while-away": "the facilitator, while whoever sat here for them was marked as away",
}
"""Who gave an answer for a party, in words; "" where the party answered for themselves."""


@dataclass(frozen=True)
class Act:
    """One thing done from one seat, as it was written; acts are numbered from 1."""

    seq: int
    seat: str
    act: str
    data: dict[str, Any]
    at: dt.datetime
    ticket: str = ""


@dataclass(frozen=True)
class Seat:
    """One place at the meeting; a device that comes back sits in the same one."""

    id: str
    role: str
    name: str
    away: bool = False

    @property
    def title(self) -> str:
        """Name and role, as the room sees them."""
        return f"{self.name}, {role_inside(self.role)}" if self.name else role_name(self.role)

    @property
    def rates(self) -> bool:
        """Whether this seat rates; the facilitator never does."""
        return self.role != FACILITATOR


Moment = Annotated[dt.datetime, PlainSerializer(dt.datetime.isoformat)]
NotRecorded = Field(exclude=True)


@dataclass(frozen=True)
class Statement:
    """Words somebody wrote, with the role they wrote them in and the round they were written in.

    Seat, stage and moment are for the room, and not for the record.
    """

    role: str
    text: str
    round: int = 0
    seat: Annotated[str, NotRecorded] = ""
    stage: Annotated[Stage, NotRecorded] = "person"
    at: Annotated[dt.datetime | None, NotRecorded] = None


@dataclass(frozen=True)
class Agreement:
    """What one party said of the plan and the ledger as they stood after act number `plan`.

    `not_to` names parts by their titles; `told_by` is a key of TOLD_BY. `settled` is False where
    somebody speaks for the person and it is not settled by what authority.
    """

    party: Party
    who: str
    says: Literal[Says, "not given"]
    not_to: tuple[str, ...]
    reason: str
    told_by: Annotated[Teller, PlainSerializer(TOLD_BY.__getitem__)] = ""
    at: Moment | None = None
    seat: Annotated[str, NotRecorded] = ""
    plan: Annotated[int, NotRecorded] = 0
    settled: Annotated[bool, NotRecorded] = True


@dataclass(frozen=True)
class Meeting:
    """Everything that a meeting's acts add up to.

    `agreed_to` is the number of the act that last changed what is agreed to: the plan, or who holds
    what. `reason_not_asked` is why nobody asked the person, and `came_later` whether they spoke
    after all. `refused` holds every answer that was not a plain yes, of this plan or of an
    earlier one: a yes with a reason is a yes on a condition.
    `dropped` names the seats whose marks of a round were dropped when they came back under another
    name. Ratings are private: ask `mine`, `rated` and `revealed`.
    """

    seq: int = 0
    title: str = ""
    mode: Literal["training", "live"] = "training"
    opened: dt.datetime | None = None
    stage: Stage = "gather"
    seats: Mapping[str, Seat] = field(default_factory=dict)
    things: tuple[Thing, ...] = ()
    matters: tuple[Statement, ...] = ()
    worries: tuple[Statement, ...] = ()
    reason_not_asked: str = ""
    came_later: bool = False
    notes: tuple[Statement, ...] = ()
    plan: CarePlan = field(default_factory=CarePlan)
    ledger: Mapping[str, HeldRisk] = field(default_factory=dict)
    agreed_to: int = 0
    agreements: Mapping[Party, Agreement] = field(default_factory=dict)
    refused: tuple[Agreement, ...] = ()
    dissent: Mapping[str, Statement] = field(default_factory=dict)
    outcome: Ending | None = None
    dropped: tuple[str, ...] = ()
    changed: Mapping[tuple[str, str], int] = field(default_factory=dict)
    tickets: Mapping[tuple[str, str], dt.datetime] = field(default_factory=dict, repr=False)
    _ratings: Mapping[tuple[int, str], Mapping[str, int | None]] = field(
        default_factory=dict, repr=False
    )

    @classmethod
    def of(cls, acts: Iterable[Act]) -> Meeting:
        """Fold acts in order of their numbers."""
        meeting = cls()
        for act in acts:
            meeting = meeting.after(act)
        return meeting

    def after(self, act: Act) -> Meeting:
        """Return the meeting after one more act; the same meeting if it was folded already."""
        if act.seq <= self.seq:
            return self
        folded = _FOLDS[act.act](self._back(act.seat), act)
        return replace(
            folded,
            seq=act.seq,
            changed={**self.changed, (act.act, ""): act.seq, (act.act, act.seat): act.seq},
            tickets={**self.tickets, (act.seat, act.ticket): act.at},
        )

    def changed_by(self, part: str, seat: str = "") -> int:
        """Return the number of the act that changed a part last, or a seat's own share of it."""
        return self.changed.get((part, seat), 0)

    def _back(self, seat_id: str) -> Meeting:
        """Return the meeting with a seat here again: whoever does something is not away."""
        seat = self.seats.get(seat_id)
        if seat is None or not seat.away:
            return self
        return self.with_seat(replace(seat, away=False))

    def with_seat(self, seat: Seat) -> Meeting:
        """Return the meeting with a seat; one that is here ends what was answered in its place."""
        seats = {**self.seats, seat.id: seat}
        party = party_of(seat.role)
        answer = self.agreements.get(party) if party else None
        if seat.away or answer is None or party is None or answer.seat == seat.id:
            return replace(self, seats=seats)
        by = self.seats[answer.seat].role
        if by != FACILITATOR and not (by == "speaks-for" and seat.role == "person"):
            return replace(self, seats=seats)
        ended = {**self.agreements, party: replace(answer, plan=0)}
        return replace(self, seats=seats, agreements=ended)

    @property
    def ended(self) -> bool:
        """Whether the record is closed."""
        return self.stage == "end"

    @property
    def round(self) -> int:
        """The round that is being rated or was rated last; 0 before any."""
        place = STAGES.index(self.stage)
        return 0 if place < STAGES.index("rate") else 1 if place < STAGES.index("rate-again") else 2

    @property
    def raters(self) -> tuple[Seat, ...]:
        """Seats that are asked to rate and are here."""
        return tuple(seat for seat in self.seats.values() if seat.rates and not seat.away)

    def rated(self, number: int) -> frozenset[str]:
        """Name the seats that have rated in a round; not what they gave."""
        return frozenset(seat for each, seat in self._ratings if each == number)

    def mine(self, number: int, seat: str) -> Mapping[str, int | None]:
        """Return one seat's own ratings of a round, by thing."""
        return self._ratings.get((number, seat), {})

    def with_ratings(self, number: int, seat: str, given: Mapping[str, int | None]) -> Meeting:
        """Return the meeting with one seat's ratings of a round, in place of earlier ones."""
        return replace(self, _ratings={**self._ratings, (number, seat): dict(given)})

    def without_ratings(self, number: int, seat: str) -> Meeting:
        """Return the meeting without one seat's ratings of a round."""
        kept = {key: given for key, given in self._ratings.items() if key != (number, seat)}
        return replace(self, _ratings=kept)

    def is_revealed(self, number: int) -> bool:
        """Say whether the ratings of a round may be seen."""
        return bool(self.rated(number)) and (
            self.stage not in ROUNDS or ROUNDS[self.stage] > number
        )

    def revealed(self, number: int) -> Mapping[str, Mapping[str, int | None]]:
        """Return every seat's ratings of a round once they may be seen; nothing before."""
        if not self.is_revealed(number):
            return {}
        return {seat: given for (each, seat), given in self._ratings.items() if each == number}

    @property
    def rounds(self) -> tuple[int, ...]:
        """The rounds whose ratings may be seen."""
        return tuple(number for number in (1, 2) if self.is_revealed(number))

    @property
    def not_asked(self) -> str:
        """Why nobody asked the person before the meeting, and that they came, in words."""
        later = " They joined later, and spoke." if self.came_later else ""
        return self.reason_not_asked + later

    @property
    def heard(self) -> bool:
        """Whether the person's own words, or why there are none, stand before everything else."""
        return bool(self.matters or self.worries or self.reason_not_asked)

    @property
    def has_person(self) -> bool:
        """Whether the person, or somebody who speaks for them, sits here now."""
        return any(seat.role in PERSON_SIDE and not seat.away for seat in self.seats.values())

    def signer(self, party: Party) -> Seat | None:
        """Name the seat that answers for a party: one voice each, and the person before any other.

        Whoever speaks for the person answers only while the person does not sit here. Of healthcare
        professionals it is the one chosen with the plan, or the first.
        """
        here = [seat for seat in self.seats.values() if party_of(seat.role) == party]
        here.sort(key=lambda seat: (seat.id != self.plan.lead, seat.role == "speaks-for"))
        return next((seat for seat in here if not seat.away), None)

    def may_agree(self, seat: Seat) -> bool:
        """Say whether a seat answers for one of the three parties, once it is here."""
        party = party_of(seat.role)
        if party is None:
            return False
        signer = self._back(seat.id).signer(party)
        return signer is not None and signer.id == seat.id

    def standing(self, party: Party) -> Agreement | None:
        """Return what a party said of the plan as it is now.

        None when the plan or the ledger has changed since, and when it was given for somebody who
        has come since.
        """
        answer = self.agreements.get(party)
        return answer if answer and answer.plan == self.agreed_to else None

    @property
    def earlier_refusals(self) -> tuple[Agreement, ...]:
        """Answers that were not a plain yes and do not stand any more: nothing of them is lost."""
        standing = [self.standing(party) for party in PARTIES]
        return tuple(answer for answer in self.refused if answer not in standing)

    def lapsed(self, party: Party) -> bool:
        """Say whether a party answered, and has to be asked again."""
        return party in self.agreements and self.standing(party) is None


def _open(meeting: Meeting, act: Act) -> Meeting:
    seat = Seat(act.seat, FACILITATOR, act.data.get("name", ""))
    about = {"title": act.data["title"], "mode": act.data["mode"], "opened": act.at}
    return replace(_things(meeting, act), seats={seat.id: seat}, **about)


def _things(meeting: Meeting, act: Act) -> Meeting:
    return replace(meeting, things=tuple(Thing(**thing) for thing in act.data["things"]))


def _join(meeting: Meeting, act: Act) -> Meeting:
    return meeting.with_seat(Seat(act.seat, act.data["role"], act.data["name"]))


def _away(meeting: Meeting, act: Act) -> Meeting:
    """Mark a seat; where it was replaced by another, its marks of the open round are dropped."""
    moved = replace(meeting.seats[act.data["seat"]], away=act.data["away"])
    if act.data["drop"]:
        meeting = meeting.without_ratings(meeting.round, moved.id)
        meeting = replace(meeting, dropped=(*meeting.dropped, moved.id))
    return meeting.with_seat(moved)


def _words(
    before: Iterable[Statement], meeting: Meeting, act: Act, part: str = "text"
) -> tuple[Statement, ...]:
    """Keep the last words of each seat; empty words take those before back."""
    others = tuple(words for words in before if words.seat != act.seat)
    role = meeting.seats[act.seat].role
    usual = "facilitator’s note" if role == FACILITATOR else role_inside(role)
    writer, text = act.data.get("told_for", usual), act.data[part]
    place = (_TOLD_IN.get(meeting.stage, 0), act.seat, meeting.stage, act.at)
    return (*others, Statement(writer[0].upper() + writer[1:], text, *place)) if text else others


def _person(meeting: Meeting, act: Act) -> Meeting:
    """Keep the person's words, or why they were not asked; that they spoke after all."""
    told, reason = "not_asked" not in act.data, meeting.reason_not_asked
    return replace(
        meeting,
        reason_not_asked=reason if told else act.data["not_asked"],
        came_later=told and bool(reason),
        matters=_words(meeting.matters, meeting, act, "matters"),
        worries=_words(meeting.worries, meeting, act, "worries"),
    )


def _note(meeting: Meeting, act: Act) -> Meeting:
    return replace(meeting, notes=meeting.notes + _words((), meeting, act))


def _dissent(meeting: Meeting, act: Act) -> Meeting:
    words = _words(meeting.dissent.values(), meeting, act)
    return replace(meeting, dissent={each.seat: each for each in words})


def _plan(meeting: Meeting, act: Act) -> Meeting:
    """Keep a plan; kept as it was, it is still the plan that was agreed to."""
    plan = CarePlan.model_validate(act.data)
    first = not meeting.changed_by("plan")
    changed = first or plan != meeting.plan
    return replace(meeting, plan=plan, agreed_to=act.seq if changed else meeting.agreed_to)


def _ledger(meeting: Meeting, act: Act) -> Meeting:
    ledger = SharedRisk.model_validate(act.data).risks
    changed = ledger != meeting.ledger
    return replace(meeting, ledger=ledger, agreed_to=act.seq if changed else meeting.agreed_to)


def _agreement(meeting: Meeting, act: Act) -> Meeting:
    data, plan, role = act.data, meeting.agreed_to, meeting.seats[act.seat].role
    told_by = _teller(meeting, role, data["party"])
    settled = role != "speaks-for" or data.get("authority", "unsettled") != "unsettled"
    said = (data["party"], data.get("who", ""), data["says"], tuple(data["not_to"]), data["reason"])
    answer = Agreement(*said, told_by, act.at, act.seat, plan, settled)
    refused = [each for each in meeting.refused if (each.seat, each.plan) != (act.seat, plan)]
    if answer.says != "agrees" or answer.reason:
        refused.append(answer)
    agreements = {**meeting.agreements, answer.party: answer}
    return replace(meeting, refused=tuple(refused), agreements=agreements)


def _teller(meeting: Meeting, role: str, party: Party) -> Teller:
    """Say who gives an answer for a party."""
    if role == "speaks-for":
        return "speaks-for"
    if role != FACILITATOR:
        return ""
    had_seat = any(party_of(seat.role) == party for seat in meeting.seats.values())
    return "facilitator-while-away" if had_seat else "facilitator"


def _rate(meeting: Meeting, act: Act) -> Meeting:
    return meeting.with_ratings(act.data["round"], act.seat, act.data["ratings"])


def _outcome(meeting: Meeting, act: Act) -> Meeting:
    return replace(meeting, outcome=Ending.model_validate(act.data), stage="end")


_FOLDS: dict[str, Callable[[Meeting, Act], Meeting]] = {
    "open": _open,
    "join": _join,
    "away": _away,
    "stage": lambda meeting, act: replace(meeting, stage=act.data["to"]),
    "things": _things,
    "person": _person,
    "rate": _rate,
    "note": _note,
    "plan": _plan,
    "ledger": _ledger,
    "agreement": _agreement,
    "dissent": _dissent,
    "outcome": _outcome,
}
