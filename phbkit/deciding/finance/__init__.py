"""Getting the sums right: what a budget costs, what a leaver releases, who carries the hole.

Money is whole pence throughout: each amount is rounded once, where a price meets a quantity, so
that sums reconcile to the penny. Shares are between 0 and 1.
"""

from phbkit.deciding.finance.bands import Bands, Effect, Spread, draw, matters, summarise
from phbkit.deciding.finance.contract import Contract, Released
from phbkit.deciding.finance.pence import in_pounds, pence
from phbkit.deciding.finance.roll_out import Beliefs, Flows, Pace, Terms, roll_out
from phbkit.deciding.finance.scenario import Scenario, outcome
from phbkit.deciding.finance.setting import Employment, Line, Methods

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
