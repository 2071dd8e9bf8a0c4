"""Deciding: a costed plan, what the rules of the deal say of it, and who holds its risks."""

from phbkit.decision.deal import RULES, Finding, Proposal, findings
from phbkit.decision.plan import Plan
from phbkit.decision.risk_ledger import HOLDERS, Ledger, RiskEntry

__all__ = [
    "HOLDERS",
    "RULES",
    "Finding",
    "Ledger",
    "Plan",
    "Proposal",
    "RiskEntry",
    "findings",
]
