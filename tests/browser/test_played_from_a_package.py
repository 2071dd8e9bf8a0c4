"""Modules played from a package, in a browser: no server of ours, nothing asked outside."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from playwright.sync_api import Page, expect

from phbkit.casebank import Case, CaseBank
from phbkit.packaging.device import OPTIONS
from phbkit.records import MemoryJournal
from phbkit.records.journal import Event, answers_in
from phbkit.scoring import score
from phbkit.workbook.answers import check_answers
from phbkit.workbook.module import Module
from phbkit.workbook.pages import step_page
from phbkit.workbook.steps import find_step
from tests.browser.axe import violations
from tests.browser.player import (
    Keyboard,
    Mouse,
    commit_step,
    fill_step,
    open_step,
    play,
    wait_ready,
)
from tests.browser.windows import Windows
from tests.made import WORKBOOKS, careful, careless

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
OWN = '[name="talk.own"]'
NAME = "chronic_pain_massage"
ALONE = [name for name in WORKBOOKS if name != "getting_the_sums_right"]
KEPT = """
() => new Promise((resolve) => {
  indexedDB.open("phbkit").onsuccess = ({ target: { result } }) => {
    result.transaction("events").objectStore("events").getAll().onsuccess = ({ target }) => {
      result.close();
      resolve(target.result);
    };
  };
})
"""
REPLAYED = """
async ([config, given]) => {
  const at = (address) => new URL(address, location.href).href;
  const { loadPyodide } = await import(`${at(config.runtime)}pyodide.js`);
  const python = await loadPyodide({ indexURL: at(config.runtime) });
  const program = await (await fetch(at(config.program))).arrayBuffer();
  python.unpackArchive(program, "zip", { extractDir: "/program" });
  python.globals.set("given", JSON.stringify(given));
  python.runPython(`
import sys; sys.path.insert(0, "/program")
import datetime as dt, json
from phbkit.packaging.device import CASES, OPTIONS
from phbkit.records import MemoryJournal
from phbkit.workbook.answers import check_answers
from phbkit.workbook.module import Module
from phbkit.workbook.pages import step_page
from phbkit.workbook.steps import find_step
def replayed(facts, answers):
    case = CASES.validate_json(facts)
    at = dt.datetime.combine(case.about.as_of, dt.time(), dt.UTC)
    module = Module(case, MemoryJournal(at), OPTIONS)
    module.replay(check_answers(case, answers, None, OPTIONS) if answers else {})
    pages = {step: str(step_page(module, find_step(step), live=False)) for step in case.steps}
    return json.dumps([pages, module.result.as_dict()], default=str)
`);
  const replayed = python.globals.get("replayed");
  const told = [];
  for (const [facts, answers] of given) {
    const text = await (await fetch(at(facts))).text();
    told.push(JSON.parse(replayed(text, python.toPy(answers))));
  }
  return told;
}
"""


def config(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.locator("#jupyter-config-data").inner_text())
    return found


def answers_kept(page: Page) -> dict[str, Any]:
    """Fold what the browser keeps, and nothing else."""
    kept = [{name: each[name] for name in Event.__annotations__} for each in page.evaluate(KEPT)]
    return answers_in(Event(**each) for each in kept)


def opened(page: Page, site: str, name: str = NAME) -> Page:
    page.goto(f"{site}module/{name}.html")
    wait_ready(page)
    return page


def replayed(case: Case, given: dict[str, Any]) -> list[Any]:
    """Play answers here, as papermill does."""
    at = dt.datetime.combine(case.about.as_of, dt.time(), dt.UTC)
    module = Module(case, MemoryJournal(at), OPTIONS)
    module.replay(check_answers(case, given, None, OPTIONS) if given else {})
    pages = {step: str(step_page(module, find_step(step), live=False)) for step in case.steps}
    return [pages, json.loads(json.dumps(module.result.as_dict(), default=str))]


def test_every_module_gives_the_same_pages_and_results_as_outside_a_browser(
    site: str, windows: Windows, bank: CaseBank
) -> None:
    page, given, expected = windows.open(), [], []
    for name in ALONE:
        page.goto(f"{site}module/{name}.html")
        case, facts = bank.load(WORKBOOKS[name]), config(page)["facts"]
        for answers in (careful(case), careless(case), {}):
            asked = json.loads(json.dumps({"answers": answers} if answers else {}, default=str))
            given.append([facts, asked])
            expected.append(replayed(case, asked))
    page.set_default_timeout(0)
    found = page.evaluate(REPLAYED, [config(page), given])
    for (facts, _), here, there in zip(given, expected, found, strict=True):
        assert there[1] == here[1], facts
        assert there[0] == here[0], facts


def test_a_module_is_played_whole_on_a_phone_and_goes_on_after_the_browser_was_closed(
    site: str, windows: Windows, case: Case
) -> None:
    page, answers = windows.open(**PHONE), careful(case)
    page.goto(f"{site}index.html")
    assert violations(page) == []
    expect(page.locator("#phb-kept")).to_have_text("Nothing yet.")
    page.get_by_role("link", name=f"Start {case.title}").click()
    expect(page.get_by_role("button", name="Talk with Owen")).to_be_visible()
    wait_ready(page)

    def look(step: str) -> None:
        assert violations(page) == [], step
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, step

    play(page, Mouse(page), case, answers, before=look, after=look)
    assert score(case, answers_kept(page)).as_dict() == score(case, answers).as_dict()
    again = page.context.new_page()
    page.close()
    again.goto(f"{site}index.html")
    expect(again.get_by_text("finished")).to_be_visible()
    again.get_by_role("link", name=f"Look back {case.title}").click()
    expect(again.get_by_label("CPD entry text", exact=True)).to_be_visible()
    wait_ready(again)
    with again.expect_download() as download:
        again.get_by_role("button", name="Download as Mail message").click()
    assert download.value.suggested_filename == f"cpd-{case.id}.eml"
    expect(again.get_by_role("button", name="Download as Word")).to_have_count(0)


def test_what_is_pressed_before_it_is_ready_waits_and_is_kept(site: str, windows: Windows) -> None:
    page, held = windows.open(), []
    page.context.route("**/program.zip", lambda route: held.append(route))  # noqa: PLW0108
    page.goto(f"{site}module/{NAME}.html")
    page.get_by_role("button", name="Talk with Owen").click()
    expect(page.get_by_role("button", name="Waiting for the module…")).to_be_visible()
    assert violations(page) == []
    held.pop().continue_()
    expect(page.locator('#phb-status[data-kind="saved"]')).to_contain_text("Saved at")
    assert len(page.evaluate(KEPT)) == 1
    expect(page.get_by_text("What do you say first?")).to_be_visible()


def test_a_module_is_played_without_a_network_and_by_keyboard(
    site: str, windows: Windows, case: Case
) -> None:
    page, hand, answers = windows.open(), Keyboard, careful(case)
    opened(page, site)
    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    opened(page, site)
    for step in ("meet", "talk", "judge"):
        open_step(page, hand(page), step)
        fill_step(page, hand(page), case, step, answers)
        commit_step(page, hand(page), step)
    assert answers_kept(page)["talk"]["rated"] == answers["talk"]["rated"]


def test_what_is_typed_and_acknowledged_outlives_a_tab_that_ends_at_once(
    site: str, windows: Windows
) -> None:
    page = opened(windows.open(), site)
    commit_step(page, Mouse(page), "meet")
    page.get_by_text("Say it in my own words first").click()
    page.locator(OWN).fill("Who laughed, Owen?")
    expect(page.locator("#phb-draft")).to_contain_text("Draft kept at")
    again = page.context.new_page()
    page.close(run_before_unload=False)
    opened(again, site)
    expect(again.locator(OWN)).to_have_value("Who laughed, Owen?")


def test_two_tabs_do_not_answer_over_each_other(site: str, windows: Windows) -> None:
    one = opened(windows.open(), site)
    other = opened(one.context.new_page(), site)
    commit_step(one, Mouse(one), "meet")
    other.get_by_role("button", name="Talk with Owen").click()
    expect(other.locator("#phb-status")).to_contain_text("Another window answered first.")
    expect(other.locator(".phb-progress")).to_have_text("Steps: 1 of 14 done")
    assert len(one.evaluate(KEPT)) == 1


def test_a_device_that_keeps_nothing_says_so_and_acknowledges_nothing(
    site: str, windows: Windows
) -> None:
    page = windows.open()
    page.add_init_script("IDBFactory.prototype.open = () => { throw new Error('refused'); };")
    page.goto(f"{site}module/{NAME}.html")
    expect(page.get_by_role("alert")).to_contain_text("This browser keeps nothing for this page")
    page.get_by_role("button", name="Talk with Owen").click()
    expect(page.get_by_role("button", name="Waiting for the module…")).to_be_visible()


def test_a_full_device_is_told_of_and_what_was_pressed_is_tried_again(
    site: str, windows: Windows
) -> None:
    page = windows.open()
    page.goto(f"{site}module/{NAME}.html")
    wait_ready(page)
    worker = page.workers[0]
    worker.evaluate(
        """() => {
          self.put = IDBObjectStore.prototype.put;
          IDBObjectStore.prototype.put = function () { this.transaction.abort(); return {}; };
        }"""
    )
    page.get_by_role("button", name="Talk with Owen").click()
    expect(page.locator("#phb-status")).to_contain_text("This device could not keep it.")
    assert page.evaluate(KEPT) == []
    worker.evaluate("() => { IDBObjectStore.prototype.put = self.put; }")
    expect(page.locator('#phb-status[data-kind="saved"]')).to_contain_text("Saved at")
    assert len(page.evaluate(KEPT)) == 1


def test_an_old_or_broken_copy_is_told_of(site: str, windows: Windows) -> None:
    page = windows.open()
    page.route("**/program.zip", lambda route: route.fulfill(status=404))
    page.goto(f"{site}module/{NAME}.html")
    expect(page.get_by_role("alert")).to_contain_text("Part of this copy is missing or damaged")


def test_everything_is_erased_when_asked(site: str, windows: Windows, case: Case) -> None:
    page = opened(windows.open(), site)
    commit_step(page, Mouse(page), "meet")
    page.goto(f"{site}index.html")
    expect(page.locator("#phb-kept")).to_contain_text("Answers of one attempt")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save a copy of my answers").click()
    [attempt] = json.loads(download.value.path().read_text())
    assert [event["step"] for event in attempt["events"]] == ["meet"]
    page.get_by_text("Erase everything").click()
    page.get_by_role("button", name="Erase it now").click()
    expect(page.locator("#phb-kept")).to_have_text("Nothing yet.")
    expect(page.get_by_role("link", name=f"Start {case.title}")).to_be_visible()
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") <= 1
