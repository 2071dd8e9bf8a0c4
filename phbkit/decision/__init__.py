"""Deciding: a costed plan, what the rules of the deal say of it, and who holds its risks."""

from phbkit.decision.deal import CASE_MARKS, ITEM_MARKS, RULES, Finding, Proposal, findings
from phbkit.decision.plan import Plan, Terms
from phbkit.decision.risk_ledger import HOLDERS, Entry, Ledger

__all__ = [
    "CASE_MARKS",
    "HOLDERS",
    "ITEM_MARKS",
    "RULES",
    "Entry",
    "Finding",
    "Ledger",
    "Plan",
    "Proposal",
    "Terms",
    "findings",
]
