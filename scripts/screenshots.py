"""Make the README's pictures of a report: the packaged breakout on bundled bars, in both themes.

    python scripts/screenshots.py [FOLDER]

Needs Chromium and Playwright, as the tests of the page do.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

import atms
from atms.bench.browser import chromium, missing

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
WIDTH, HEIGHT = 1180, 1120
TRADE = 20


def main(folder: Path) -> None:
    """Draw each picture into *folder*."""
    if lacking := missing():
        sys.exit(lacking)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        result = atms.backtest("breakout", ledger__enabled=False)
        page = result.report(Path(place) / "report.html").resolve().as_uri()
        for theme in ("light", "dark"):
            shoot(browser, page, theme, folder / f"report_{theme}.png")
        shoot(browser, page, "light", folder / "report_trade.png", TRADE)
    for picture in sorted(folder.glob("report_*.png")):
        print(f"{picture}  {picture.stat().st_size / 1000:.0f} kB")


def shoot(browser: Browser, page: str, theme: str, file: Path, trade: int | None = None) -> None:
    """Take a picture of the top of the page, or of a trade in the chart of prices."""
    size = {"width": WIDTH, "height": HEIGHT}
    with browser.new_context(viewport=size, color_scheme=theme) as context:
        shown = context.new_page()
        shown.goto(page)
        shown.evaluate("ATMS.ready")
        if trade is None:
            shown.screenshot(path=file)
            return
        shown.evaluate(f"ATMS.showTrade({trade}, false)")
        shown.wait_for_function(f"ATMS.price.marks.selected === {trade}")
        shown.evaluate("new Promise((go) => requestAnimationFrame(() => setTimeout(go, 100)))")
        shown.locator("figure.price").screenshot(path=file)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
