"""axe-core over a page: WCAG 2.2, A and AA."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# What a bar that stays in sight covers just now is not too small: one scrolls.
LOOSE = ":is(.phb-steps, .phb-turns, .phb-go) { position: static !important; }"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: Page) -> list[str]:
    """List what axe-core finds wrong, each with its first place."""
    only = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    options = {
        **only,
        "selectors": False,
        "iframes": False,
        "preload": False,
    }  # there are no frames
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        page.add_style_tag(content=LOOSE)
    found = page.evaluate("async (options) => (await axe.run(options)).violations", options)
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]
