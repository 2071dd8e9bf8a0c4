"""What a notebook can tell about how it is being run."""

from __future__ import annotations

import ast
import os
from difflib import get_close_matches
from typing import Any

from phbkit.errors import AnswersError

_INJECTED = "# Parameters"


def is_live() -> bool:
    """Say whether somebody sits at the notebook: Voilà, JupyterLab, or another front end.

    papermill, nbclient and nbval run cells without anybody to ask, and tell the kernel so
    (`allow_stdin` is false); Voilà does too, but names itself in the environment.
    """
    if "VOILA_PREHEAT" in os.environ:
        return True
    shell = _shell()
    parent = getattr(shell, "parent_header", None) if shell is not None else None
    get_parent = getattr(shell, "get_parent", None)
    message = get_parent() if get_parent else parent
    content = message.get("content") if isinstance(message, dict) else None
    return bool(content and content.get("allow_stdin"))


def refuse_unknown_parameters() -> None:
    """Raise AnswersError when papermill injected a parameter that the notebook does not have.

    papermill itself only warns, and a misspelt `-p` would give a notebook that looks fine.
    """
    cells: list[str] = getattr(_shell(), "user_ns", {}).get("In", [])
    place = next((i for i, cell in enumerate(cells) if cell.startswith(_INJECTED)), None)
    if place is None:
        return
    known = {name for cell in cells[:place] for name in _assigned(cell)}
    for name in _assigned(cells[place]):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            listed = ", ".join(sorted(known))
            raise AnswersError(
                f"is no parameter of this notebook.{hint} Known: {listed}.", key=name
            )


def _assigned(cell: str) -> list[str]:
    try:
        nodes = ast.parse(cell).body
    except SyntaxError:
        return []
    targets = [node.targets for node in nodes if isinstance(node, ast.Assign)]
    return [target.id for group in targets for target in group if isinstance(target, ast.Name)]


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()
