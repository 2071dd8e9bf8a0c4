"""Commands, run in this process: Python, libraries and template are started but once."""

from __future__ import annotations

import os
import subprocess
import traceback
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click.testing
import typer.testing
from papermill.cli import papermill as papermill_command

from phbkit.cli import app


def phb(
    *words: object, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `phb` as if somebody had typed it in a folder.

    Parameters
    ----------
    env
        All variables that it has; those of the tests where left out.
    """
    typed = list(map(str, words))
    with typed_in(cwd, env):
        return completed(typed, typer.testing.CliRunner().invoke(app, typed))


def papermill(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `papermill` as if somebody had typed it in a folder."""
    typed = list(map(str, words))
    with typed_in(cwd):
        return completed(typed, click.testing.CliRunner().invoke(papermill_command, typed))


@contextmanager
def typed_in(folder: Path, env: Mapping[str, str] | None = None) -> Iterator[None]:
    with chdir(folder), patch.dict(os.environ, env or {}, clear=env is not None):
        yield


def completed(typed: list[str], result: Any) -> subprocess.CompletedProcess[str]:
    """Say how a command ended; one that broke has its traceback where Python would print it."""
    broke = result.exception if not isinstance(result.exception, SystemExit) else None
    stderr = result.stderr + "".join(traceback.format_exception(broke) if broke else ())
    return subprocess.CompletedProcess(typed, result.exit_code, result.stdout, stderr)
