"""Accessible browser forms: native, labelled fields. They know fields, not cases."""

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
STYLE = Path(__file__).parent / "form.css"
FORM_IS_THERE = "PHB_FORM_IS_THERE"  # set for kernels whose page has form.js and form.css itself
