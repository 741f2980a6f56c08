"""Runs made from a seed: feeds, indicators, strategies and settings of all sorts."""

from __future__ import annotations

import datetime
import io
import random
import re
from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from tests.engine.event.snapshots import of_run

MINUTES = bt.TimeFrame.Minutes


def bars(n: int, seed: int, *, step: str = "1min", holes: float = 0.0) -> pd.DataFrame:
    """Return a random walk; *holes*: the share of bars left out."""
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.004, n))), 2)
    opens = np.concatenate([[100.0], close[:-1]])
    spread = np.round(rng.uniform(0, 0.6, n), 2)
    frame = pd.DataFrame(
        {
            "open": opens,
            "high": np.maximum(opens, close) + spread,
            "low": np.minimum(opens, close) - spread,
            "close": close,
            "volume": rng.integers(1, 1000, n),
        },
        index=pd.date_range("2024-03-04 09:30", periods=n, freq=step),
    )
    return frame[rng.uniform(size=n) >= holes] if holes else frame


class Rows(bt.feed.DataBase):
    """A feed in Python; *pauses*: bars before which it has nothing yet."""

    params = (("rows", None), ("pauses", ()), ("live", False), ("odd", ""), ("talks", ()))

    def start(self) -> None:
        super().start()
        self._rest = list(self.p.rows)[::-1]
        self._left = list(self.p.pauses)
        self._count = 0

    def islive(self) -> bool:
        return self.p.live

    def haslivedata(self) -> bool:
        return self.p.live and bool(self._rest)

    def _load(self) -> bool | None:
        if self._count in self._left:
            self._left.remove(self._count)
            return None
        if not self._rest:
            return False
        if self._count in self.p.talks:
            self.put_notification(self.LIVE if self._count % 2 else self.DELAYED, self._count)
        self._count += 1
        row = self._rest.pop()
        lines = self.lines
        lines.datetime[0] = row[0]
        lines.open[0], lines.high[0], lines.low[0], lines.close[0], lines.volume[0] = row[1:6]
        if self.p.odd != "no openinterest":
            lines.openinterest[0] = 0.0
        return True


class Odd(bt.Indicator):
    """An indicator in Python that keeps state and looks around."""

    lines = ("odd", "even")
    params = (("period", 3),)

    def __init__(self) -> None:
        self.addminperiod(self.p.period)
        self.inner = bt.ind.EMA(self.data, period=2) - self.data
        self.calls = 0

    def prenext(self) -> None:
        self.calls += 1

    def next(self) -> None:
        self.calls += 1
        owner = self._owner
        later = getattr(owner, "later", None)
        seen = later[0] if later is not None and len(later) else 0.5
        self.lines.odd[0] = self.data[0] + self.inner[0] + (seen if seen == seen else 0.25)
        if self.calls % 3:
            self.lines.even[0] = self.calls


class Reader(bt.Indicator):
    """Declared before what it reads."""

    lines = ("seen",)
    lined: Any = None

    def next(self) -> None:
        self.lines.seen[0] = float(len(self)) if self.lined is None else len(self.lined)


def add_indicators(strategy: Any, pick: random.Random) -> list[Any]:
    """Declare some indicators on the strategy's datas."""
    data = pick.choice(strategy.datas)
    other = pick.choice(strategy.datas)
    makers: list[Callable[[], Any]] = [
        lambda: bt.ind.SMA(data, period=pick.randint(1, 9)),
        lambda: bt.ind.EMA(data.high, period=pick.randint(2, 9)),
        lambda: bt.ind.MACDHisto(data, period_me1=3, period_me2=6, period_signal=3),
        lambda: bt.ind.RSI(data, period=4, safediv=True),
        lambda: bt.ind.ATR(data, period=5),
        lambda: bt.ind.BollingerBands(data, period=5),
        lambda: bt.ind.Stochastic(data, period=4, safediv=True),
        lambda: bt.ind.CrossOver(bt.ind.SMA(data, period=2), bt.ind.SMA(data, period=5)),
        lambda: bt.ind.CrossOver(data.close, bt.ind.EMA(data, period=4)),
        lambda: bt.ind.Highest(data.high, period=4) - bt.ind.Lowest(data.low, period=4),
        lambda: bt.ind.WMA(data, period=4),
        lambda: bt.ind.KAMA(data, period=4),
        lambda: bt.ind.ParabolicSAR(data),
        lambda: bt.ind.ADX(data, period=3),
        lambda: bt.ind.Ichimoku(data, tenkan=2, kijun=3, senkou=4, senkou_lead=3, chikou=3),
        lambda: bt.ind.AccDeOsc(data),
        lambda: bt.ind.Momentum(data, period=3),
        lambda: bt.ind.PercentRank(data, period=4),
        lambda: bt.ind.HeikinAshi(data),
        lambda: bt.ind.Accum(data.volume),
        lambda: Odd(data),
        lambda: Odd(bt.ind.SMA(data, period=3), period=2),
        lambda: Reader(data),
        lambda: bt.And(data.close > data.open, data.close(-1) > data.open(-1)),
        lambda: bt.Or(data.close > data.open, data.high > 101.0, data.low < 99.0),
        lambda: bt.If(data.close > data.open, data.close, data.low),
        lambda: bt.Max(data.close, data.close(-2), 100),
        lambda: bt.Sum(data.close, data.open) / 2.0,
        lambda: abs(data.close - data.open) * -1.0,
        lambda: 1.0 / (data.close - data.close(-1) + 1000),
        lambda: bt.DivByZero(data.close, data.close - data.open, zero=7.0),
        lambda: data.close > other.close,
        lambda: bt.ind.SMA(data.close - other.close, period=3),
        lambda: data.close() > bt.ind.SMA(other, period=3)(),
        lambda: data.close.datetime if False else data.close(3 if pick.random() < 0.1 else -1),
    ]
    return [pick.choice(makers)() for _ in range(pick.randint(1, 5))]


class Trader(bt.Strategy):
    """Trades at random, and writes down everything that it is told and sees."""

    params = (("seed", 0), ("log", None), ("deed", ""), ("at", 40))

    def __init__(self) -> None:
        self.pick = random.Random(self.p.seed)
        if self.p.deed == "reads ahead":
            self.reader = Reader(self.data)
        self.mine = add_indicators(self, self.pick)
        self.later = bt.ind.SMA(self.data, period=2)
        if self.p.deed == "reads ahead":
            self.reader.lined = self.later
        self.base: list[int] = []
        self.done = False

    def say(self, *words: Any) -> None:
        self.p.log.append(words)

    def _seen(self) -> list[str]:
        seen = [repr(len(self)), repr(self.datetime[0]), repr(self.broker.getvalue())]
        for data in self.datas:
            seen.append(repr((len(data), [line[0] for line in data.lines] if len(data) else None)))
        for one in self.mine:
            seen.append(repr((len(one), one[0] if len(one) else None, one.lines[0].idx)))
        return seen

    def prenext(self) -> None:
        self.say("prenext", *self._seen())

    def nextstart(self) -> None:
        self.say("nextstart", *self._seen())
        self.next()

    def next(self) -> None:
        self.say("next", *self._seen())
        pick = self.pick
        self._odd_reads(pick)
        if len(self) >= self.p.at and not self.done:
            self.done = True
            self._do()
        roll = pick.random()
        data = pick.choice(self.datas)
        size = self.getposition(data).size
        if roll < 0.15:
            self.buy(data, size=pick.randint(1, 3))
        elif roll < 0.25:
            self.sell(data, size=1, exectype=bt.Order.Limit, price=data.close[0] * 1.001,
                      valid=datetime.timedelta(minutes=5))  # fmt: skip
        elif roll < 0.3 and size:
            self.close(data)
        elif roll < 0.33:
            self.buy_bracket(data, limitprice=data.close[0] * 1.01, stopprice=data.close[0] * 0.99)
        elif roll < 0.36:
            self.sell(data, exectype=bt.Order.StopTrail, trailamount=0.3)

    def _odd_reads(self, pick: random.Random) -> None:
        data = pick.choice(self.datas)
        if pick.random() < 0.1:
            names = ("open", "high", "low", "close", "last")
            self.say("ticks", repr([getattr(data, f"tick_{name}", "none") for name in names]))
        if pick.random() < 0.05:
            self.say("master", repr(self.cerebro._dtmaster), repr(self.cerebro._udtmaster))
        if pick.random() < 0.05:
            self.say("stats", repr([(len(one), one.lines[0][0] if len(one) else None)
                                    for one in self._lineiterators[2]]))  # fmt: skip
        if pick.random() < 0.05 and len(data) > 3:
            self.say(
                "window",
                repr(data.close.get(size=3)),
                repr(data.datetime.datetime(-1)),
                repr(data.close[-2]),
                repr(data.close.date(0)) if len(self) % 50 == 0 else "",
            )

    def _do(self) -> None:
        deed, data = self.p.deed, self.data
        if deed == "stops":
            self.cerebro.runstop()
        elif deed == "raises":
            raise KeyError("the strategy")
        elif deed == "writes":
            data.close[0] = data.close[-1] = 123.25
            self.say("ticks after", repr(data.tick_close), repr(data.tick_last))
        elif deed == "writes an array":
            values = data.close.array
            values[len(data) - 1] = 77.5
            self.say("ticks after", repr(data.tick_close), repr(data.tick_last))
        elif deed == "writes an indicator":
            self.later.lines.sma[0] = 5.0
        elif deed == "sets a parameter":
            next(iter(self.later.getindicators())).p.period = 1
        elif deed == "makes an indicator":
            self.made = bt.ind.SMA(self.data, period=3)
        elif deed == "rewinds":
            data.rewind()
        elif deed == "moves a line":
            self.later.lines[0].rewind()
        elif deed == "sets ticks":
            data.tick_close = 3.5

    def notify_order(self, order: Any) -> None:
        self.base = self.base or [order.ref]
        done = order.executed
        self.say("order", order.ref - self.base[0], order.status, order.exectype,
                 repr((done.size, done.price, done.value, done.comm, done.dt)),
                 repr((order.created.price, order.created.dt, order.created.pclose)))  # fmt: skip

    def notify_trade(self, trade: Any) -> None:
        self.say("trade", repr((trade.size, trade.price, trade.pnl, trade.pnlcomm, trade.barlen,
                                trade.dtopen, trade.dtclose)))  # fmt: skip

    def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
        self.say("timer", repr(when), len(self))

    def notify_data(self, data: Any, status: Any, *args: Any, **kwargs: Any) -> None:
        self.say("data", data._name, status, repr(args), len(data))

    def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.say("store", msg)

    def next_open(self) -> None:
        self.say("open", *self._seen())
        if self.pick.random() < 0.05:
            self.buy()


class Listener(Trader):
    """Hears of cash and value on every bar."""

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.say("cash", repr(cash), repr(value))


class Counting(bt.Analyzer):
    """An analyzer with everything of its own."""

    def start(self) -> None:
        self.rets = {"next": 0, "prenext": 0, "fund": 0.0}

    def next(self) -> None:
        self.rets["next"] += len(self.strategy)

    def prenext(self) -> None:
        self.rets["prenext"] += 1

    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        self.rets["fund"] += fundvalue


class Shop:
    """A store that speaks now and then."""

    def start(self) -> None:
        pass

    stop = start

    def __init__(self) -> None:
        self.round = 0

    def get_notifications(self) -> list[Any]:
        self.round += 1
        return [(f"round {self.round}", (), {})] if self.round % 17 == 0 else []


DEEDS = (
    "", "", "", "", "stops", "raises", "writes", "writes an array", "writes an indicator",
    "sets a parameter", "makes an indicator", "rewinds", "moves a line", "sets ticks",
    "reads ahead",
)  # fmt: skip


def _rows(frame: pd.DataFrame) -> list[tuple[float, ...]]:
    return [
        (bt.date2num(stamp.to_pydatetime()), *map(float, values))
        for stamp, values in zip(frame.index, frame.to_numpy(), strict=True)
    ]


def _feed(pick: random.Random, frame: pd.DataFrame, live: bool, base: dict[str, Any]) -> Any:
    kind = pick.choice(["pandas", "rows", "rows"])
    base = {**base, "timeframe": MINUTES}
    if pick.random() < 0.1:
        base["fromdate"] = frame.index[5].to_pydatetime()
    if pick.random() < 0.1:
        base["todate"] = frame.index[-6].to_pydatetime()
    if kind == "pandas" and not live:
        return bt.feeds.PandasData(dataname=frame, **base)
    pauses = [pick.randint(0, 90) for _ in range(3)] if live else ()
    return Rows(
        rows=_rows(frame), live=live, pauses=pauses,
        talks=(3, 30, 31) if pick.random() < 0.3 else (),
        odd="no openinterest" if pick.random() < 0.2 else "", **base,
    )  # fmt: skip


def build(seed: int, kind: type[bt.Cerebro]) -> tuple[bt.Cerebro, list[Any], dict[str, Any]]:
    """Return a Cerebro of *kind* made from *seed*, its log, and what it was made of."""
    pick = random.Random(seed)
    log: list[Any] = []
    live = pick.random() < 0.25
    settings: dict[str, Any] = {
        "runonce": False,
        "preload": pick.random() < 0.5,
        "stdstats": pick.random() < 0.6,
        "cheat_on_open": pick.random() < 0.15,
        "quicknotify": pick.random() < 0.15,
        "exactbars": pick.choice([0, 0, 0, 0, 0, 1, -1, -2]),
        "lookahead": pick.choice([0, 0, 0, 3]),
        "tradehistory": pick.random() < 0.1,
    }
    cerebro = kind(**settings)
    count = pick.choice([1, 1, 1, 2, 3])
    shape = pick.choice(["plain", "plain", "plain", "resample", "replay", "filter"])
    for number in range(count):
        frame = bars(120, seed * 7 + number, holes=pick.choice([0.0, 0.0, 0.1]))
        data = _feed(pick, frame, live, {"tz": None, "name": f"d{number}"})
        if shape == "replay" and number == 0:
            cerebro.replaydata(data, timeframe=MINUTES, compression=5)
            continue
        if shape == "filter" and number == 0:
            data.addfilter_simple(lambda one: int(one.volume[0]) % 7 == 0)
        cerebro.adddata(data)
        if shape == "resample" and number == 0:
            cerebro.resampledata(data, timeframe=MINUTES, compression=pick.choice([5, 7]), name="r")
    deed = pick.choice(DEEDS)
    trader = pick.choice([Trader, Trader, Listener])
    for number in range(pick.choice([1, 1, 1, 2])):
        cerebro.addstrategy(trader, seed=seed + number, log=log, deed=deed, at=pick.randint(20, 70))
    _add_more(cerebro, pick, log)
    return cerebro, log, {**settings, "datas": count, "shape": shape, "deed": deed, "live": live}


def _add_more(cerebro: bt.Cerebro, pick: random.Random, log: list[Any]) -> None:
    cerebro.broker.setcommission(commission=0.001)
    if pick.random() < 0.2:
        cerebro.broker.set_fundmode(True)
    analyzers = [bt.analyzers.TradeAnalyzer, bt.analyzers.DrawDown, bt.analyzers.SQN, Counting,
                 bt.analyzers.TimeReturn]  # fmt: skip
    for analyzer in pick.sample(analyzers, pick.choice([0, 0, 2, 4])):
        cerebro.addanalyzer(analyzer)
    if pick.random() < 0.2:
        cerebro.addobserver(bt.observers.DrawDown)
    if pick.random() < 0.2:
        cerebro.addobserver(bt.observers.Value)
    if pick.random() < 0.15:
        cerebro.addwriter(bt.WriterFile, csv=True, out=io.StringIO())
    if pick.random() < 0.15:
        cerebro.add_timer(bt.timer.SESSION_START, strats=True, cheat=pick.random() < 0.5,
                          offset=datetime.timedelta(hours=10))  # fmt: skip
    if pick.random() < 0.15:
        cerebro.stores.append(Shop())


def outcome(seed: int, kind: type[bt.Cerebro]) -> tuple[list[Any], dict[str, Any], bt.Cerebro]:
    """Run what *seed* makes; return all that can be compared, what it was made of, and Cerebro."""
    cerebro, log, made = build(seed, kind)
    try:
        strategies = cerebro.run()
        error = None
    except (KeyError, IndexError, ValueError, TypeError, ZeroDivisionError) as raised:
        strategies, error = cerebro.runningstrats, raised
    found = [*log, type(error), str(error)]
    outs = [one.out.getvalue() for one in cerebro.runwriters if hasattr(one, "out")]
    texts = [re.sub(r"LinesCoupler_\d+", "", text) for text in outs]
    return [*found, *texts, *of_run(cerebro, strategies)], made, cerebro
