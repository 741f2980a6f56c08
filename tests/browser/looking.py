"""A page as a browser shows it, and what it did meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

LOCAL = ("file:", "data:", "blob:")


@dataclass
class Seen:
    """An open page.

    Attributes:
        page: Playwright's.
        console: what the page wrote there, and errors that nobody caught.
        requests: addresses that it asked for beyond the file itself, data and blobs.
    """

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def ask(self, expression: str) -> Any:
        """Return what an expression of the page's script gives, promises awaited."""
        return self.page.evaluate(expression)

    @property
    def drawn(self) -> dict[str, int]:
        """How many marks of each kind were handed to the chart of prices."""
        return dict(self.ask("ATMS.drawn"))

    @property
    def view(self) -> tuple[float, float]:
        """What the chart of prices shows, in microseconds."""
        first, last = self.ask("[ATMS.price.view.range.start, ATMS.price.view.range.end]")
        return first * 1000, last * 1000

    def settled(self) -> None:
        """Wait until what was asked for is drawn: two frames."""
        self.ask("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")


@contextmanager
def looking(browser: Browser, file: Path, **context: Any) -> Iterator[Seen]:
    """Open a file, wait until it is ready, and afterwards hold that nothing went wrong in it.

    Args:
        context: of Playwright's new_context: viewport, color_scheme ...
    """
    with browser.new_context(**context) as place:
        seen = Seen(place.new_page())
        seen.page.on("console", lambda said: seen.console.append(f"{said.type}: {said.text}"))
        seen.page.on("pageerror", lambda error: seen.console.append(f"error: {error}"))
        seen.page.on("request", lambda asked: _note(seen, asked.url))
        seen.page.goto(file.resolve().as_uri())
        seen.ask("ATMS.ready")
        yield seen
        assert seen.ask("ATMS.failures") == []
        assert seen.console == []
        assert seen.requests == []


def _note(seen: Seen, address: str) -> None:
    if not address.startswith(LOCAL):
        seen.requests.append(address)
