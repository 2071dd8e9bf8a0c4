"""What in a typed text could identify a real person: found by its shape, with no list of names.

A text is tidied first (see `tidied`), so that full-width digits, unusual dashes and characters of
no width hide nothing. From each place where it may begin, a pattern takes a bounded number of
steps, so the time goes with the length of the text.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

Kind = Literal[
    "NHS number", "date of birth", "postcode", "e-mail address", "telephone number", "name",
    "address", "reference number",
]  # fmt: skip
_Found = tuple[int, int, Kind | None]
"""Where something begins and ends; it has no kind when it is a date and nobody's birth."""


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
    found: list[Identifier] = []
    reached = 0
    for start, end, kind in sorted([*_shapes(text), *_dates(text, day)], key=lambda one: one[0]):
        if start >= reached:
            reached = end
            if kind:
                found.append(Identifier(kind, text[start:end], start))
    return found


def find_called(text: str) -> list[Identifier]:
    """Find as `find` does in what somebody is to be called, and a first name with a surname too."""
    name = _FULL_NAME.fullmatch(tidied(text).strip())
    return [Identifier("name", name[0], 0)] if name else find(text)


def describe(found: Sequence[Identifier]) -> str:
    """Say in one sentence what a text seems to hold; say nothing when nothing was found."""
    parts = []
    for kind in get_args(Kind):
        texts = dict.fromkeys(each.text for each in found if each.kind == kind)
        if texts:
            parts.append(f"{'an' if kind[0] in 'Nea' else 'a'} {kind} ({', '.join(texts)})")
    listed = " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
    return f"This seems to hold {listed}." if listed else ""


_PLAIN = {"Cf": "", "Mn": "", "Me": "", "Zs": " ", "Pd": "-"}  # by the character's category


def tidied(text: str) -> str:
    """Write look-alike characters plainly, as findings are placed and quoted.

    That is Unicode NFKC character by character, with plain digits, spaces and dashes for those of
    other scripts and widths, and without accents that stand alone and characters of no width.
    """
    return re.sub(r"[^\x00-\x7f]", _plain, text)


def _plain(found: re.Match[str]) -> str:
    return "".join(
        str(unicodedata.decimal(character))
        if unicodedata.category(character) == "Nd"
        else _PLAIN.get(unicodedata.category(character), character)
        for character in re.sub("[\u2212\u2043]", "-", unicodedata.normalize("NFKC", found[0]))
    )


_GAP = r"[ \t.()/-]{0,3}"
_AREA = (
    "A[BL]|B[ABDFHLNRSTX]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUXY]?|H[ADGPRSUX]|I[GMPV]"
    "|JE|K[ATWY]|L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?"
    "|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE"
)
_TOWN = rf"(?=[A-Z]{{2}})(?:{_AREA})"  # B12 and L4 are also vitamins and vertebrae
_UNIT = r"(?:p|per|pounds|times|x|min(?:ute)?s?|h(?:ou)?rs?|days?|weeks?|months?|years?)\b"
_ROADS = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Crescent|Terrace|Drive|Close|Court|Gardens?|Grove|Place"
    "|Square|Mews|Row|Way|Walk|Hill|Park|Rise|View|Green|Parade|Villas|Cottages"
)
_NO_ROAD = rf"(?:an?|the|of|in|on|to|from|and|or|by|main|busy|m(?:et|il)[er]s?|yards?|{_UNIT})\b"
_FULL_NAME = re.compile(r"(?i)(?!(?:the|our|my|an?) )[^\W\d_]{2,}([ ,.-].*)?[ ,.'-][^\W\d_]{2,}")
_PATTERNS: dict[Kind | None, str] = {
    None: r"""  # what a date with a year of two figures only looks like
        (?:section|paragraph|para|clause|chapter|version)\.?[ ]?
          [0-9]{1,2}(?:[./-][0-9]{1,2}){2}
        | (?<![0-9]) [0-9]{1,2}(?:[./-][0-9]{1,2}){2} [ ]?
          (?:m?c?g|ug|ml|units?|mmol|%|minutes?|hours?|days?|weeks?|months?|sessions?)\b""",
    "NHS number": r"(?<![0-9])(?<![0-9]\.)(?<![£$€])(?=([0-9](?:[ \t-]{0,4}[0-9]){9})(?![0-9]))",
    "e-mail address": r"(?<![\w.%+'-])[\w.%+'-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}",
    "telephone number": rf"""
        (?<![0-9]) (?<![0-9]\.) (?<![£$€])
        (?: (?:\+|00) [ ]?44 {_GAP} (?:0 {_GAP})? [1237] (?:{_GAP}[0-9]){{8,9}}
          | 44 [ -]? 7[0-9]{{3}} (?:{_GAP}[0-9]){{6}}
          | (?:\( (?=0[0-9]{{2,4}}\)))?
            0 (?: 1[0-9] (?:{_GAP}[0-9]){{7,8}}
                | (?:[23][0-9] | 7[ -]?[0-9]) (?:{_GAP}[0-9]){{8}} )
        ) (?![0-9])""",
    "postcode": rf"""  # but not `L4 5th` or `B12 5ug`
        (?<!\w)
        (?! (?-i: [A-Za-z][0-9]+[ \t]*[0-9](?:ug|ng|pg|wk|hr|yr|ft|lb|pt|bd|qd)) )
        (?: GIR [ \t]{{0,2}} 0AA
          | (?: (?:EC?|NW?|SE|SW|WC?) [1-9] [A-HJKMNPR-Y] | (?:{_AREA}) [0-9]{{1,2}} )
            [ \t]{{0,2}} (?! (?-i: 1st|2nd|3rd|[04-9]th) ) [0-9][ABD-HJLNP-UW-Z]{{2}}
          | (?-i: (?!CO2|FY[12]) {_TOWN} [0-9]{{1,2}} [ ][0-9])
            (?! [/.,:-]?[0-9] | [ ]?{_UNIT} ) )
        (?!\w)""",
    "name": r"""  # but not `Mrs A`, and not `Mr and Mrs`
        (?<!\w)
        (?: (?:mrs?|mx) \.?[ ]{1,2} (?! (?:and|or|is|was|has|who|to|in)\b )
          | (?-i: (?:Ms|Miss|Dr|Prof(?:essor)?|Revd?|Sir|Dame) \.?[ ]{1,2} (?=[^\W\d_a-z]) ) )
        (?:[^\W\d_] \.?[ ] (?= (?-i:[^\W\d_a-z]) )){0,3}
        (?:(?:van|von|de|der|den|la|le|el|al|bin|St\.?)[ -]){0,2}
        [^\W\d_] (?:['\u2019-]?[^\W\d_]){1,30} (?:[ ] (?-i: [A-Z][a-z]) [^\W\d_]{0,30})?""",
    "address": rf"""  # without capitals those roads that are nothing else
        (?<![\w£$€./-])
        (?: (?:flat|apartment|apt) [ ]? (?:no\.?|number)? [ ]? [0-9]{{1,4}} [a-z]?
            (?! [\d./] | [ ]?{_UNIT} | [ ]?% )
          | [0-9]{{1,4}} [a-z]? ,?[ ]
            (?: (?-i: (?:[A-Z][\w'\u2019.-]{{0,30}}[ ]){{1,3}} (?:{_ROADS}) )
              | (?:(?!{_NO_ROAD}) [^\W\d_]['\u2019\w-]{{1,30}}[ ]){{1,2}}
                (?:street|road|avenue|crescent) ) )
        (?!\w)""",
    "reference number": r"""  # of national insurance also without its name
        (?<!\w)
        (?: (?-i: [A-Z]{2} (?:[ ]?[0-9]{2}){3} [ ]?[A-D] )
          | (?: (?: GMC | NMC | HCPC | GPhC | MRN | CHI | NINO | NI ) (?![a-z])
              | (?:national[ ]insurance | hospital | patient | medical[ ]record | case[ ]?notes?)
                (?= [ ](?:no|num|id|ref) ) )
            (?:[ ]? (?:no|num|number|id|ref|reference|registration|pin) \b\.?){0,2}
            (?:[ ]?(?:is|was)\b)? [ :.\#=(]{0,4}
            (?: [0-9]{2}[A-Z][0-9]{4}[A-Z]
              | [A-Z]{0,3} [ -]? [0-9](?:[ ]?[0-9]){4,11} [ ]?[A-Z]? ) )
        (?!\w)""",
}
_SHAPES = {
    kind: re.compile(pattern, re.VERBOSE | re.IGNORECASE) for kind, pattern in _PATTERNS.items()
}
_CALLED_NHS = re.compile(r"nhs(?:\s?(?:no|num(?:ber)?|id))?\W{0,3}(?:is\s)?\Z", re.IGNORECASE)


def _shapes(text: str) -> Iterator[_Found]:
    """Find what has the shape of a kind; NHS numbers first, as they may look like telephones."""
    for kind, shape in _SHAPES.items():
        for start, end in (match.span(shape.groups) for match in shape.finditer(text)):
            called = _CALLED_NHS.search(text, max(0, start - 20), start)
            if kind != "NHS number" or called or _is_checked(text[start:end]):
                yield start, end, kind


def _is_checked(number: str) -> bool:
    """Weigh ten digits 10 to 1, as the NHS Data Dictionary has it: the sum is a multiple of 11."""
    digits = map(int, re.findall("[0-9]", number))
    return sum(w * digit for w, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0


_MONTH = f"(?:{'|'.join([*calendar.month_name[1:], *calendar.month_abbr[1:], 'Sept'])})"
_DAY = r"[0-9]{1,2}(?:[ ]?(?:st|nd|rd|th))?(?:[ ]of)?"
_BY = r"[\s,./-]{0,3}"
_BIRTH = r"(?<!\w)(?:d\.?o\.?b\.?|d o b|date of birth|birth ?date|birthday|born)(?![a-z])"
_WITHIN_SENTENCE = r"(?:(?![.!?;]\s).)"
_CALLS_NEXT = re.compile(rf"{_BIRTH}{_WITHIN_SENTENCE}{{0,40}}\Z", re.IGNORECASE | re.DOTALL)
_CALLS_LAST = re.compile(rf"{_WITHIN_SENTENCE}{{0,25}}{_BIRTH}", re.IGNORECASE | re.DOTALL)
_YEAR = rf"{_BIRTH}(?:[^\W\d]|[\s:.,(]){{0,15}}(?:19|20)[0-9]{{2}}(?![0-9])"
_AGE = r"\b(?:(?:aged?|is|of|now) [0-9]{2,3}\b|[0-9]{1,3}[ -]?(?:years?|yrs?)[ -](?:old|of age))"
_BETWEEN = rf"{_WITHIN_SENTENCE}{{0,40}}?"
_BIRTH_YEARS = re.compile(rf"(?is){_YEAR}{_BETWEEN}{_AGE}|{_AGE}{_BETWEEN}{_YEAR}")
_DATES = [
    re.compile(rf"{before}({'|'.join(shapes)})(?![0-9]|[./-][0-9])", re.IGNORECASE)
    for before, *shapes in (
        (
            r"(?<![0-9])(?<![0-9][./-])(?<![v£$€])",
            r"[0-9]{4}([./-])[0-9]{1,2}\2[0-9]{1,2}",
            r"[0-9]{1,2}([./-]| / )[0-9]{1,2}\3(?:[0-9]{4}|[0-9]{2})",
            rf"{_DAY}{_BY}{_MONTH}(?:{_BY}[0-9]{{4}}|(?:[./-]| ?['\u2018\u2019])[0-9]{{2}})",
        ),
        (r"(?<![a-z])", rf"{_MONTH}{_BY}(?:the )?{_DAY}{_BY}[0-9]{{4}}"),
        (
            rf"{_BIRTH}[\s:.,=(-]{{0,5}}(?:(?:is|was|on|in|the)\s){{0,3}}",
            r"[0-9]{1,2} [0-9]{1,2} (?:[0-9]{4}|[0-9]{2})",
            r"[0-9]{6}(?:[0-9]{2})?",
            rf"{_DAY}{_BY}{_MONTH}{_BY}[0-9]{{2}}",
            rf"{_MONTH}{_BY}[0-9]{{4}}",
        ),
    )
]
_FORMS = (
    *("%Y %m %d", "%Y %d %m", "%d %m %Y", "%m %d %Y", "%d %m %y", "%m %d %y"),
    *("%d %b %Y", "%d %b %y", "%b %d %Y", "%b %Y", "%d%m%Y", "%d%m%y"),
)
_REVIEWS = dt.timedelta(days=2 * 366)
_LIFETIME = dt.timedelta(days=120 * 366)


def _dates(text: str, today: dt.date) -> Iterator[_Found]:
    """Find every date; of birth are those called so, and those long past within a lifetime.

    A year of birth is one beside an age.
    """
    yield from ((*match.span(), "date of birth") for match in _BIRTH_YEARS.finditer(text))
    matches = {match.span(1) for shape in _DATES for match in shape.finditer(text)}
    days = {span: day for span in sorted(matches) if (day := _day(text[slice(*span)], today))}
    edges = pairwise([(0, 0), *days, (len(text), len(text))])
    between = [text[end:start] for (_, end), (start, _) in edges]
    called = [*(bool(_CALLS_NEXT.search(words)) for words in between[:-1]), False]
    for place, ((start, end), day) in enumerate(days.items()):
        long_past = today - _LIFETIME <= day < today - _REVIEWS
        calls_back = not called[place + 1] and _CALLS_LAST.match(between[place + 1])
        birth = called[place] or calls_back or long_past
        yield start, end, "date of birth" if birth else None


def _day(words: str, today: dt.date) -> dt.date | None:
    """Read a date, its day or its month first; two figures are a year up to two from now."""
    parts = re.findall("[0-9]+|(?<![a-z])[a-z]{3}", words.lower().replace("the ", ""))
    for form in _FORMS:
        with suppress(ValueError):
            day = dt.date(*time.strptime(" ".join(parts), form)[:3])
            ahead = "%y" in form and day.year > today.year + 2
            return day.replace(year=day.year - 100) if ahead else day
    return None
