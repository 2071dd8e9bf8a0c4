"""Checks of what every case rests on: sources, bodies and the deal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from phbkit.casebank.checks.registry import Context, Found, check, unknown
from phbkit.casebank.reference_data import Body, Rule, Source


@check("sources.sources.*")
def check_source(source: Source, context: Context) -> Found:
    """Find sources that were checked in the future, or are not sure enough to show."""
    return {
        "source-of-the-future": source.checked > context.today,
        "due-too-early": source.due <= source.checked,
        "unverified": source.sure == "unverified",
    }


@check("bodies.bodies.*.*.source", needs="sources")
def check_source_of_body(name: str, context: Context) -> Found:
    """Find bodies that rest on a source that there is not."""
    return {"unknown-name": unknown([name], context.sources.sources, "source")}


@check("bodies.bodies.*")
def check_terms(bodies: Sequence[Body], _: Context) -> Found:
    """Find bodies that hold a role at the same time as the one before."""
    ends = [body.until or dt.date.max for body in bodies]
    late = [n for n, body in enumerate(bodies) if n and ends[n - 1] >= body.since]
    return {"overlapping-body": late}


@check("deal.rules.*")
def check_rule(rule: Rule, _: Context) -> Found:
    """Find rules that end before they begin."""
    return {"ends-before-it-begins": rule.since and rule.until and rule.until < rule.since}


@check("deal.rules.*.id", needs="known")
def check_function(name: str, context: Context) -> Found:
    """Find rules that no function holds a plan against."""
    return {"rule-without-function": name not in context.known["rules"]}
