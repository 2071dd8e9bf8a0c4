"""What a notebook can tell about how it is being run."""

from __future__ import annotations

import ast
import os
from typing import Any

from IPython import get_ipython

from phbkit.errors import AnswersError

_INJECTED = "# Parameters"


def is_live() -> bool:
    """Say whether somebody sits at the notebook: Voilà, JupyterLab, or another front end.

    papermill, nbclient and nbval run cells without anybody to ask, and tell the kernel so
    (`allow_stdin` is false); Voilà does too, but names itself in the environment.
    """
    if "VOILA_PREHEAT" in os.environ:
        return True
    get_parent: Any = getattr(get_ipython(), "get_parent", dict)
    return bool(get_parent().get("content", {}).get("allow_stdin"))


def refuse_unknown_parameters() -> None:
    """Raise AnswersError when papermill injected a parameter that the notebook does not have.

    papermill itself only warns, and a misspelt `-p` would give a notebook that looks fine.
    """
    cells: list[str] = getattr(get_ipython(), "user_ns", {}).get("In", [])
    place = next((i for i, cell in enumerate(cells) if cell.startswith(_INJECTED)), None)
    if place is None:
        return
    known = {name for cell in cells[:place] for name in _assigned(cell)}
    for name in _assigned(cells[place]):
        if name not in known:
            raise AnswersError.among("parameter of this notebook", name, sorted(known))


def _assigned(cell: str) -> list[str]:
    assignments = (node for node in ast.parse(cell).body if isinstance(node, ast.Assign))
    targets = (target for node in assignments for target in node.targets)
    return [target.id for target in targets if isinstance(target, ast.Name)]
