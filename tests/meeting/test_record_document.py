"""The full decision record, for the file."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import docx
import pypdf
import pytest

from phbkit.documents import document
from phbkit.documents.document import Document, Fields, Heading, Paragraph, Table
from phbkit.meeting.decision_record import DecisionRecord
from phbkit.meeting.documents import full, plain
from tests.meeting.made_record import DISSENT, empty_record, made_record

FULL = full(made_record())
HOSTILE = '#eval("1") $x$ *b* <w:p/> & שלום 😀 \x00end'


def headings(made: Document) -> list[str]:
    return [block.text for block in made.blocks if isinstance(block, Heading)]


def section(made: Document, heading: str) -> str:
    """Everything under one heading of level 2, as text."""
    text = document.as_text(made)
    return text.partition(f"\n{heading}\n---")[2].partition("\n---")[0]


def table(made: Document, start: str) -> Table:
    tables = [block for block in made.blocks if isinstance(block, Table)]
    return next(each for each in tables if each.caption.startswith(start))


def everywhere(text: str) -> DecisionRecord:
    """Put one text wherever somebody may have typed."""
    record = made_record()
    parts = {
        name: tuple(replace(each, **dict.fromkeys(fields, text)) for each in getattr(record, name))
        for name, fields in {
            "matters": ("role", "text"), "worries": ("text",), "notes": ("text",),
            "dissent": ("role", "text"), "rated": ("title",), "lines": ("title", "provider"),
            "risks": ("mitigation", "stop_rule", "review"), "agreements": ("who", "reason"),
        }.items()
    }  # fmt: skip
    texts = "title reasons coordinator stop_rule review_triggers about".split()
    return replace(record, **parts, **dict.fromkeys(texts, text))


@pytest.mark.parametrize(
    ("mode", "stamp"),
    [
        ("training", ["TRAINING", "an invented case", "Not a clinical record"]),
        ("live", ["LIVE", "a real person", "Confidential", "no clinical safety assurance"]),
    ],
)
def test_the_stamp_says_whether_the_case_is_invented(mode: Any, stamp: list[str]) -> None:
    made = full(made_record(mode=mode))
    assert all(part in made.stamp for part in stamp)


def test_a_live_record_does_not_call_the_figure_given_an_estimate() -> None:
    assert "a first estimate, not a cap" in section(FULL, "The plan")
    live = full(made_record(mode="live"))
    assert "estimate" not in section(live, "The plan")
    assert "the figure that the meeting was given" in section(live, "The plan")


def test_a_meeting_that_was_not_closed_has_no_outcome() -> None:
    made = full(made_record(closed=False))
    assert "It was not closed: this is how it stood." in made.subtitle
    assert "so it has no outcome" in section(made, "Outcome of the meeting")
    assert "A decision was made" not in section(made, "Outcome of the meeting")


def test_notices_come_first_and_then_the_persons_own_words() -> None:
    text = document.as_text(FULL)
    places = [
        text.index(each) for each in ("Kerry is invented.", "the cat on my feet", "The meeting")
    ]
    assert places == sorted(places)
    assert headings(FULL)[:3] == ["What the person said", "What matters", "Worries"]


def test_it_tells_who_was_there_and_who_left() -> None:
    there = section(FULL, "The meeting")
    assert "Who was present, by role\n\n- Facilitator" in there
    assert "Who left before the end\n\n- Family or carer" in there


def test_each_round_has_a_table_with_the_persons_marks_in_a_column_of_their_own() -> None:
    first, second = table(FULL, "Round 1"), table(FULL, "Round 2")
    assert first.header[1:] == (
        "Team’s median", "30th to 70th percentile", "Index", "Verdict", "Each role’s mark",
        "The person’s marks",
    )  # fmt: skip
    home, bed = first.rows
    assert home[:4] == ("Option: Detox at home, nurse twice daily", "7", "3 to 8", "1.40")
    assert home[5].startswith("GP: 2\nNurse: 3")
    assert home[6] == "The person: 9\nSpeaks for the person: cannot say"
    assert bed[1:5] == ("none", "none", "none", "Too few rated")
    assert second.rows[1][0] == "Safeguard: Somebody awake each night"
    assert "They are in no median" in section(FULL, "How options and safeguards were rated")


def test_the_definition_by_counting_stands_beside_the_verdict() -> None:
    rated = tuple(replace(item, classical="agreement") for item in made_record().rated)
    row = table(full(made_record(rated=rated)), "Round 2").rows[0]
    assert row[4] == "The team would do this. By counting: agreement"


def test_the_plan_tells_prices_costs_and_payers_to_the_penny() -> None:
    nurse, _, group, needles = table(FULL, "What the plan holds").rows
    assert nurse == (
        "Nurse visits at home", "Thread a needle at nine", "Alcohol service",
        "£45.50 per visit, 14 times", "£637.00", "The budget",
        "23\xa0Nov\xa02026 to 29\xa0Nov\xa02026",
    )  # fmt: skip
    assert group[3:6] == ("52 times", "none to the budget", "Usual care")
    assert needles[3:6] == ("£12.00 per box, once", "none to the budget", "Own money")


def test_the_first_estimate_is_no_cap_and_the_contingency_stands_outside() -> None:
    plan = section(full(made_record(cost=Decimal("1177.5"))), "The plan")
    assert "The budget pays: £1,177.50" in plan
    assert "Indicative budget: £3,200.00. It is a first estimate, not a cap." in plan
    assert "Contingency: £250.00, held outside the budget." in plan
    assert "How the money is held: Notional: the commissioner keeps the money and pays" in plan
    assert "nothing in the plan is for\n\n- Who knows is up to me" in plan


@pytest.mark.parametrize(
    ("starts", "ends", "told"),
    [(True, False, "from 23"), (False, True, "until 29"), (False, False, "not fixed")],
)
def test_a_line_may_have_no_start_or_no_end(starts: bool, ends: bool, told: str) -> None:
    line = made_record().lines[0]
    line = replace(line, starts=line.starts if starts else None, ends=line.ends if ends else None)
    assert table(full(made_record(lines=(line,))), "What").rows[0][6].startswith(told)


def test_findings_tell_their_level_and_what_they_are_about() -> None:
    assert table(FULL, "What was found").rows == (
        ("discuss", "Something unproven is tried, with a date to look again", "Thursday group"),
        ("note", "Three agreements", "the plan"),
    )


def test_the_ledger_tells_risks_of_doing_and_of_not_doing() -> None:
    ledger = section(FULL, "Risks, and who holds them")
    assert "Risk 1, of doing\n\nWhat could happen: Withdrawal turns bad" in ledger
    assert "Who holds it: the person; the healthcare professional; the provider" in ledger
    assert "When to stop: Shaking that gets worse, confusion or a fit: 999." in ledger
    assert "Risk 2, of not doing" in ledger
    assert "Who holds it: nobody yet" in ledger


def test_the_three_agreements_stand_one_by_one() -> None:
    agreements = section(FULL, "The three agreements")
    assert (
        "The person\n\nWho: Kerry, the person\nSays: agrees\nWritten down by: the facilitator"
        in (agreements)
    )
    assert "Says: agrees in part\nNot to: Thursday group\nReason: I have seen no" in agreements
    assert "Written down by: them, from their own seat in the meeting" in agreements
    assert "Nobody checked them." in agreements
    assert "The commissioner\n\nSays: not given\n" in agreements


def test_disagreement_has_a_section_of_its_own_in_their_words_by_role() -> None:
    told = section(FULL, "Disagreement that remains")
    for said in DISSENT:
        assert f"{said.role}: {said.text}" in told
    assert "Not every party agrees to the plan." in told


def test_nobody_disagreeing_is_said_too() -> None:
    agreements = tuple(replace(each, says="agrees") for each in made_record().agreements)
    quiet = full(made_record(dissent=(), agreements=agreements))
    told = section(quiet, "Disagreement that remains")
    assert "Nobody recorded a disagreement." in told
    assert "Not every party" not in told


@pytest.mark.parametrize(
    ("outcome", "told", "plan"),
    [
        ("made", "A decision was made", "The plan"),
        ("deferred", "The decision was deferred", "The plan as it stood, not decided"),
        ("not reached", "No decision was reached", "The plan as it stood, not decided"),
    ],
)
def test_the_outcome_is_told_at_the_top_and_with_its_reasons(
    outcome: Any, told: str, plan: str
) -> None:
    made = full(made_record(outcome=outcome))
    assert made.subtitle == f"Meeting of 2 November 2026. {told}. Nobody holds 1 of its 2 risks."
    held = tuple(replace(risk, holders=("the GP",)) for risk in made_record().risks)
    whole = full(made_record(outcome=outcome, risks=held))
    assert whole.subtitle == f"Meeting of 2 November 2026. {told}."
    assert f"Outcome: {told}.\nReasons: Home is safe enough" in section(
        made, "Outcome of the meeting"
    )
    assert plan in headings(made)


def test_it_ends_with_who_co_ordinates_and_when_to_look_again() -> None:
    assert section(FULL, "What happens next").split("\n")[2:6] == [
        "Co-ordinator: Alcohol nurse",
        "Review date: 14 December 2026",
        "Review sooner if: Any drink, any fall, or a night with nobody there.",
        "Stop rule: If two nights pass without sleep, or she says not like this.",
    ]


@pytest.mark.parametrize("outcome", ["made", "deferred", "not reached"])
@pytest.mark.parametrize("make", [full, plain])
def test_a_meeting_where_nothing_was_said_makes_every_document(make: Any, outcome: Any) -> None:
    made = make(empty_record(outcome=outcome))
    assert document.as_word(made)
    assert document.as_pdf(made)
    assert not re.search(r": *$", document.as_text(made), re.MULTILINE)
    for block in made.blocks:
        if isinstance(block, Paragraph):
            assert block.text.strip()
        if isinstance(block, Fields):
            assert block.pairs


@pytest.mark.parametrize("make", [full, plain])
def test_every_word_of_dissent_is_in_every_format(make: Any) -> None:
    made = make(made_record())
    read = docx.Document(io.BytesIO(document.as_word(made)))
    pages = pypdf.PdfReader(io.BytesIO(document.as_pdf(made))).pages
    texts = (
        document.as_text(made),
        "\n".join(paragraph.text for paragraph in read.paragraphs),
        re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages)),
    )
    assert all(said.role in text and said.text in text for said in DISSENT for text in texts)


@pytest.mark.parametrize("make", [full, plain])
def test_hostile_words_anywhere_are_text_everywhere(make: Any) -> None:
    made = make(everywhere(HOSTILE))
    wanted = '#eval("1") $x$ *b* <w:p/> &'
    read = docx.Document(io.BytesIO(document.as_word(made)))
    pages = pypdf.PdfReader(io.BytesIO(document.as_pdf(made))).pages
    assert document.as_text(made).count(f"{wanted} שלום 😀 end") > 15
    assert sum(wanted in paragraph.text for paragraph in read.paragraphs) > 10
    assert " ".join(" ".join(page.extract_text() for page in pages).split()).count(wanted) > 15


def test_a_meeting_of_one_round_is_not_said_to_have_moved_or_not() -> None:
    record = made_record()
    once = tuple(item for item in record.rated if item.round == 1)
    said = document.as_text(full(replace(record, rated=once, moved=())))
    assert "There was no second round." in said
    said = document.as_text(full(replace(record, moved=())))
    assert "Nothing moved." in said
