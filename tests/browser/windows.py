"""Browser windows that can reach this machine only, and remember what they tried."""

from __future__ import annotations

import os
import shutil
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect

from tests.need_programs import BROWSER

CHROMIUM_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
PATIENCE_MS = 60_000  # the machines that run this may be busy
INSIDE = ("http://127.0.0.1:", "https://127.0.0.1:", "data:", "blob:")
expect.set_options(timeout=PATIENCE_MS)


def launched(playwright: Playwright) -> Browser:
    """Start the browser that tests use."""
    program = os.environ.get("CHROMIUM") or shutil.which(BROWSER)
    return playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)


class Windows:
    """The windows of one test."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.outside: list[str] = []
        self.errors: list[str] = []

    def open(self, **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = self._browser.new_context(accept_downloads=True, **options)
        context.set_default_timeout(PATIENCE_MS)
        context.set_default_navigation_timeout(2 * PATIENCE_MS)
        context.route("**/*", self._keep_inside)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def _keep_inside(self, route: Route) -> None:
        address = route.request.url
        if address.startswith(INSIDE):
            return route.continue_()
        self.outside.append(address)
        return route.abort()

    def close(self) -> None:
        for context in self._contexts:
            context.close()
