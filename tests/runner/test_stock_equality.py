"""With nothing else configured, a run equals a hand-written stock Cerebro script, bit for bit.

Every test plugs the same strategy class into ``atms.backtest`` and into a ``bt.Cerebro`` with
``bt.feeds.PandasData`` and Backtrader's own broker, and compares with ``==``: no tolerance.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms
from atms.strategies.ma_cross import MovingAverageCross

HOURS = {"timeframe": bt.TimeFrame.Minutes, "compression": 60}
DAYS = {"timeframe": bt.TimeFrame.Days, "compression": 1}


# ---- the stock script ---------------------------------------------------------------------------
class Notes(bt.Analyzer):
    """Writes down what stock Backtrader notifies."""

    def __init__(self) -> None:
        self.bars: dict[int, tuple[float, float]] = {}  # the strategy's length -> cash, value
        self.bits: list[tuple[int, str, Any]] = []  # order ref, data name, execution bit
        self.closed: dict[int, tuple[float, float, float]] = {}  # trade ref -> figures

    def notify_cashvalue(self, cash: float, value: float) -> None:
        # In a replay a bar is notified many times while it grows; what stands at its end counts.
        self.bars[len(self.strategy)] = (cash, value)

    def notify_order(self, order: bt.Order) -> None:
        name = order.data._name
        self.bits += [(order.ref, name, bit) for bit in order.executed.getpending()]

    def notify_trade(self, trade: bt.Trade) -> None:
        if trade.isclosed:
            self.closed[trade.ref] = (trade.pnl, trade.pnlcomm, trade.commission)


@dataclass
class Stock:
    """What the hand-written script ended with."""

    notes: Notes
    strategy: bt.Strategy
    broker: bt.BrokerBase
    stamps: list[float]


def pandas_data(frame: pd.DataFrame, length: dict[str, int]) -> bt.feeds.PandasData:
    return bt.feeds.PandasData(dataname=frame, **length)


def stock(
    strategy: type[bt.Strategy],
    add_feeds: Callable[[bt.Cerebro], Any],
    *,
    cash: float = 10_000.0,
    commission: float = 0.0,
    cheat_on_open: bool = False,
    sizer: tuple[type[bt.Sizer], dict[str, Any]] | None = None,
    params: dict[str, Any] | None = None,
) -> Stock:
    cerebro = bt.Cerebro(cheat_on_open=cheat_on_open)
    cerebro.broker.setcash(cash)
    if commission:
        cerebro.broker.setcommission(commission=commission)
    add_feeds(cerebro)
    cerebro.addstrategy(strategy, **(params or {}))
    if sizer is not None:
        cerebro.addsizer(sizer[0], **sizer[1])
    cerebro.addanalyzer(Notes, _name="notes")
    (ran,) = cerebro.run()
    notes = ran.analyzers.notes
    # The bits that came with notifications are all the bits that the orders hold.
    held = Counter(id(bit) for order in cerebro.broker.orders for bit in order.executed.exbits)
    assert Counter(id(bit) for _, _, bit in notes.bits) == held
    return Stock(notes, ran, cerebro.broker, list(ran.lines.datetime.array[: len(ran)]))


# ---- the comparison -----------------------------------------------------------------------------
def assert_equal(result: atms.Result, truth: Stock) -> None:
    assert_same_account(result, truth)
    assert closed_trades(result) == [truth.notes.closed[ref] for ref in sorted(truth.notes.closed)]
    assert open_trades(result) == stock_open_trades(truth)


def assert_same_account(result: atms.Result, truth: Stock) -> None:
    assert fills_of(result) == stock_fills(truth)
    assert list(zip(result.equity["cash"], result.equity["value"], strict=True)) == [
        truth.notes.bars[number] for number in sorted(truth.notes.bars)
    ]
    assert [bt.date2num(stamp.to_pydatetime()) for stamp in result.equity.index] == truth.stamps
    assert result.equity["value"].iloc[-1] == truth.broker.getvalue()
    assert result.metrics["final_value"] == truth.broker.getvalue()
    assert result.cerebro.broker.getvalue() == truth.broker.getvalue()
    # Stock Backtrader resamples stamps as they are, and so do we where nothing is said of them.
    expected = ("its stamps are taken as bar ends", "data audit of ")
    assert all(any(words in told for words in expected) for told in result.warnings)


def fills_of(result: atms.Result) -> list[tuple[Any, ...]]:
    fills = result.fills
    ranks = {number: rank for rank, number in enumerate(sorted(set(fills["order_id"])))}
    return [
        (
            ranks[fill.order_id],
            fill.symbol,
            bt.date2num(fill.ts.to_pydatetime()),
            fill.size if fill.side == "buy" else -fill.size,
            fill.price,
            fill.fee,
        )
        for fill in fills.itertuples()
    ]


def stock_fills(truth: Stock) -> list[tuple[Any, ...]]:
    bits = truth.notes.bits
    # A ref counts all orders of the process: only its rank among those that filled can be equal.
    ranks = {ref: rank for rank, ref in enumerate(sorted({ref for ref, _, _ in bits}))}
    return [
        (ranks[ref], name, bit.dt, float(bit.size), bit.price, bit.comm) for ref, name, bit in bits
    ]


def closed_trades(result: atms.Result) -> list[tuple[float, float, float]]:
    rows = result.trades[result.trades["status"] == "closed"]
    return list(zip(rows["pnl"], rows["net_pnl"], rows["fee"], strict=True))


def open_trades(result: atms.Result) -> list[tuple[float, float]]:
    rows = result.trades[result.trades["status"] == "open"]
    return sorted(zip(rows["pnl"], rows["fee"], strict=True))


def stock_open_trades(truth: Stock) -> list[tuple[float, float]]:
    """What is open at the end, at the last close: what it realised, and the rest by comminfo."""
    found = []
    for data, groups in truth.strategy._trades.items():
        for trades in groups.values():
            for trade in trades:
                if trade.isopen:
                    info = truth.broker.getcommissioninfo(data)
                    rest = info.profitandloss(trade.size, trade.price, data.close[0])
                    found.append((trade.pnl + rest, trade.commission))
    return sorted(found)


def sample(name: str, start: str, end: str) -> pd.DataFrame:
    """Read a bundled file by pandas alone, and cut it; *end* is not included."""
    folder = resources.files("atms.samples")
    if (folder / f"{name}.csv").is_file():
        # As text first: how pandas itself reads decimals differs between its versions.
        text = pd.read_csv(folder / f"{name}.csv", dtype=str).set_index("datetime")
        frame = text.map(float).set_axis(pd.to_datetime(text.index))
    else:
        frame = pd.read_parquet(folder / f"{name}.parquet").set_index("datetime")
    return frame[(frame.index >= start) & (frame.index < end)]


# ---- bundled bars -------------------------------------------------------------------------------
@pytest.mark.parametrize(("average", "commission"), [("sma", 0.001), ("ema", 0.0)])
@pytest.mark.parametrize(
    ("name", "start", "end", "timerange", "length", "cash"),
    [
        ("BTCUSD_1h", "2018-01-01", "2018-02-01", "2018-01-01..2018-01-31", HOURS, 50_000.0),
        ("SPY_1d", "2006-01-01", "2009-01-01", "2006-01-01..2008-12-31", DAYS, 10_000.0),
    ],
)
def test_a_moving_average_cross_on_bundled_bars_equals_the_stock_script(
    name: str,
    start: str,
    end: str,
    timerange: str,
    length: dict[str, int],
    cash: float,
    commission: float,
    average: str,
) -> None:
    params = {"fast": 5, "slow": 21, "average": average}
    result = atms.backtest(
        MovingAverageCross,
        data=f"sample:{name}",
        timerange=timerange,
        warmup=0,
        cash=cash,
        commission=commission,
        params=params,
    )
    bars = sample(name, start, end)
    truth = stock(
        MovingAverageCross,
        lambda cerebro: cerebro.adddata(pandas_data(bars, length), name="data"),
        cash=cash,
        commission=commission,
        params=params,
    )
    assert_equal(result, truth)
    assert len(result.equity) == len(bars)
    assert len(result.fills) > 20


# ---- one kind of order at a time ----------------------------------------------------------------
class EveryTenBars(bt.Strategy):
    """Calls ``act`` on every tenth bar, and closes what is held five bars after."""

    def next(self) -> None:
        if len(self) % 10 == 0:
            self.act(1 if len(self) % 20 == 0 else -1)
        elif len(self) % 10 == 5:
            self.tidy()

    def act(self, side: int) -> None:
        raise NotImplementedError

    def tidy(self) -> None:
        self.close()

    def trade(self, side: int, size: float = 3, **kwargs: Any) -> bt.Order:
        return (self.buy if side > 0 else self.sell)(size=size, **kwargs)


class Reversals(EveryTenBars):
    def act(self, side: int) -> None:
        self.order_target_size(target=side * (2 + len(self) % 3))

    def tidy(self) -> None:
        """Keep the position: the next order goes through zero."""


class Limits(EveryTenBars):
    def act(self, side: int) -> None:
        self.trade(side, exectype=bt.Order.Limit, price=self.data.close[0] * (1 - side * 0.004))


class Stops(EveryTenBars):
    def act(self, side: int) -> None:
        self.trade(side, exectype=bt.Order.Stop, price=self.data.close[0] * (1 + side * 0.004))


class StopLimits(EveryTenBars):
    def act(self, side: int) -> None:
        close = self.data.close[0]
        self.trade(
            side,
            exectype=bt.Order.StopLimit,
            price=close * (1 + side * 0.003),
            plimit=close * (1 + side * 0.001),
        )


class Trailing(EveryTenBars):
    def act(self, side: int) -> None:
        self.trade(side)
        self.trade(-side, exectype=bt.Order.StopTrail, trailpercent=0.01)

    def tidy(self) -> None:
        """Leave the exit to the trailing stop."""


class TrailingLimits(EveryTenBars):
    def act(self, side: int) -> None:
        close = self.data.close[0]
        self.trade(side)
        self.trade(
            -side,
            exectype=bt.Order.StopTrailLimit,
            price=close,
            plimit=close + side * 0.05,
            trailamount=0.8,
        )

    def tidy(self) -> None:
        """Leave the exit to the trailing stop."""


class Brackets(EveryTenBars):
    def act(self, side: int) -> None:
        close = self.data.close[0]
        make = self.buy_bracket if side > 0 else self.sell_bracket
        make(
            size=3,
            exectype=bt.Order.Market,
            stopprice=close * (1 - side * 0.01),
            limitprice=close * (1 + side * 0.01),
        )

    def tidy(self) -> None:
        """Leave the exit to the bracket's children."""


class OneCancelsOther(EveryTenBars):
    def act(self, side: int) -> None:
        close = self.data.close[0]
        first = self.trade(side, exectype=bt.Order.Limit, price=close * (1 - side * 0.01))
        self.trade(side, exectype=bt.Order.Stop, price=close * (1 + side * 0.005), oco=first)
        self.trade(-side, exectype=bt.Order.Limit, price=close * (1 + side * 0.02), oco=first)


class Closes(EveryTenBars):
    def act(self, side: int) -> None:
        self.trade(side, exectype=bt.Order.Close)


class Expiring(EveryTenBars):
    def act(self, side: int) -> None:
        close, now = self.data.close[0], self.data.datetime.datetime(0)
        price = close * (1 - side * 0.008)
        self.trade(side, exectype=bt.Order.Limit, price=price, valid=timedelta(hours=3))
        self.trade(side, exectype=bt.Order.Limit, price=price, valid=now + timedelta(hours=6))
        self.trade(side, exectype=bt.Order.Limit, price=price, valid=bt.Order.DAY)


class Canceled(EveryTenBars):
    waiting = None

    def act(self, side: int) -> None:
        self.waiting = self.trade(
            side, exectype=bt.Order.Limit, price=self.data.close[0] * (1 - side * 0.01)
        )

    def tidy(self) -> None:
        if self.waiting is not None:
            self.cancel(self.waiting)
            self.close()


class TradeIds(EveryTenBars):
    """Two trades on one data, kept apart by their ids, and ended in turn."""

    def act(self, side: int) -> None:
        self.trade(side, size=2, tradeid=1)
        self.trade(side, size=1, tradeid=2)
        self.number, self.side = len(self) // 10 % 2 + 1, side

    def next(self) -> None:
        super().next()
        if len(self) % 10 == 7 and len(self) > 10:
            self.trade(-self.side, size=self.number, tradeid=3 - self.number)

    def tidy(self) -> None:
        if len(self) > 10:
            self.trade(-self.side, size=3 - self.number, tradeid=self.number)


class TooDear(EveryTenBars):
    """Orders that the account cannot pay are refused, some only when they are to be filled."""

    def act(self, side: int) -> None:
        self.trade(side, size=95)
        self.trade(side, size=40)


class Targets(EveryTenBars):
    def act(self, side: int) -> None:
        self.order_target_percent(target=side * 0.37)

    def tidy(self) -> None:
        self.order_target_value(target=1234.5)


ORDER_KINDS = [
    Reversals, Limits, Stops, StopLimits, Trailing, TrailingLimits, Brackets, OneCancelsOther,
    Closes, Expiring, Canceled, TradeIds, TooDear, Targets,
]  # fmt: skip

ENDS = {  # what some of the orders of a kind are meant to end in
    Brackets: "canceled", OneCancelsOther: "canceled", Expiring: "expired", Canceled: "canceled",
    TooDear: "margin",
}  # fmt: skip


def stock_statuses(truth: Stock) -> list[str]:
    """Return the status of every order by its creation, the refused ones too."""
    orders = sorted(truth.broker.orders, key=lambda order: order.ref)
    return [order.getstatusname().lower() for order in orders]


@pytest.mark.parametrize("strategy", ORDER_KINDS)
def test_each_kind_of_order_fills_and_ends_as_in_the_stock_script(
    frame: Callable[..., pd.DataFrame], strategy: type[bt.Strategy]
) -> None:
    bars = frame(300)
    result = atms.backtest(strategy, data=bars, commission=0.001)
    truth = stock(
        strategy,
        lambda cerebro: cerebro.adddata(pandas_data(bars, HOURS), name="data"),
        commission=0.001,
    )
    assert_equal(result, truth)
    assert list(result.orders["status"]) == stock_statuses(truth)
    assert ENDS.get(strategy, "completed") in set(result.orders["status"])
    assert len(result.fills) >= 10
    assert len(closed_trades(result)) >= 4


class Partially(EveryTenBars):
    """Sets a filler on its own broker, so that an order needs several bars."""

    params = dict(filler="", filler_params={})

    def __init__(self) -> None:
        self.broker.set_filler(getattr(bt.fillers, self.p.filler)(**self.p.filler_params))

    def act(self, side: int) -> None:
        self.trade(side, size=40)

    def tidy(self) -> None:
        if len(self) % 20 == 5:
            self.trade(-1, size=25)


@pytest.mark.parametrize(
    ("filler", "filler_params"),
    [
        ("FixedSize", {"size": 7}),
        ("FixedBarPerc", {"perc": 2.5}),
        ("BarPointPerc", {"minmov": 0.1, "perc": 40.0}),
    ],
)
def test_partial_fills_equal_the_stock_script(
    frame: Callable[..., pd.DataFrame], filler: str, filler_params: dict[str, float]
) -> None:
    bars = frame(300)
    params = {"filler": filler, "filler_params": filler_params}
    result = atms.backtest(Partially, data=bars, commission=0.001, params=params)
    truth = stock(
        Partially,
        lambda cerebro: cerebro.adddata(pandas_data(bars, HOURS), name="data"),
        commission=0.001,
        params=params,
    )
    assert_equal(result, truth)
    assert result.fills["order_id"].value_counts().max() >= 3


# ---- margin -------------------------------------------------------------------------------------
class Future(EveryTenBars):
    """Trades a future: a fixed margin and commission a contract, cash settled on every bar."""

    params = dict(margin=800.0, mult=12.5, commission=2.15, leverage=1.0)

    def __init__(self) -> None:
        self.broker.setcommission(
            margin=self.p.margin,
            mult=self.p.mult,
            commission=self.p.commission,
            leverage=self.p.leverage,
        )

    def act(self, side: int) -> None:
        self.order_target_size(target=side * 3)

    def tidy(self) -> None:
        if len(self) % 40 == 15:
            self.order_target_size(target=0)
        elif self.position.size:
            self.trade(1 if self.position.size > 0 else -1, size=1)


def test_a_future_with_margin_and_multiplier_equals_the_stock_script(
    frame: Callable[..., pd.DataFrame],
) -> None:
    bars = frame(300)
    result = atms.backtest(Future, data=bars, cash=20_000)
    truth = stock(
        Future,
        lambda cerebro: cerebro.adddata(pandas_data(bars, HOURS), name="data"),
        cash=20_000,
    )
    assert_equal(result, truth)
    assert len(result.fills) > 30


class Leveraged(EveryTenBars):
    """Buys shares on credit: only a third of their value is taken from the cash."""

    def __init__(self) -> None:
        self.broker.setcommission(commission=0.001, leverage=3.0)

    def act(self, side: int) -> None:
        self.order_target_size(target=side * 150)


def test_leverage_on_shares_equals_the_stock_script(frame: Callable[..., pd.DataFrame]) -> None:
    bars = frame(300)
    result = atms.backtest(Leveraged, data=bars)
    truth = stock(Leveraged, lambda cerebro: cerebro.adddata(pandas_data(bars, HOURS), name="data"))
    assert_equal(result, truth)
    assert len(result.fills) > 30


class FutureAndShare(bt.Strategy):
    """Holds a future and a share at once; only the future's price moves the cash."""

    def __init__(self) -> None:
        self.broker.setcommission(margin=500.0, mult=5.0, commission=1.3, name="future")

    def next(self) -> None:
        if len(self) % 6 == 1:
            self.order_target_size(self.datas[0], target=len(self) % 5 - 2)
        if len(self) % 7 == 3:
            self.order_target_size(self.datas[1], target=len(self) % 9 - 3)


def test_a_future_beside_a_share_equals_the_stock_script(
    frame: Callable[..., pd.DataFrame],
) -> None:
    future, share = frame(300, seed=1), frame(300, seed=2)
    future = future.drop(future.index[[50, 51, 52, 130, 131]])  # it has gaps, the share has none
    result = atms.backtest(
        FutureAndShare, data={"future": future, "share": share}, commission=0.0005, cash=20_000
    )

    def feeds(cerebro: bt.Cerebro) -> None:
        cerebro.adddata(pandas_data(future, HOURS), name="future")
        cerebro.adddata(pandas_data(share, HOURS), name="share")

    truth = stock(FutureAndShare, feeds, commission=0.0005, cash=20_000)
    assert_equal(result, truth)
    assert result.fills["symbol"].value_counts().min() > 30


# ---- several data -------------------------------------------------------------------------------
class InTurn(bt.Strategy):
    """Trades every data in turn, also while others have no bar."""

    def __init__(self) -> None:
        self.averages = [bt.ind.SMA(data, period=5) for data in self.datas]

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        for number, data in enumerate(self.datas):
            if not len(data) or (len(self) + number) % 4:
                continue
            above = data.close[0] > self.averages[number][0]
            self.order_target_size(data, target=(number + 2) * (1 if above else -1))


def test_data_of_different_lengths_and_with_gaps_equal_the_stock_script(
    frame: Callable[..., pd.DataFrame],
) -> None:
    long = frame(300, seed=1)
    gaps = frame(300, seed=2)
    gaps = gaps.drop(gaps.index[[20, 21, 22, 60, 100, 101, 102, 103, 200]])
    late = frame(120, seed=3, start="2024-01-04")
    early = frame(150, seed=4)
    odd = frame(80, seed=5, start="2024-01-02 00:30", step="3h")  # stamps that no other has
    frames = {"long": long, "gaps": gaps, "late": late, "early": early, "odd": odd}
    data = {name: {"source": bars, "timeframe": "1h"} for name, bars in frames.items()}
    result = atms.backtest(InTurn, data=data, commission=0.001, cash=30_000)

    def feeds(cerebro: bt.Cerebro) -> None:
        for name, bars in frames.items():
            cerebro.adddata(pandas_data(bars, HOURS), name=name)

    truth = stock(InTurn, feeds, commission=0.001, cash=30_000)
    assert_equal(result, truth)
    assert set(result.fills["symbol"]) == set(frames)
    stamps = long.index.union(gaps.index).union(late.index).union(early.index).union(odd.index)
    assert list(result.equity.index) == list(stamps)


class Idle(bt.Strategy):
    """Looks on."""


@pytest.mark.parametrize("strategy", [Idle, FutureAndShare])
def test_a_data_that_is_never_traded_changes_nothing(
    frame: Callable[..., pd.DataFrame], strategy: type[bt.Strategy]
) -> None:
    frames = {"future": frame(60, seed=1), "share": frame(60, seed=2), "other": frame(60, seed=3)}
    result = atms.backtest(strategy, data=frames, cash=20_000)

    def feeds(cerebro: bt.Cerebro) -> None:
        for name, bars in frames.items():
            cerebro.adddata(pandas_data(bars, HOURS), name=name)

    truth = stock(strategy, feeds, cash=20_000)
    assert_equal(result, truth)
    assert "other" not in set(result.fills["symbol"])


class Holder(bt.Strategy):
    """Buys each data once, on its second bar."""

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        for data in self.datas:
            if len(data) == 2 and not self.getposition(data).size:
                self.buy(data, size=7)


def test_a_position_in_data_that_ended_stays_valued_at_its_last_close(
    frame: Callable[..., pd.DataFrame],
) -> None:
    first, second = frame(30, seed=1), frame(90, seed=2)
    result = atms.backtest(Holder, data={"first": first, "second": second})

    def feeds(cerebro: bt.Cerebro) -> None:
        cerebro.adddata(pandas_data(first, HOURS), name="first")
        cerebro.adddata(pandas_data(second, HOURS), name="second")

    truth = stock(Holder, feeds)
    assert_equal(result, truth)
    # By hand: both bought at the third bar's open, seven units each.
    paid = 7 * first["open"].iloc[2] + 7 * second["open"].iloc[2]
    worth = 7 * first["close"].iloc[-1] + 7 * second["close"].iloc[-1]
    assert result.equity["value"].iloc[-1] == pytest.approx(10_000 - paid + worth, rel=1e-12)


# ---- longer bars of shorter ones ----------------------------------------------------------------
class Daily(bt.Strategy):
    """Trades the first data by a daily average, and the last data by the hour."""

    def __init__(self) -> None:
        self.average = bt.ind.EMA(self.datas[-1], period=3)

    def next(self) -> None:
        if len(self) % 5 == 0:
            up = self.datas[-1].close[0] > self.average[0]
            self.order_target_size(self.datas[0], target=3 if up else -2)
        if len(self) % 7 == 0:
            self.buy(self.datas[-1], size=1, exectype=bt.Order.Limit, price=self.data.close[0])
        elif len(self) % 7 == 3:
            self.close(self.datas[-1])


@pytest.mark.parametrize("how", ["resample", "replay"])
@pytest.mark.parametrize(
    ("longer", "length"),
    [("1d", DAYS), ("4h", {"timeframe": bt.TimeFrame.Minutes, "compression": 240})],
)
def test_longer_bars_beside_their_source_equal_the_stock_script(
    frame: Callable[..., pd.DataFrame], how: str, longer: str, length: dict[str, int]
) -> None:
    bars = frame(400, start="2024-01-01 05:00")
    result = atms.backtest(
        Daily,
        data={"h": bars, "d": {"of": "h", how: longer}},
        commission=0.001,
    )

    def feeds(cerebro: bt.Cerebro) -> None:
        base = pandas_data(bars, HOURS)
        cerebro.adddata(base, name="h")
        add = cerebro.resampledata if how == "resample" else cerebro.replaydata
        add(base, name="d", **length)

    truth = stock(Daily, feeds, commission=0.001)
    assert {name for _, name, _ in truth.notes.bits} == {"h", "d"}
    # The longer bars are of the same instrument, and so bear its symbol in the results.
    truth.notes.bits = [(ref, "h", bit) for ref, _, bit in truth.notes.bits]
    assert_equal(result, truth)


class OnLongerBars(bt.Strategy):
    """Trades on bars that are longer than those of the file, with nothing beside them."""

    def next(self) -> None:
        # In a replay next comes many times while a bar grows: seldom is enough.
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls % 11 == 0:
            up = self.data.close[0] > self.data.open[0]
            self.order_target_size(target=4 if up else -3)
        elif self.calls % 11 == 5:
            self.buy(size=1, exectype=bt.Order.Limit, price=self.data.low[0], valid=timedelta(2))


@pytest.mark.parametrize("how", ["resample", "replay"])
def test_longer_bars_alone_equal_the_stock_script(
    frame: Callable[..., pd.DataFrame], how: str
) -> None:
    bars = frame(700, start="2024-01-01 05:00")
    length = {"timeframe": bt.TimeFrame.Minutes, "compression": 360}
    result = atms.backtest(OnLongerBars, data={"source": bars, how: "6h"}, commission=0.001)

    def feeds(cerebro: bt.Cerebro) -> None:
        add = cerebro.resampledata if how == "resample" else cerebro.replaydata
        add(pandas_data(bars, HOURS), name="data", **length)

    truth = stock(OnLongerBars, feeds, commission=0.001)
    assert_equal(result, truth)
    assert len(result.fills) >= 10


class FutureOnLongerBars(OnLongerBars):
    """Trades a future, so that each fill is settled at a price inside the growing bar."""

    def __init__(self) -> None:
        self.broker.setcommission(margin=100.0, mult=2.0, commission=0.3)


def test_a_future_in_a_replay_equals_the_stock_script(frame: Callable[..., pd.DataFrame]) -> None:
    bars = frame(400, start="2024-01-01 05:00")
    result = atms.backtest(FutureOnLongerBars, data={"source": bars, "replay": "6h"})
    truth = stock(
        FutureOnLongerBars,
        lambda cerebro: cerebro.replaydata(
            pandas_data(bars, HOURS), name="data", timeframe=bt.TimeFrame.Minutes, compression=360
        ),
    )
    assert_equal(result, truth)
    assert len(result.fills) >= 10


# ---- cheat on open, sizers ----------------------------------------------------------------------
class AtTheOpen(bt.Strategy):
    """Decides on the open itself, and fills there."""

    def next_open(self) -> None:
        if self.data.open[0] < self.data.close[-1] * 0.999 or len(self) % 8 == 0:
            self.buy(size=2)
        elif self.position.size > 3:
            self.close()


def test_cheat_on_open_equals_the_stock_script(frame: Callable[..., pd.DataFrame]) -> None:
    bars = frame(200)
    result = atms.backtest(AtTheOpen, data=bars, cheat_on_open=True, commission=0.001)
    truth = stock(
        AtTheOpen,
        lambda cerebro: cerebro.adddata(pandas_data(bars, HOURS), name="data"),
        cheat_on_open=True,
        commission=0.001,
    )
    assert_equal(result, truth)
    assert len(result.fills) > 20


def test_a_sizer_from_the_config_equals_the_stock_script(
    frame: Callable[..., pd.DataFrame],
) -> None:
    bars = frame(300)
    result = atms.backtest(
        MovingAverageCross,
        data=bars,
        params={"fast": 3, "slow": 8},
        sizer={"name": "backtrader.sizers:PercentSizer", "params": {"percents": 37}},
        commission=0.001,
    )
    truth = stock(
        MovingAverageCross,
        lambda cerebro: cerebro.adddata(pandas_data(bars, HOURS), name="data"),
        params={"fast": 3, "slow": 8},
        sizer=(bt.sizers.PercentSizer, {"percents": 37}),
        commission=0.001,
    )
    assert_equal(result, truth)
    assert len(set(result.fills["size"])) > 5


# ---- everything at once -------------------------------------------------------------------------
class Dice(bt.Strategy):
    """Throws a seeded dice on every bar, and does one of all the things a broker understands."""

    params = dict(seed=0, filler=False, future=False, ids=False)

    def __init__(self) -> None:
        self.dice = random.Random(self.p.seed)
        self.average = bt.ind.EMA(self.data, period=7)
        self.made: list[bt.Order] = []
        if self.p.filler:
            self.broker.set_filler(bt.fillers.FixedBarPerc(perc=3.0))
        if self.p.future:
            self.broker.setcommission(margin=150.0, mult=3.0, commission=0.45, name="a")

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        data = self.dice.choice([data for data in self.datas if len(data)])
        side = 1 if self.dice.random() < 0.5 else -1
        act = self.dice.choice(
            [self.nothing, self.market, self.reverse, self.limit, self.stop_order, self.stop_limit,
             self.trail, self.bracket, self.oco, self.on_close, self.cancel_one, self.flat]
        )  # fmt: skip
        made = act(data, side, self.dice.randint(1, 9))
        self.made += [order for order in made or [] if order is not None]

    def order(self, data: Any, side: int, size: float, **kwargs: Any) -> bt.Order:
        if self.p.ids:
            kwargs["tradeid"] = self.dice.choice([0, 0, 0, 1, 2])
        kwargs.setdefault("valid", self.dice.choice([None, None, timedelta(hours=5)]))
        return (self.buy if side > 0 else self.sell)(data, size=size, **kwargs)

    def away(self, data: Any, side: int) -> float:
        return data.close[0] * (1 + side * self.dice.choice([0.001, 0.004, 0.01]))

    def nothing(self, data: Any, side: int, size: int) -> None:
        pass

    def market(self, data: Any, side: int, size: int) -> list[bt.Order]:
        return [self.order(data, side, size + self.dice.choice([0, 0.25, 0.1]))]

    def reverse(self, data: Any, side: int, size: int) -> list[bt.Order]:
        held = self.getposition(data).size
        return [self.order_target_size(data, target=-held or size)]

    def limit(self, data: Any, side: int, size: int) -> list[bt.Order]:
        price = self.away(data, -side)
        return [self.order(data, side, size, exectype=bt.Order.Limit, price=price)]

    def stop_order(self, data: Any, side: int, size: int) -> list[bt.Order]:
        return [self.order(data, side, size, exectype=bt.Order.Stop, price=self.away(data, side))]

    def stop_limit(self, data: Any, side: int, size: int) -> list[bt.Order]:
        prices = {"price": self.away(data, side), "plimit": self.away(data, side)}
        return [self.order(data, side, size, exectype=bt.Order.StopLimit, **prices)]

    def trail(self, data: Any, side: int, size: int) -> list[bt.Order]:
        return [self.order(data, side, size, exectype=bt.Order.StopTrail, trailpercent=0.01)]

    def bracket(self, data: Any, side: int, size: int) -> list[bt.Order]:
        make = self.buy_bracket if side > 0 else self.sell_bracket
        return make(
            data,
            size=size,
            price=self.away(data, -side),
            stopprice=data.close[0] * (1 - side * 0.02),
            limitprice=data.close[0] * (1 + side * 0.02),
        )

    def oco(self, data: Any, side: int, size: int) -> list[bt.Order]:
        price = self.away(data, -side)
        first = self.order(data, side, size, exectype=bt.Order.Limit, price=price)
        price = self.away(data, side)
        return [
            first, self.order(data, side, size, exectype=bt.Order.Stop, price=price, oco=first)
        ]  # fmt: skip

    def on_close(self, data: Any, side: int, size: int) -> list[bt.Order]:
        return [self.order(data, side, size, exectype=bt.Order.Close)]

    def cancel_one(self, data: Any, side: int, size: int) -> None:
        alive = [order for order in self.made if order.alive()]
        if alive:
            self.cancel(self.dice.choice(alive))

    def flat(self, data: Any, side: int, size: int) -> list[bt.Order]:
        return [self.close(data)]


@pytest.mark.parametrize(
    ("seed", "filler", "future", "ids"),
    [
        (1, False, False, False),
        (2, True, False, False),
        (3, False, True, False),
        (4, True, True, False),
        (5, True, False, True),
        (6, False, True, True),
    ],
)
def test_a_strategy_that_does_everything_by_chance_equals_the_stock_script(
    frame: Callable[..., pd.DataFrame], seed: int, filler: bool, future: bool, ids: bool
) -> None:
    first, second = frame(1500, seed=seed), frame(800, seed=seed + 100, start="2024-01-20")
    second = second.drop(second.index[random.Random(seed).sample(range(800), 60)])
    params = {"seed": seed, "filler": filler, "future": future, "ids": ids}
    result = atms.backtest(
        Dice, data={"a": first, "b": second}, commission=0.001, cash=25_000, params=params
    )

    def feeds(cerebro: bt.Cerebro) -> None:
        cerebro.adddata(pandas_data(first, HOURS), name="a")
        cerebro.adddata(pandas_data(second, HOURS), name="b")

    truth = stock(Dice, feeds, commission=0.001, cash=25_000, params=params)
    if ids:
        # Where trades of different ids net each other out, stock Backtrader opens a closed Trade
        # once more and adds to its profit; ours are round trips. Only their sum can be equal.
        assert_same_account(result, truth)
        made = [trade for group in truth.strategy._trades.values() for trade in all_of(group)]
        realised = sum(trade.pnlcomm for trade in made)
        unrealised = sum(pnl for pnl, _ in stock_open_trades(truth)) - sum(
            trade.pnl for trade in made if trade.isopen
        )
        assert result.trades["net_pnl"].sum() == pytest.approx(realised + unrealised, rel=1e-9)
    else:
        assert_equal(result, truth)
    assert len(result.fills) > 300
    assert result.orders["type"].nunique() == 6


def all_of(group: dict[int, list[bt.Trade]]) -> list[bt.Trade]:
    return [trade for trades in group.values() for trade in trades]
