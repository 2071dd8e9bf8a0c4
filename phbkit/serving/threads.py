"""Work that may have to wait for the database: beside the event loop, and with a deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tornado.web import HTTPError

from phbkit.errors import UnreachableError

DEADLINE_SECONDS = 5.0  # a little longer than a transaction waits by itself
_threads = ThreadPoolExecutor(8, thread_name_prefix="records")
_documents = ThreadPoolExecutor(1, thread_name_prefix="documents")
_writing: set[str] = set()
_log = logging.getLogger(__name__)
T = TypeVar("T")


class OutOfReachError(HTTPError):
    """The database does not answer: 503. `told` is for browsers, the reason stands in the log."""

    told = UnreachableError.told


async def in_thread(work: Callable[..., T], *given: object) -> T:
    """Do something while the server goes on with everything else.

    What has begun by the deadline goes on in its thread, unseen; what has not is dropped.

    Raises
    ------
    OutOfReachError
        It could not be done, or not in time.
    """
    done = asyncio.get_running_loop().run_in_executor(_threads, work, *given)
    try:
        return await asyncio.wait_for(done, DEADLINE_SECONDS)
    except UnreachableError as error:
        why = str(error)
    except TimeoutError:
        why = f"The database has not answered within {DEADLINE_SECONDS:.0f} seconds."
    _log.warning(why)
    raise OutOfReachError(503)


async def make_document(whose: str, work: Callable[..., T], *given: object) -> T:
    """Make a document beside everything else: one at a time, and one of each learner.

    Raises
    ------
    HTTPError
        503: one of theirs is being made.
    """
    if whose in _writing:
        raise HTTPError(503)
    _writing.add(whose)
    try:
        return await asyncio.get_running_loop().run_in_executor(_documents, work, *given)
    finally:
        _writing.discard(whose)
