"""Who sits in a case review: roles, and which of them stand for which party."""

from __future__ import annotations

from typing import Literal

Party = Literal["person", "professional", "commissioner"]
FACILITATOR = "facilitator"
SEAT_VARIABLE = "PHB_SEAT"  # in the environment of a kernel: the seat it is for
ROLES: dict[str, str] = {
    "person": "The person",
    "speaks-for": "Speaks for the person",
    "family": "Family or carer",
    "gp": "GP",
    "nurse": "Nurse",
    "pharmacist": "Pharmacist",
    "therapist": "Therapist",
    "mental-health": "Mental health worker",
    "specialist": "Hospital doctor or specialist",
    "social-worker": "Social worker",
    "broker": "Broker or support planner",
    "provider": "Provider of care",
    "commissioner": "Commissioner",
    "other": "Another role",
}
PERSON_SIDE = frozenset({"person", "speaks-for"})
CLINICAL = ("gp", "nurse", "pharmacist", "therapist", "mental-health", "specialist")
PARTIES: dict[Party, str] = {
    "person": "The person",
    "professional": "The healthcare professional",
    "commissioner": "The commissioner",
}


def role_name(role: str) -> str:
    """Say a role in words, as at the head of a line."""
    return "Facilitator" if role == FACILITATOR else ROLES[role]


def role_inside(role: str) -> str:
    """Say a role in words, as inside a sentence."""
    name = role_name(role)
    return name if name.isupper() else name[0].lower() + name[1:]


def party_of(role: str) -> Party | None:
    """Name the party to the agreement that a role stands for, if it stands for one."""
    if role in PERSON_SIDE:
        return "person"
    if role in CLINICAL:
        return "professional"
    return "commissioner" if role == "commissioner" else None
