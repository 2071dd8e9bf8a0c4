"""A papermill engine: `papermill --engine phb`. Each notebook runs in a copy of a warm template."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from papermill.engines import NBClientEngine, papermill_engines

_log = logging.getLogger("papermill")
_KERNELS = {"python3", "python"}


class PhbEngine(NBClientEngine):  # type: ignore[misc]
    """Runs Python notebooks in processes forked from a template that has imported the libraries.

    Options beside papermill's own: `mebibytes`, the memory that a notebook may use, and `folder`,
    where its code runs if not in the folder of this process. (`inside` is for processes that were
    forked for one notebook.) Where forking cannot work, or what is asked for needs a kernel of its
    own, papermill's stock engine runs the notebook and the log says why.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        mebibytes: int | None = None,
        folder: str | None = None,
        inside: bool = False,
        **options: Any,
    ) -> Any:
        """Execute the notebook that `nb_man` manages."""
        from phbkit.kernels import template

        reason = template.why_not() or _why_not(kernel_name, options)
        if reason:
            _log.warning("The stock engine runs this notebook: %s.", reason)
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        from phbkit.cohort.client import make_client
        from phbkit.kernels.limits import Limits

        seconds = options.pop("execution_timeout", None) or options.pop("timeout", None)
        for unused in ("input_path", "start_timeout", "startup_timeout", "timeout"):
            options.pop(unused, None)
        client = make_client(
            nb_man,
            limits=Limits(seconds, mebibytes),
            folder=folder or str(Path.cwd()),
            inside=inside,
            kernel_name=kernel_name,
            log=_log,
            **options,
        )
        return client.execute()


def register() -> None:
    """Make the engine known to papermill, where its entry point was not installed."""
    if "phb" not in papermill_engines._engines:  # noqa: SLF001
        papermill_engines.register("phb", PhbEngine)


def _why_not(kernel_name: str, options: dict[str, Any]) -> str:
    if kernel_name not in _KERNELS:
        return f"its kernel is {kernel_name!r}, and the template is for Python"
    for name in ("km", "kernel_manager_class", "resources"):
        if options.get(name) is not None:
            return f"{name} was given"
    return ""
