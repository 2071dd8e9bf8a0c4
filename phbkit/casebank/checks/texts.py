"""What no text of the case bank may hold, and the names of bodies that change.

`[[role]]` in prose names the body that holds a role on the day of the case, `[[role:name]]` its
full name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from phbkit.casebank.checks.registry import Context, Found, check
from phbkit.casebank.reference_data import Body
from phbkit.text import each_text

PROSE = ("deal.**", "glossary.**", "case.**", "questions.**")
_PLACEHOLDER = "FILL IN"
_RAW_HTML = re.compile(r"<\s*/?\s*[a-zA-Z!]|javascript:", re.IGNORECASE)
_TOKEN = re.compile(r"\[\[([a-z-]+)(:name)?\]\]")
_WRITTEN_OUT = re.compile(
    r"\b(?:ICBs?|CCGs?|PCTs?|NHS England|NHS Improvement|[Ii]ntegrated [Cc]are [Bb]oards?"
    r"|[Cc]linical [Cc]ommissioning [Gg]roups?|[Pp]rimary [Cc]are [Tt]rusts?)\b"
)
_DOSE = re.compile(
    r"\b\d[\d.,]*\s?(?:mg|mcg|µg|micrograms?|milligrams?|ml|millilitres?|tablets?|capsules?)\b",
    re.IGNORECASE,
)
_RISK_BAND = re.compile(
    r"\b(?:low|medium|moderate|high)(?:er|est)?[- ](?:suicide[- ])?risk (?:of (?:suicide|self-harm)"
    r"|patients?|person|people)\b|\brisk of suicide (?:is|was) (?:low|medium|moderate|high)\b",
    re.IGNORECASE,
)
Bodies = Mapping[str, tuple[Body, ...]]


def named(data: Any, bodies: Bodies, day: dt.date) -> Any:
    """Copy parsed YAML with every `[[role]]` replaced by the body that holds the role on a day.

    A role that nobody holds on that day stays as it is, and is a problem of its text.
    """
    return each_text(data, partial(_TOKEN.sub, partial(_name, bodies=bodies, day=day)))


def _name(token: re.Match[str], bodies: Bodies, day: dt.date) -> str:
    held = (body for body in bodies.get(token[1], ()) if body.applies_on(day))
    body = next(held, None)
    return token[0] if body is None else body.name if token[2] else body.short


@check("sources.**", "bodies.**", *PROSE)
def check_markup(text: str, _: Context) -> Found:
    """Find raw HTML and script links."""
    return {"raw-html": first_of(_RAW_HTML, text)}


@check(*PROSE)
def check_prose(text: str, context: Context) -> Found:
    """Find names that change, and what is still to be written."""
    return {
        "name-that-changes": _WRITTEN_OUT.findall(text),
        "to-fill-in": not context.drafts and _PLACEHOLDER in text,
    }


@check(*PROSE, needs="bodies")
def check_roles(text: str, context: Context) -> Found:
    """Find roles that nobody holds on the day of the case."""
    bodies = context.bodies.bodies
    tokens = [m for m in _TOKEN.finditer(text) if _name(m, bodies, context.day) == m[0]]
    return {"role-of-nobody": [(token[0], ", ".join(sorted(bodies))) for token in tokens]}


@check("deal.**", "case.**", "questions.**")
def check_doses(text: str, _: Context) -> Found:
    """Find doses; a glossary may explain measures such as 10 ml."""
    return {"dose": first_of(_DOSE, text)}


@check("case.**", "questions.**")
def check_bands(text: str, _: Context) -> Found:
    """Find texts that put a person in a band of risk: most likely wrong, and may be right."""
    return {"band-of-risk": first_of(_RISK_BAND, text)}


def first_of(pattern: re.Pattern[str], text: str) -> str:
    """Return the first stretch that a pattern fits, or an empty string."""
    found = pattern.search(text)
    return found[0] if found else ""


@check("deal.**.checked", "case.**.signed")
def check_day(day: str, context: Context) -> Found:
    """Find days in the future."""
    return {"done-in-the-future": day > context.today.isoformat()}


@check(*(f"{texts}.sources.*" for texts in PROSE), needs="sources")
def check_citation(name: str, context: Context) -> Found:
    """Find sources that there are not."""
    return {"unknown-source": name not in context.sources.sources}
