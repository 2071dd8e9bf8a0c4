"""What the pages about money show: figures and the series of their pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phbkit.money.charts import Series
from phbkit.money.roll_out import Terms
from phbkit.money.scenario import bands, likely_flows, sensitivities
from phbkit.money.sums import MONTHS, PACES, PaceName, Sums
from phbkit.money.words import BELIEFS, CARRIED_BY

LEGAL_MINIMUM = "legal-minimum"
_MOST_POINTS = 240


def _setting(sums: Sums) -> dict[str, Any]:
    employment = sums.employment
    minimum = sums.rates(sums.figures["setting"]["year"]).get(LEGAL_MINIMUM)
    return {
        "employment": employment,
        "estimates": sums.estimates,
        "minimum": minimum,
        "too_low": minimum is not None and employment.rate < minimum.value,
    }


def _block(sums: Sums) -> dict[str, Any]:
    contract = sums.contract
    leavers = int(sums.number("block", "leavers"))
    most = max(min(max(3 * contract.step_people, leavers), contract.people, _MOST_POINTS), 2)
    found = [contract.released_by(number) for number in range(1, most + 1)]
    return {
        "contract": contract,
        "leavers": leavers,
        "one": contract.released_by(leavers),
        "most": most,
        "series": [
            Series("average cost, on paper", [each.average / 100 for each in found]),
            Series("stops after notice", [each.after_notice / 100 for each in found]),
            Series("stops at once", [each.at_once / 100 for each in found]),
        ],
    }


def _running(sums: Sums) -> dict[str, Any]:
    flows = {pace: likely_flows(sums.scenario(pace)) for pace in PACES}
    end, months = sums.contract.end, int(sums.area["months"])
    return {
        "flows": flows,
        "terms": sums.terms,
        "series": [
            Series(
                f"{pace}, full after {sums.number('running', MONTHS[pace])} months",
                [int(value) / 100 for value in flows[pace].cumulative_net_cost],
            )
            for pace in PACES
        ],
        "levels": _levels(sums.terms),
        "moments": [(end, "contract let again")] if 0 < end < months else [],
        "months": [*range(3, months, 3), months],
        "carried_by": CARRIED_BY,
    }


def _levels(terms: Terms) -> list[tuple[float, str]]:
    return [(terms.bridging / 100, "bridging money")] if terms.bridging else []


def _bands(sums: Sums) -> dict[str, Any]:
    pace: PaceName = "fast" if sums.figures["bands"]["pace"] == "fast" else "gradual"
    other = sums.scenario("gradual" if pace == "fast" else "fast")
    scenario, (draws, seed) = sums.scenario(pace), sums.draws
    drawn, effects = bands(scenario, draws, seed), sensitivities(scenario)
    low, middle, high = ([each[n] / 100 for each in drawn.cumulative_net_cost] for n in range(3))
    return {
        "pace": pace,
        "bands": drawn,
        "other": bands(other, draws, seed),
        "likely": int(likely_flows(scenario).peak_deficit),
        "series": [Series("middle draw; band: 4 draws in 5", middle, low, high)],
        "levels": _levels(scenario.terms),
        "effects": effects,
        "swings": [(BELIEFS[each.name], each.least / 100, each.most / 100) for each in effects],
        "names": BELIEFS,
        "carried_by": CARRIED_BY,
        "months": [*range(3, len(low), 3), len(low)],
    }


SHOWN: dict[str, Callable[[Sums], dict[str, Any]]] = {
    "setting": _setting,
    "block": _block,
    "running": _running,
    "bands": _bands,
}
