"""The report's page, measured: how large it is, how long it takes to make, and how a browser fares.

Bars are the benchmark's random walks, and a cross of averages trades them: a fill in 24 bars.
"""

from __future__ import annotations

import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atms.artefacts import config_yaml
from atms.bench.bars import walk
from atms.bench.browser import chromium, missing
from atms.config import load_config
from atms.report.page.making import page
from atms.result import Result
from atms.runner import run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIZES = (20_000, 100_000, 1_000_000)
_CONFIG = {
    "data": {
        "feeds": [{"name": "walk", "source": "frame", "symbol": "BTC/USD", "timezone": "UTC"}]
    },
    "strategy": {"name": "ma_cross", "params": {"fast": 8, "slow": 30}},
    "sizer": {"name": "backtrader.sizers:PercentSizer", "params": {"percents": 95}},
    "broker": {"cash": 1_000_000, "commission": 0.0},
    "ledger": {"enabled": False},
}
_PARTS = {
    "series": r'<script[^>]*id="atms-series">.*?</script>',
    "bokeh": r'<script[^>]*id="atms-bokeh">.*?</script>',
    "charts and tables": r'<script[^>]*id="atms-contents">.*?</script>',
    "scripts and styles": r"<style>.*?</style>|<script>.*?</script>",
}
_ZOOMS = 5
_WATCH = """globalThis.longest = 0;
new PerformanceObserver((list) => {
    for (const one of list.getEntries()) longest = Math.max(longest, one.duration);
}).observe({ type: 'longtask', buffered: true });"""
# To 60 bars around a share of all, until they are on the screen.
_ZOOM = """async (share) => {
    const { view, bars } = ATMS.price;
    const frame = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
    await view.all();
    await frame();
    const from = Math.floor(share * (bars.time.length - 60));
    const begun = performance.now();
    await view.show(bars.time[from] / 1000, bars.time[from + 59] / 1000);
    await frame();
    return [performance.now() - begun, ATMS.drawn.candles];
}"""


@dataclass(frozen=True)
class Watched:
    """How a browser fared with a page; milliseconds, the median of its visits.

    Attributes:
        usable: from navigation until equity and price are on the screen and the tables answer.
        ready: until everything is drawn, further down too.
        cpu: what the page's own thread took of it, whatever else the machine did meanwhile.
        longest: the longest task; 0: none above 50, which is where browsers begin to count.
        zoom: from everything to 60 single bars.
        browser: its version.
    """

    usable: float
    ready: float
    cpu: float
    longest: float
    zoom: float
    browser: str


@dataclass(frozen=True)
class Measured:
    """A page's figures.

    Attributes:
        bars, fills: of the run.
        size: of the page, bytes; *parts*: name -> bytes of it.
        making: CPU seconds that the page took, the run not among them.
        watched: None where there is no browser.
        notes: what the page says that it made coarser or left out.
    """

    bars: int
    fills: int
    size: int
    parts: dict[str, int]
    making: float
    watched: Watched | None
    notes: tuple[str, ...]


def measure(
    sizes: Sequence[int] = SIZES, visits: int = 3, tell: Callable[[str], Any] = print
) -> list[Measured]:
    """Return the figures of pages of so many bars; *tell* hears what is done."""
    found = []
    with _browser() as browser, tempfile.TemporaryDirectory(prefix="atms-bench-") as folder:
        for bars in sizes:
            tell(f"report: a run of {bars:,} bars")
            result = sample(bars)
            tell(f"report: the page of {bars:,} bars")
            begun = time.process_time()
            text = page(result, config_yaml(result.config))
            making = time.process_time() - begun
            file = Path(folder) / f"{bars}.html"
            file.write_text(text, encoding="utf-8")
            tell(f"report: the page of {bars:,} bars in a browser")
            watched = None if browser is None else _watch(browser, file, visits)
            parts = sizes_of(text)
            found.append(
                Measured(bars, len(result.fills), file.stat().st_size, parts, making, watched,
                         _notes(text))
            )  # fmt: skip
    return found


def sample(bars: int) -> Result:
    """Return a run over *bars* minutes of a random walk, with a fill in 24 of them."""
    config = load_config(_CONFIG, environment={}, dotenv=None).config
    return run(config, given={"walk": walk(bars).tz_localize("UTC")})


def sizes_of(text: str) -> dict[str, int]:
    """Return how many bytes each part of a page takes; the rest is its markup."""
    found = {
        name: sum(len(part.encode()) for part in re.findall(pattern, text, re.DOTALL))
        for name, pattern in _PARTS.items()
    }
    return {**found, "markup": len(text.encode()) - sum(found.values())}


def _notes(text: str) -> tuple[str, ...]:
    match = re.search(r'<script[^>]*id="atms-series">(.*?)</script>', text, re.DOTALL)
    return tuple(json.loads(match.group(1))["notes"]) if match else ()


@contextmanager
def _browser() -> Iterator[Browser | None]:
    if missing():
        yield None
        return
    with chromium() as browser:
        yield browser


def _watch(browser: Browser, file: Path, visits: int) -> Watched:
    usable, ready, cpu, longest, zooms = [], [], [], [], []
    for _ in range(visits):
        with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
            page = context.new_page()
            page.add_init_script(_WATCH)
            session = context.new_cdp_session(page)
            session.send("Performance.enable")
            page.goto(file.resolve().as_uri())
            page.evaluate("ATMS.ready")
            told = session.send("Performance.getMetrics")["metrics"]
            cpu += [1000 * one["value"] for one in told if one["name"] == "ThreadTime"]
            usable.append(page.evaluate("ATMS.timings.usable"))
            ready.append(page.evaluate("ATMS.timings.ready"))
            longest.append(page.evaluate("longest"))
            for number in range(_ZOOMS):
                took, _ = page.evaluate(_ZOOM, (number + 0.5) / _ZOOMS)
                zooms.append(took)
    median = statistics.median
    return Watched(
        median(usable), median(ready), median(cpu), median(longest), median(zooms), browser.version
    )
