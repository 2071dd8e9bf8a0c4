"""What could identify a real person in a typed text, and what only looks a little like it."""

from __future__ import annotations

import ast
import datetime as dt
import random
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.meeting import identifiers
from phbkit.meeting.identifiers import Identifier, describe, find, find_called, tidied

TODAY = dt.date(2026, 11, 22)
GAPS = ["", " ", "-", "  ", " - ", "\u00a0", "\u2013", "\u2011", "\u2009", "\u200b", "\t"]


def kinds(text: str) -> list[str]:
    return [found.kind for found in find(text, TODAY)]


def nhs_check(nine: list[int]) -> int:
    """Work out the tenth digit: 11 less the remainder of the weighted sum; 10 is never issued."""
    rest = (
        11 - sum(weight * digit for weight, digit in zip(range(10, 1, -1), nine, strict=True)) % 11
    )
    return 0 if rest == 11 else rest


nhs_digits = (
    st.lists(st.integers(0, 9), min_size=9, max_size=9)
    .filter(lambda nine: nhs_check(nine) < 10)
    .map(lambda nine: [*nine, nhs_check(nine)])
)
gaps = st.lists(st.sampled_from(GAPS), min_size=9, max_size=9)


def spaced(digits: list[int], gaps: list[str]) -> str:
    return "".join(f"{digit}{gap}" for digit, gap in zip(digits, [*gaps, ""], strict=True))


@given(digits=nhs_digits, gaps=gaps)
def test_every_nhs_number_is_found_however_it_is_grouped(
    digits: list[int], gaps: list[str]
) -> None:
    text = f"Her number is {spaced(digits, gaps)}, as on the letter."
    (found,) = find(text, TODAY)
    assert found.kind == "NHS number"
    assert [int(letter) for letter in found.text if letter.isdigit()] == digits


@given(digits=nhs_digits, gaps=gaps, other=st.integers(1, 9))
def test_ten_digits_with_another_last_digit_are_no_nhs_number(
    digits: list[int], gaps: list[str], other: int
) -> None:
    wrong = [*digits[:9], (digits[9] + other) % 10]
    assert "NHS number" not in kinds(f"Her number is {spaced(wrong, gaps)}, as on the letter.")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("943 476 5919", "943 476 5919"),
        ("NHS no.9434765919.", "9434765919"),
        ("NHS9434765919", "9434765919"),
        ("(943-476-5919)", "943-476-5919"),
        ("９４３ ４７６ ５９１９", "943 476 5919"),
        ("943\u200b476\u200b5919", "9434765919"),
        ("943\u2011476\u20145919", "943-476-5919"),
        ("943\u2212476\u20435919", "943-476-5919"),
        ("943 4\u030176 59\u20e319", "943 476 5919"),
        ("943\u1680476\u16805919", "943 476 5919"),
        ("943\u00a0476\u202f5919", "943 476 5919"),
        ("٩٤٣ ٤٧٦ ٥٩١٩", "943 476 5919"),
        ("12 weeks, 943 476 5919, 3 times", "943 476 5919"),
        ("Smith,9434765919,LS1", "9434765919"),
    ],
)
def test_an_nhs_number_is_found(text: str, found: str) -> None:
    assert [(each.kind, each.text) for each in find(text, TODAY)] == [("NHS number", found)]


@pytest.mark.parametrize(
    "text",
    [
        "03/03/1961",
        "3/3/1961",
        "3/3/61",
        "3.3.61",
        "03.03.1961",
        "03-03-1961",
        "3 / 3 / 1961",
        "03/25/1961",
        "1961-03-03",
        "1961/3/3",
        "3 March 1961",
        "3rd March 1961",
        "3rd of March, 1961",
        "3 Mar 1961",
        "3-Mar-61",
        "3 Mar '61",
        "3 march ’61",
        "March 3, 1961",
        "Sept 3rd 1961",
        "29 February 1960",
        "1961\u201103\u201103",
        "0３/0３/1961",
    ],
)
def test_a_date_of_long_ago_is_taken_for_a_birth(text: str) -> None:
    for written in (text, f"She is Ann ({text}).", f"{text}, of Leeds"):
        assert [(each.kind, each.text) for each in find(written, TODAY)] == [
            ("date of birth", tidied(text))
        ]


@pytest.mark.parametrize(
    "text",
    [
        "DOB 2/11/2026",
        "dob: 02.11.26",
        "D.O.B. 2 November 2026",
        "DOB02/11/2026",
        "Date of birth\n2026-11-02",
        "her date of birth is 2 November 2026",
        "born 2 November 2026",
        "The baby was born at home in Leeds on 2 November 2026.",
        "2/11/2026 (DOB)",
        "2 November 2026 is her birthday",
        "birthdate = 2026-11-02",
        "born 2 11 26",
        "DOB 02112026",
        "dob 021126",
        "born on the 2nd of November 26",
        "born in March 1961",
        "born 12 May 1899",
        "DOB 1/1/2061",
    ],
)
def test_a_date_called_a_birth_is_one_whenever_it_was(text: str) -> None:
    assert kinds(text) == ["date of birth"]


@pytest.mark.parametrize(
    "text",
    [
        "12 weeks from 2 November 2026",
        "Review on 02/11/2026 at 10:30",
        "review 2.11.26",
        "next review 2027-05-01",
        "from 3 March 2025 to 3 March 2028",
        "Review 2 November 2026. Born in Leeds.",
        "31/02/1961",
        "13/30/40",
        "14 October 1066",
        "1 April 2044",
        "in March 1961",
        "in 1961",
        "born in 1961",
        "2013/14 prices",
        "titrate 5-10-15 mg",
        "10/12/14 weeks",
        "section 4.10.12",
        "paragraph 4.10.12",
        "para. 4.10.12",
        "clause 4.10.12",
        "chapter 4.10.12",
        "version 2.10.12",
        "v2.10.12",
        "£3.10.12",
        "10.12.14.1",
        "3 March 12 people came",
        "a stubborn 2/11/2026",
    ],
)
def test_other_dates_and_numbers_with_stops_are_not_births(text: str) -> None:
    assert kinds(text) == []


def test_a_word_of_birth_goes_with_one_date() -> None:
    text = "born 2/11/2025, seen 3/11/2025, review 4/11/2026"
    assert [each.text for each in find(text, TODAY)] == ["2/11/2025"]


def test_how_long_ago_is_counted_from_the_day_it_was_typed() -> None:
    text = "Seen 2 November 2026."
    assert kinds(text) == []
    assert [each.kind for each in find(text, dt.date(2031, 1, 1))] == ["date of birth"]
    assert [each.kind for each in find("Seen 3/3/61", dt.date(2060, 1, 1))] == []


@pytest.mark.parametrize(
    "postcode",
    ["M1 1AE", "B33 8TH", "CR2 6XH", "DN55 1PT", "W1A 0AX", "EC1A 1BB", "SW1A 2AA", "GIR 0AA",
     "SE1P 5LX", "N1C 4AG", "E1W 3TJ", "ZE1 0AA", "JE2 3AB", "GX11 1AA", "BF1 3AA", "LS1 4HR"],
)  # fmt: skip
def test_a_postcode_is_found_in_capitals_or_not_and_with_a_space_or_not(postcode: str) -> None:
    area, rest = postcode.split()
    written = [postcode, f"{area}{rest}", f"{area}  {rest}", f"{area}\u00a0{rest}"]
    if rest[1:].lower() != "th":
        written += [each.lower() for each in written] + [postcode.title()]
    for text in written:
        for around in (text, f"of {text}.", f"({text})"):
            assert [(each.kind, each.text) for each in find(around, TODAY)] == [
                ("postcode", tidied(text))
            ]


@pytest.mark.parametrize(
    "text",
    [
        "in 1st place",
        "B12 3mg",
        "B12 5ug daily",
        "b12 1 mg",
        "L4 5th vertebra",
        "S1 2nd visit",
        "E10 2hr",
        "M1 2 in 10",
        "KTX-4M7",
        "KTX 4M7",
        "QV1 1AA",
        "SW1A 1A",
        "SW1A 1AAA",
        "XSW1A 1AA",
        "SW1A 1CI",
        "B1A 1AA",
        "IN1 1AA",
        "CG115",
        "G6PD",
        "5HT 2A",
        "LS1",
    ],
)
def test_codes_and_doses_are_no_postcodes(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    "text",
    ["jo.bloggs@nhs.net", "JO_B+phb@Example.CO.UK", "o'brien@leeds.gov.uk", "jo＠nhs.net",
     "07700900123@example.org"],
)  # fmt: skip
def test_an_e_mail_address_is_found(text: str) -> None:
    for around in (text, f"<{text}>", f"mailto:{text}.", f"to {text}, today"):
        assert [(each.kind, each.text) for each in find(around, TODAY)] == [
            ("e-mail address", tidied(text))
        ]


@pytest.mark.parametrize("text", ["@nhs", "jo @ home", "5@£3", "a@b", "jo@nhs", "@handle.bsky"])
def test_other_uses_of_at_are_no_e_mail_address(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "07700 900123",
        "07700900123",
        "07700-900-123",
        "07 700 900 123",
        "(07700) 900123",
        "+44 7700 900123",
        "+447700900123",
        "+44 (0)7700 900123",
        "0044 7700 900123",
        "44 7700 900123",
        "020 7946 0000",
        "(020) 7946 0000",
        "020-7946-0000",
        "020.7946.0000",
        "+44 20 7946 0000",
        "01632 960123",
        "01632/960 123",
        "0300 123 4567",
        "０７７００ ９００１２３",
        "07700\u2013900\u2013123",
        "07700\u200b900123",
    ],
)
def test_a_telephone_number_is_found(text: str) -> None:
    for around in (text, f"tel:{text}", f"Ring {text}, after 6.", f"Ring {text} 3 times"):
        assert [(each.kind, each.text) for each in find(around, TODAY)] == [
            ("telephone number", tidied(text))
        ]


def test_a_telephone_number_of_ten_digits_is_found_too() -> None:
    assert [each.text for each in find("Ring 016977 2345, after 6.", TODAY)] == ["016977 2345"]


@pytest.mark.parametrize(
    "text",
    [
        "Ring 111, or 999",
        "Samaritans: 116 123",
        "Childline 0800 1111",
        "0800 123 4567",
        "£1,200.50",
        "£0123456789",
        "0.0123456789",
        "077009001234",
        "0770090012",
        "07.30 to 08.15, 09.15 to 10.45",
    ],
)
def test_helplines_and_prices_are_no_ones_telephone_number(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SADQ 23, PHQ-9 14, GAD-7 11 and EQ-5D-5L 0.62",
        "£1,200.50 a year, £38,500.00 in all, less 5%",
        "12 weeks, 10 to 12 sessions, 1 in 10, 50:50, 3 x 20 minutes",
        "CG115, NG222, QS14, TA1057 and section 117 of the 1983 Act",
        "2013/14 prices; 2024/25-2026/27",
        "oxycodone 5-10 mg up to 4 times a day; 10 mg/5 ml; 1-0-1; 120/80; 37.5",
        "doi 10.1136/bmjopen-2012-001431, page 1133-1143",
        "ICD10 F32.1, Act 1983 s117(2), room 2B, ward 7, level 3",
        "She wants a massage at home, not at the clinic: 'it is my back'.",
        "1 2 3 4 5 6 7 8 9",
        "\U0001f600 \ud800 ½ ² №",
    ],
)
def test_what_people_write_in_a_plan_is_left_alone(text: str) -> None:
    assert find(text, TODAY) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Mrs Jones of 12 High Street", "a name (Mrs Jones) and an address (12 High Street)"),
        ("seen by mr o’neill, Ms A. Šimková", "a name (mr o’neill, Ms A. Šimková)"),
        ("Dr Patel and MRS VAN DEN BERG", "a name (Dr Patel, MRS VAN DEN BERG)"),
        ("Mx Jones and Miss Patel", "a name (Mx Jones, Miss Patel)"),
        ("Prof Ng, Professor Khan, Rev Lee", "a name (Prof Ng, Professor Khan, Rev Lee)"),
        ("Sir John Smith and Dame Ann", "a name (Sir John Smith, Dame Ann)"),
        ("apt 4, apartment 5a", "an address (apt 4, apartment 5a)"),
        ("2 elm road, 3 park avenue", "an address (2 elm road, 3 park avenue)"),
        ("7 royal crescent", "an address (7 royal crescent)"),
        ("Flat 3, 12 High Street, Leeds", "an address (Flat 3, 12 High Street)"),
        ("at 14a St John’s Road, or 3 Elm Close", "an address (14a St John’s Road, 3 Elm Close)"),
        ("12 high street, flat 2b", "an address (12 high street, flat 2b)"),
        ("She lives in LS1 4.", "a postcode (LS1 4)"),
        ("GMC number 7654321", "a reference number (GMC number 7654321)"),
        ("nmc pin: 12A3456E", "a reference number (nmc pin: 12A3456E)"),
        ("NI number QQ 12 34 56 C", "a reference number (NI number QQ 12 34 56 C)"),
        ("AB123456C", "a reference number (AB123456C)"),
        ("MRN H1234567", "a reference number (MRN H1234567)"),
        ("hospital no. 123456", "a reference number (hospital no. 123456)"),
        ("HCPC PH123456, GPhC 2012345", "a reference number (HCPC PH123456, GPhC 2012345)"),
        ("CHI 0101234567", "a reference number (CHI 0101234567)"),
        ("NINO: QQ123456C", "a reference number (NINO: QQ123456C)"),
        ("National Insurance no 123456", "a reference number (National Insurance no 123456)"),
        ("patient id 1234567", "a reference number (patient id 1234567)"),
        ("medical record no 76543", "a reference number (medical record no 76543)"),
        ("case notes ref 12345", "a reference number (case notes ref 12345)"),
        ("NHS number is 943 476 5918", "an NHS number (943 476 5918)"),
        ("born in 1948, aged 78", "a date of birth (born in 1948, aged 78)"),
        ("aged 78\n(born 1948)", "a date of birth (aged 78\n(born 1948)"),
    ],
)
def test_names_addresses_and_numbers_by_their_label_are_found(text: str, told: str) -> None:
    assert describe(find(text, TODAY)) == f"This seems to hold {told}."


@pytest.mark.parametrize(
    "text",
    [
        "Mrs A said: Mr and Mrs B would like that. I miss her.",
        "The MS nurse, and the Dr too. They miss Mondays.",
        "2 minutes from the road, 3 visits a street, across 2 busy roads, 20 minute drive",
        "5 minutes by road, 2 main road crossings, 30 metres to road works",
        "a flat £20, flat 20% off, flat 24 hours, 2 flats",
        "CO2 4, FY1 5, B12 3, L4 5, L5 S1, SP2 4 times, PHQ9 14",
        "GMC 2024 guidance, NI 2026-27, NMC code, patient number one, HCPC",
        "NHS 111, the NHS pays 24.50 for 260 hours",
        "aged 78, seen since 1998; 14 years old in 2025",
        "at 10 20 30 a day",
    ],
)
def test_ordinary_sentences_of_a_meeting_are_not_asked_about(text: str) -> None:
    assert find(text, TODAY) == []


@pytest.mark.parametrize(
    ("called", "asked"),
    [("Margaret Jones", True), ("margaret o'neil", True), ("Jones, Margaret", True)]
    + [(name, False) for name in ("A", "Mr A", "Margaret", "Margaret J", "the person", "A.B.")],
)
def test_a_first_name_with_a_surname_is_not_what_to_call_the_person(
    called: str, *, asked: bool
) -> None:
    assert bool(find_called(called)) == asked


def test_one_stretch_makes_one_finding_and_an_nhs_number_comes_before_a_telephone() -> None:
    text = "01 2345 6789 is both in shape; 0123456789"
    assert kinds(text) == ["NHS number", "NHS number"]
    assert kinds("+44 7700 900123 943 476 5919") == ["telephone number", "NHS number"]
    assert kinds("03/03/1961 943 476 5919 LS1 4AP") == ["date of birth", "NHS number", "postcode"]
    assert kinds("review 02/11/2026 943 476 5919") == ["NHS number"]


@given(st.text(max_size=60) | st.text("0123456789 -/.@()+marchdobLS", max_size=60))
def test_findings_are_in_order_apart_and_quote_the_tidied_text(text: str) -> None:
    found, plain = find(text, TODAY), tidied(text)
    for each in found:
        assert each.text
        assert plain[each.start : each.start + len(each.text)] == each.text
    assert all(one.start + len(one.text) <= other.start for one, other in pairwise(found))


@given(st.text(max_size=60))
def test_tidying_twice_is_tidying_once(text: str) -> None:
    assert tidied(tidied(text)) == tidied(text)


@pytest.mark.parametrize(
    "piece",
    ["0", "1 ", "- ", " ", "0-", "07", "0 7", "1/1/", "1.", "a", "a@", "a.", "@a.", "a@1.", "(0",
     "+44", "born ", "dob:", "march ", "3 march ", "LS1 ", "\u200b", "\u2013", "\ufdfa",
     "\u0301\u0323"],
)  # fmt: skip
def test_a_long_text_made_to_be_slow_is_read_all_the_same(piece: str) -> None:
    text = (piece * 6000)[:6000]
    assert isinstance(find(text + "!943 476 5919", TODAY), list)
    assert isinstance(find("a@" + text, TODAY), list)


def test_a_long_text_keeps_what_is_in_it() -> None:
    shuffled = random.Random(1).choices(["word ", "12 ", "- ", "£3.50 ", "born "], k=2000)
    shuffled[1000:1000] = [". NHS 943 476 5919; "]
    assert "NHS number" in kinds("".join(shuffled))


def test_the_findings_are_told_in_one_sentence() -> None:
    text = "943 476 5919 of ls1 4ap, or LS2 7UE, or ls1 4ap; 3/3/61; jo@nhs.net; 07700 900123"
    assert describe(find(text, TODAY)) == (
        "This seems to hold an NHS number (943 476 5919), a date of birth (3/3/61), "
        "a postcode (ls1 4ap, LS2 7UE), an e-mail address (jo@nhs.net) "
        "and a telephone number (07700 900123)."
    )
    both = [Identifier("NHS number", "943 476 5919", 0), Identifier("postcode", "LS1 4AP", 20)]
    assert describe(both) == (
        "This seems to hold an NHS number (943 476 5919) and a postcode (LS1 4AP)."
    )
    assert describe(both[1:]) == "This seems to hold a postcode (LS1 4AP)."
    assert describe([]) == ""


def test_without_a_day_it_is_judged_as_of_now() -> None:
    now = dt.datetime.now(tz=dt.UTC).date()
    assert find(f"review {now.isoformat()}; born 3 March 1961")[0].text == "3 March 1961"


def test_it_stands_on_the_standard_library_alone() -> None:
    tree = ast.parse(Path(identifiers.__file__).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.module.split(".")[0] in sys.stdlib_module_names
        elif isinstance(node, ast.Import):
            assert all(alias.name in sys.stdlib_module_names for alias in node.names)
