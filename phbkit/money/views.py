"""What the pages about money show: pictures with their words, and tables behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from phbkit.documents.document import Picture
from phbkit.money.charts import Series, bars, lines
from phbkit.money.pence import roughly
from phbkit.money.roll_out import Flows, Terms
from phbkit.money.scenario import Sensitivity, bands, likely_flows, sensitivities
from phbkit.money.sums import CARRIED_BY, MONTHS, PACES, PaceName, Sums

LEGAL_MINIMUM = "legal-minimum"
_MOST_POINTS = 240
NAMES = {
    "uptake": "How many move to a budget",
    "need": "What a plan costs, beside what you think",
    "price_rise": "How prices rise",
    "drop_out": "How many go back",
}


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
    most = min(max(3 * contract.step_people, leavers), contract.people, _MOST_POINTS)
    found = [contract.released_by(number) for number in range(1, max(most, 2) + 1)]
    one, step = contract.released_by(leavers), contract.released_by(contract.step_people)
    words = (
        f"Line chart for 1 to {max(most, 2)} leavers, pounds a year. The average cost climbs in a "
        f"straight line. What stops at once climbs far less. What stops after notice follows it, "
        f"and jumps each time {contract.step_people} more have left. The gap to the average is "
        "never released by leaving alone."
    )
    picture = lines(
        [
            Series("average cost, on paper", [each.average / 100 for each in found]),
            Series("stops after notice", [each.after_notice / 100 for each in found]),
            Series("stops at once", [each.at_once / 100 for each in found]),
        ],
        words,
        across="leavers",
        up="Pounds a year",
    )
    return {"contract": contract, "leavers": leavers, "one": one, "step": step, "picture": picture}


def _running(sums: Sums) -> dict[str, Any]:
    flows = {pace: likely_flows(sums.scenario(pace)) for pace in PACES}
    terms, contract = sums.terms, sums.contract
    months = int(sums.area["months"])
    moments = [(contract.end, "contract let again")] if 0 < contract.end < months else []
    series = [
        Series(
            f"{pace}, full after {sums.number('running', MONTHS[pace])} months",
            [int(value) / 100 for value in flows[pace].cumulative_net_cost],
        )
        for pace in PACES
    ]
    ends = " and ".join(
        f"{roughly(int(flows[pace].peak_deficit))} at the deepest when {pace}" for pace in PACES
    )
    words = (
        f"Line chart over {months} months: what both services have cost so far beyond the contract "
        f"alone. {ends.capitalize()}. {_when(flows)}"
    )
    picture = lines(
        series,
        words,
        across="month",
        up="Extra cost so far",
        levels=_bridging(terms),
        moments=moments,
    )
    return {
        "flows": flows,
        "terms": terms,
        "picture": picture,
        "months": [*range(3, months, 3), months],
        "carried_by": CARRIED_BY,
    }


def _bridging(terms: Terms) -> list[tuple[float, str]]:
    return [(terms.bridging / 100, "bridging money")] if terms.bridging else []


def _when(flows: dict[Any, Flows]) -> str:
    told = []
    for pace, each in flows.items():
        month = int(each.break_even_month)
        ends = f"from month {month}" if month else "in no month to the end"
        told.append(f"{pace}: months cost no more than before {ends}")
    return f"{'; '.join(told).capitalize()}."


def _bands(sums: Sums) -> dict[str, Any]:
    pace: PaceName = "fast" if sums.figures["bands"]["pace"] == "fast" else "gradual"
    scenario, (draws, seed) = sums.scenario(pace), sums.draws
    drawn, effects = bands(scenario, draws, seed), sensitivities(scenario)
    likely = int(likely_flows(scenario).peak_deficit)
    low, middle, high = ([each[n] / 100 for each in drawn.cumulative_net_cost] for n in range(3))
    words = (
        f"Band chart over {len(low)} months: extra cost so far, {pace} roll-out. Four draws in "
        f"five lie in the band. The deepest hole is between {roughly(drawn.peak_deficit[0])} and "
        f"{roughly(drawn.peak_deficit[2])} in four of five draws."
    )
    picture = lines(
        [Series("middle draw; band: 4 draws in 5", middle, low, high)],
        words,
        across="month",
        up="Extra cost so far",
        levels=_bridging(scenario.terms),
    )
    other = sums.scenario("gradual" if pace == "fast" else "fast")
    return {
        "pace": pace,
        "bands": drawn,
        "other": bands(other, draws, seed),
        "likely": likely,
        "picture": picture,
        "effects": effects,
        "names": NAMES,
        "carried_by": CARRIED_BY,
        "swings": _swings(effects, likely),
        "months": [*range(3, len(low), 3), len(low)],
    }


def _swings(effects: Sequence[Sensitivity], likely: int) -> Picture:
    rows = [(NAMES[each.name], each.least / 100, each.most / 100) for each in effects]
    first = effects[0]
    words = (
        f"Bar chart: the deepest hole between the ends of one belief, while the "
        f"others stay. The longest bar is “{NAMES[first.name].lower()}”: from "
        f"{roughly(first.least)} to {roughly(first.most)}."
    )
    return bars(
        rows, words, start=likely / 100, up="Deepest hole; the line: all at their likeliest"
    )


SHOWN: dict[str, Callable[[Sums], dict[str, Any]]] = {
    "setting": _setting,
    "block": _block,
    "running": _running,
    "bands": _bands,
}
