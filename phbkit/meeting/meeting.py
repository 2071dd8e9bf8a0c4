"""A meeting: its state, folded from its acts and from nothing else.

An act that was folded already changes nothing, so a fold may start anywhere before the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from phbkit.casebank.models import Says
from phbkit.meeting.decision_record import Party
from phbkit.meeting.roles import FACILITATOR, PARTIES, PERSON_SIDE, party_of, role_inside, role_name

Stage = Literal["gather", "person", "rate", "reveal", "rate-again", "reveal-again", "agree", "end"]
ThingKind = Literal["option", "safeguard"]
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
_UNSETTLED_AS_WRITTEN = "Speaks for the person: it is not settled by what authority"
"""What acts say of an answer for the person that were written before they kept `authority`."""


@dataclass(frozen=True)
class Act:
    """One thing done from one seat, as it was written; acts are numbered from 1."""

    seq: int
    seat: str
    act: str
    data: dict[str, Any]
    at: dt.datetime
    ticket: str


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


@dataclass(frozen=True)
class Thing:
    """One option or safeguard that is rated."""

    id: str
    kind: ThingKind
    title: str


@dataclass(frozen=True)
class Words:
    """What somebody wrote, from which seat, in which stage; `told_for` where for another."""

    seat: str
    text: str
    stage: Stage
    at: dt.datetime
    told_for: str = ""


@dataclass(frozen=True)
class Agreed:
    """What one party said of the plan and the ledger as they stood after act number `plan`.

    `not_to` names items by their titles. `settled` is False where somebody speaks for the person
    and it is not settled by what authority.
    """

    party: Party
    seat: str
    says: Says
    not_to: tuple[str, ...]
    reason: str
    plan: int
    who: str = ""
    at: dt.datetime | None = None
    settled: bool = True


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
    matters: tuple[Words, ...] = ()
    worries: tuple[Words, ...] = ()
    reason_not_asked: str = ""
    came_later: bool = False
    notes: tuple[Words, ...] = ()
    plan: Mapping[str, Any] = field(default_factory=dict)
    ledger: Mapping[str, Any] = field(default_factory=dict)
    agreed_to: int = 0
    agreements: Mapping[Party, Agreed] = field(default_factory=dict)
    refused: tuple[Agreed, ...] = ()
    dissent: Mapping[str, Words] = field(default_factory=dict)
    outcome: Mapping[str, Any] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    changed: Mapping[tuple[str, str], int] = field(default_factory=dict)
    tickets: Mapping[tuple[str, str], dt.datetime] = field(default_factory=dict, repr=False)
    _ratings: Mapping[tuple[int, str], Mapping[str, int | None]] = field(
        default_factory=dict, repr=False
    )

    @classmethod
    def of(cls, acts: Iterable[Act]) -> Meeting:
        """Fold acts in order of their numbers."""
        meeting, tickets = cls(), {}
        for act in acts:
            meeting = meeting._folded(act)
            tickets[act.seat, act.ticket] = act.at
        return replace(meeting, tickets=tickets)

    def after(self, act: Act) -> Meeting:
        """Return the meeting after one more act; the same meeting if it was folded already."""
        tickets = {**self.tickets, (act.seat, act.ticket): act.at}
        return replace(self._folded(act), tickets=tickets)

    def _folded(self, act: Act) -> Meeting:
        if act.seq <= self.seq:
            return self
        folded = _FOLDS[act.act](self._back(act.seat), act)
        places = {(act.act, ""): act.seq, (act.act, act.seat): act.seq}
        return replace(folded, seq=act.seq, changed={**self.changed, **places})

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
        chosen = self.plan.get("lead", "")
        here.sort(key=lambda seat: (seat.id != chosen, seat.role == "speaks-for"))
        return next((seat for seat in here if not seat.away), None)

    def may_agree(self, seat: Seat) -> bool:
        """Say whether a seat answers for one of the three parties, once it is here."""
        party = party_of(seat.role)
        if party is None:
            return False
        signer = self._back(seat.id).signer(party)
        return signer is not None and signer.id == seat.id

    def standing(self, party: Party) -> Agreed | None:
        """Return what a party said of the plan as it is now.

        None when the plan or the ledger has changed since, and when it was given for somebody who
        has come since.
        """
        answer = self.agreements.get(party)
        return answer if answer and answer.plan == self.agreed_to else None

    @property
    def earlier_refusals(self) -> tuple[Agreed, ...]:
        """Answers that were not a plain yes and do not stand any more: nothing of them is lost."""
        standing = [self.standing(party) for party in PARTIES]
        return tuple(answer for answer in self.refused if answer not in standing)

    def lapsed(self, party: Party) -> bool:
        """Say whether a party answered, and has to be asked again."""
        return party in self.agreements and self.standing(party) is None


def _open(meeting: Meeting, act: Act) -> Meeting:
    seat = Seat(act.seat, FACILITATOR, act.data.get("name", ""))
    return replace(
        meeting,
        title=act.data["title"],
        mode=act.data["mode"],
        things=_things(act),
        opened=act.at,
        seats={seat.id: seat},
    )


def _things(act: Act) -> tuple[Thing, ...]:
    return tuple(Thing(data["id"], data["kind"], data["title"]) for data in act.data["things"])


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
    before: Iterable[Words], meeting: Meeting, act: Act, part: str = "text"
) -> tuple[Words, ...]:
    """Keep the last words of each seat; empty words take those before back."""
    others = tuple(words for words in before if words.seat != act.seat)
    text, told_for = act.data[part], act.data.get("told_for", "")
    return (*others, Words(act.seat, text, meeting.stage, act.at, told_for)) if text else others


def _person(meeting: Meeting, act: Act) -> Meeting:
    return replace(
        _not_asked(meeting, act),
        matters=_words(meeting.matters, meeting, act, "matters"),
        worries=_words(meeting.worries, meeting, act, "worries"),
    )


def _not_asked(meeting: Meeting, act: Act) -> Meeting:
    """Keep why the person was not asked; once they have spoken themselves, that they came later."""
    if "not_asked" not in act.data:
        return replace(meeting, came_later=bool(meeting.reason_not_asked))
    if act.data["not_asked"] == meeting.not_asked:
        return meeting
    return replace(meeting, reason_not_asked=act.data["not_asked"], came_later=False)


def _note(meeting: Meeting, act: Act) -> Meeting:
    return replace(meeting, notes=meeting.notes + _words((), meeting, act))


def _dissent(meeting: Meeting, act: Act) -> Meeting:
    words = _words(meeting.dissent.values(), meeting, act)
    return replace(meeting, dissent={each.seat: each for each in words})


def _plan(meeting: Meeting, act: Act) -> Meeting:
    """Keep a plan; kept as it was, it is still the plan that was agreed to."""
    agreed_to = meeting.agreed_to if act.data == meeting.plan else act.seq
    return replace(meeting, plan=act.data, agreed_to=agreed_to)


def _ledger(meeting: Meeting, act: Act) -> Meeting:
    agreed_to = meeting.agreed_to if act.data["risks"] == meeting.ledger else act.seq
    return replace(meeting, ledger=act.data["risks"], agreed_to=agreed_to)


def _agreement(meeting: Meeting, act: Act) -> Meeting:
    data, plan = act.data, meeting.agreed_to
    answer = Agreed(
        data["party"], act.seat, data["says"], tuple(data["not_to"]), data["reason"], plan,
        data.get("who", ""), act.at, _is_settled(meeting, act),
    )  # fmt: skip
    refused = [each for each in meeting.refused if (each.seat, each.plan) != (act.seat, plan)]
    if answer.says != "agrees" or answer.reason:
        refused.append(answer)
    agreements = {**meeting.agreements, answer.party: answer}
    return replace(meeting, refused=tuple(refused), agreements=agreements)


def _is_settled(meeting: Meeting, act: Act) -> bool:
    """Say whether whoever answered may: for the party themselves, or by an authority."""
    if "authority" in act.data or meeting.seats[act.seat].role != "speaks-for":
        return bool(act.data.get("authority") != "unsettled")
    return bool(act.data.get("who") != _UNSETTLED_AS_WRITTEN)


_FOLDS: dict[str, Callable[[Meeting, Act], Meeting]] = {
    "open": _open,
    "join": _join,
    "away": _away,
    "stage": lambda meeting, act: replace(meeting, stage=act.data["to"]),
    "things": lambda meeting, act: replace(meeting, things=_things(act)),
    "person": _person,
    "rate": lambda meeting, act: meeting.with_ratings(
        act.data["round"], act.seat, act.data["ratings"]
    ),
    "note": _note,
    "plan": _plan,
    "ledger": _ledger,
    "agreement": _agreement,
    "dissent": _dissent,
    "outcome": lambda meeting, act: replace(meeting, outcome=act.data, stage="end"),
}
