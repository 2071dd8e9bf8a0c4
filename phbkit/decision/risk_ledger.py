"""The ledger of shared risk: each consequence of doing and of not doing, and who holds it.

Responsibility is shared and seen, and never left with one party without anybody saying so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from phbkit.casebank.models import Risk

HOLDERS: dict[str, str] = {
    "person": "the person",
    "close": "somebody close to them",
    "professional": "the healthcare professional",
    "commissioner": "the commissioner",
    "provider": "the provider",
    "service": "another service",
}
TEXTS = ("mitigation", "stop_rule", "review")


@dataclass(frozen=True)
class RiskEntry:
    """One risk as it is held: `holders` are keys of HOLDERS, in their order."""

    risk: str
    of: Literal["doing", "not doing"]
    consequence: str
    affects: str
    holders: tuple[str, ...] = ()
    mitigation: str = ""
    stop_rule: str = ""
    review: str = ""

    @property
    def is_begun(self) -> bool:
        """Whether any of its texts is written."""
        return any(getattr(self, name).strip() for name in TEXTS)


@dataclass(frozen=True)
class Ledger:
    """The entries for the risks that one plan brings, in the order of the case."""

    entries: tuple[RiskEntry, ...] = ()

    @classmethod
    def of(cls, risks: Iterable[Risk], given: Mapping[str, Mapping[str, Any]]) -> Ledger:
        """Make the ledger of some risks from what was given, by risk id; what is missing is empty.

        What was given for other risks counts for nothing: another plan brought them.
        """
        return cls(tuple(_entry(risk, given.get(risk.id, {})) for risk in risks))

    @property
    def unheld(self) -> tuple[RiskEntry, ...]:
        """Risks that nobody holds."""
        return tuple(entry for entry in self.entries if not entry.holders)

    @property
    def alone(self) -> tuple[RiskEntry, ...]:
        """Risks that the person alone carries."""
        return tuple(entry for entry in self.entries if entry.holders == ("person",))

    @property
    def by_holder(self) -> dict[str, int]:
        """How many risks each party holds, whoever else holds them too."""
        return {who: sum(who in entry.holders for entry in self.entries) for who in HOLDERS}

    @property
    def stop_rules(self) -> tuple[str, ...]:
        """What would stop the plan: the stop rules written for risks of doing."""
        written = (entry.stop_rule.strip() for entry in self.entries if entry.of == "doing")
        return tuple(rule for rule in written if rule)

    def problems(self) -> dict[str, str]:
        """Say what is missing, by `<risk id>.<field>`, in words that follow the field's name."""
        unheld = (f"{entry.risk}.holders" for entry in self.unheld)
        missing = dict.fromkeys(unheld, "is not answered yet: nobody holds it.")
        for side in sorted({entry.of for entry in self.entries}):
            entries = [entry for entry in self.entries if entry.of == side]
            if not any(entry.stop_rule.strip() for entry in entries):
                nearest = max(entries, key=lambda entry: entry.is_begun)
                problem = f"is not written yet. Write it for one risk of {side}, any one."
                missing[f"{nearest.risk}.stop_rule"] = problem
        return missing


def _entry(risk: Risk, given: Mapping[str, Any]) -> RiskEntry:
    holders = tuple(who for who in HOLDERS if who in given.get("holders", ()))
    texts = {name: str(given.get(name, "")) for name in TEXTS}
    return RiskEntry(risk.id, risk.of, risk.consequence, risk.affects, holders, **texts)
