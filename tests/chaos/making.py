"""Configs and strategies that are tried in these tests."""

from __future__ import annotations

from typing import Any

from atms.chaos.setting import Setting, prepare
from atms.config import load_config

# Buys where it holds nothing, sells five bars later; each decision hangs on CONDITION alone.
TRADER = """
import datetime, itertools, random, time

MADE = []


class {name}(bt.Strategy):
    def __init__(self):
        self.since = 0

    def next(self):
        print("a bar")
        if not self.data.live:
            return
        if not self.position and ({condition}):
            self.buy(size=0.5)
            self.since = len(self)
        elif self.position and len(self) >= self.since + 5:
            self.close()
"""


def config_of(strategy: str, **more: Any) -> dict[str, Any]:
    """Return a config of a strategy on hourly bars of a bundled sample."""
    feed = {
        "name": "btc", "source": "sample:BTCUSD_1h", "symbol": "BTC/USD", "venue": "binance",
        "timeframe": "1h", "stamp": "start",
    }  # fmt: skip
    return {
        "data": {"feeds": [feed], "warmup": 5}, "strategy": strategy,
        "run": {"timerange": "2018-01-01..2018-12-31"}, **more,
    }  # fmt: skip


def setting_of(strategy: str, bars: int = 40, profile: str | None = None, **more: Any) -> Setting:
    """Return a setting of it."""
    config = load_config(config_of(strategy, **more), dotenv=None).config
    return prepare(config, bars=bars, profile=profile, data=None)
