"""Every strategy decides and fills on paper as in its backtest, over the same recorded bars."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

from atms import registry
from atms.config.sections import Component
from atms.engine import Cerebro
from atms.execution.driver.host import InlineHost
from atms.feeds.history import backtrader_timeframe
from atms.feeds.raw import finished
from atms.model import Timeframe
from atms.running.broker import commission_of, slippage_of
from atms.running.sources import read_feed
from atms.running.trading import Trading
from atms.sandbox.simulation.adversary import MemoryJournal
from atms.sandbox.simulation.loop import VirtualLoop
from atms.stores.sim import Recorded, SimModels, SimStore, SimVenue
from tests.execution.live_bench import MemoryFiles
from tests.strategies.bench import CASH, ONE_UNIT
from tests.strategies.noise import Case, done, packaged, watched

# Bars of the config's first feed; what is not named has enough orders in this many.
BARS = {"trend_timeframes": 3000, "ma_cross": 1500, "rotation": 1600}
ENOUGH = 500


# ---- the same bars for both ----------------------------------------------------------------------
def recorded(case: Case) -> Case:
    """Return the case on bars as both see them, stamped at their ends; one unit an order."""
    feeds, frames = [], {}
    for feed in case.config.data.feeds:
        if feed.name in case.frames:
            raw = read_feed(feed, "", case.frames[feed.name])
            bars = finished(raw, stamp=feed.stamp, adjust=feed.adjust)
            index = pd.DatetimeIndex(bars.seen.astype("datetime64[us]"), tz="UTC", name="datetime")
            names = ("open", "high", "low", "close", "volume")
            frames[feed.name] = pd.DataFrame({n: bars.columns[n] for n in names}, index=index)
            changes = {"stamp": "end", "adjust": None, "columns": {}, "timeframe": bars.timeframe}
            feed = feed.model_copy(update=changes)
        feeds.append(feed)
    config = case.config
    changed = {
        "data": config.data.model_copy(update={"feeds": tuple(feeds)}),
        "broker": config.broker.model_copy(update={"cash": CASH}),
        "sizer": Component(**ONE_UNIT),
    }
    return replace(case, config=config.model_copy(update=changed), frames=frames)


# ---- on paper ------------------------------------------------------------------------------------
def on_paper(case: Case, kind: type[bt.Strategy]) -> Any:
    """Run a case through recorded bars, paper venue, driver and core; return the strategy."""
    frames, config = case.frames, case.config
    timeframe = next(feed.timeframe for feed in config.data.feeds if feed.name in frames)
    assert timeframe is not None
    begins = min(frame.index[0] for frame in frames.values()).to_pydatetime()
    begins -= timedelta(seconds=5 * timeframe.seconds)  # connecting takes a while
    ends = max(frame.index[-1] for frame in frames.values()).to_pydatetime()
    loop = VirtualLoop(begins)
    speed = timeframe.seconds / 4  # a bar in so many seconds of the loop, whose timers cost time
    source = Recorded(frames, str(timeframe), start=begins, margin=True, speed=speed)
    # By the market's clock a strategy takes long now: what comes within half a bar is in time.
    venue = SimVenue(
        cash={"USD": Decimal(str(CASH))}, models=models(case), clock=source.now,
        reaction=timedelta(seconds=timeframe.seconds / 2),
    )  # fmt: skip
    store = SimStore(source, base="USD", venue=venue)
    journal = MemoryJournal()
    trading = Trading(
        Path("state"),
        host=InlineHost(loop, shared=True),
        files=lambda account: MemoryFiles(journal),
    )
    cerebro = Cerebro()
    add_feeds(cerebro, trading, store, case, timeframe)
    cerebro.setbroker(trading.broker("USD"))
    cerebro.addsizer(bt.sizers.FixedSize, stake=1)
    cerebro.addstrategy(kind, **config.strategy.params)
    loop.call_later((ends - begins).total_seconds() / speed + 60, trading.end)
    try:
        return cerebro.run()[0]
    finally:
        trading.close()
        loop.close()


def models(case: Case) -> dict[str, SimModels]:
    """Return what fills cost, by feed: a feed is an instrument of its own here."""
    config = case.config
    return {
        feed.name: SimModels(
            commission=commission_of(config.broker, feed.instrument, config),
            slippage=slippage_of(config.broker, feed.instrument, feed),
        )
        for feed in config.data.feeds
        if feed.name in case.frames
    }


def add_feeds(
    cerebro: Cerebro, trading: Trading, store: SimStore, case: Case, timeframe: Timeframe
) -> None:
    """Put the case's feeds, and what is resampled from them, into Cerebro."""
    datas: dict[str, Any] = {}
    for feed in case.config.data.feeds:
        data = datas.get(feed.of or "")
        if data is None:
            first = case.frames[feed.name].index[0].to_pydatetime()
            start = first - timedelta(seconds=2 * timeframe.seconds)
            data = trading.feed(store, feed.name, timeframe, start)
        if feed.resample is None:
            cerebro.adddata(data, name=feed.name)
        else:
            data = cerebro.resampledata(data, name=feed.name, **backtrader_timeframe(feed.resample))
        datas[feed.name] = data


# ---- compared ------------------------------------------------------------------------------------
def decisions(entries: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return orders and cancels: when, what, facts; times to the second, numbers to 9 digits.

    What is decided on a notification has no time here: on paper it comes before the bar does.
    """
    return [
        ("told" if what.startswith("told") else pd.Timestamp(bt.num2date(days)).round("s"),
         what, *map(_rounded, facts))
        for days, what, *facts in entries
        if what.endswith(("order", "cancel"))
    ]  # fmt: skip


def _rounded(fact: Any) -> Any:
    return f"{float(fact):.9g}" if isinstance(fact, (int, float)) else fact


@pytest.mark.parametrize("name", list(registry.BUILT_IN["strategies"]))
def test_on_paper_it_decides_as_in_its_backtest(name: str) -> None:
    case = recorded(packaged(name, BARS.get(name, ENOUGH)))
    kind = watched(registry.load("strategies", name))
    expected = decisions(done(case.run(strategy=kind)))
    actual = decisions(on_paper(case, kind).done)
    assert len(expected) >= (1 if name == "buy_and_hold" else 4)
    assert actual == expected
