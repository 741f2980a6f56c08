"""A real browser to look at a page with: Chromium as the system has it, driven by Playwright."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox: root in a container has none. The rest keeps the browser from asking others for news.
_ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip


def executable() -> str | None:
    """Return the path of Chromium, or Chrome; None: neither is there."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def missing() -> str:
    """Return what is missing to drive a browser, and how to get it; empty: nothing."""
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is not installed: pip install 'playwright>=1.60'"
    if executable() is None:
        return "Chromium is not installed; on Debian or Ubuntu: sudo apt-get install chromium"
    return ""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a headless browser; :func:`missing` says whether there is one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
