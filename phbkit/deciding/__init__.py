"""Deciding: a costed plan, what the rules of the deal say of it, and who holds its risks."""

from phbkit.deciding.deal import CASE_MARKS, ITEM_MARKS, RULES, Finding, Proposal, findings
from phbkit.deciding.ledger import HOLDERS, Entry, Ledger
from phbkit.deciding.plan import Plan, Terms

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
