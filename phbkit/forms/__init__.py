"""Accessible browser forms: native, labelled fields. They know fields, not cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phbkit.forms.step_form import StepForm

TEMPLATES = Path(__file__).parent / "templates"
STYLE = Path(__file__).parent / "form.css"

__all__ = ["STYLE", "TEMPLATES", "StepForm"]


def __getattr__(name: str) -> Any:
    if name == "StepForm":
        from phbkit.forms.step_form import StepForm

        return StepForm
    raise AttributeError(name)
