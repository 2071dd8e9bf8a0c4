"""How a message from a form is answered, whatever carries it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from phbkit.errors import PhbError, RefusedError, UnreachableError

Reply = dict[str, Any]
Response = tuple[Reply, list[bytes]]
Obey = Callable[[str, Mapping[str, Any]], Response]
_log = logging.getLogger(__name__)
_TICKET = re.compile(r"[A-Za-z0-9-]{1,40}")


def answer(message: Mapping[str, Any], obey: Obey) -> Response:
    """Answer one message from a browser: whatever happens, whoever asked hears of it.

    Parameters
    ----------
    obey
        Takes the message's ticket, empty where it has none that is one, and the message; returns
        the reply and any files, or raises `RefusedError` with what is wrong in each field.
    """
    asked = message.get("ticket")
    ticket = asked if isinstance(asked, str) and _TICKET.fullmatch(asked) else ""
    files: list[bytes] = []
    try:
        reply, files = obey(ticket, message)
    except RefusedError as error:
        reply = _refused(error.problems)
    except UnreachableError as error:  # the browser sends it again by itself
        _log.warning("%s", error)
        reply = {"did": "later", "problems": {"": error.told}}
    except PhbError as error:
        reply = _refused({"": str(error)})
    except Exception:  # noqa: BLE001  it may break anywhere
        _log.exception("The message %r failed", message.get("do"))
        reply = _refused({"": "Something went wrong here. Your text is kept: try again."})
    return {**reply, "ticket": ticket}, files


def _refused(problems: Mapping[str, str]) -> Reply:
    return {"did": "refused", "problems": dict(problems)}
