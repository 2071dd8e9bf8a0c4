"""Getting the sums right: what a budget costs, what a leaver releases, who carries the hole.

A wing: it registers the steps of a case about an area's money. Money is whole pence throughout:
each amount is rounded once, where a price meets a quantity, so that sums reconcile to the penny.
Shares are between 0 and 1.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOOKS = {
    "read_area": "area",
    "steps": "money_steps",
    "step_templates": "money_steps",
    "step_filters": "money_steps",
    "take_parameters": "money_steps",
}


def __getattr__(name: str) -> Any:
    """Import what the wing registers when it is asked for; see `phbkit.wings`."""
    if name not in _HOOKS:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOOKS[name]}"), name)
