"""Messages of a kernel's WebSocket, packed and unpacked by hand."""

from __future__ import annotations

import itertools
import json
import re
import uuid
from typing import Any

METADATA = {"version": "1.0.0"}


def frame(message: dict[str, Any], channel: str = "shell") -> bytes:
    """Pack a message as the protocol has it."""
    header = {"msg_id": uuid.uuid4().hex, "session": "s", "username": "", "version": "5.4"}
    header |= {"msg_type": message["msg_type"], "date": "2026-11-22T00:00:00Z"}
    parts = [channel.encode()]
    parts += [json.dumps(part).encode() for part in (header, {}, METADATA, message["content"])]
    places, place = [], 8 * (len(parts) + 2)
    for part in parts:
        places.append(place)
        place += len(part)
    numbers = [len(parts) + 1, *places, place]
    return b"".join(number.to_bytes(8, "little") for number in numbers) + b"".join(parts)


def parts_of(data: bytes) -> dict[str, Any]:
    """Unpack a kernel's message."""
    count = int.from_bytes(data[:8], "little")
    places = [int.from_bytes(data[8 * n : 8 * n + 8], "little") for n in range(1, count + 1)]
    found = [data[start:end] for start, end in itertools.pairwise(places)]
    header, parent, content = (json.loads(found[place]) for place in (1, 2, 4))
    return {"type": header["msg_type"], "parent": parent, "content": content}


def asking_for_states() -> tuple[str, bytes, bytes]:
    """Name a channel, and pack what opens it and asks over it for the state of every widget."""
    comm = "control"
    opening = {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}}
    asking = {"comm_id": comm, "data": {"method": "request_states"}}
    return (
        comm,
        frame({"msg_type": "comm_open", "content": opening}),
        frame({"msg_type": "comm_msg", "content": asking}),
    )


def states_in(message: dict[str, Any], comm: str) -> dict[str, dict[str, Any]] | None:
    """Find the states that were asked for over a channel: comm id to state."""
    content = message["content"]
    if message["type"] != "comm_msg" or content["comm_id"] != comm:
        return None
    states = (content.get("data") or {}).get("states")
    return None if states is None else {each: states[each]["state"] for each in states}


def custom(comm: str, message: object) -> bytes:
    """Pack a message of our own to a widget."""
    data = {"comm_id": comm, "data": {"method": "custom", "content": message}}
    return frame({"msg_type": "comm_msg", "content": data})


def reply_in(message: dict[str, Any]) -> dict[str, Any] | None:
    """Find what a widget of ours answers."""
    if message["type"] != "comm_msg":
        return None
    inside = message["content"].get("data") or {}
    return inside["content"] if inside.get("method") == "custom" else None


class NotStartedError(Exception):
    """The kernel of a page ended before the page was written: it asks to be opened again."""


def kernel_in(page: str) -> str:
    """Find the id of the kernel that plays a page."""
    if 'data-place="phb-not-started"' in page:
        raise NotStartedError
    found = re.search(r'"kernelId":\s*"([0-9a-f-]+)"', page)
    assert found, page[:500]
    return found[1]
