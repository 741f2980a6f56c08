"""The config's feeds and limits as parts of a Cerebro that trades: live, on paper, in a trial."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import backtrader as bt

from atms.config import Config, history_bars, instruments
from atms.engine import StockCerebro, make_cerebro
from atms.execution.broker.gating import LiveWatch
from atms.feeds.history import Zone, backtrader_timeframe
from atms.risk import Day, Gate
from atms.running.live_stores import symbols_of
from atms.running.trading import Trading
from atms.stores.base import Store


def live_cerebro(config: Config) -> StockCerebro:
    """Return a Cerebro as the config's ``run`` section wants it."""
    cerebro = make_cerebro(config.run.engine, cheat_on_open=config.run.cheat_on_open)
    if config.run.timezone != "UTC":
        cerebro.addtz(Zone(config.run.timezone))
    return cerebro


def add_live_feeds(
    cerebro: bt.Cerebro, trading: Trading, config: Config, stores: Mapping[str, Store]
) -> None:
    """Put every feed of the config into Cerebro; *stores* by the config's names."""
    datas: dict[str, Any] = {}
    bars, now = history_bars(config), trading.host.now()
    for feed in config.data.feeds:
        data = datas.get(feed.of or "")
        if data is None:
            assert feed.timeframe is not None
            start = now - timedelta(seconds=bars[feed.name] * feed.timeframe.seconds)
            data = trading.feed(
                stores[feed.store or ""], feed.symbol or feed.name, feed.timeframe, start,
                zone=config.run.timezone, flow=feed.lines,
            )  # fmt: skip
        longer = feed.resample or feed.replay
        if longer is None:
            cerebro.adddata(data, name=feed.name)
        else:
            add = cerebro.resampledata if feed.resample else cerebro.replaydata
            data = add(data, name=feed.name, **backtrader_timeframe(longer))
        datas[feed.name] = data


def watch_of(
    config: Config, trading: Trading, stores: Mapping[str, Store], day: Day | None
) -> LiveWatch | None:
    """Return the gate of the config's limits; None: there are none.

    Args:
        day: the day's loss of the process before.
    """
    if not config.risk.model_dump(exclude_none=True):
        return None
    traded = instruments(config)
    names: dict[str, str] = {}
    trading.on_open.append(
        lambda: names.update(
            (f"{store.account}:{symbol}", f"{name}:{symbol}")
            for name, store in stores.items()
            for symbol in symbols_of(config, name)
        )
    )
    return LiveWatch(Gate(config.risk.limits(traded), day), trading.host.now, names)
