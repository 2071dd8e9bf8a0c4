"""The browser and its windows, as the browser tests have them."""

from tests.browser.conftest import browser, windows

__all__ = ["browser", "windows"]
