"""A run's own figures: hand-made accounts, small runs worked out on paper, and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt
import empyrical
import numpy as np
import pandas as pd
import pytest

import atms
from atms.report.recording import FeedRecord, FillRecord, Recording
from atms.report.summary import json_safe, summary

NO_TRADES = pd.DataFrame({"status": pd.Series(dtype=str), "net_pnl": pd.Series(dtype=float)})
ISSUE_NAMES = {
    "total_return", "cagr", "volatility", "sharpe", "sortino", "calmar", "max_drawdown", "omega",
    "skew", "kurtosis", "var_95", "cvar_95", "win_rate", "profit_factor", "information_ratio",
    "alpha", "beta", "start_value", "final_value", "trades", "trade_win_rate",
    "trade_profit_factor", "exposure", "fees", "turnover", "expectancy", "avg_win", "avg_loss",
    "longest_drawdown_days", "benchmark_return", "bars", "seconds",
}  # fmt: skip


def feed_of(index: pd.DatetimeIndex, opens: Sequence[float], closes: Sequence[float]) -> FeedRecord:
    stamps = index.as_unit("us").astype("int64").to_numpy()
    return FeedRecord(
        name="data",
        symbol="X",
        venue="sim",
        currency="USD",
        days=719_163 + stamps / 86_400e6,
        stamps=stamps,
        columns={"open": np.array(opens, float), "close": np.array(closes, float)},
    )


def figures_of(
    values: Sequence[float],
    *,
    closes: Sequence[float] | None = None,
    opens: Sequence[float] | None = None,
    exposure: Sequence[float] | None = None,
    trades: pd.DataFrame = NO_TRADES,
    fills: tuple[FillRecord, ...] = (),
    feeds: tuple[FeedRecord, ...] = (),
    start_cash: float = 100.0,
    **options: Any,
) -> dict[str, Any]:
    """Return the summary of an account that was worth *values*, one a day from a Monday on."""
    index = pd.date_range("2024-01-01", periods=len(values), freq="1D", tz="UTC")
    closes = closes or [50.0] * len(values)
    own = feed_of(index, opens or closes, closes)
    recording = Recording(
        steps=own.days,
        stamps=own.stamps,
        first=0,
        feeds=feeds or (own,),
        position_order=(),
        orders=pd.DataFrame(),
        fills=fills,
        start_cash=start_cash,
        final_cash=start_cash,
    )
    frame = pd.DataFrame({"value": values, "exposure": exposure or [0.0] * len(values)}, index)
    return summary(recording, frame, trades, **options)


def fill(size: float, price: float, fee: float) -> FillRecord:
    return FillRecord(
        tick=0, feed=0, bar=0, stamp=0, order_id=1, group=0, size=size, price=price, closed=0.0,
        opened=size, closed_fee=fee / 4, opened_fee=fee * 3 / 4, booked=0.0, cash=0.0,
        reference=price,
    )  # fmt: skip


# ---- drawdowns ----------------------------------------------------------------------------------
def test_the_deepest_drawdown_has_its_peak_valley_and_recovery() -> None:
    # From 110 to 99 (-10 %), back on the fifth day; later 110 to 104.5 (-5 %), back in two days.
    found = figures_of([100.0, 110.0, 99.0, 105.0, 110.0, 104.5, 115.0])
    assert found["max_drawdown"] == pytest.approx(-0.10)
    assert found["max_drawdown_start"].startswith("2024-01-02")
    assert found["max_drawdown_valley"].startswith("2024-01-03")
    assert found["max_drawdown_end"].startswith("2024-01-05")
    assert found["max_drawdown_days"] == 3.0
    assert found["longest_drawdown_days"] == 3.0


def test_the_longest_drawdown_need_not_be_the_deepest() -> None:
    # -10 % for two days, then -1 % for five.
    found = figures_of([100.0, 90.0, 100.0, 99.0, 99.0, 99.0, 99.0, 100.0])
    assert found["max_drawdown_days"] == 2.0
    assert found["longest_drawdown_days"] == 5.0


def test_a_drawdown_that_lasts_to_the_end_has_no_recovery() -> None:
    found = figures_of([100.0, 120.0, 90.0, 119.0])
    assert found["max_drawdown_start"].startswith("2024-01-02")
    assert found["max_drawdown_valley"].startswith("2024-01-03")
    assert found["max_drawdown_end"] is None
    assert found["max_drawdown_days"] == found["longest_drawdown_days"] == 2.0


def test_a_loss_from_the_first_bar_on_is_a_drawdown_from_the_starting_cash() -> None:
    found = figures_of([80.0, 90.0, 100.0], start_cash=100.0)
    assert found["max_drawdown"] == pytest.approx(-0.20)
    assert found["max_drawdown_start"].startswith("2024-01-01")
    assert found["max_drawdown_end"].startswith("2024-01-03")


def test_an_account_that_never_fell_has_no_drawdown_dates() -> None:
    found = figures_of([100.0, 100.0, 101.0])
    assert found["max_drawdown"] == 0.0
    assert found["longest_drawdown_days"] == 0.0
    for name in ("start", "valley", "end", "days"):
        assert found[f"max_drawdown_{name}"] is None


# ---- benchmark ----------------------------------------------------------------------------------
def test_buy_and_hold_runs_from_the_first_open_to_the_last_close() -> None:
    found = figures_of([100.0] * 3, opens=[40.0, 41.0, 42.0], closes=[50.0, 45.0, 60.0])
    assert found["benchmark_return"] == pytest.approx(60 / 40 - 1)


def test_an_account_that_is_the_benchmark_has_a_beta_of_one() -> None:
    closes = [50.0, 45.0, 60.0, 66.0]
    found = figures_of([2 * close for close in closes], opens=[50.0] * 4, closes=closes)
    assert found["beta"] == pytest.approx(1.0)
    assert found["alpha"] == pytest.approx(0.0, abs=1e-12)
    assert found["information_ratio"] is None


def test_a_benchmark_that_begins_later_is_flat_until_then() -> None:
    # The second feed opens at 10 on the third day: returns 0 0 0.2 0.25, not a jump on day one.
    index = pd.date_range("2024-01-01", periods=4, freq="1D", tz="UTC")
    first, late = feed_of(index, [1] * 4, [1] * 4), feed_of(index[2:], [10, 12], [12, 15])
    values = [100.0, 110.0, 121.0, 121.0]
    found = figures_of(values, feeds=(first, late), benchmark=1)
    # r: 0 0.1 0.1 0, mean 0.05; b: mean 0.45/4; cov and var share the divisor.
    r, b = np.array([0.0, 0.1, 0.1, 0.0]) - 0.05, np.array([0.0, 0.0, 0.2, 0.25]) - 0.45 / 4
    assert found["benchmark_return"] == pytest.approx(0.5)
    assert found["beta"] == pytest.approx((r * b).sum() / (b * b).sum())


@pytest.mark.parametrize("closes", [[50.0, -37.0, 20.0], [50.0, 0.0, 20.0]])
def test_a_benchmark_without_positive_prices_leaves_its_figures_undefined(
    closes: list[float],
) -> None:
    found = figures_of([100.0, 101.0, 103.0], closes=closes)
    assert (found["alpha"], found["beta"], found["information_ratio"]) == (None, None, None)
    assert found["sharpe"] is not None


# ---- exposure, turnover, fees, trades -----------------------------------------------------------
def test_exposure_is_the_share_of_bars_with_a_position() -> None:
    assert figures_of([100.0] * 4, exposure=[0.0, 0.5, 1.7, 0.0])["exposure"] == 0.5


def test_turnover_is_what_was_traded_over_the_mean_value_and_fees_are_added_up() -> None:
    # 3 * 50 bought, 2 * 60 sold: 270 over a mean value of 90.
    found = figures_of([80.0, 100.0], fills=(fill(3, 50, 0.4), fill(-2, 60, 0.8)))
    assert found["turnover"] == pytest.approx(270 / 90)
    assert found["fees"] == pytest.approx(1.2)


def test_trade_figures_count_closed_trades_and_leave_open_ones_out() -> None:
    trades = pd.DataFrame(
        {"status": ["closed", "closed", "closed", "open"], "net_pnl": [10.0, -5.0, 30.0, -100.0]}
    )
    found = figures_of([100.0] * 3, trades=trades)
    expected = {
        "trades": 3,
        "open_trades": 1,
        "trade_win_rate": 2 / 3,
        "trade_profit_factor": 40 / 5,
        "expectancy": 35 / 3,
        "avg_win": 20.0,
        "avg_loss": -5.0,
        "best_trade": 30.0,
        "worst_trade": -5.0,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_without_a_closed_trade_its_figures_are_none() -> None:
    trades = pd.DataFrame({"status": ["open"], "net_pnl": [5.0]})
    found = figures_of([100.0] * 3, trades=trades)
    names = ("trade_win_rate", "trade_profit_factor", "expectancy", "avg_win", "avg_loss")
    assert found["trades"] == 0
    assert [found[name] for name in names] == [None] * 5


def test_without_a_losing_trade_the_profit_factor_is_none() -> None:
    trades = pd.DataFrame({"status": ["closed"], "net_pnl": [5.0]})
    found = figures_of([100.0] * 3, trades=trades)
    assert (found["trade_profit_factor"], found["avg_loss"]) == (None, None)
    assert (found["trade_win_rate"], found["avg_win"]) == (1.0, 5.0)


# ---- settings -----------------------------------------------------------------------------------
def test_the_periods_a_year_can_be_set() -> None:
    values = [100.0, 102.0, 101.0, 104.0]
    usual, own = figures_of(values), figures_of(values, periods_per_year=63)
    assert (usual["periods_per_year"], own["periods_per_year"]) == (252, 63)
    assert own["sharpe"] == pytest.approx(usual["sharpe"] / 2)  # sqrt(252 / 63) = 2


def test_a_long_run_is_measured_on_daily_equity(frame: Any) -> None:
    result = atms.backtest(TwoTrades, data=frame(2000, step="1h"), cash=1000)
    daily = result.equity["value"].resample("1D").last()
    returns = pd.concat([pd.Series([1000.0]), daily]).pct_change().iloc[1:]
    assert result.metrics["sharpe"] == pytest.approx(
        empyrical.sharpe_ratio(returns, annualization=365), rel=1e-9
    )
    assert result.metrics["max_drawdown"] == pytest.approx(empyrical.max_drawdown(returns))
    assert "daily returns" in result.metrics["returns_note"]


# ---- whole runs, on paper -----------------------------------------------------------------------
class TwoTrades(bt.Strategy):
    """Buys ten at the third open and sells at the fifth; again at the sixth and the eighth."""

    def next(self) -> None:
        if len(self) in (2, 5):
            self.buy(size=10)
        elif len(self) in (4, 7):
            self.close()


class Short(bt.Strategy):
    """Sells ten at the second open, and buys them back at the fifth if told to."""

    params = dict(cover=False)

    def __init__(self) -> None:
        self.broker.set_checksubmit(False)  # else there is no cash left to buy back with

    def next(self) -> None:
        if len(self) == 1:
            self.sell(size=10)
        elif len(self) == 4 and self.p.cover:
            self.close()


def test_a_small_run_has_the_figures_worked_out_by_hand(frame: Any) -> None:
    # Every open is the close before. Bought at 101 and sold at 104, bought at 103 and sold at 101.
    closes = [100.0, 101.0, 103.0, 104.0, 103.0, 102.0, 101.0, 100.0]
    result = atms.backtest(TwoTrades, data=frame(closes=closes), cash=2000, commission=0.01)
    found = result.metrics
    # Fees: a hundredth of 1010, 1040, 1030 and 1010.
    assert found["fees"] == pytest.approx(10.10 + 10.40 + 10.30 + 10.10)
    assert found["final_value"] == pytest.approx(2000 + 30 - 20 - 40.9)
    assert found["total_return"] == pytest.approx((30 - 20 - 40.9) / 2000)
    assert found["trades"] == 2
    assert found["best_trade"] == pytest.approx(30 - 20.5)
    assert found["worst_trade"] == pytest.approx(-20 - 20.4)
    assert found["expectancy"] == pytest.approx((9.5 - 40.4) / 2)
    assert found["trade_win_rate"] == 0.5
    assert found["trade_profit_factor"] == pytest.approx(9.5 / 40.4)
    # Held at the closes of bars 3, 4, 6 and 7 of 8.
    assert found["exposure"] == 0.5
    # Values: 2000 2000 2009.9 2019.9 2009.5 1989.2 1979.2 1969.1; traded 4090 in all.
    mean = (2000 + 2000 + 2009.9 + 2019.9 + 2009.5 + 1989.2 + 1979.2 + 1969.1) / 8
    assert found["turnover"] == pytest.approx(4090 / mean)
    assert found["max_drawdown"] == pytest.approx(1969.1 / 2019.9 - 1)
    assert found["benchmark_return"] == 0.0  # from the open of 100 to the close of 100
    assert (found["bars"], found["start_value"]) == (8, 2000)


def test_a_run_has_every_name_that_is_promised_and_each_is_json(frame: Any) -> None:
    found = atms.backtest(TwoTrades, data=frame(50), cash=2000).metrics
    assert set(found) >= ISSUE_NAMES
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize("cover", [False, True], ids=["held", "covered"])
def test_an_account_that_goes_bust_has_figures_and_raises_nothing(
    frame: Any, cover: bool, workdir: Path
) -> None:
    # Ten sold at 100 and worth 300 at the end: 1000 - 10 * 200.
    closes = [100.0, 100.0, 250.0, 300.0, 300.0, 300.0]
    result = atms.backtest(Short, data=frame(closes=closes), cash=1000, params={"cover": cover})
    found = result.metrics
    assert found["final_value"] == pytest.approx(-1000)
    assert found["total_return"] == pytest.approx(-2.0)
    for name in ("cagr", "sharpe", "sortino", "calmar", "volatility", "alpha", "beta"):
        assert found[name] is None, name
    assert found["trades"] == int(cover)
    assert all(value is None or math.isfinite(value) for value in found.values()
               if not isinstance(value, str))  # fmt: skip
    # Values 1000 1000 -500 -1000 -1000 -1000: the mean is -250, and a turnover of it is nothing.
    assert found["turnover"] is None
    json.dumps(found, allow_nan=False)
    assert (result.save("bust") / "equity.png").exists()


def test_the_drawdown_of_an_account_that_went_bust_is_known(frame: Any) -> None:
    # The value falls from 1000 to -1000: by 200 % of its peak.
    found = atms.backtest(Short, data=frame(closes=[100.0, 100.0, 250.0, 300.0]), cash=1000).metrics
    assert found["max_drawdown"] == pytest.approx(-2.0)
    assert found["max_drawdown_end"] is None


def test_an_account_that_holds_nothing_has_no_returns_and_says_so_without_a_warning(
    recwarn: pytest.WarningsRecorder,
) -> None:
    found = figures_of([0.0, 0.0, 0.0], start_cash=0.0)
    assert (found["total_return"], found["max_drawdown"]) == (None, 0.0)
    json.dumps(json_safe(found), allow_nan=False)
    assert [str(one.message) for one in recwarn] == []


def test_a_bust_account_without_a_position_is_not_exposed(frame: Any) -> None:
    # Short at the closes of bars 2, 3 and 4, flat from the open of bar 5 on.
    closes = [100.0, 100.0, 250.0, 300.0, 300.0, 300.0, 300.0, 300.0]
    result = atms.backtest(Short, data=frame(closes=closes), cash=1000, params={"cover": True})
    assert result.metrics["exposure"] == 3 / 8


# ---- JSON ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        (np.float64("nan"), None),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (True, True),
        (np.bool_(True), True),
        (None, None),
        (pd.NaT, None),
        (datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02T00:00:00+00:00"),
        (pd.Timestamp("2024-01-02", tz="UTC"), "2024-01-02T00:00:00+00:00"),
        (Path("a/b"), "a/b"),
        (Decimal("1.10"), "1.10"),
        ({1: math.inf, "x": (1, 2)}, {"1": None, "x": [1, 2]}),
        ([math.nan, {"deep": [np.float64(math.inf)]}], [None, {"deep": [None]}]),
        (np.array([1.0, math.nan]), [1.0, None]),
    ],
    ids=repr,
)
def test_what_json_has_no_word_for_becomes_null_or_text(value: Any, expected: Any) -> None:
    found = json_safe(value)
    assert found == expected
    assert type(found) is type(expected)
    json.dumps(found, allow_nan=False)


def test_what_a_backtrader_analyzer_returns_can_be_written_as_json(frame: Any) -> None:
    names = ["TradeAnalyzer", "DrawDown", "SharpeRatio", "TimeReturn", "SQN"]
    result = atms.backtest(
        TwoTrades,
        data=frame(60, step="1D"),
        cash=2000,
        analyzers=[f"backtrader.analyzers:{name}" for name in names],
    )
    text = json.dumps(json_safe(result.analyzers), allow_nan=False)
    assert json.loads(text)["backtrader.analyzers:TradeAnalyzer"]["total"]["closed"] == 2
