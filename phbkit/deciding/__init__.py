"""Deciding: a costed plan, and what the rules of the deal say of it."""

from phbkit.deciding.deal import CASE_MARKS, ITEM_MARKS, RULES, Finding, Proposal, findings
from phbkit.deciding.plan import Plan

__all__ = ["CASE_MARKS", "ITEM_MARKS", "RULES", "Finding", "Plan", "Proposal", "findings"]
