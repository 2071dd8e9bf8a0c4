"""What a notebook is given instead of the shipped figures: one's own area, or a scenario."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phbkit.casebank import Case
from phbkit.casebank.area import Area, read_area
from phbkit.errors import AnswersError, AreaError
from phbkit.money.fields import FIELDS


def read_own_area(case: Case, area: str | os.PathLike[str] | None) -> Area | None:
    """Read the CSV of one's own area, where one was given.

    Raises
    ------
    AreaError
        It has faults: all of them, each with its line and column; or the case has no area.
    """
    if area is None:
        return None
    if case.area is None:
        raise AreaError.of(Path(area), [f"{case.id} is not about an area's money."])
    found = read_area(Path(area))
    if isinstance(found, list):
        raise AreaError.of(Path(area), list(map(str, found)))
    return found


def with_scenario(
    case: Case, given: Mapping[str, Any], scenario: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """Put the figures of a scenario among answers: `running.share` into `running`.

    Raises
    ------
    AnswersError
        A name is not that of a step of the money and one of its fields.
    """
    if not scenario:
        return given
    answers = dict(given.get("answers", {}))
    for name, value in scenario.items():
        step, _, field = str(name).partition(".")
        if step not in FIELDS or not field or step not in case.steps:
            listed = ", ".join(FIELDS)
            problem = f"must be a step and a field, such as running.share. Steps: {listed}."
            raise AnswersError(problem, key=str(name), place="scenario")
        answers[step] = {**answers.get(step, {}), field: value}
    return {**given, "answers": answers}
