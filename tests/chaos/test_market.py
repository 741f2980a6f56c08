"""The market of a trial: along which bars it goes, for whom it stands, and how time passes."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from atms.chaos.market import Market, Tick, Told, draw_market
from atms.chaos.setting import Setting, prepare
from atms.chaos.venues import profile_of
from atms.chaos.world import World
from atms.config import load_config
from atms.errors import DataError
from atms.execution.core.core import Core
from atms.sandbox.simulation.venue.profiles import PROFILES


def minutes(name: str, count: int, start: str = "2024-01-01 00:00", step: str = "1min") -> None:
    """Write bars whose closes count up: 100.00, 100.01 ..., each 0.05 above and below its open."""
    stamps = pd.date_range(start, periods=count, freq=step, tz="UTC")
    closes = [100 + place / 100 for place in range(count)]
    pd.DataFrame(
        {
            "datetime": stamps, "open": [one - 0.01 for one in closes],
            "high": [one + 0.05 for one in closes], "low": [one - 0.06 for one in closes],
            "close": closes, "volume": 8.0,
        }
    ).to_csv(name, index=False)  # fmt: skip


def feed(name: str, timeframe: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "source": f"{name}.csv", "symbol": "A/USD", "venue": "binance",
        "timeframe": timeframe, "stamp": "start", **more,
    }  # fmt: skip


def setting(*feeds: dict[str, Any], bars: int = 30) -> Setting:
    values = {"data": {"feeds": list(feeds), "warmup": 10}, "strategy": "ma_cross"}
    return prepare(load_config(values, dotenv=None).config, bars=bars, profile=None, data=None)


def told(market: Market, timeframe: str) -> list[Told]:
    return [one for one in market.events if isinstance(one, Told) and one.timeframe == timeframe]


def test_a_bar_is_traded_along_its_prices_and_told_at_its_end(workdir: Path) -> None:
    minutes("one.csv", 100)
    market = draw_market(setting(feed("one", "1m")), random.Random(1))
    first = told(market, "1m")[0]
    assert first.bar.open_at == market.begins
    assert first.at == first.bar.close_at == market.begins + timedelta(minutes=1)
    ticks = [one for one in market.events if isinstance(one, Tick) and one.at < first.at]
    # The high is 0.06 above the open and the low 0.05 below it: the nearer one comes first.
    bar = first.bar
    assert [one.price for one in ticks] == [bar.open, bar.low, bar.high, bar.close]
    assert [one.qty for one in ticks] == [Decimal(2)] * 4  # a quarter of 8
    assert len(told(market, "1m")) == 30
    assert len(market.past) == 10
    assert market.past[-1].at == market.begins


def test_feeds_of_one_trial_have_the_same_time_each_with_bars_of_its_own(workdir: Path) -> None:
    minutes("one.csv", 600)
    minutes("ten.csv", 60, step="10min")
    both = setting(feed("one", "1m"), feed("ten", "10m"))
    for seed in range(5):
        market = draw_market(both, random.Random(seed))
        ends = market.begins + timedelta(minutes=30)
        longer = told(market, "10m")
        assert len(longer) == 3
        assert all(market.begins < one.at <= ends for one in longer)
        assert {one.lead for one in longer} == {False}
        assert sum(isinstance(one, Tick) for one in market.events) == 4 * 30  # one path


def test_hours_without_bars_stay(workdir: Path) -> None:
    minutes("day.csv", 40)
    minutes("next.csv", 40, start="2024-01-02 00:00")
    days = pd.concat([pd.read_csv("day.csv"), pd.read_csv("next.csv")])
    days.to_csv("one.csv", index=False)
    market = draw_market(setting(feed("one", "1m")), random.Random(3))
    ends = [one.at for one in told(market, "1m")]
    night = max(later - one for one, later in itertools.pairwise(ends))
    assert night == timedelta(days=1) - timedelta(minutes=39)


def test_feeds_without_a_common_time_are_refused(workdir: Path) -> None:
    minutes("one.csv", 100)
    minutes("late.csv", 100, start="2024-02-01")
    apart = setting(feed("one", "1m"), feed("late", "1m", symbol="B/USD"))
    with pytest.raises(DataError, match="too little time in common"):
        draw_market(apart, random.Random(1))


def test_time_leaps_where_nothing_is_open_and_the_bars_keep_their_stamps(workdir: Path) -> None:
    minutes("one.csv", 100, step="1D")
    world = World(setting(feed("one", "1d")), 0, Core)
    world.run()
    seen = world.ran[0].diary.bars[("MovingAverageCross", "one")]
    live = [one for one in seen if one.live]
    assert len(live) == 30
    assert live[0].at.date() == world.began.date()  # a day's bar ends with its day
    assert live[-1].now - live[0].now == pytest.approx(timedelta(days=29), abs=timedelta(seconds=1))
    assert world.loop.time() < 30 * 60  # a minute a day, not 86,400 seconds


@pytest.mark.parametrize(
    ("venue", "symbol", "likely", "known"),
    [
        ("binance", "BTC/USDT", ("binance", "exchange"), True),
        ("OANDA", "EUR/USD", ("oanda", "lots"), True),
        ("nasdaq", "MSFT", ("ibkr", "counter"), True),
        ("gate", "BTC/USDT", ("binance", "exchange"), False),
        ("gate", "BTC/USDT:USDT", ("binanceusdm", "lots"), False),
    ],
)
def test_a_venue_is_stood_for_by_its_like(
    venue: str, symbol: str, likely: tuple[str, ...], known: bool
) -> None:
    first = next(name for name in likely if name in PROFILES)
    assert profile_of(venue, symbol) == (first, known)
