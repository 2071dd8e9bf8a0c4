"""Sends statements to a record store: each until it is taken, and none that was taken before."""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tornado.httpclient import HTTPClient, HTTPClientError, HTTPRequest

from phbkit.errors import PhbError, SettingsError
from phbkit.packaging.statements import VERSION, Statement

_AT_ONCE = 50
_TRIES = 5
_SECONDS = 30
_TOO_MANY, _FAULTS = 429, 500  # what a store may take later
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class NotSentError(PhbError):
    """A record store could not be reached, or lets nobody in."""


class Sent(NamedTuple):
    """How many statements were taken now, and before; and each refused one with the reason."""

    now: int
    before: int
    refused: list[str]


def send(file: Path, address: str, key: str, *, pause: float = 1.0) -> Sent:
    """Send the statements of a file, a line each, that are not known to be taken.

    What was taken is noted beside the file, in `<file>.sent`, as soon as the store has said so.

    Parameters
    ----------
    address
        The store's endpoint, without `/statements`.
    pause
        Seconds before the second try; each further one waits twice as long.

    Raises
    ------
    SettingsError
        The address is not https, nor this machine.
    NotSentError
        The store lets nobody in, or does not answer after several tries. Sending again goes on.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise SettingsError(f"--to: {address} is not https. Statements are about people.")
    noted = file.with_name(f"{file.name}.sent")
    taken = set(noted.read_text().split()) if noted.exists() else set()
    lines = file.read_text(encoding="utf-8").splitlines()
    waiting = [each for each in map(json.loads, lines) if each["id"] not in taken]
    now, refused = 0, list[str]()
    with noted.open("a") as note:
        for place in range(0, len(waiting), _AT_ONCE):
            some = waiting[place : place + _AT_ONCE]
            for statement, reason in _offer(some, address, key, pause):
                if reason:
                    refused.append(f"{statement}: {reason}")
                    continue
                note.write(f"{statement}\n")
                now += 1
            note.flush()
            os.fsync(note.fileno())
    return Sent(now, len(taken), refused)


def _offer(
    some: list[Statement], address: str, key: str, pause: float
) -> Iterator[tuple[str, str]]:
    """Send some at once, or one by one where they are refused together: ids, each with why not."""
    try:
        _post(some, address, key, pause)
    except HTTPClientError as error:
        if len(some) > 1:
            for each in some:
                yield from _offer([each], address, key, pause)
        else:
            yield some[0]["id"], str(error)
    else:
        yield from ((each["id"], "") for each in some)


def _post(some: list[Statement], address: str, key: str, pause: float) -> None:
    headers = {"Content-Type": "application/json", "X-Experience-API-Version": VERSION}
    if key:
        headers["Authorization"] = f"Basic {b64encode(key.encode()).decode()}"
    request = HTTPRequest(
        f"{address.rstrip('/')}/statements",
        "POST",
        headers,
        json.dumps(some),
        follow_redirects=False,
        request_timeout=_SECONDS,
    )
    for number in range(_TRIES):
        try:
            HTTPClient().fetch(request)
        except HTTPClientError as error:
            if error.code in {401, 403}:
                raise NotSentError(f"{address} lets nobody in with this PHB_XAPI_KEY.") from error
            if error.code < _FAULTS and error.code != _TOO_MANY:
                raise
            trouble: Exception = error
        except OSError as error:
            trouble = error
        else:
            return
        time.sleep(pause * 2**number)
    raise NotSentError(f"{address} does not take statements: {trouble}. The same command goes on.")
