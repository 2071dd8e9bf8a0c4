"""Roll-outs of many draws, beside the same draw by draw; a slider, until the screen shows it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.serving import Site, launched, running
from benchmarks.timing import interleave, row
from phbkit.casebank import Case, CaseBank
from phbkit.cohort.simulate import whole_answers
from phbkit.money.roll_out import Parameters
from phbkit.money.scenario import Scenario, outcome
from phbkit.money.sums import Sums
from phbkit.records import open_store
from phbkit.settings import settings
from phbkit.workbook.module import Module

RUNS, MOVES = 3, 15
CASE = "getting-the-sums-right"
SCENARIOS, DRAWS, ONE_BY_ONE = 20, 10_000, 100
_MOVED = """([name, value]) => new Promise((done) => {
  const live = document.querySelector('section:not([hidden]) .phb-live');
  const slider = document.querySelector(`[name="${name}"]`);
  const start = performance.now();
  const seen = new MutationObserver(() => requestAnimationFrame(() => {
    seen.disconnect();
    done((performance.now() - start) / 1000);
  }));
  seen.observe(live, { childList: true });
  slider.value = value;
  slider.dispatchEvent(new Event('input', { bubbles: true }));
})"""


def case() -> Case:
    return CaseBank(settings().need_folder("casebank")).load(CASE)


def scenarios(seed: int) -> dict[str, Scenario]:
    """Scenarios of 36 months; none is like one of another seed, so that nothing is remembered."""
    found = {}
    for number in range(SCENARIOS):
        bridging = 100_000 + 1000 * number + seed
        figures = {"months": str(6 + number), "bridging": str(bridging)}
        found[str(number)] = Sums.of(case(), {"running": figures}).scenario("gradual")
    return found


def sweep(many: dict[str, Scenario]) -> None:
    """Work out many scenarios, as many at a time as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda scenario: outcome(scenario, DRAWS, 1), many.values()))


def one_by_one(scenario: Scenario) -> None:
    """Play draws one after the other."""
    drawn = scenario.drawn(ONE_BY_ONE, 1)
    for number in range(ONE_BY_ONE):
        scenario.flows(Parameters(*(float(each[number]) for each in vars(drawn).values())))


def most_memory() -> float:
    """Measure the most memory, in mebibytes, of a process that sweeps all scenarios."""
    script = (
        "from benchmarks.finance import scenarios, sweep;"
        "from benchmarks.timing import most_memory;"
        "sweep(scenarios(0));"
        "print(most_memory())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return float(done.stdout)


def at_step(data: Path, step: str) -> None:
    """Answer everything before a step, as a server that keeps its answers in `data` would have."""
    store = open_store(f"sqlite:///{data / 'records.sqlite'}")
    attempt = store.resume("local", CASE, case().version)
    module, answers = Module(case(), store.journal(attempt.id)), whole_answers(case())
    for before in case().steps[: case().steps.index(step)]:
        given = {key: answers[key] for key in module.asked_at(before) if key in answers}
        module.submit(f"before-{before}", before, given)


def moved(page: Page, name: str, values: Iterator[int]) -> float:
    """Move a slider or change a number, and wait until what it does is on the screen."""
    return float(page.evaluate(_MOVED, [name, str(next(values))]))


def rows() -> Iterator[tuple[str, ...]]:
    turns = iter(range(1, RUNS + 1))

    def together() -> float:
        many = scenarios(next(turns))
        start = time.perf_counter()
        sweep(many)
        return time.perf_counter() - start

    def apart() -> float:
        scenario = scenarios(0)["0"]
        start = time.perf_counter()
        one_by_one(scenario)
        return (time.perf_counter() - start) * SCENARIOS * DRAWS / ONE_BY_ONE

    ours, stock = interleave(RUNS, together, apart)
    yield row("20 scenarios of 10,000 draws, 36 months (stock: draw by draw)", ours, stock)
    yield row("the memory they take", [most_memory()], unit="MiB")
    for step, name, first in (("running", "running.share", 20), ("bands", "bands.uptake-high", 60)):
        what = "a slider" if step == "running" else "2,000 draws"
        yield row(f"{what}, until the screen shows it", list(on_screen(step, name, first)))


def on_screen(step: str, name: str, first: int) -> list[float]:
    """Measure in a browser how long a change takes to show; the first few are not counted."""
    with tempfile.TemporaryDirectory() as folder:
        at_step(Path(folder), step)
        site = Site(["phbkit", "serve"], f"module/getting_the_sums_right#{step}", Path(folder))
        with running(site), sync_playwright() as playwright:
            browser = launched(playwright)
            page = browser.new_page()
            page.goto(site.address)
            page.wait_for_selector(f"[name='{name}']", timeout=60_000)
            measure = partial(moved, page, name, iter(range(first, first + 3 + MOVES)))
            found = [measure() for _ in range(3 + MOVES)][3:]
            browser.close()
    assert statistics.median(found) > 0
    return found
