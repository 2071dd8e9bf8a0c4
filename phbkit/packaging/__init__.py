"""One zip, no server: modules that run on the learner's own device and in a learning platform.

A wing: it registers `phb package`. `device.py` runs in the browser, where no more of the library is
than plays a case; everything else here runs where the package is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOOKS = {"add_commands": "commands"}


def __getattr__(name: str) -> Any:
    """Import what the wing registers when it is asked for; see `phbkit.wings`."""
    if name not in _HOOKS:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOOKS[name]}"), name)
