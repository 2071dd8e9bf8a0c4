"""The person's own copy of a decision: short sentences, in plain English, to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phbkit.documents.document import Block, Bullets, Document, Fields, Heading, Paragraph
from phbkit.meeting.decision_record import DecisionRecord, PartyAgreement, PlanLine
from phbkit.text import long_date, pounds

_STAMPS = {
    "training": "TRAINING: an invented case. Not a clinical record.",
    "live": "PRIVATE: this is about you. This tool has not been checked for safe use in care.",
}
_OUTCOMES = {
    "made": "The meeting made a decision.",
    "deferred": "There is no decision yet. The meeting put it off. Nothing below is settled.",
    "not reached": "There is no decision. The meeting did not reach one. Nothing below is settled.",
}
_PAID = {
    "budget": ("The budget would pay for", "The budget pays for"),
    "usual care": ("Not from the budget: your usual care gives this",) * 2,
    "own money": ("Not from the budget: you would pay for this", "Not from the budget: you pay"),
}
_PARTIES = {
    "person": "You",
    "professional": "Your health professional",
    "commissioner": "The commissioner, who pays",
}
_FIRST_FIGURE = {
    "training": "The first figure was {}. It is an estimate. It is not a limit.",
    "live": "The meeting was given the figure {}.",
}
_SAYS = {
    "agrees": "yes to the plan",
    "agrees in part": "yes to part of the plan",
    "does not agree": "no to the plan",
    "not given": "no answer yet",
}
_HELD = {
    "notional": "The NHS keeps the money and pays.",
    "third party": "Somebody outside the NHS keeps the money and pays.",
    "direct payment": "You keep the money and pay.",
}
_THE_PERSON = re.compile(r"\b[Tt]he person\b(?!['’])")
_SPEAKS = "Speaks for"
_RISKS = {"doing": "If this is done", "not doing": "If this is not done"}


def plain(record: DecisionRecord) -> Document:
    """Make the person's own copy. It keeps every disagreement, and leaves the statistics out."""
    blocks = (
        *_decided(record),
        *_you_said(record),
        *_paid_for(record),
        *_safer(record),
        *_risks(record),
        *_stopping(record),
        *_looking_again(record),
        *_who_agrees(record),
        *_disagreeing(record),
    )
    return Document(
        title=f"Your copy: {record.title}",
        subtitle=f"From the meeting on {long_date(record.held_on)}",
        stamp=_STAMPS[record.mode],
        day=record.held_on,
        blocks=tuple(blocks),
    )


def _decided(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("What was decided")
    if not record.closed:
        yield Paragraph("The meeting has not ended. Nothing below is settled.")
        return
    yield Paragraph(_OUTCOMES[record.outcome])
    yield Heading("Why, as the facilitator wrote it", 3)
    yield Paragraph(record.reasons or "Nobody wrote down why. You can ask.")


def _you_said(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("What you said")
    if record.not_asked:
        yield Paragraph("Nobody asked you before this meeting. This is the reason they gave:")
        yield Paragraph(record.not_asked)
    for title, said in (
        ("What matters to you", record.matters),
        ("What worries you", record.worries),
    ):
        yield Heading(title, 3)
        pairs = tuple((_to_you(each.role), each.text) for each in said)
        yield Fields(pairs) if pairs else Paragraph("Nothing was written down.")
    if record.wants:
        yield Heading("What you want, as it was typed when the meeting was opened", 3)
        yield Bullets(record.wants)
    last = max((item.round for item in record.rated), default=0)
    marks = tuple(
        (
            item.title,
            ", ".join(
                f"{_to_you(mark.role)}: {mark.rating or 'cannot say'}" for mark in item.person
            ),
        )
        for item in record.rated
        if item.round == last and item.person
    )
    if marks:
        yield Heading("The marks you gave, or that were given for you", 3)
        yield Paragraph(
            "A mark of 1 means not right at all. A mark of 9 means just right."
            " These marks were kept apart. They were not mixed with other people’s."
        )
        yield Fields(marks)


def _to_you(role: str) -> str:
    """Speak to the person: “Speaks for the person” becomes “Speaks for you”."""
    return _THE_PERSON.sub(lambda found: "You" if found[0][0] == "T" else "you", role)


def _paid_for(record: DecisionRecord) -> Iterator[Block]:
    made = record.outcome == "made"
    yield Heading("What will be paid for" if made else "What was talked about")
    if not record.lines:
        yield Paragraph("There is nothing in the plan.")
    for payer, titles in _PAID.items():
        lines = tuple(_line(line, made=made) for line in record.lines if line.paid_by == payer)
        if lines:
            yield Heading(titles[made], 3)
            yield Bullets(lines)
    if record.unserved:
        yield Heading("What nothing in the plan helps with yet", 3)
        yield Bullets(record.unserved)
    if record.left_out:
        yield Heading("Talked about, and not in the plan", 3)
        yield Bullets(record.left_out)
    yield Heading("The money", 3)
    told = [f"The budget {'pays' if made else 'would pay'} {pounds(record.cost)} in all."]
    if record.own:
        told.append(
            f"{pounds(record.own)} more {'comes' if made else 'would come'} from your own money."
        )
    if record.indicative is not None:
        told.append(_FIRST_FIGURE[record.mode].format(pounds(record.indicative)))
    if record.contingency is not None:
        told.append(f"{pounds(record.contingency)} is kept apart, in case things change.")
    yield Paragraph(" ".join(told))
    if record.held:
        way = record.held.partition(":")[0].casefold()
        yield Fields((("How the money is kept", _HELD.get(way, record.held)),))


def _line(line: PlanLine, *, made: bool) -> str:
    times = "once" if line.times == 1 else f"{line.times} times"
    told = [f"{line.title}, {times}."]
    if line.provider:
        told.append(f"Who does it: {line.provider}.")
    if line.cost:
        told.append(f"It {'costs' if made else 'would cost'} {pounds(line.cost)} in all.")
    if line.starts:
        told.append(f"It {'starts' if made else 'would start'} on {long_date(line.starts)}.")
    if line.ends:
        told.append(f"It {'ends' if made else 'would end'} on {long_date(line.ends)}.")
    if line.serves:
        told.append(f"It is for: {'; '.join(line.serves)}.")
    return " ".join(told)


def _safer(record: DecisionRecord) -> Iterator[Block]:
    if record.safeguards:
        yield Heading("What will be done to make it safer")
        yield Bullets(record.safeguards)


def _risks(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("If things go wrong")
    if not record.risks:
        yield Paragraph("Nobody wrote down what could go wrong. You can ask.")
        return
    yield Paragraph(
        "Things can go wrong if we do this. Things can go wrong if we do not."
        " These words come from the meeting, or from the case."
    )
    for number, risk in enumerate(record.risks, start=1):
        yield Heading(f"{number}. {_RISKS[risk.of]}", 3)
        pairs = (
            ("What could happen", risk.consequence),
            ("Who looks after this", _to_you("; ".join(risk.holders)) or "Not agreed yet."),
            ("What makes it safer", risk.mitigation),
            ("When we stop", risk.stop_rule),
            ("When we look at it again", risk.review),
        )
        yield Fields(tuple(pair for pair in pairs if pair[1]))


def _stopping(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("How to stop or change this")
    yield Paragraph("You can ask to stop. You can ask to change any part. " + _whom_to_tell(record))
    if record.stop_rule:
        yield Fields((("When the plan stops", record.stop_rule),))


def _whom_to_tell(record: DecisionRecord) -> str:
    if record.coordinator:
        return f"Tell the person who keeps the plan together: {record.coordinator}."
    return "Tell the local team. Nobody is named yet to keep the plan together."


def _looking_again(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("When we look at it again")
    if record.review_on:
        yield Paragraph(f"We look at it again on {long_date(record.review_on)}.")
    else:
        yield Paragraph("There is no date yet. You can ask for one.")
    if record.review_triggers:
        yield Fields((("What would make us look sooner", record.review_triggers),))


def _who_agrees(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("Who agrees")
    if not record.agreements:
        yield Paragraph("Nobody was asked to agree.")
    for agreement in record.agreements:
        yield Heading(_PARTIES[agreement.party], 3)
        if agreement.party == "person" and (agreement.told_by or _SPEAKS in agreement.who):
            yield Paragraph("Somebody else gave this answer for you. You did not give it here.")
        yield Fields(tuple(_agreement(agreement)))


def _agreement(agreement: PartyAgreement) -> Iterator[tuple[str, str]]:
    yield "Answer", _SAYS[agreement.says]
    if agreement.who:
        yield "Who gave it", _to_you(agreement.who)
    if agreement.not_to:
        yield "Not to these parts", "; ".join(agreement.not_to)
    if agreement.reason:
        yield "Why", agreement.reason
    if agreement.told_by:
        yield "Who wrote it down", agreement.told_by


def _disagreeing(record: DecisionRecord) -> Iterator[Block]:
    yield Heading("Who did not agree, in their own words")
    pairs = tuple((_to_you(each.role), each.text) for each in record.dissent)
    refused = (each for each in record.earlier if each.says != "agrees")
    pairs += tuple(_of_an_earlier_plan(each) for each in refused)
    all_agree = all(agreement.says == "agrees" for agreement in record.agreements)
    nobody = (
        "Nobody wrote that they did not agree." if all_agree else "Nobody wrote more than is above."
    )
    yield Fields(pairs) if pairs else Paragraph(nobody)
    conditions = tuple(
        _of_an_earlier_plan(each) for each in record.earlier if each.says == "agrees"
    )
    if conditions:
        yield Heading("Who said yes on a condition, before the plan was changed", 3)
        yield Fields(conditions)
    yield Heading("If you do not agree")
    yield Paragraph(
        "You can say so. You can ask for the reasons in writing."
        " You can ask for the decision to be looked at again."
    )
    yield Paragraph(
        "You can ask how to complain. You can ask for an advocate: somebody who is on your side and"
        " helps you to be heard. Ask somebody you trust, if you do not want to ask the people who"
        " decided."
    )
    yield Paragraph("The co-ordinator or the local team can tell you how.")


def _of_an_earlier_plan(said: PartyAgreement) -> tuple[str, str]:
    not_to = f" Not to: {'; '.join(said.not_to)}." if said.not_to else ""
    told = f"{_SAYS[said.says].capitalize()}.{not_to} {said.reason}".strip()
    return f"{_to_you(said.who) or _PARTIES[said.party]}, of an earlier plan", told
