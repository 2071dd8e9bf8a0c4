"""Who sits in a case review: roles, and which of them stand for which party.

Their words, and those of stages and answers, are in `words.yaml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml

Party = Literal["person", "professional", "commissioner"]
WORDS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_bytes())
FACILITATOR = "facilitator"
SEAT_VARIABLE = "PHB_SEAT"  # in the environment of a kernel: the seat it is for
ROLES: dict[str, str] = {role: about["name"] for role, about in WORDS["roles"].items()}
ORDER = list(ROLES)
PERSON_SIDE = frozenset({"person", "speaks-for"})
PARTIES: dict[Party, str] = WORDS["parties"]
SIGNATORIES: tuple[Party, ...] = ("professional", "commissioner")


def role_inside(role: str) -> str:
    """Say a role in words, as inside a sentence."""
    name = ROLES[role]
    return name if name.isupper() else name[0].lower() + name[1:]
