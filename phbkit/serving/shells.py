"""The templates of our pages, and what all of them know."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from phbkit.serving import assets


@cache
def environment() -> Environment:
    """Return the templates; `asset(name)` in one is the address of a script or a style."""
    folder = Path(__file__).parent / "templates"
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.globals["asset"] = assets.address
    return made
