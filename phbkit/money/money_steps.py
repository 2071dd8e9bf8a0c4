"""The steps of the money: figures in place of the area's, and advice to the board."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from phbkit.casebank import Case
from phbkit.casebank.models import BoardChoice, StepId
from phbkit.errors import AnswersError, AreaError
from phbkit.money import quantities
from phbkit.money.area import Area, read_area
from phbkit.money.charts import bars, lines
from phbkit.money.fields import FIELDS, check_figures, crossed
from phbkit.money.pence import exact, roughly, written
from phbkit.money.words import ADVICE, OUTCOMES
from phbkit.workbook.formats import Answer, Text, Whole, gathered, one_of, said, some_of
from phbkit.workbook.step import Effect, Step

if TYPE_CHECKING:
    from phbkit.money.sums import Sums
    from phbkit.workbook.module import Module

assert set(ADVICE) == set(get_args(BoardChoice))  # noqa: S101
LEAST_TRIGGERS = 2


def sums_of(module: Module) -> Sums:
    """Return the sums of a module's area, with what was kept of them."""
    return _sums(module.case, module.answers, module.options)


def _sums(case: Case, answers: Mapping[str, Any], options: Mapping[str, Any]) -> Sums:
    from phbkit.money.sums import Sums  # and arrays, which no other case needs

    return Sums.of(case, answers, options.get("area"))


class _MoneyStep(Step):
    """A step of the money; its templates ask it for the sums."""

    sums = staticmethod(sums_of)


class _FiguresStep(_MoneyStep):
    """Figures of one page by the name of their field; what is left out keeps the area's own."""

    def check(self, case: Case, value: Any) -> dict[str, str]:
        return check_figures(self.key, value)

    def crossed(
        self, case: Case, answers: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, str]:
        if not FIELDS.keys() & answers.keys():
            return {}
        return crossed(self.key, _sums(case, answers, options).figures)

    def effect(self, module: Module, values: Mapping[str, Any]) -> Effect:
        from phbkit.money.views import SHOWN

        try:
            figures = check_figures(self.key, gathered(self.key, values))
        except AnswersError as error:
            problems = error.problems
        else:
            sums = _sums(module.case, {**module.answers, self.key: figures}, module.options)
            problems = crossed(self.key, sums.figures)
        if problems:
            labels = {f"{self.key}.{field.name}": field.label for field in FIELDS[self.key]}
            named = {labels.get(name, "Your own figures"): text for name, text in problems.items()}
            return Effect({"told": named}, "money/mend_line.html.j2", "money/mend.html.j2")
        context = SHOWN[self.key](sums) | {"sums": sums}
        return Effect(context, f"money/{self.key}_line.html.j2", f"money/{self.key}.html.j2")

    @property
    def fields(self) -> tuple[quantities.Field, ...]:
        """The fields of the page."""
        return FIELDS[self.key]


class Advice(Answer):
    """The advice to the board."""

    choice: Annotated[str, one_of(lambda _: ADVICE)]
    reasons: Text
    agreed: Text
    dissent: Text
    triggers: Annotated[
        list[str],
        some_of(lambda case: [option.id for option in case.money.triggers], LEAST_TRIGGERS),
    ]
    review_months: Annotated[
        Whole, Field(ge=1, le=24), said("a whole number of months from 1 to 24")
    ]


class _BoardStep(_MoneyStep):
    """The advice to the board, and what brings it back there."""

    choices, labels = ADVICE, OUTCOMES


def _figures_step(name: StepId, title: str, **more: Any) -> Step:
    """Make the step of one page of figures, which may be changed until the board is advised."""
    return _FiguresStep(
        name, title, name, revising="these figures", until="board", tells_more=True, **more
    )


STEPS = (
    _figures_step("setting", "Setting a budget", objects={"sums": sums_of}),
    _figures_step("block", "Where the money is"),
    _figures_step("running", "Double running"),
    _figures_step("bands", "What nobody knows"),
    _BoardStep("board", "Advise the board", "board", TypeAdapter(Advice), tells_more=True),
)


def steps() -> Iterable[Step]:
    """Return the steps of the money."""
    return STEPS


def step_templates() -> Path:
    """Return the folder of their templates."""
    return Path(__file__).parent / "templates"


def step_filters() -> Mapping[str, Callable[..., Any]]:
    """Return the filters of their templates."""
    return {
        "money": exact,
        "roughly": roughly,
        "written": lambda value, name: written(name, value),
        "lines": lines,
        "bars": bars,
    }


def take_parameters(
    case: Case, given: Mapping[str, Any], parameters: dict[str, Any]
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Take `area`, a file of one's own figures, and `scenario`, figures by step and field.

    Raises
    ------
    AreaError
        The area has faults: all of them, each with its line and column; or the case has no area.
    AnswersError
        A name of the scenario is not that of a step of the money and one of its fields.
    """
    area, scenario = parameters.pop("area", None), parameters.pop("scenario", None)
    options = {} if area is None else {"area": _own_area(case, area)}
    return options, _with_scenario(case, given, scenario) if scenario else given


def _own_area(case: Case, area: str | os.PathLike[str]) -> Area:
    found = read_area(Path(area)) if case.area else [f"{case.id} is not about an area's money."]
    if isinstance(found, list):
        raise AreaError.of(Path(area), list(map(str, found)))
    return found


def _with_scenario(
    case: Case, given: Mapping[str, Any], scenario: Mapping[str, Any]
) -> dict[str, Any]:
    """Put the figures of a scenario among answers: `running.share` into `running`."""
    answers = dict(given.get("answers", {}))
    for name, value in scenario.items():
        step, _, field = str(name).partition(".")
        if step not in FIELDS or not field or step not in case.steps:
            listed = ", ".join(FIELDS)
            problem = f"must be a step and a field, such as running.share. Steps: {listed}."
            raise AnswersError(problem, key=str(name), place="scenario")
        answers[step] = {**answers.get(step, {}), field: value}
    return {**given, "answers": answers}
