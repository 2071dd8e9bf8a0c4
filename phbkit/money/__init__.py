"""Getting the sums right: what a budget costs, what a leaver releases, who carries the hole.

A wing: it registers the steps of a case about an area's money. Money is whole pence throughout:
each amount is rounded once, where a price meets a quantity, so that sums reconcile to the penny.
Shares are between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phbkit.casebank import Case
    from phbkit.errors import Fault
    from phbkit.money.area import Area
    from phbkit.workbook.steps import Step


def steps() -> Iterable[Step]:
    """Return the steps of the money."""
    from phbkit.money.asks import STEPS

    return STEPS


def step_templates() -> Path:
    """Return the folder of their templates."""
    return Path(__file__).parent / "templates"


def step_filters() -> Mapping[str, Callable[..., Any]]:
    """Return the filters of their templates."""
    from phbkit.money import views
    from phbkit.money.sums import written

    return {
        "money": views.exact,
        "roughly": views.roughly,
        "written": lambda value, name: written(name, value),
    }


def read_area(file: Path) -> Area | list[Fault]:
    """Read the figures of an area that a case is about; see `phbkit.money.area`."""
    from phbkit.money.area import read_area as read

    return read(file)


def take_parameters(
    case: Case, given: Mapping[str, Any], parameters: dict[str, Any]
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Take what a workbook about money may be opened with; see `phbkit.money.asks`."""
    if not parameters:
        return {}, given
    from phbkit.money.asks import take_parameters as take

    return take(case, given, parameters)
