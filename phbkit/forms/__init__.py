"""Accessible browser forms: native, labelled fields. They know fields, not cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phbkit.forms.step_form import Answer, Reply, StepForm, answer, show_again

TEMPLATES = Path(__file__).parent / "templates"
STYLE = Path(__file__).parent / "form.css"
FORM_IS_THERE = "PHB_FORM_IS_THERE"  # set for kernels whose page has form.js and form.css itself

__all__ = [
    "FORM_IS_THERE",
    "STYLE",
    "TEMPLATES",
    "Answer",
    "Reply",
    "StepForm",
    "answer",
    "show_again",
]


def __getattr__(name: str) -> Any:
    if name in {"Answer", "Reply", "StepForm", "answer", "show_again"}:
        from phbkit.forms import step_form

        return getattr(step_form, name)
    raise AttributeError(name)
