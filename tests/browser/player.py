"""Plays a module in a real browser, as somebody with a mouse or with a keyboard alone would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from phbkit.casebank import SCALE, Case, Question
from phbkit.casebank.models import TALK_STEPS
from phbkit.decision import Plan
from phbkit.decision.risk_ledger import TEXTS
from phbkit.text import quotes
from phbkit.workbook.formats import LEVELS
from tests.browser.windows import PATIENCE_MS

ANSWERS = Path(__file__).parent.parent / "answers"
Visit = Callable[[str], None]
MOST_TABS = 200
MOST_KEYS = 12
NEXT = re.compile("^Next (question|part)$")


def read(name: str) -> dict[str, Any]:
    """Read the answers of a file in tests/answers."""
    return json.loads((ANSWERS / f"{name}.json").read_text())["answers"]


class Mouse:
    """Points and clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def choose(self, control: Locator) -> None:
        """Tick a checkbox or a radio button."""
        control.check()

    def toggle(self, control: Locator) -> None:
        """Tick a checkbox, or take the tick out."""
        control.click()

    def pick(self, control: Locator, place: int) -> None:
        """Pick a place in a list that opens."""
        control.select_option(str(place))

    def write(self, control: Locator, text: str) -> None:
        """Fill in a text field."""
        control.fill(text)

    def press(self, control: Locator) -> None:
        """Press a button."""
        control.click()


class Keyboard:
    """Never points: Tab, arrows, space and Enter only."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def _tab_to(self, control: Locator) -> None:
        handle = control.element_handle()
        for _ in range(MOST_TABS):
            if self.page.evaluate(
                """(wanted) => document.activeElement === wanted
                  || (wanted.type === 'radio' && document.activeElement.name === wanted.name)""",
                handle,
            ):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reached {control}")

    def choose(self, control: Locator) -> None:
        """Reach a control with Tab; arrows choose a radio button, space ticks a checkbox."""
        self._tab_to(control)
        if control.get_attribute("type") == "checkbox":
            if not control.is_checked():
                self.page.keyboard.press("Space")
            return
        self.page.keyboard.press("Space")
        for _ in range(10):
            if control.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"The arrows never chose {control}")

    def toggle(self, control: Locator) -> None:
        """Reach a checkbox with Tab; space changes it."""
        self._tab_to(control)
        self.page.keyboard.press("Space")

    def pick(self, control: Locator, place: int) -> None:
        """Reach a list with Tab, and go down in it as far as the place."""
        self._tab_to(control)
        self.page.keyboard.press("Home")
        for _ in range(place):
            self.page.keyboard.press("ArrowDown")
        expect(control).to_have_value(str(place))

    def write(self, control: Locator, text: str) -> None:
        """Reach a field with Tab and type; what is long comes in one go in the end, as dictated."""
        self._tab_to(control)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text[:MOST_KEYS])
        if text[MOST_KEYS:]:
            self.page.keyboard.insert_text(text[MOST_KEYS:])

    def press(self, control: Locator) -> None:
        """Reach a button with Tab and press Enter."""
        self._tab_to(control)
        self.page.keyboard.press("Enter")


@contextmanager
def opens_again(page: Page) -> Iterator[None]:
    """Lose a page within, and wait until it has opened itself again."""
    page.evaluate("document.documentElement.dataset.lost = ''")
    yield
    again = page.locator("html:not([data-lost]) body[data-ready]")
    expect(again).to_be_attached(timeout=60_000)


def wait_ready(page: Page) -> None:
    """Wait until the module can be used."""
    expect(page.locator("body[data-ready]")).to_be_attached(timeout=2 * PATIENCE_MS)


def shown_step(page: Page) -> Locator:
    """Return the step that is on the screen."""
    return page.locator("section.phb-section:not([hidden])")


def fill_step(
    page: Page, hand: Mouse | Keyboard, case: Case, step_id: str, answers: dict[str, Any]
) -> None:
    """Answer everything on one step; of a conversation, all but what is committed last."""
    step = shown_step(page)
    if step_id in TALK_STEPS:
        _talk(step, hand, step_id, answers[step_id])
    if step_id == "plan":
        _fill_plan(step, hand, case, answers)
    if step_id == "risk" and "ledger" in answers:
        _fill_ledger(step, hand, Plan.of(case, answers["plan"]), answers["ledger"])
    for question in case.questions_at(step_id):
        if question.id in answers:
            field = step.locator(f'[data-field="{question.id}"]')
            _turn_to(step, hand, field)
            _fill_question(hand, field, question, answers[question.id])
        if question.sure_key in answers:
            field = step.locator(f'[data-field="{question.sure_key}"]')
            hand.choose(field.get_by_label(LEVELS[answers[question.sure_key]], exact=True))
    if step_id == "decide" and "decision" in answers:
        _turn_to(step, hand, step.locator("[data-field='decision.choice']"))
        _fill_decision(step, hand, answers["decision"])
    if step_id == "board":
        _turn_to(step, hand, step.locator("[data-field='board.choice']"))
        _fill_board(step, hand, answers["board"])
    if step_id == "reflect":
        _turn_to(step, hand, step.get_by_label("What did you learn?"))
        _fill_entry(step, hand, answers["cpd"])


def _turn_to(step: Locator, hand: Mouse | Keyboard, field: Locator) -> None:
    """Go on to a part of the form, where the screen shows one at a time."""
    on = step.get_by_role("button", name=NEXT)
    while not field.is_visible() and on.is_visible():
        hand.press(on)


def _talk(step: Locator, hand: Mouse | Keyboard, key: str, answer: dict[str, Any]) -> None:
    """Say each turn, and rate; wait for the reply to every turn that is not the last thing."""
    rated = answer.get("rated", {})
    for place, turn in enumerate(answer["turns"], start=1):
        line = step.locator(f'[name="{key}.line"][value="{turn["line"]}"]')
        if "own" in turn:
            hand.press(step.locator("summary", has_text="Say it in my own words first"))
            hand.write(step.locator(f'[name="{key}.own"]'), turn["own"])
        hand.choose(line)
        if rated or place < len(answer["turns"]):
            hand.press(step.locator("button[type=submit]"))
            expect(line).to_have_count(0)
    for part, mark in rated.items():
        hand.choose(step.locator(f'[name="{key}.rated.{part}"][value="{mark}"]'))


def _fill_plan(step: Locator, hand: Mouse | Keyboard, case: Case, answers: dict[str, Any]) -> None:
    """Ask about what was not heard and is asked about later, then put the plan together."""
    talks = [answers.get(talk.id, {}) for talk in case.talks]
    for name in (name for talk in talks for name in talk.get("later", ())):
        ask = step.locator(f'[data-what="{name}"]')
        if ask.count():
            hand.press(ask)
        expect(ask).to_have_count(0)
    for item in answers.get("plan", []):
        hand.choose(step.get_by_label(quotes(case.item(item).title), exact=True))


def _fill_question(
    hand: Mouse | Keyboard, field: Locator, question: Question, answer: str | int | list[str]
) -> None:
    if question.format == "reflection":
        hand.write(field.get_by_role("textbox"), str(answer))
    elif question.format == "concordance":
        hand.choose(field.get_by_role("radio").nth(SCALE.index(answer)))
    elif question.format == "ranking":
        texts = {option.id: option.text for option in question.options}
        for place, option in enumerate(answer, start=1):
            hand.pick(field.get_by_label(quotes(texts[option]), exact=True), place)
    else:
        texts = {option.id: option.text for option in question.options}
        for chosen in answer if isinstance(answer, list) else [answer]:
            hand.choose(field.get_by_label(quotes(texts[chosen]), exact=True))


def _fill_ledger(
    step: Locator, hand: Mouse | Keyboard, plan: Plan, ledger: dict[str, dict[str, Any]]
) -> None:
    for risk in sorted(plan.risks, key=lambda risk: risk.of):
        field, entry = f"ledger.{risk.id}", ledger[risk.id]
        card = step.locator(".phb-risk").filter(has=step.page.locator(f'[id="risk-{risk.id}"]'))
        if card.get_attribute("open") is None:
            hand.press(card.locator("summary").first)
        for who in entry["holders"]:
            hand.choose(card.locator(f'[name="{field}.holders"][value="{who}"]'))
        folded = entry["mitigation"] or entry["review"]
        if folded and not card.locator("details[open]").count():
            hand.press(card.locator("details > summary"))
        for name in TEXTS:
            if entry[name]:
                hand.write(card.locator(f'[name="{field}.{name}"]'), entry[name])


def _fill_decision(step: Locator, hand: Mouse | Keyboard, decision: dict[str, Any]) -> None:
    hand.choose(step.locator(f'input[value="{decision["choice"]}"]'))
    for item in decision["not_to"]:
        hand.choose(step.locator(f'[name="decision.not_to"][value="{item}"]'))
    hand.choose(step.locator(f'input[value="{decision["held"]}"]'))
    hand.write(step.get_by_label(re.compile("^Your reasons")), decision["reasons"])
    hand.write(step.get_by_label(re.compile("^First review")), str(decision["review_weeks"]))
    hand.write(step.get_by_label(re.compile("^Stop rule")), decision["stop_rule"])
    for name in ("decide_by", "contact"):
        if decision.get(name):
            step.locator(f'[name="decision.{name}"]').fill(decision[name])


def _fill_board(step: Locator, hand: Mouse | Keyboard, board: dict[str, Any]) -> None:
    hand.choose(step.locator(f'[name="board.choice"][value="{board["choice"]}"]'))
    for name in ("reasons", "agreed", "dissent"):
        hand.write(step.locator(f'[name="board.{name}"]'), board[name])
    for trigger in board["triggers"]:
        hand.choose(step.locator(f'[name="board.triggers"][value="{trigger}"]'))
    hand.write(step.locator('[name="board.review_months"]'), str(board["review_months"]))


def _fill_entry(step: Locator, hand: Mouse | Keyboard, entry: dict[str, Any]) -> None:
    hand.write(step.get_by_label("What did you learn?"), entry["learnt"])
    labels = ["One thing you will do differently", "A second thing", "A third thing (optional)"]
    for label, change in zip(labels, entry["changes"], strict=False):
        hand.write(step.get_by_label(label, exact=True), change)
    hand.write(step.get_by_label(re.compile("^Time spent")), entry["hours"])


def open_step(page: Page, hand: Mouse | Keyboard, step_id: str) -> None:
    """Go on to a step by the link that the finished step offers, unless it is open already."""
    if not page.locator(f"section:not([hidden]) .phb-step-{step_id}").count():
        hand.press(shown_step(page).locator(f'a.phb-button[data-go="{step_id}"]'))
    expect(page.locator(f"section:not([hidden]) .phb-step-{step_id}")).to_be_visible()


def tries_at(case: Case, step_id: str, answers: dict[str, Any]) -> list[dict[str, Any]]:
    """List what is answered after a step is stopped, one mapping a try."""
    keys = [question.id for question in case.questions_at(step_id)]
    keys += ["plan", "decision"] if step_id == "decide" else []
    tries = {key: answers[f"{key}.again"] for key in keys if f"{key}.again" in answers}
    many = max(map(len, tries.values()), default=0)
    return [
        {key: values[place] for key, values in tries.items() if place < len(values)}
        for place in range(many)
    ]


def stop_step(page: Page, hand: Mouse | Keyboard, step_id: str) -> None:
    """Press the button of a step, and wait until the page says what stops it."""
    press_on(page, hand, step_id)
    expect(page.locator("#phb-status")).to_contain_text("to put right")
    expect(shown_step(page).locator(".phb-stopped")).to_be_focused()


def change_plan(page: Page, hand: Mouse | Keyboard, case: Case, items: list[str]) -> None:
    """Go back to the plan from a decision that was stopped, change it, and come back."""
    hand.press(shown_step(page).get_by_role("link", name="change the plan"))
    hand.press(page.get_by_role("button", name="Change the plan"))
    expect(shown_step(page).locator("form")).to_be_visible()
    for item in case.about.items:
        box = shown_step(page).get_by_label(quotes(item.title), exact=True)
        if box.count() and box.is_checked() != (item.id in items):
            hand.toggle(box)
    commit_step(page, hand, "plan")
    page.locator('nav a[href="#decide"]').evaluate("link => link.click()")


def turn(page: Page, hand: Mouse | Keyboard, button: str | re.Pattern[str]) -> None:
    """Turn to the last part of a form, or back to its first, where the screen shows one of them."""
    way = shown_step(page).get_by_role("button", name=button)
    while way.is_visible():
        hand.press(way)


def press_on(page: Page, hand: Mouse | Keyboard, step_id: str) -> None:
    """Press the button of a step, which stands after the last question."""
    turn(page, hand, NEXT)
    hand.press(shown_step(page).locator(f".phb-step-{step_id} button[type=submit]"))


def commit_step(page: Page, hand: Mouse | Keyboard, step_id: str) -> None:
    """Press the button of a step and wait until the page says that it is saved."""
    press_on(page, hand, step_id)
    expect(page.locator('#phb-status[data-kind="saved"]')).to_be_visible()


def play(
    page: Page,
    hand: Mouse | Keyboard,
    case: Case,
    answers: dict[str, Any],
    *,
    before: Visit = lambda step: None,
    after: Visit = lambda step: None,
) -> None:
    """Play a module from the step it stands at to the end."""
    for step in case.steps:
        open_step(page, hand, step)
        before(step)
        fill_step(page, hand, case, step, answers)
        for again in tries_at(case, step, answers):
            stop_step(page, hand, step)
            if "plan" in again:
                change_plan(page, hand, case, again["plan"])
            fill_step(page, hand, case, step, again)
        commit_step(page, hand, step)
        after(step)
