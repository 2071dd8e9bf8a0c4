"""Getting the sums right: what a budget costs, what a leaver releases, who carries the hole.

Money is whole pence throughout: each amount is rounded once, where a price meets a quantity, so
that sums reconcile to the penny. Shares are between 0 and 1.
"""

from phbkit.money.bands import Bands, Effect, Spread, draw, matters, summarise
from phbkit.money.budget_setting import Employment, Line, Methods
from phbkit.money.contract import Contract, Released
from phbkit.money.pence import in_pounds, pence
from phbkit.money.roll_out import Beliefs, Flows, Pace, Terms, roll_out
from phbkit.money.sensitivity import Scenario, outcome

__all__ = [
    "Bands",
    "Beliefs",
    "Contract",
    "Effect",
    "Employment",
    "Flows",
    "Line",
    "Methods",
    "Pace",
    "Released",
    "Scenario",
    "Spread",
    "Terms",
    "draw",
    "in_pounds",
    "matters",
    "outcome",
    "pence",
    "roll_out",
    "summarise",
]
