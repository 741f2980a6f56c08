"""Warm-up: before ``--timerange`` indicators advance, and the strategy does not notice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms

HOURS = {"timeframe": bt.TimeFrame.Minutes, "compression": 60}
DAYS = {"timeframe": bt.TimeFrame.Days, "compression": 1}
START = pd.Timestamp("2024-01-21", tz="UTC")  # 480 hours after the frames' first bar
RANGE = "2024-01-21.."
Frame = Callable[..., pd.DataFrame]


def before(result: atms.Result, feed: str = "data", start: pd.Timestamp = START) -> int:
    """Return how many bars of a feed the run used before the time range."""
    bars = result.bars[result.bars["feed"] == feed]
    return int((bars["datetime"] < start).sum())


class Watcher(bt.Strategy):
    """Writes down each of its calls, with the bar's time; keeps its indicators' values."""

    params = dict(on=0)

    def __init__(self) -> None:
        self.calls: list[tuple[str, datetime]] = []
        self.rows: list[tuple[Any, ...]] = []
        data = self.datas[self.p.on]
        self.lines_seen = [bt.ind.SMA(data, period=6), *type(self).indicators(data)]
        self.add_timer(time(5, 0))

    @staticmethod
    def indicators(data: Any) -> list[Any]:
        return []

    def note(self, call: str) -> None:
        self.calls.append((call, self.data.datetime.datetime(0)))

    def prenext(self) -> None:
        self.note("prenext")

    def nextstart(self) -> None:
        self.note("nextstart")
        self.see()

    def next(self) -> None:
        self.note("next")
        self.see()

    def see(self) -> None:
        now = self.data.datetime.datetime(0)
        self.rows.append((now, *(line[0] for line in self.lines_seen)))

    def prenext_open(self) -> None:
        self.note("prenext_open")

    def nextstart_open(self) -> None:
        self.note("nextstart_open")

    def next_open(self) -> None:
        self.note("next_open")

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.note("notify_cashvalue")

    def notify_fund(self, *args: float) -> None:
        self.note("notify_fund")

    def notify_timer(self, timer: Any, when: datetime, *args: Any, **kwargs: Any) -> None:
        self.calls.append(("notify_timer", when))


class Recursive(Watcher):
    @staticmethod
    def indicators(data: Any) -> list[Any]:
        macd = bt.ind.MACD(data, period_me1=3, period_me2=6, period_signal=4)
        return [bt.ind.EMA(data, period=5), bt.ind.RSI(data, period=4), macd.macd, macd.signal]


def trimmed(
    strategy: type[bt.Strategy], add_feeds: Callable[[bt.Cerebro], Any], **params: Any
) -> Any:
    """Run a stock script over the history that the warm-up is to leave."""
    cerebro = bt.Cerebro()
    add_feeds(cerebro)
    cerebro.addstrategy(strategy, **params)
    (ran,) = cerebro.run()
    return ran


def in_range(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [row for row in rows if row[0] >= START.tz_localize(None)]


# ---- how much -----------------------------------------------------------------------------------
class Mine(bt.Indicator):
    """An own indicator with a recursive one inside it."""

    lines = ("mine",)
    params = dict(period=7)

    def __init__(self) -> None:
        self.lines.mine = self.data - bt.ind.EMA(self.data, period=self.p.period)


# Name, indicator, bars wanted by the rule, what is said of it. The minimum periods are those of
# Backtrader's documentation: n for an average, n + 1 for what looks at changes.
AUTO: list[tuple[str, Callable[[Any], Any], int, str]] = [
    ("none", lambda data: None, 1, "minimum period of 1"),
    ("SMA", lambda data: bt.ind.SMA(data, period=20), 20, "minimum period of 20"),
    ("SMA of SMA", lambda data: bt.ind.SMA(bt.ind.SMA(data, period=5), period=4), 8, "of 8"),
    ("Momentum", lambda data: bt.ind.Momentum(data, period=12), 13, "minimum period of 13"),
    ("EMA", lambda data: bt.ind.EMA(data, period=12), 120, "ten times the 12 bars"),
    ("of a line", lambda data: bt.ind.EMA(data.high, period=12), 120, "ten times the 12 bars"),
    ("DEMA", lambda data: bt.ind.DEMA(data, period=5), 90, "ten times the 9 bars"),
    ("RSI", lambda data: bt.ind.RSI(data, period=14), 150, "ten times the 15 bars"),
    ("RSI of SMA", lambda data: bt.ind.RSI_SMA(data, period=14), 15, "minimum period of 15"),
    ("MACD", lambda data: bt.ind.MACD(data), 340, "ten times the 34 bars"),
    ("ATR", lambda data: bt.ind.ATR(data, period=14), 150, "ten times the 15 bars"),
    ("KAMA", lambda data: bt.ind.KAMA(data, period=10), 110, "ten times the 11 bars"),
    ("PSAR", lambda data: bt.ind.PSAR(data), 20, "ten times the 2 bars"),
    ("Laguerre", lambda data: bt.ind.LaguerreFilter(data, period=8), 80, "ten times the 8 bars"),
    ("EMA of SMA", lambda data: bt.ind.EMA(bt.ind.SMA(data, period=5), period=4), 80, "the 8 bars"),
    ("own", lambda data: Mine(data), 70, "ten times the 7 bars of Mine"),
    ("operation", lambda data: bt.ind.EMA(data, period=5) > data.close, 50, "the 5 bars"),
    ("If", lambda data: bt.If(data.close > data.open, bt.ind.EMA(period=5), 0.0), 50, "the 5 bars"),
    ("cross", lambda data: bt.ind.CrossOver(bt.ind.EMA(period=6), data.close), 60, "the 6 bars"),
]


@pytest.mark.parametrize(("name", "make", "wanted", "said"), AUTO, ids=[row[0] for row in AUTO])
def test_auto_takes_the_minimum_period_and_ten_times_that_of_recursive_indicators(
    frame: Frame, name: str, make: Callable[[Any], Any], wanted: int, said: str
) -> None:
    class One(bt.Strategy):
        def __init__(self) -> None:
            self.indicator = make(self.data)

    result = atms.backtest(One, data=frame(520), timerange=RANGE)
    assert before(result) == wanted
    assert result.warmup.startswith(f"{wanted} bars of data before the time range (auto: ")
    assert said in result.warmup


class OneEMA(bt.Strategy):
    def __init__(self) -> None:
        self.ema = bt.ind.EMA(self.data, period=20)
        self.first: float | None = None

    def next(self) -> None:
        if self.first is None:
            self.first = self.ema[0]


def test_after_the_auto_warm_up_an_exponential_average_is_as_if_it_had_run_for_ever(
    frame: Frame,
) -> None:
    bars = frame(520)
    result = atms.backtest(OneEMA, data=bars, timerange=RANGE)
    # pandas' recursion over the whole history, begun with the first close.
    truth = bars["close"].ewm(span=20, adjust=False).mean()[START]
    assert result.strategy.first == pytest.approx(truth, rel=1e-7)
    unwarmed = atms.backtest(OneEMA, data=bars, timerange=RANGE, warmup=20)
    assert unwarmed.strategy.first != pytest.approx(truth, rel=1e-7)


@pytest.mark.parametrize("wanted", [1, 37, 480])
def test_a_number_takes_just_as_many_bars(frame: Frame, wanted: int) -> None:
    result = atms.backtest(Recursive, data=frame(520), timerange=RANGE, warmup=wanted)
    assert before(result) == wanted
    assert result.warmup == f"{wanted} bars of data before the time range (data.warmup)"


@pytest.mark.parametrize("warmup", ["auto", 400])
def test_fewer_bars_than_wanted_are_said(frame: Frame, warmup: Any) -> None:
    wanted = 340 if warmup == "auto" else 400

    class One(bt.Strategy):
        def __init__(self) -> None:
            bt.ind.MACD(self.data)

    bars = frame(520).loc["2024-01-19 12:00":]  # 36 bars before the range
    result = atms.backtest(One, data=bars, timerange=RANGE, warmup=warmup)
    assert before(result) == 36
    assert f"36 bars of data (all there are; {wanted} were wanted)" in result.warmup


def test_what_lies_before_the_warm_up_cannot_be_seen(frame: Frame) -> None:
    bars = frame(520)
    changed = bars.copy()
    changed.loc[changed.index < START - timedelta(hours=50), ["open", "high", "low", "close"]] *= 3
    one = atms.backtest(Recursive, data=bars, timerange=RANGE, warmup=50)
    other = atms.backtest(Recursive, data=changed, timerange=RANGE, warmup=50)
    assert one.strategy.rows == other.strategy.rows


# ---- what the strategy notices ------------------------------------------------------------------
def counts(result: atms.Result) -> Counter[str]:
    return Counter(name for name, _ in result.strategy.calls)


@pytest.mark.parametrize(
    ("warmup", "cheat_on_open"), [(6, False), (6, True), (100, True), ("auto", False)]
)
def test_no_call_reaches_the_strategy_before_the_range_and_none_is_missing_in_it(
    frame: Frame, warmup: Any, cheat_on_open: bool
) -> None:
    result = atms.backtest(
        Watcher, data=frame(520), timerange=RANGE, warmup=warmup, cheat_on_open=cheat_on_open
    )
    first = START.to_pydatetime().replace(tzinfo=None)
    assert min(when for _, when in result.strategy.calls) == first
    assert ("nextstart", first) in result.strategy.calls
    # Forty bars in the range, and two five-o'clocks.
    found = counts(result)
    wanted = {
        "nextstart": 1, "next": 39, "notify_cashvalue": 40, "notify_fund": 40, "notify_timer": 2
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert found["prenext"] == 0
    opens = found["prenext_open"] + found["nextstart_open"] + found["next_open"]
    assert opens == (40 if cheat_on_open else 0)


def test_the_open_calls_are_those_of_a_strategy_that_starts_on_the_first_bar(
    frame: Frame,
) -> None:
    result = atms.backtest(Watcher, data=frame(520), timerange=RANGE, cheat_on_open=True)
    # As in stock Backtrader without indicators: prenext_open comes before the first bar's calls,
    # nextstart_open once before the second's, next_open from then on.
    assert [name for name, _ in result.strategy.calls[:12]] == [
        "prenext_open", "notify_cashvalue", "notify_fund", "nextstart",
        "nextstart_open", "notify_cashvalue", "notify_fund", "next",
        "next_open", "notify_cashvalue", "notify_fund", "next",
    ]  # fmt: skip


class Eager(bt.Strategy):
    """Trades whenever it is called."""

    def __init__(self) -> None:
        bt.ind.SMA(self.data, period=10)

    def prenext(self) -> None:
        self.buy()

    def next(self) -> None:
        self.order_target_size(target=len(self) % 3 - 1)

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.buy(size=0.5)

    def next_open(self) -> None:
        self.sell(size=0.25)


@pytest.mark.parametrize("cheat_on_open", [False, True])
def test_no_order_exists_before_the_range(frame: Frame, cheat_on_open: bool) -> None:
    result = atms.backtest(
        Eager, data=frame(520), timerange=RANGE, warmup=50, cheat_on_open=cheat_on_open
    )
    assert result.orders["created_ts"].min() == START
    assert result.fills["ts"].min() == START + timedelta(hours=1)
    assert result.equity.index[0] == START
    assert result.metrics["start_value"] == 10_000.0
    assert result.equity["cash"].iloc[0] == result.equity["value"].iloc[0] == 10_000.0


def test_equity_and_metrics_cover_the_range_alone(frame: Frame) -> None:
    bars = frame(520)
    result = atms.backtest(Eager, data=bars, timerange="2024-01-21..2024-01-21", warmup=50)
    day = bars.loc["2024-01-21"]
    assert list(result.equity.index) == list(day.index)
    assert result.metrics["bars"] == 24
    assert result.metrics["start"] == day.index[0].isoformat()
    assert result.metrics["end"] == day.index[-1].isoformat()
    # Buy and hold starts at the first open in the range, not at that of the warm-up.
    hold = day["close"].iloc[-1] / day["open"].iloc[0] - 1
    assert result.metrics["benchmark_return"] == pytest.approx(hold, rel=1e-12)


ANALYZER = """class Noting(bt.Analyzer):
    def start(self):
        self.calls = []

    def note(self, name):
        self.calls.append((name, self.data.datetime.datetime(0).isoformat()))

    def prenext(self):
        self.note("prenext")

    def nextstart(self):
        self.note("nextstart")

    def next(self):
        self.note("next")

    def notify_cashvalue(self, cash, value):
        self.note("notify_cashvalue")

    def notify_fund(self, *args):
        self.note("notify_fund")

    def get_analysis(self):
        return self.calls
"""


@pytest.mark.parametrize("warmup", [6, 100])
def test_an_analyzer_of_the_users_is_not_called_in_the_warm_up(
    frame: Frame, write_strategy: Callable[..., str], warmup: int
) -> None:
    path = write_strategy(ANALYZER, "warm_analyzer.py")
    result = atms.backtest(
        Watcher, data=frame(520), timerange=RANGE, warmup=warmup, analyzers=[path]
    )
    calls = result.analyzers[path]
    assert min(when for _, when in calls) == "2024-01-21T00:00:00"
    found = Counter(name for name, _ in calls)
    assert found["nextstart"] + found["next"] == 40
    assert (found["prenext"], found["notify_cashvalue"], found["notify_fund"]) == (0, 40, 40)


@pytest.mark.parametrize("warmup", [6, 100])
def test_an_analyzers_nextstart_comes_once_on_the_first_bar(
    frame: Frame, write_strategy: Callable[..., str], warmup: int
) -> None:
    path = write_strategy(ANALYZER, "warm_analyzer.py")
    result = atms.backtest(
        Watcher, data=frame(520), timerange=RANGE, warmup=warmup, analyzers=[path]
    )
    calls = [call for call in result.analyzers[path] if call[0] in ("nextstart", "next")]
    assert calls[0] == ("nextstart", "2024-01-21T00:00:00")
    assert Counter(name for name, _ in calls) == {"nextstart": 1, "next": 39}


# ---- what the indicators see --------------------------------------------------------------------
@pytest.mark.parametrize("warmup", [0, 3, 60, "auto"])
def test_indicators_are_those_of_a_run_over_the_trimmed_history(frame: Frame, warmup: Any) -> None:
    bars = frame(520)
    result = atms.backtest(Recursive, data=bars, timerange=RANGE, warmup=warmup)
    rest = bars.iloc[480 - before(result) :]
    truth = trimmed(
        Recursive, lambda cerebro: cerebro.adddata(bt.feeds.PandasData(dataname=rest, **HOURS))
    )
    assert result.strategy.rows == in_range(truth.rows)
    assert len(result.strategy.rows) >= 25


class OnSecond(Recursive):
    params = dict(on=1)


def test_each_of_several_data_gets_its_own_warm_up(frame: Frame) -> None:
    first, second = frame(520, seed=1), frame(520, seed=2)
    gaps = second.drop(second.index[[460, 461, 470, 490, 491]])
    result = atms.backtest(OnSecond, data={"plain": first, "gaps": gaps}, timerange=RANGE)
    # Nothing recursive counts the bars of the first. On the second it is the MACD's signal, which
    # is known on bar 6 + 4 - 1.
    assert (before(result, "plain"), before(result, "gaps")) == (1, 90)
    assert result.warmup == (
        "1 bars of plain, 90 bars of gaps before the time range "
        "(auto: ten times the 9 bars of MACD)"
    )

    def feeds(cerebro: bt.Cerebro) -> None:
        kept = gaps.iloc[(gaps.index < START).sum() - 90 :]
        cerebro.adddata(bt.feeds.PandasData(dataname=first.iloc[479:], **HOURS))
        cerebro.adddata(bt.feeds.PandasData(dataname=kept, **HOURS))

    assert result.strategy.rows == in_range(trimmed(OnSecond, feeds).rows)
    assert len(result.strategy.rows) == 40
    assert result.equity.index[0] == START
    assert counts(result)["nextstart"] == 1


class Slow(bt.Strategy):
    """Buys the first data on every call."""

    def __init__(self) -> None:
        bt.ind.SMA(self.data0, period=30)
        self.calls: list[str] = []

    def prenext(self) -> None:
        self.calls.append("prenext")
        self.buy(self.data0)

    def next(self) -> None:
        self.calls.append("next")


def test_data_that_begin_inside_the_range_do_not_let_the_warm_up_into_the_results(
    frame: Frame,
) -> None:
    old, young = frame(520, seed=1), frame(40, seed=2, start="2024-01-21 10:00")
    result = atms.backtest(Slow, data={"old": old, "young": young}, timerange=RANGE)
    assert before(result, "old") == 30
    assert result.equity.index[0] == START
    assert result.metrics["start"] == START.isoformat()
    assert result.orders["created_ts"].min() == START
    # Until its second data has a bar, a strategy is in prenext.
    assert Counter(result.strategy.calls) == {"prenext": 10, "next": 40}


@pytest.mark.parametrize("how", ["resample", "replay"])
@pytest.mark.parametrize("warmup", ["auto", 3])
def test_longer_bars_are_warmed_up_through_their_source(
    frame: Frame, how: str, warmup: Any
) -> None:
    class OnDays(Watcher):
        params = dict(on=1)

        @staticmethod
        def indicators(data: Any) -> list[Any]:
            return [bt.ind.EMA(data, period=2)]

    bars = frame(24 * 40)
    start = pd.Timestamp("2024-02-01", tz="UTC")
    result = atms.backtest(
        OnDays,
        data={"h": bars, "d": {"of": "h", how: "1d"}},
        timerange="2024-02-01..",
        warmup=warmup,
    )
    # Ten times the two days of the average; and one day more, as the first may be cut in two.
    days = 20 if warmup == "auto" else 3
    assert before(result, "h", start) == (days + 1) * 24
    assert result.warmup.startswith(f"{(days + 1) * 24} bars of h before the time range")
    rest = bars[bars.index >= start - timedelta(days=days + 1)]

    def feeds(cerebro: bt.Cerebro) -> None:
        base = bt.feeds.PandasData(dataname=rest, **HOURS)
        cerebro.adddata(base)
        add = cerebro.resampledata if how == "resample" else cerebro.replaydata
        add(base, **DAYS)

    truth = trimmed(OnDays, feeds)
    rows = [row for row in truth.rows if row[0] >= start.tz_localize(None)]
    assert result.strategy.rows == rows
    assert len(rows) > 100
    calls = result.strategy.calls
    assert min(when for _, when in calls) == start.to_pydatetime().replace(tzinfo=None)
    assert result.equity.index[0] == start
    if warmup == "auto":
        assert counts(result)["nextstart"] == 1


# ---- no warm-up ---------------------------------------------------------------------------------
def test_without_a_warm_up_indicators_begin_inside_the_range(frame: Frame) -> None:
    result = atms.backtest(Watcher, data=frame(520), timerange=RANGE, warmup=0)
    assert before(result) == 0
    found = counts(result)
    # The average of six is known on the sixth bar of the range.
    assert (found["prenext"], found["nextstart"], found["next"]) == (5, 1, 34)
    assert result.strategy.rows[0][0] == datetime(2024, 1, 21, 5)
    assert result.equity.index[0] == START


def test_a_warm_up_shorter_than_the_period_leaves_the_rest_to_prenext(frame: Frame) -> None:
    result = atms.backtest(Watcher, data=frame(520), timerange=RANGE, warmup=3)
    found = counts(result)
    assert (found["prenext"], found["nextstart"], found["next"]) == (2, 1, 37)
    assert result.equity.index[0] == START
    assert len(result.equity) == 40


@pytest.mark.parametrize("warmup", [0, 10])
def test_a_range_and_warm_up_shorter_than_the_period_are_refused(frame: Frame, warmup: int) -> None:
    class Long(bt.Strategy):
        def __init__(self) -> None:
            bt.ind.SMA(self.data, period=60)

    # There are 520 bars, but the run would see 40 of the range and those of the warm-up.
    with pytest.raises(atms.DataError, match=f"60 bars.*{40 + warmup}"):
        atms.backtest(Long, data=frame(520), timerange=RANGE, warmup=warmup)


@pytest.mark.parametrize("how", ["resample", "replay"])
def test_an_indicator_longer_than_the_longer_bars_is_refused(frame: Frame, how: str) -> None:
    class OnDays(bt.Strategy):
        def __init__(self) -> None:
            bt.ind.SMA(self.datas[1], period=60)

    bars = frame(24 * 20)
    with pytest.raises(atms.DataError, match=r"d: .*60 bars"):
        atms.backtest(OnDays, data={"h": bars, "d": {"of": "h", how: "1d"}})


def test_without_a_time_range_nothing_is_held_back(frame: Frame) -> None:
    bars = frame(40)
    result = atms.backtest(Watcher, data=bars)
    assert result.warmup == ""
    assert len(result.equity) == len(result.bars) == 40
    found = counts(result)
    assert (found["prenext"], found["nextstart"], found["next"]) == (5, 1, 34)


def test_a_range_that_begins_with_the_data_has_no_warm_up(frame: Frame) -> None:
    result = atms.backtest(Watcher, data=frame(40), timerange="2024-01-01..")
    assert before(result, start=pd.Timestamp("2024-01-01", tz="UTC")) == 0
    found = counts(result)
    assert (found["prenext"], found["nextstart"], found["next"]) == (5, 1, 34)


# ---- the user's class ---------------------------------------------------------------------------
class Signals(bt.SignalStrategy):
    """Long where the close is above an average of five."""

    def __init__(self) -> None:
        self.customs: list[datetime] = []
        self.signal_add(bt.SIGNAL_LONG, self.data.close - bt.ind.SMA(self.data, period=5))

    def next(self) -> None:
        self.customs.append(self.data.datetime.datetime(0))


def test_a_signal_strategy_is_held_back_too(frame: Frame) -> None:
    bars = frame(520)
    closes = bars["close"]
    result = atms.backtest(Signals, data=bars, timerange=RANGE)
    assert result.strategy.customs[0] == datetime(2024, 1, 21)
    assert len(result.strategy.customs) == 40
    above = (closes > closes.rolling(5).mean())[START:]
    first = above.index[above.argmax()]
    assert above.any()
    assert result.orders["created_ts"].iloc[0] == first


@pytest.mark.parametrize(
    ("strategy", "warmup", "cheat_on_open"),
    [
        (Recursive, "auto", False),
        (Recursive, 0, False),
        (Recursive, 30, True),
        (Signals, "auto", False),
        (Eager, "auto", True),
    ],
)
def test_the_strategy_is_the_users_and_nothing_of_ours_stays_on_it(
    frame: Frame, strategy: type[bt.Strategy], warmup: Any, cheat_on_open: bool
) -> None:
    methods = dict(vars(strategy))
    bars = frame(520)
    result = atms.backtest(
        strategy, data=bars, timerange=RANGE, warmup=warmup, cheat_on_open=cheat_on_open
    )
    assert type(result.strategy) is strategy
    assert dict(vars(strategy)) == methods
    truth = trimmed(
        strategy, lambda cerebro: cerebro.adddata(bt.feeds.PandasData(dataname=bars, **HOURS))
    )
    assert set(vars(result.strategy)) == set(vars(truth))


def test_a_run_from_a_config_says_its_warm_up(frame: Frame, tmp_path: Path) -> None:
    frame(520).to_csv(tmp_path / "bars.csv")
    (tmp_path / "run.yaml").write_text(
        f"run: {{timerange: {RANGE!r}}}\n"
        "data: {warmup: 77, feeds: [{source: bars.csv}]}\n"
        "strategy: {name: ma_cross, params: {fast: 3, slow: 9}}\n"
    )
    result = atms.backtest("run.yaml")
    assert result.warmup == "77 bars of data before the time range (data.warmup)"
    assert before(result) == 77
