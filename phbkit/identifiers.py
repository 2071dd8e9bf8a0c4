"""What in a typed text could identify a real person: found by its shape, with no list of names.

A text is tidied first (see `tidied`), so that full-width digits, unusual dashes and characters of
no width hide nothing. From each place where it may begin, a pattern takes a bounded number of
steps, so the time goes with the length of the text.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Kind = Literal["NHS number", "date of birth", "postcode", "e-mail address", "telephone number"]

_NAMES: dict[Kind, tuple[str, str]] = {
    "NHS number": ("an NHS number", "NHS numbers"),
    "date of birth": ("a date of birth", "dates of birth"),
    "postcode": ("a postcode", "postcodes"),
    "e-mail address": ("an e-mail address", "e-mail addresses"),
    "telephone number": ("a telephone number", "telephone numbers"),
}


@dataclass(frozen=True)
class Identifier:
    """A stretch of text that could identify somebody; `start` is its place in the tidied text."""

    kind: Kind
    text: str
    start: int


def find(text: str, today: dt.date | None = None) -> list[Identifier]:
    """Find what could identify a person, in the order of the text; no two findings overlap.

    Parameters
    ----------
    text
        What somebody typed, of any length.
    today
        The day it was typed; the present day in UTC when left out. A date within two years of it,
        before or after, is taken for a review unless the text calls it a date of birth.
    """
    text = tidied(text)
    day = today or dt.datetime.now(tz=dt.UTC).date()
    stretches = [
        *_nhs_numbers(text),
        *_matches("e-mail address", _EMAIL, text),
        *_dates(text, day),
        *_matches("telephone number", _PHONE, text),
        *_matches("postcode", _POSTCODE, text),
    ]
    found, reached = [], 0
    for stretch in sorted(stretches, key=lambda each: each.start):  # NHS numbers first, as listed
        if stretch.start >= reached:
            reached = stretch.end
            if stretch.kind:
                words = text[stretch.start : stretch.end]
                found.append(Identifier(stretch.kind, words, stretch.start))
    return found


def describe(found: Sequence[Identifier]) -> str:
    """Say in one sentence what a text seems to hold; say nothing when nothing was found."""
    parts = []
    for kind, (one, several) in _NAMES.items():
        texts = list(dict.fromkeys(each.text for each in found if each.kind == kind))
        if texts:
            parts.append(f"{one if len(texts) == 1 else several} ({', '.join(texts)})")
    listed = " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
    return f"This seems to hold {listed}." if listed else ""


def tidied(text: str) -> str:
    """Write look-alike characters plainly, as findings are placed and quoted.

    That is Unicode NFKC character by character, with plain digits, spaces and dashes for those of
    other scripts and widths, and without accents that stand alone and characters of no width.
    """
    return re.sub(r"[^\x00-\x7f]", _plain, text)


def _plain(found: re.Match[str]) -> str:
    return "".join(map(_lookalike, unicodedata.normalize("NFKC", found[0])))


_PLAIN = {"Cf": "", "Mn": "", "Me": "", "Zs": " ", "Pd": "-"}  # by the character's category


def _lookalike(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return "-" if character in {"\u2212", "\u2043"} else _PLAIN.get(category, character)


@dataclass(frozen=True)
class _Stretch:
    """A stretch with a shape of its own; it has no kind when it is a date and nobody's birth."""

    kind: Kind | None
    start: int
    end: int


def _nhs_numbers(text: str) -> Iterator[_Stretch]:
    """Find ten digits, in whole groups, whose last is the modulus 11 check of the others."""
    groups = list(re.finditer(r"[0-9]+", text))
    joined = [
        re.fullmatch(r"[ \t-]{1,4}", text[one.end() : other.start()]) is not None
        for one, other in pairwise(groups)
    ]
    for first, group in enumerate(groups):
        digits, last = group[0], first
        while len(digits) < 10 and last < len(joined) and joined[last]:
            last += 1
            digits += groups[last][0]
        amount = re.search(r"(?:[0-9]\.|[£$€])\Z", text[max(0, group.start() - 2) : group.start()])
        if len(digits) == 10 and _checks(digits) and not amount:
            yield _Stretch("NHS number", group.start(), groups[last].end())


def _checks(digits: str) -> bool:
    """Weigh ten digits 10 to 1, as the NHS Data Dictionary has it: the sum is a multiple of 11."""
    weights = range(10, 0, -1)
    return sum(w * int(digit) for w, digit in zip(weights, digits, strict=True)) % 11 == 0


_EMAIL = re.compile(r"(?<![\w.%+'-])[\w.%+'-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)


def _matches(kind: Kind, pattern: re.Pattern[str], text: str) -> Iterator[_Stretch]:
    """Find what has the shape of a kind, but not `L4 5th` or `B12 5ug`."""
    for match in pattern.finditer(text):
        if not _RANK_OR_AMOUNT.fullmatch(match[0]):
            yield _Stretch(kind, *match.span())


_GAP = r"[ \t.()/-]{0,3}"
_PHONE = re.compile(
    rf"""
    (?<![0-9]) (?<![0-9]\.) (?<![£$€])
    (?: (?:\+|00) [ ]?44 {_GAP} (?:0 {_GAP})? [1237] (?:{_GAP}[0-9]){{8,9}}
      | 44 [ -]? 7[0-9]{{3}} (?:{_GAP}[0-9]){{6}}
      | (?:\( (?=0[0-9]{{2,4}}\)))?
        0 (?: 1[0-9] (?:{_GAP}[0-9]){{7,8}}
            | (?:[23][0-9] | 7[ -]?[0-9]) (?:{_GAP}[0-9]){{8}} )
    ) (?![0-9])
    """,
    re.VERBOSE,
)


_AREA = (
    "A[BL]|B[ABDFHLNRSTX]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUXY]?|H[ADGPRSUX]|I[GMPV]"
    "|JE|K[ATWY]|L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?"
    "|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE"
)
_POSTCODE = re.compile(
    rf"""
    (?<!\w)
    (?: GIR [ \t]{{0,2}} 0AA
      | (?: (?:EC?|NW?|SE|SW|WC?) [1-9] [A-HJKMNPR-Y] | (?:{_AREA}) [0-9]{{1,2}} )
        [ \t]{{0,2}} [0-9][ABD-HJLNP-UW-Z]{{2}} )
    (?!\w)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_RANK_OR_AMOUNT = re.compile(
    r".*(?:1st|2nd|3rd|[04-9]th)|[A-Za-z][0-9]+[ \t]*[0-9](?:ug|ng|pg|wk|hr|yr|ft|lb|pt|bd|qd)"
)


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?P<day>[0-9]{1,2})(?: ?(?:st|nd|rd|th))?(?: of)?"
_NUMBER = r"(?P<number>[0-9]{1,2})"
_YEAR, _SHORT = r"(?P<year>[0-9]{4})", r"(?P<year>[0-9]{2})"
_EITHER = r"(?P<year>[0-9]{4}|[0-9]{2})"
_BY = r"[\s,./-]{0,3}"
_NOT_WITHIN = r"(?<![0-9])(?<![0-9][./-])(?<![v£$€])"
_ENDS = r"(?![0-9]|[./-][0-9])"
_BIRTH = r"(?<!\w)(?:d\.?o\.?b\.?|d o b|date of birth|birth ?date|birthday|born)(?![a-z])"
_AFTER_BIRTH = rf"{_BIRTH}[\s:.,=(-]{{0,5}}(?:(?:is|was|on|in|the)\s){{0,3}}"
_DATE_SHAPES = [
    re.compile(f"{before}(?P<date>{shape}){_ENDS}", re.IGNORECASE)
    for before, shape in (
        (_NOT_WITHIN, rf"{_YEAR}(?P<by>[./-]){_NUMBER}(?P=by)(?P<day>[0-9]{{1,2}})"),
        (_NOT_WITHIN, rf"(?P<day>[0-9]{{1,2}})(?P<by>[./-]| / ){_NUMBER}(?P=by){_EITHER}"),
        (_NOT_WITHIN, rf"{_DAY}{_BY}{_MONTH}{_BY}{_YEAR}"),
        (_NOT_WITHIN, rf"{_DAY}{_BY}{_MONTH}(?:[./-]| ?['\u2018\u2019]){_SHORT}"),
        (r"(?<![a-z])", rf"{_MONTH}{_BY}(?:the )?{_DAY}{_BY}{_YEAR}"),
        (_AFTER_BIRTH, rf"(?P<day>[0-9]{{1,2}}) {_NUMBER} {_EITHER}"),
        (_AFTER_BIRTH, rf"(?P<day>[0-9]{{2}})(?P<number>[0-9]{{2}}){_EITHER}"),
        (_AFTER_BIRTH, rf"{_DAY}{_BY}{_MONTH}{_BY}{_SHORT}"),
        (_AFTER_BIRTH, rf"{_MONTH}{_BY}{_YEAR}"),
    )
]
_BIRTH_WORD = re.compile(_BIRTH, re.IGNORECASE)
_SENTENCE_ENDS = re.compile(r"[.!?;]\s")
_NUMBERED = re.compile(r"(?:section|paragraph|para|clause|chapter|version)\.? ?\Z", re.IGNORECASE)
_AMOUNT = re.compile(
    r" ?(?:m?c?g|ug|ml|units?|mmol|%|minutes?|hours?|days?|weeks?|months?|sessions?)\b",
    re.IGNORECASE,
)
_REVIEWS = dt.timedelta(days=2 * 366)
_LIFETIME = dt.timedelta(days=120 * 366)


def _dates(text: str, today: dt.date) -> Iterator[_Stretch]:
    """Find every date; of birth are those called so, and those long past within a lifetime."""
    matches = [found for shape in _DATE_SHAPES for found in shape.finditer(text)]
    days = [(found, day) for found in matches if (day := _day(found, today))]
    days.sort(key=lambda each: each[0].start("date"))
    called = _called_births(text, [found.span("date") for found, _ in days])
    for place, (found, day) in enumerate(days):
        long_past = today - _LIFETIME <= day < today - _REVIEWS
        birth = place in called or (long_past and not _is_numbering(text, found))
        yield _Stretch("date of birth" if birth else None, *found.span("date"))


def _day(found: re.Match[str], today: dt.date) -> dt.date | None:
    """Read a date, its day or its month first; two figures are a year up to two from now."""
    parts = found.groupdict()
    year, last = int(parts["year"]), today.year + 2
    if len(parts["year"]) == 2:
        year = last - (last - year) % 100
    day = int(parts.get("day") or 1)
    if name := parts.get("month"):
        orders = [(_MONTHS.index(name[:3].lower()) + 1, day)]
    else:
        orders = [(int(parts["number"]), day), (day, int(parts["number"]))]
    for month, date in orders:
        try:
            return dt.date(year, month, date)
        except ValueError:
            continue
    return None


def _called_births(text: str, spans: Sequence[tuple[int, int]]) -> set[int]:
    """Give the places in `spans` of the dates that a word of birth goes with.

    It goes with the date after it, up to 40 characters on, or else with the one up to 25 before.
    """
    starts = [start for start, _ in spans]
    called = set()
    for word in _BIRTH_WORD.finditer(text):
        after = bisect_left(starts, word.end())
        if after < len(spans) and _near(text, word.end(), starts[after], 40):
            called.add(after)
        elif after and _near(text, spans[after - 1][1], word.start(), 25):
            called.add(after - 1)
    return called


def _near(text: str, start: int, end: int, most: int) -> bool:
    return end - start <= most and not _SENTENCE_ENDS.search(text, start, end)


def _is_numbering(text: str, found: re.Match[str]) -> bool:
    """Tell `section 4.10.12` and `5-10-15 mg` from a date with a year of two figures."""
    if len(found["year"]) == 4 or "month" in found.groupdict():
        return False
    start, end = found.span("date")
    return bool(_NUMBERED.search(text, max(0, start - 12), start) or _AMOUNT.match(text, end))
