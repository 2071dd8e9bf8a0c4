"""How commands fail: with the message, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from phbkit.errors import PhbError


def fails_clearly(command: Callable[..., None]) -> Callable[..., None]:
    """Turn a PhbError, or a file that cannot be read or written, into a message and exit code 2."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except PhbError as error:
            typer.echo(f"phb: {error}", err=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            typer.echo(f"phb: {place}{error.strerror or error}.", err=True)
        else:
            return
        raise typer.Exit(2)

    return run
