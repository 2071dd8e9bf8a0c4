"""The decision record of a meeting: the full one for the file, and the person's own copy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

from phbkit.documents.document import Block, Bullets, Document, Fields, Heading, Paragraph, Table
from phbkit.meeting.decision_record import (
    DecisionRecord,
    Mark,
    PartyAgreement,
    PlanLine,
    RatedItem,
    Said,
)
from phbkit.meeting.plain_copy import plain
from phbkit.text import long_date, moment, pounds

__all__ = ["full", "plain"]

_STAMPS = {
    "training": "TRAINING: an invented case. Not a clinical record.",
    "live": "LIVE: about a real person. Confidential. This tool has no clinical safety assurance.",
}
_OUTCOMES = {
    "made": "A decision was made",
    "deferred": "The decision was deferred",
    "not reached": "No decision was reached",
}
_PAYERS = {"budget": "The budget", "usual care": "Usual care", "own money": "Own money"}
_PARTIES = {
    "person": "The person",
    "professional": "The healthcare professional",
    "commissioner": "The commissioner",
}
_INDICATIVE = {
    "training": "It is a first estimate, not a cap.",
    "live": "This is the figure that the meeting was given.",
}
_RISKS = {"doing": "of doing", "not doing": "of not doing"}
_UNTOLD = "Nothing was written down."


def full(record: DecisionRecord) -> Document:
    """Make the record that goes on file, with everything that was said, rated and not agreed."""
    blocks = (
        _bullets(record.notices, "There are no notices."),
        *_person_first(record),
        *_people(record),
        *_ratings(record),
        *_discussion(record),
        *_plan(record),
        *_findings(record),
        *_ledger(record),
        *_agreements(record),
        *_outcome(record),
        *_dissent(record),
        *_afterwards(record),
    )
    return Document(
        title=f"Decision record: {record.title}",
        subtitle=f"Meeting of {long_date(record.held_on)}. {_told(record)}",
        stamp=_STAMPS[record.mode],
        day=record.held_on,
        blocks=tuple(blocks),
    )


def _told(record: DecisionRecord) -> str:
    """Say how the meeting ended, and whether any risk is left with nobody."""
    if not record.closed:
        return "It was not closed: this is how it stood."
    told = f"{_OUTCOMES[record.outcome]}."
    unheld = sum(not risk.holders for risk in record.risks)
    if unheld:
        told += f" Nobody holds {unheld} of its {len(record.risks)} risks."
    return told


def _person_first(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("What the person said")
    yield Heading("What matters", 3)
    yield _words(record.matters, _UNTOLD)
    yield Heading("Worries", 3)
    yield _words(record.worries, _UNTOLD)
    if record.wants:
        yield Heading("What the person wants, as typed when the meeting was opened", 3)
        yield Bullets(record.wants)


def _people(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("The meeting")
    yield Fields((("About", record.about or _UNTOLD),))
    yield Heading("Who was present, by role", 3)
    yield _bullets(record.present, "Nobody was written down.")
    yield Heading("Who left before the end", 3)
    yield _bullets(record.away, "Nobody left.")


def _ratings(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("How options and safeguards were rated")
    if not record.rated:
        yield Paragraph("Nothing was rated.")
        return
    yield Paragraph(record.method)
    yield Paragraph(
        "The person’s marks, and those of whoever speaks for the person, stand in a column of"
        " their own. They are in no median, range or index."
    )
    rounds = sorted({item.round for item in record.rated})
    for number in rounds:
        yield Table(
            caption=f"Round {number}: marks from 1 (not at all) to 9 (entirely)",
            header=(
                "Option or safeguard",
                "Team’s median",
                "30th to 70th percentile",
                "Index",
                "Verdict",
                "Each role’s mark",
                "The person’s marks",
            ),
            widths=(3.6, 1.6, 2.1, 1.3, 2.7, 3.2, 2.5),
            rows=tuple(_rated_row(item) for item in record.rated if item.round == number),
        )
    yield Heading("What moved between rounds", 3)
    none = "Nothing moved." if len(rounds) > 1 else "There was no second round."
    yield _bullets(record.moved, none)


def _rated_row(item: RatedItem) -> tuple[str, ...]:
    spread = "none" if item.low is None or item.high is None else f"{item.low:g} to {item.high:g}"
    return (
        f"{item.kind.capitalize()}: {item.title}",
        "none" if item.median is None else f"{item.median:g}",
        spread,
        "none" if item.index is None else f"{item.index:.2f}",
        f"{item.verdict}. By counting: {item.classical}" if item.classical else item.verdict,
        _marks(item.team),
        _marks(item.person),
    )


def _marks(marks: Iterable[Mark]) -> str:
    return "\n".join(f"{mark.role}: {mark.rating or 'cannot say'}" for mark in marks) or "none"


def _discussion(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("What was said in the discussion")
    yield _words(record.notes, _UNTOLD)


def _plan(record: DecisionRecord) -> Iterator[Block]:
    settled = record.outcome == "made"
    yield Heading("The plan" if settled else "The plan as it stood, not decided")
    if record.lines:
        yield Table(
            caption="What the plan holds, what it costs and who pays",
            header=("What", "For", "Who provides it", "Price", "Cost", "Paid by", "When"),
            widths=(3.2, 2.7, 2.5, 2.3, 2.0, 1.9, 2.4),
            rows=tuple(_plan_row(line) for line in record.lines),
        )
    else:
        yield Paragraph("The plan holds nothing.")
    yield Fields(
        (
            ("The budget pays", _sum(record.cost)),
            *((("The person pays", _sum(record.own)),) if record.own else ()),
            (
                "Indicative budget",
                "none was given"
                if record.indicative is None
                else f"{_sum(record.indicative)}. {_INDICATIVE[record.mode]}",
            ),
            (
                "Contingency",
                "none was given"
                if record.contingency is None
                else f"{_sum(record.contingency)}, held outside the budget.",
            ),
            ("How the money is held", record.held or "not settled"),
        )
    )
    yield Heading("What will be done to make it safer", 3)
    yield _bullets(record.safeguards, "Nothing was written down.")
    if record.left_out:
        yield Heading("Rated, and not in the plan", 3)
        yield Bullets(record.left_out)
    if not record.served and not record.unserved:
        yield Paragraph("Which outcome each part serves was not written down.")
        return
    yield Heading("Outcomes that something in the plan is for", 3)
    yield _bullets(record.served, "None.")
    yield Heading("Outcomes that nothing in the plan is for", 3)
    yield _bullets(record.unserved, "None.")


def _plan_row(line: PlanLine) -> tuple[str, ...]:
    times = "once" if line.times == 1 else f"{line.times} times"
    return (
        line.title,
        "; ".join(line.serves) or "no outcome named",
        line.provider,
        f"{_sum(line.price)} per {line.per}, {times}" if line.price else times,
        _sum(line.cost) if line.paid_by == "budget" else "none to the budget",
        _PAYERS[line.paid_by] + (f", {_sum(line.own)} by the person" if line.own else ""),
        _when(line),
    )


def _when(line: PlanLine) -> str:
    if line.starts and line.ends:
        return f"{_short(line.starts)} to {_short(line.ends)}"
    if line.starts:
        return f"from {_short(line.starts)}"
    return f"until {_short(line.ends)}" if line.ends else "not fixed"


def _short(day: dt.date) -> str:
    """Write a day for a narrow column, and keep it on one line."""
    return f"{day.day}\xa0{day:%b}\xa0{day.year}"


def _sum(amount: Decimal) -> str:
    """Write an amount for the file: always with its pence."""
    told = pounds(amount)
    return told if "." in told else f"{told}.00"


def _findings(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("What the rules of the deal found")
    yield Paragraph("The rules advise. People decide.")
    if record.findings:
        yield Table(
            caption="What was found, the gravest first",
            header=("Level", "Finding", "About"),
            widths=(2, 8, 7),
            rows=tuple(
                (level, title, about or "the plan") for level, title, about in record.findings
            ),
        )
    else:
        yield Paragraph("They found nothing.")
    if record.mode == "live":
        yield Paragraph(
            "Nobody looked up evidence or safety for this meeting, so the rules that rest on them "
            "said nothing. This is no safety check."
        )


def _ledger(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("Risks, and who holds them")
    if not record.risks:
        yield Paragraph("No risk was written down, of doing or of not doing.")
    for number, risk in enumerate(record.risks, start=1):
        yield Heading(f"Risk {number}, {_RISKS[risk.of]}", 3)
        yield Fields(
            (
                ("What could happen", risk.consequence or _UNTOLD),
                ("Whom it affects", risk.affects or _UNTOLD),
                ("Who holds it", "; ".join(risk.holders) or "nobody yet"),
                ("What makes it smaller", risk.mitigation or _UNTOLD),
                ("When to stop", risk.stop_rule or _UNTOLD),
                ("When it is looked at again", risk.review or _UNTOLD),
            )
        )


def _agreements(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("The three agreements")
    yield Paragraph("Names and roles are as people gave them at the door. Nobody checked them.")
    if not record.agreements:
        yield Paragraph("None was given.")
    for agreement in record.agreements:
        yield Heading(_PARTIES[agreement.party], 3)
        told_by = agreement.told_by or "them, from their own seat in the meeting"
        pairs = (
            ("Who", agreement.who),
            ("Says", agreement.says),
            ("When", moment(agreement.at) if agreement.at else ""),
            ("Not to", "; ".join(agreement.not_to)),
            ("Reason", agreement.reason),
            ("Written down by", "" if agreement.says == "not given" else told_by),
        )
        yield Fields(tuple((name, text) for name, text in pairs if text))


def _outcome(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("Outcome of the meeting")
    if not record.closed:
        yield Paragraph("This meeting was not closed, so it has no outcome.")
        return
    reasons = record.reasons or "No reasons were written down."
    pairs = (("Outcome", f"{_OUTCOMES[record.outcome]}."), ("Reasons", reasons))
    yield Fields((*pairs, ("Written down by", "the facilitator")))


def _dissent(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("Disagreement that remains")
    nobody = "" if record.earlier else "Nobody recorded a disagreement."
    if record.dissent or nobody:
        yield _words(record.dissent, nobody)
    if record.earlier:
        yield Heading("Said of an earlier plan", 3)
        yield Fields(tuple(_earlier(each) for each in record.earlier))
    if any(agreement.says != "agrees" for agreement in record.agreements):
        yield Paragraph(
            "Not every party agrees to the plan. The three agreements say who, and why."
        )


def _earlier(said: PartyAgreement) -> tuple[str, str]:
    not_to = f", not to {'; '.join(said.not_to)}" if said.not_to else ""
    reason = f". {said.reason}" if said.reason else "."
    who = said.who or _PARTIES[said.party]
    return (f"{who}, {moment(said.at)}" if said.at else who), f"{said.says}{not_to}{reason}"


def _afterwards(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("What happens next")
    review = long_date(record.review_on) if record.review_on else "No date was set."
    yield Fields(
        (
            ("Co-ordinator", record.coordinator or "Nobody was named."),
            ("Review date", review),
            ("Review sooner if", record.review_triggers or _UNTOLD),
            ("Stop rule", record.stop_rule or _UNTOLD),
        )
    )


def _bullets(items: tuple[str, ...], none: str) -> Block:
    return Bullets(items) if items else Paragraph(none)


def _words(said: Iterable[Said], none: str) -> Block:
    """Show people's own words, each by role."""
    pairs = tuple(
        (f"{each.role}, round {each.round}" if each.round else each.role, each.text)
        for each in said
    )
    return Fields(pairs) if pairs else Paragraph(none)
