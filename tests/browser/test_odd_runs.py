"""Runs with little, much, or strange things in them: each has a page that is drawn and true."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms
from atms.cli.compare_page import write_page as write_comparison
from atms.comparing import compare
from atms.errors import StrategyError
from atms.reporting import write_page
from atms.result import Result
from atms.running.filed_result import MISSING, filed_result

pytest.importorskip("playwright")
from playwright.sync_api import Browser

from tests.browser.looking import looking

Frame = Callable[..., pd.DataFrame]
EVIL = "</script><script>globalThis.hurt = 1</script><img src=x onerror='globalThis.hurt=1'>"


class Once(bt.Strategy):
    """Buys on one bar and sells on another; 0: never."""

    params = dict(buy=3, sell=9)

    def next(self) -> None:
        if len(self) == self.p.buy:
            self.buy(size=1)
        elif len(self) == self.p.sell:
            self.close()


class Gappy(bt.Indicator):
    """The close, and nothing on every third bar."""

    lines = ("value",)

    def next(self) -> None:
        self.lines.value[0] = math.nan if len(self) % 3 == 0 else self.data.close[0]


class WithGaps(Once):
    """Looks at an indicator with holes."""

    def __init__(self) -> None:
        self.gappy = Gappy(self.data)


class Breaks(Once):
    """Raises on a bar."""

    params = dict(breaks=20)

    def next(self) -> None:
        super().next()
        if len(self) == self.p.breaks:
            raise RuntimeError(f"on bar {self.p.breaks}")


def run(data: Any, kind: type[bt.Strategy] = Once, **settings: Any) -> Result:
    return atms.backtest(kind, data=data, **{"cash": 10_000, "ledger__enabled": False, **settings})


def broken(frame: Frame, on: int) -> Result:
    with pytest.raises(StrategyError) as caught:
        run(frame(60), Breaks, params={"breaks": on})
    assert caught.value.result is not None
    return caught.value.result


RUNS: dict[str, Callable[[Frame], Result]] = {
    "no trade": lambda frame: run(frame(60), params={"buy": 0}),
    "one bar": lambda frame: broken(frame, 1),
    "two bars": lambda frame: run(frame(2)),
    "one trade": lambda frame: run(frame(60)),
    "a trade that stays open": lambda frame: run(frame(60), params={"sell": 0}),
    "NaN in an indicator": lambda frame: run(frame(60), WithGaps),
    "failed": lambda frame: broken(frame, 20),
}


@pytest.mark.parametrize("kind", RUNS)
def test_an_odd_run_has_a_page(kind: str, frame: Frame, browser: Browser, workdir: Path) -> None:
    result = RUNS[kind](frame)
    with looking(browser, write_page(result, workdir / "page.html")) as seen:
        drawn = seen.drawn
        assert drawn["fills"] == len(result.fills)
        assert drawn["trades"] == len(result.trades)
        assert drawn["candles"] == len(result.bars) > 0
        shown = seen.page.locator("#figure-trades .value").get_attribute("data-value")
        assert float(shown or "nan") == result.metrics["trades"]
        assert "NaN" not in seen.page.locator("body").inner_text()


def test_a_single_value_is_a_dot_where_no_line_can_be_drawn(
    frame: Frame, browser: Browser, workdir: Path
) -> None:
    with looking(browser, write_page(broken(frame, 1), workdir / "page.html")) as seen:
        dots = seen.ask(
            "ATMS.charts['equity-chart'].frame.plots[0].renderers.filter((one) => "
            "one.glyph.type === 'Scatter').map((one) => [...one.data_source.data.y])"
        )
        assert dots == [[10_000], [10_000]]  # equity, and buy and hold
        assert seen.page.locator("#price-chart .status").inner_text() == "1 bar."


def test_three_hundred_symbols_can_be_chosen_from(
    frame: Frame, browser: Browser, workdir: Path
) -> None:
    bars = frame(30)
    data = {f"S{number:03}": bars * (1 + number / 1000) for number in range(300)}
    result = run(data)
    with looking(browser, write_page(result, workdir / "page.html")) as seen:
        feeds = seen.page.locator("figure.price > .controls select")
        assert feeds.locator("option").count() == 300
        feeds.select_option(label="S299")
        seen.page.wait_for_function("ATMS.price.feed === 299")
        seen.settled()
        assert seen.ask("ATMS.price.bars.close[0]") == data["S299"]["close"].iloc[0]


def test_a_symbol_that_is_markup_stays_text(frame: Frame, browser: Browser, workdir: Path) -> None:
    result = run({"source": frame(60), "name": EVIL, "symbol": EVIL})
    with looking(browser, write_page(result, workdir / "page.html")) as seen:
        assert EVIL in seen.page.locator("h1").inner_text()
        assert seen.ask("globalThis.hurt") is None
        seen.page.locator("#trades tbody tr").first.locator("td").nth(1).click()
        assert EVIL in seen.page.locator("#trades tbody").inner_text()
        assert seen.ask("globalThis.hurt") is None


def test_a_run_of_which_only_the_ledger_is_left_has_a_page_that_says_so(
    frame: Frame, browser: Browser, workdir: Path
) -> None:
    result = run(frame(60), ledger__enabled=True)
    result.save()
    filed = filed_result(result.config.ledger.url, result.id)
    with looking(browser, write_page(filed, workdir / "page.html", missing=MISSING)) as seen:
        assert seen.page.locator("figure.price").count() == 0
        assert seen.page.locator("figure.equity").count() == 1
        assert seen.page.locator("#trades tbody tr").count() == len(result.trades) == 1
        text = seen.page.locator("main").inner_text()
        assert [piece for piece in MISSING if piece not in text] == []


def test_several_runs_stand_on_one_page(frame: Frame, browser: Browser, workdir: Path) -> None:
    two = [run(frame(60)), run(frame(60), params={"sell": 30})]
    page = write_comparison(workdir / "two.html", two, ["A", "B"], compare(two, ["A", "B"]))
    with looking(browser, page) as seen:
        assert seen.page.locator("figure.equity .legend .entry").count() == 2
        assert two[1].id in seen.page.locator("header").inner_text()
