"""A step of a module: what it is called, what it asks itself, and what its open form shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from phbkit.casebank import Case
from phbkit.casebank.models import StepId
from phbkit.workbook.formats import check

if TYPE_CHECKING:
    from phbkit.workbook.module import Module


@dataclass(frozen=True)
class Effect:
    """What the values of an open form would do, to be rendered.

    `line` and `cards` name templates: what is announced as values change, and what stands beside
    the form; `cards` may be empty.
    """

    context: Mapping[str, Any]
    line: str
    cards: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a module.

    Its page is the template `steps/<id>.html.j2`. A step that asks something of its own, beside
    the questions a case puts there, has a `key`; what that needs is in a class of its own.

    Attributes
    ----------
    key
        The key of the answer to what the step itself asks; empty where it asks nothing.
    kind
        What that answer is, as a type that pydantic checks.
    revising
        What of it may be changed afterwards, in words; empty where nothing may.
    until
        The step at whose end that ends; None where it never does.
    grows
        Whether each submission adds to its answer, until it is finished.
    tells_more
        Whether it has more to show once it is answered.
    objects
        What a notebook may ask its workbook for by name, made of the module.
    """

    id: StepId
    title: str
    key: str = ""
    kind: TypeAdapter[Any] = TypeAdapter[Any](Any)  # noqa: RUF009  it is never changed
    _: KW_ONLY
    revising: str = ""
    until: StepId | None = "decide"
    grows: bool = False
    tells_more: bool = False
    objects: Mapping[str, Callable[[Module], Any]] = field(default_factory=dict)

    def check(self, case: Case, value: Any) -> Any:
        """Return an answer in the form that is kept, or raise AnswersError: what is allowed."""
        return check(self.kind, self.key, value, case)

    def asks(self, module: Module) -> bool:
        """Say whether there is anything to ask, beside the questions of the case."""
        return bool(self.key)

    def crossed(
        self, case: Case, answers: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, str]:
        """Find by field what is wrong with its answer beside the others, each right by itself.

        `options` is what the workbook was opened with.
        """
        return {}

    def problems(self, module: Module, answer: Any) -> dict[str, str]:
        """Find by field what is wrong with an answer that is given now, beside those kept."""
        return self.crossed(module.case, module.answers | {self.key: answer}, module.options)

    def grown(self, module: Module, given: Any) -> Any:
        """Add what a form sends, which may be nothing, to what was kept; where an answer grows."""
        return given

    def finished(self, case: Case, answers: Mapping[str, Any]) -> bool:
        """Say whether nothing more is asked, now that these answers are given."""
        return True

    def effect(self, module: Module, values: Mapping[str, Any]) -> Effect | None:
        """Say what the values of its open form, which may be anything, would do."""
        return None
