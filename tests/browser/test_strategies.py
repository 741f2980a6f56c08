"""Every packaged config's run has a page on which all of its marks are drawn."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

import atms
from atms.reporting import write_page

pytest.importorskip("playwright")
from playwright.sync_api import Browser

from tests.browser.looking import looking

# What needs a venue is no backtest.
CONFIGS = sorted(
    name.removesuffix(".yaml")
    for path in files("atms.configs").iterdir()
    if (name := path.name).endswith(".yaml") and "sandbox" not in name
)


def test_there_are_configs() -> None:
    assert len(CONFIGS) > 8


@pytest.mark.parametrize("config", CONFIGS)
def test_the_page_of_a_packaged_config_is_drawn(
    config: str, browser: Browser, workdir: Path
) -> None:
    result = atms.backtest(config, ledger__enabled=False)
    with looking(browser, write_page(result, workdir / "page.html")) as seen:
        assert seen.ask("ATMS.series.fills.time.length") == len(result.fills)
        assert seen.ask("Object.keys(ATMS.charts).length") == seen.page.locator("figure").count()
        drawn, of_feed = seen.drawn, seen.ask("ATMS.price.marks.fills.length")
        assert drawn["candles"] > 0
        if of_feed <= 1500:  # more than that are thinned, and the chart says so
            assert drawn["fills"] == of_feed
