"""A meeting: its state, folded from its acts and from nothing else.

Each kind of act has a method `_fold_<kind>`, which returns the meeting after it.

An act that was folded already changes nothing, so a fold may start anywhere before the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PlainSerializer

from phbkit.casebank.models import Says
from phbkit.meeting.acts import CarePlan, Ending, HeldRisk, SharedRisk
from phbkit.meeting.roles import FACILITATOR, PARTIES, PERSON_SIDE, ROLES, WORDS, Party, role_inside
from phbkit.meeting.subject import Thing

Stage = Literal["gather", "person", "rate", "reveal", "rate-again", "reveal-again", "agree", "end"]
STAGES: tuple[Stage, ...] = get_args(Stage)
STAGE_TITLES: dict[Stage, str] = WORDS["stages"]
NEXT: dict[Stage, tuple[Stage, ...]] = {
    "gather": ("person",),
    "person": ("rate",),
    "rate": ("reveal",),
    "reveal": ("rate-again", "agree"),
    "rate-again": ("reveal-again",),
    "reveal-again": ("agree",),
}
ROUNDS: dict[Stage, int] = {"rate": 1, "rate-again": 2}
_OF_SEATS = {"person", "dissent"}  # each seat changes its own share only
_ROUND_OF: dict[Stage, int] = {"reveal": 1, "reveal-again": 2, **ROUNDS}
Teller = Literal["", "speaks-for", "facilitator", "facilitator-while-away"]
Moment = Annotated[dt.datetime, PlainSerializer(dt.datetime.isoformat)]
NotRecorded = Field(exclude=True)


@dataclass(frozen=True)
class Act:
    """One thing done from one seat, as it was written; acts are numbered from 1."""

    seq: int
    seat: str
    act: str
    data: dict[str, Any]
    at: Moment
    ticket: Annotated[str, NotRecorded] = ""


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
        return f"{self.name}, {role_inside(self.role)}" if self.name else ROLES[self.role]

    @property
    def party(self) -> Party | None:
        """The party to the agreement that this seat stands for, if it stands for one."""
        party: Party | None = WORDS["roles"][self.role].get("party")
        return party

    @property
    def rates(self) -> bool:
        """Whether this seat rates; the facilitator never does."""
        return self.role != FACILITATOR


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

    `not_to` names parts by their titles; `told_by` says who gave it for them. `settled` is
    False where somebody speaks for the person and it is not settled by what authority.
    """

    party: Party
    who: str
    says: Literal[Says, "not given"]
    not_to: tuple[str, ...]
    reason: str
    told_by: Annotated[Teller, PlainSerializer(WORDS["told_by"].__getitem__)] = ""
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
    quorum: tuple[str, ...] = ()
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
        return reduce(cls.after, acts, cls())

    def after(self, act: Act) -> Meeting:
        """Return the meeting after one more act; the same meeting if it was folded already."""
        if act.seq <= self.seq:
            return self
        fold: Callable[[Act], Meeting] = getattr(self._back(act.seat), f"_fold_{act.act}")
        return replace(
            fold(act),
            seq=act.seq,
            changed={**self.changed, (act.act, ""): act.seq, (act.act, act.seat): act.seq},
            tickets={**self.tickets, (act.seat, act.ticket): act.at},
        )

    def changed_by(self, part: str, seat: str = "") -> int:
        """Return the number of the act that changed a part last, or a seat's own share of it."""
        return self.changed.get((part, seat), 0)

    def seen(self, part: str, seat: str) -> int:
        """Return the number of the act that a seat's form of a part is drawn from."""
        return self.changed_by(part, seat if part in _OF_SEATS else "")

    def _back(self, seat_id: str) -> Meeting:
        """Return the meeting with a seat here again: whoever does something is not away."""
        seat = self.seats.get(seat_id)
        if seat is None or not seat.away or self.ended:
            return self
        return self._with_seat(replace(seat, away=False))

    def _with_seat(self, seat: Seat) -> Meeting:
        """Return the meeting with a seat; one that is here ends what was answered in its place."""
        moved = replace(self, seats={**self.seats, seat.id: seat})
        answer = self.agreements.get(seat.party) if seat.party else None
        if seat.away or answer is None or answer.seat == seat.id:
            return moved
        by = self.seats[answer.seat].role
        if by != FACILITATOR and not (by == "speaks-for" and seat.role == "person"):
            return moved
        return replace(moved, agreements={**self.agreements, answer.party: replace(answer, plan=0)})

    @property
    def ended(self) -> bool:
        """Whether the record is closed."""
        return self.stage == "end"

    @property
    def round(self) -> int:
        """The round that is being rated or whose ratings are looked at; 0 at other stages."""
        return _ROUND_OF.get(self.stage, 0)

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

    @property
    def absent(self) -> tuple[str, ...]:
        """The roles that had to be here, as was said at the opening, and are not."""
        here = {seat.role for seat in self.seats.values() if not seat.away}
        return tuple(role for role in self.quorum if role not in here)

    def seats_of(self, party: Party | None) -> list[Seat]:
        """List the seats that stand for a party, here or away."""
        return [seat for seat in self.seats.values() if seat.party == party]

    def signer(self, party: Party) -> Seat | None:
        """Name the seat that answers for a party: one voice each, and the person before any other.

        Whoever speaks for the person answers only while the person does not sit here. Of healthcare
        professionals it is the one chosen with the plan, or the first.
        """
        here = [seat for seat in self.seats_of(party) if not seat.away]
        here.sort(key=lambda seat: (seat.id != self.plan.lead, seat.role == "speaks-for"))
        return here[0] if here else None

    def answers_for(self, seat: Seat) -> Party | None:
        """Name the party that a seat answers for once it is here; None where it does for none."""
        signer = self._back(seat.id).signer(seat.party) if seat.party else None
        return seat.party if signer and signer.id == seat.id else None

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

    def _fold_open(self, act: Act) -> Meeting:
        seat = Seat(act.seat, FACILITATOR, act.data.get("name", ""))
        about = {"title": act.data["title"], "mode": act.data["mode"], "opened": act.at}
        about["quorum"] = tuple(act.data.get("quorum", ()))
        return replace(self._fold_things(act), seats={seat.id: seat}, **about)

    def _fold_things(self, act: Act) -> Meeting:
        return replace(self, things=tuple(Thing(**thing) for thing in act.data["things"]))

    def _fold_join(self, act: Act) -> Meeting:
        return self._with_seat(Seat(act.seat, act.data["role"], act.data["name"]))

    def _fold_away(self, act: Act) -> Meeting:
        """Mark a seat; where another replaced it, its marks of the open round are dropped."""
        moved = self._with_seat(replace(self.seats[act.data["seat"]], away=act.data["away"]))
        if not act.data["drop"]:
            return moved
        place = (self.round, act.data["seat"])
        kept = {key: given for key, given in self._ratings.items() if key != place}
        return replace(moved, _ratings=kept, dropped=(*self.dropped, act.data["seat"]))

    def _fold_stage(self, act: Act) -> Meeting:
        return replace(self, stage=act.data["to"])

    def _fold_person(self, act: Act) -> Meeting:
        """Keep the person's words, or why they were not asked; that they spoke after all."""
        told, reason = "not_asked" not in act.data, self.reason_not_asked
        return replace(
            self,
            reason_not_asked=reason if told else act.data["not_asked"],
            came_later=told and bool(reason),
            matters=self._words(self.matters, act, "matters"),
            worries=self._words(self.worries, act, "worries"),
        )

    def _fold_rate(self, act: Act) -> Meeting:
        given = {(act.data["round"], act.seat): act.data["ratings"]}
        return replace(self, _ratings={**self._ratings, **given})

    def _fold_note(self, act: Act) -> Meeting:
        return replace(self, notes=self.notes + self._words((), act))

    def _fold_dissent(self, act: Act) -> Meeting:
        words = self._words(self.dissent.values(), act)
        return replace(self, dissent={each.seat: each for each in words})

    def _words(
        self, before: Iterable[Statement], act: Act, part: str = "text"
    ) -> tuple[Statement, ...]:
        """Keep the last words of each seat; empty words take those before back."""
        others = tuple(words for words in before if words.seat != act.seat)
        role = self.seats[act.seat].role
        usual = "facilitator’s note" if role == FACILITATOR else role_inside(role)
        writer, text = act.data.get("told_for", usual), act.data[part]
        place = (self.round, act.seat, self.stage, act.at)
        new = Statement(writer[0].upper() + writer[1:], text, *place)
        return (*others, new) if text else others

    def _fold_plan(self, act: Act) -> Meeting:
        """Keep a plan; kept as it was, it is still the plan that was agreed to."""
        plan = CarePlan.model_validate(act.data)
        same = self.changed_by("plan") and plan == self.plan
        return replace(self, plan=plan, agreed_to=self.agreed_to if same else act.seq)

    def _fold_ledger(self, act: Act) -> Meeting:
        ledger = SharedRisk.model_validate(act.data).risks
        same = ledger == self.ledger
        return replace(self, ledger=ledger, agreed_to=self.agreed_to if same else act.seq)

    def _fold_agreement(self, act: Act) -> Meeting:
        data, plan, role = act.data, self.agreed_to, self.seats[act.seat].role
        told_by = self._teller(role, data["party"])
        settled = role != "speaks-for" or data.get("authority", "unsettled") != "unsettled"
        said = (data["party"], data.get("who", ""), data["says"], tuple(data["not_to"]))
        answer = Agreement(*said, data["reason"], told_by, act.at, act.seat, plan, settled)
        refused = [each for each in self.refused if (each.seat, each.plan) != (act.seat, plan)]
        if answer.says != "agrees" or answer.reason:
            refused.append(answer)
        agreements = {**self.agreements, answer.party: answer}
        return replace(self, refused=tuple(refused), agreements=agreements)

    def _teller(self, role: str, party: Party) -> Teller:
        """Say who gives an answer for a party."""
        if role == "speaks-for":
            return "speaks-for"
        if role != FACILITATOR:
            return ""
        return "facilitator-while-away" if self.seats_of(party) else "facilitator"

    def _fold_strike(self, _: Act) -> Meeting:
        """Change nothing: the words are gone from the acts before it."""
        return self

    def _fold_outcome(self, act: Act) -> Meeting:
        return replace(self, outcome=Ending.model_validate(act.data), stage="end")
