"""No order knows the future: noise in the place of all data after a moment changes nothing before.

A run is repeated with every bar that ends after a moment t replaced by noise. What the strategy
did and was told up to t must stay the same to the last bit: each order, each notification, each
fill, cash and value. That this can fail is shown by strategies that do look ahead.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import ModuleType
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

import atms
from atms.feeds.bars import micros
from atms.feeds.sources import SAMPLES
from atms.feeds.stamps import to_days

MINUTE, HOUR, DAY = (pd.Timedelta(text) for text in ("1min", "1h", "1D"))
MOMENTS = 20
ORDER_FACTS = ["order_id", "symbol", "venue", "side", "type", "size", "parent_id", "created_ts"]


# ---- a strategy that does everything -------------------------------------------------------------
class Busy(bt.Strategy):
    """Places orders of every type on every data, from indicators, and writes down all it is told.

    Attributes:
        log: (float days, what ...) of each order, notification and account value.
        made, filled: float days of each order in the order of making, of each fill likewise.
    """

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.made: list[float] = []
        self.filled: list[float] = []
        self.orders_made: list[bt.Order] = []
        self.signals = [
            (bt.ind.EMA(data, period=2), bt.ind.ATR(data, period=2), *_slower(data))
            for data in self.datas
        ]

    def now(self) -> float:
        return float(self.lines.datetime[0])

    def next(self) -> None:
        self.log.append((self.now(), "account", self.broker.getcash(), self.broker.getvalue()))
        for data, lines in zip(self.datas, self.signals, strict=True):
            self.act(data, data.close[0], *(line[0] for line in lines))

    def act(
        self, data: Any, price: float, fast: float, spread: float, top: float, slow: float
    ) -> None:
        side = 1 if fast > slow else -1
        trade = self.buy if side > 0 else self.sell
        common = {"data": data, "size": 1 + int(spread * 100) % 3}
        near, far = price - side * spread / 3, price + side * spread / 3
        kinds = bt.Order
        what = int(price * 1000 + top * 100 + len(self) + len(data)) % 14
        if what == 0:
            self.note(trade(**common))
        elif what == 1:
            self.note(trade(exectype=kinds.Close, **common))
        elif what == 2:
            self.note(trade(exectype=kinds.Limit, price=near, valid=timedelta(hours=9), **common))
        elif what == 3:
            self.note(trade(exectype=kinds.Stop, price=far, **common))
        elif what == 4:
            self.note(trade(exectype=kinds.StopLimit, price=far, plimit=near, **common))
        elif what == 5:
            more = {"price": price, "trailamount": spread}
            self.note(trade(exectype=kinds.StopTrail, **more, **common))
        elif what == 6:
            more = {"price": price, "plimit": near, "trailpercent": 0.01}
            self.note(trade(exectype=kinds.StopTrailLimit, **more, **common))
        elif what == 7:
            bracket = self.buy_bracket if side > 0 else self.sell_bracket
            self.note(*bracket(price=near, stopprice=near - side, limitprice=far + side, **common))
        elif what == 8:
            one = trade(exectype=kinds.Limit, price=near, **common)
            self.note(one, trade(exectype=kinds.Stop, price=far, oco=one, **common))
        elif what == 9:
            self.note(self.close(data=data))
        elif what == 10:
            for order in self.orders_made[-24:-2]:
                self.cancel(order)

    def note(self, *orders: bt.Order | None) -> None:
        for order in orders:
            if order is None:
                continue
            self.orders_made.append(order)
            self.made.append(self.now())
            self.log.append((self.made[-1], "order", order.data._name, *_facts(order)))

    def notify_order(self, order: bt.Order) -> None:
        number = order.ref - self.orders_made[0].ref
        bits = [bit for bit in order.executed.iterpending() if bit is not None]
        self.filled += [self.now()] * len(bits)
        told = [(bit.dt, bit.size, bit.price, bit.comm, bit.pnl) for bit in bits]
        self.log.append((self.now(), "told", number, order.status, *_facts(order), *told))


def _slower(data: Any) -> tuple[bt.Indicator, bt.Indicator]:
    return bt.ind.Highest(data.high, period=3), bt.ind.SMA(data, period=3)


def _facts(order: bt.Order) -> tuple[Any, ...]:
    made, kind = order.created, order.exectype
    # Where an order names no price, Backtrader notes the bar's close: at an open that is to come.
    named = () if kind in (bt.Order.Market, bt.Order.Close) else (made.price, made.pricelimit)
    return kind, order.ordtype, made.dt, made.size, *named


class AtTheOpen(Busy):
    """Acts at the open of a bar, of which it looks at nothing else."""

    def next(self) -> None:
        self.log.append((self.now(), "account", self.broker.getcash(), self.broker.getvalue()))

    def next_open(self) -> None:
        # The strategy's clock and its indicators are at the bar before yet, the data is not.
        for data, lines in zip(self.datas, self.signals, strict=True):
            if len(self) > 3:
                self.act(data, self.price(data), *(line[0] for line in lines))

    def price(self, data: Any) -> float:
        return float(data.open[0])


# ---- the test's own parts ------------------------------------------------------------------------
@dataclass(frozen=True)
class Feed:
    """Bars, how the config calls them, and the truth about them, whatever the config says."""

    bars: pd.DataFrame
    length: pd.Timedelta
    section: dict[str, Any] = field(default_factory=dict)
    starts: bool = False

    @property
    def over(self) -> pd.DatetimeIndex:
        """When each bar is over, and may be known."""
        return self.bars.index + (self.length if self.starts else pd.Timedelta(0))


@dataclass(frozen=True)
class Case:
    """What is run: feeds by name, sections of feeds made from them, and the backtest's options."""

    feeds: dict[str, Feed]
    longer: tuple[dict[str, Any], ...] = ()
    strategy: type[Busy] = Busy
    options: dict[str, Any] = field(default_factory=dict)

    def run(self, bars: dict[str, pd.DataFrame]) -> atms.Result:
        read = [
            {"name": name, "source": bars[name], **feed.section}
            for name, feed in self.feeds.items()
        ]
        options = {"cash": 1e6, "commission": 0.001, **self.options}
        return atms.backtest(self.strategy, data=[*read, *self.longer], **options)


def noisy(feed: Feed, t: pd.Timestamp, rng: Any, drop: bool, opens: bool) -> pd.DataFrame:
    """Return the bars with noise after *t*; *drop* some of those, or keep what *opens* next."""
    after = np.flatnonzero(feed.over > t)
    bars, n = feed.bars.copy(), len(after)
    if not n:
        return bars
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, n)))
    opened = np.append(70.0, close[:-1])
    if opens:
        opened[0] = bars["open"].iloc[after[0]]
    for name in bars.columns:
        bars.iloc[after, bars.columns.get_loc(name)] = rng.uniform(1, 999, n)
    high, low = np.maximum(opened, close) + 0.5, np.minimum(opened, close) - 0.5
    for name, values in {"open": opened, "high": high, "low": low, "close": close}.items():
        bars.iloc[after, bars.columns.get_loc(name)] = values
    if "adj_close" in bars:
        bars.iloc[after, bars.columns.get_loc("adj_close")] = close * rng.uniform(0.5, 1, n)
    kept = np.ones(len(bars), dtype=bool)
    kept[after[1:]] = rng.random(n - 1) < 0.7 if drop else True
    return bars[kept]


def known(result: atms.Result, t: pd.Timestamp) -> dict[str, Any]:
    """Return everything that was done and told up to *t*."""
    limit = float(to_days(np.array([micros(t)]))[0])
    strategy = result.strategy
    clock = np.array(strategy.lines.datetime.array)[: len(strategy)][-len(result.equity) :]
    assert len(result.orders) == len(strategy.made)
    assert len(result.fills) == len(strategy.filled)
    orders = result.orders[np.array(strategy.made) <= limit]
    # A trailing order's price goes on moving with the market; see _facts for an order at the close.
    fixed = orders[orders["type"].isin(["limit", "stop", "stoplimit"])]
    fills = result.fills[np.array(strategy.filled) <= limit]
    return {
        "log": [repr(entry) for entry in strategy.log if entry[0] <= limit],
        "orders": orders[ORDER_FACTS].to_dict("records"),
        "prices": fixed[["order_id", "price", "limit_price"]].map(repr).to_dict("records"),
        "fills": fills.drop(columns=["run_id", "account"]).to_dict("records"),
        "equity": result.equity[clock <= limit].to_dict("split"),
    }


def leaks(case: Case, seed: int = 1, moments: int = MOMENTS) -> list[str]:
    """Return what changed up to t though only data after t did, at random t.

    At every second t some of the bars after it are missing, too.
    """
    rng = np.random.default_rng(seed)
    plain = case.run({name: feed.bars for name, feed in case.feeds.items()})
    ends = pd.DatetimeIndex(np.concatenate([feed.over for feed in case.feeds.values()]), tz="UTC")
    # Not before the strategy has begun: there is nothing yet that could change.
    first = pd.Timestamp(bt.num2date(plain.strategy.made[5]), tz="UTC")
    ends = ends[(ends > first) & (ends < plain.equity.index[-10])].unique().sort_values()
    found, reached, compared = [], 0, 0
    for number, place in enumerate(rng.integers(0, len(ends), moments)):
        t = ends[place] + pd.Timedelta(int(rng.integers(1, 60)) if number % 3 == 0 else 0, "s")
        opens = issubclass(case.strategy, AtTheOpen)
        bars = {
            name: noisy(feed, t, rng, bool(number % 2), opens) for name, feed in case.feeds.items()
        }
        other = case.run(bars)
        before, again = known(plain, t), known(other, t)
        found += [f"{what} up to {t}" for what in before if before[what] != again[what]]
        compared += len(before["orders"])
        reached += plain.strategy.log != other.strategy.log
    assert reached == moments  # the noise was noticed
    assert compared > 10 * moments  # and there was something that could change
    return found


# ---- strategies that look ahead ------------------------------------------------------------------
class NextClose(Busy):
    """Reads the bar to come."""

    def act(self, data: Any, price: float, *signals: float) -> None:
        ahead = data.close[1] if len(data) < data.buflen() else price
        super().act(data, ahead, *signals)


class WholeSeries(Busy):
    """Knows the mean of all that is to come before it begins."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = float(np.mean(self.data.close.array))

    def act(self, data: Any, price: float, *signals: float) -> None:
        if price < self.mean:
            super().act(data, price, *signals)


class Centred(bt.Indicator):
    """A mean of the bar before, this one, and the next."""

    lines = ("mean",)
    params = (("period", 3),)

    def next(self) -> None:
        self.lines.mean[0] = self.data[0]

    def once(self, start: int, end: int) -> None:
        values = np.array(self.data.array)
        means = (
            values + np.append(values[1:], values[-1]) + np.append(values[:1], values[:-1])
        ) / 3
        self.lines.mean.array[start:end] = type(self.lines.mean.array)("d", means[start:end])


class Smoothed(Busy):
    """Follows an indicator that looks one bar ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.signals = [
            (Centred(data), *lines[1:])
            for data, lines in zip(self.datas, self.signals, strict=True)
        ]


class ClosesAtTheOpen(AtTheOpen):
    """Looks at the close of the bar at whose open it acts."""

    def price(self, data: Any) -> float:
        return float(data.close[0])


# ---- bars ----------------------------------------------------------------------------------------
def walk(n: int, step: pd.Timedelta, seed: int, start: str = "2024-01-01") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    opened = np.append(100.0, close[:-1])
    index = pd.date_range(start, periods=n, freq=step, tz="UTC", unit="us", name="datetime")
    table = {"open": opened, "high": np.maximum(opened, close) + rng.uniform(0, 0.5, n)}
    table |= {"low": np.minimum(opened, close) - rng.uniform(0, 0.5, n), "close": close}
    return pd.DataFrame({**table, "volume": rng.integers(1, 999, n).astype(float)}, index=index)


def gappy(bars: pd.DataFrame, seed: int) -> pd.DataFrame:
    return bars[np.random.default_rng(seed).random(len(bars)) < 0.8]


def sample(name: str, first: str, last: str) -> pd.DataFrame:
    path = next(SAMPLES.glob(f"{name}.*"))
    read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
    bars = read(path)
    bars["datetime"] = pd.to_datetime(bars["datetime"], utc=True)
    return bars.set_index("datetime")[first:last].astype(float)


def hours(n: int = 120, **section: Any) -> Feed:
    return Feed(walk(n, HOUR, seed=3), HOUR, section, starts=section.get("stamp") == "start")


def adjusted() -> Feed:
    bars = walk(130, DAY, seed=5)
    bars["adj_close"] = bars["close"] * np.linspace(0.6, 1, len(bars))
    return Feed(bars, DAY, {"adjust": "adj_close"})


def several() -> dict[str, Feed]:
    """Return feeds of three lengths, which begin and end at other times, all with gaps."""
    stamp = {"stamp": "start"}
    return {
        "a": Feed(gappy(walk(100, HOUR, seed=1), 1), HOUR, stamp, starts=True),
        "b": Feed(
            gappy(walk(30, 4 * HOUR, 2, "2024-01-02 04:00"), 2), 4 * HOUR, stamp, starts=True
        ),
        "c": Feed(gappy(walk(70, HOUR, 3, "2024-01-03 07:00"), 3), HOUR, {"stamp": "end"}),
        "d": Feed(walk(10, DAY, 4, "2023-12-28"), DAY, stamp, starts=True),
    }


def of(name: str, **longer: Any) -> tuple[dict[str, Any], ...]:
    return ({"name": "long", "of": name, **longer},)


def real(name: str, first: str, last: str, length: pd.Timedelta, **section: Any) -> dict[str, Feed]:
    starts = section.get("stamp") == "start"
    return {"real": Feed(sample(name, first, last), length, section, starts=starts)}


CASES: dict[str, Callable[[], Case]] = {
    "plain": lambda: Case({"h": hours()}),
    "minutes to five": lambda: Case(
        {"m": Feed(gappy(walk(140, MINUTE, seed=2), 9), MINUTE, {"stamp": "start"}, starts=True)},
        of("m", resample="5m"),
    ),
    "starts to days": lambda: Case({"h": hours(stamp="start")}, of("h", resample="1d")),
    "ends to days": lambda: Case({"h": hours(stamp="end")}, of("h", resample="1d")),
    "unexplained stamps to days": lambda: Case({"h": hours()}, of("h", resample="1d")),
    "starts to weeks": lambda: Case(
        {"d": Feed(walk(100, DAY, seed=6), DAY, {"stamp": "start"}, starts=True)},
        of("d", resample="1w"),
    ),
    "resampled alone": lambda: Case({"h": hours(200, stamp="start", resample="4h")}),
    "replay": lambda: Case({"h": hours(stamp="start")}, of("h", replay="1d")),
    "replay alone": lambda: Case({"h": hours(200, stamp="start", replay="4h")}),
    "several": lambda: Case(several(), of("a", resample="1d")),
    "warm-up": lambda: Case(
        {"h": hours(200, stamp="start")}, options={"timerange": "2024-01-03..2024-01-07"}
    ),
    "warm-up of days": lambda: Case(
        {"h": hours(190, stamp="start")},
        of("h", resample="1d"),
        options={"timerange": "2024-01-06..", "warmup": 100},
    ),
    "adjusted": lambda: Case({"d": adjusted()}),
    "cheat on open": lambda: Case(
        {"h": hours()}, strategy=AtTheOpen, options={"cheat_on_open": True}
    ),
    "bitcoin": lambda: Case(
        real("BTCUSD_1h", "2018-01-01", "2018-01-06", HOUR, stamp="start"),
        of("real", resample="1d"),
    ),
    # A currency week in another zone, and its clocks change on 26 March.
    "euro": lambda: Case(
        real("EURUSD_1h", "2017-03-22", "2017-03-30", HOUR, stamp="start"),
        of("real", resample="1d"),
        options={"timezone": "Europe/Berlin"},
    ),
    "shares": lambda: Case(real("SPY_1d", "2019-01-01", "2019-06-30", DAY)),
}


@pytest.fixture(autouse=True)
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the strategies be as those typed at a prompt.

    To hash the code of a checkout, as of one in a file, takes longer than a run of few bars.
    """
    monkeypatch.setitem(sys.modules, "typed", ModuleType("typed"))
    for kind in (Busy, AtTheOpen, NextClose, WholeSeries, Smoothed, ClosesAtTheOpen):
        monkeypatch.setattr(kind, "__module__", "typed")


def daily_beside_hourly(stamp: str) -> Case:
    """Return hours, and their days stamped at the day's start, which the config may deny."""
    feed = hours(160, stamp="start")
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    days = feed.bars.resample("1D").agg(how)
    return Case({"h": feed, "d": Feed(days, DAY, {"stamp": stamp}, starts=True)})


LEAKS: dict[str, Callable[[], Case]] = {
    "the close to come": lambda: Case({"h": hours()}, strategy=NextClose),
    "the close to come of one of several": lambda: Case(several(), strategy=NextClose),
    "the mean of all": lambda: Case({"h": hours()}, strategy=WholeSeries),
    "an indicator that looks ahead": lambda: Case({"h": hours()}, strategy=Smoothed),
    "the close at the open": lambda: Case(
        {"h": hours()}, strategy=ClosesAtTheOpen, options={"cheat_on_open": True}
    ),
    "a day's bar at its start": lambda: daily_beside_hourly("end"),
    "hours stamped at their start, taken as ends, to days": lambda: Case(
        {"h": Feed(hours().bars, HOUR, {"stamp": "end"}, starts=True)}, of("h", resample="1d")
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_noise_after_a_moment_changes_nothing_before(name: str) -> None:
    assert leaks(CASES[name]()) == []


@pytest.mark.parametrize("name", LEAKS)
def test_a_planted_leak_is_caught(name: str) -> None:
    found = leaks(LEAKS[name](), moments=5)
    assert {what.partition(" up to ")[0] for what in found} >= {"log", "orders"}


def test_a_day_that_is_said_to_be_stamped_at_its_start_is_no_leak() -> None:
    assert leaks(daily_beside_hourly("start"), moments=5) == []


def test_orders_of_every_type_are_made_and_filled_on_every_data() -> None:
    case = CASES["several"]()
    result = case.run({name: feed.bars for name, feed in case.feeds.items()})
    orders = result.orders
    types = {"market", "close", "limit", "stop", "stoplimit", "stoptrail", "stoptraillimit"}
    assert set(orders["type"]) == types
    assert set(orders[orders["filled"] > 0]["type"]) == types
    assert orders["parent_id"].notna().any()
    assert {"completed", "canceled", "expired"} <= set(orders["status"])
    made_on = {entry[2] for entry in result.strategy.log if entry[1] == "order"}
    assert made_on == {"a", "b", "c", "d", "long"}
