"""What moved cash and is no fill, what is held at the end, and that all of it adds up."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

import atms
from atms.report.metrics import metrics

Frame = Callable[..., pd.DataFrame]
Row = tuple[str, str, float]


class Script(bt.Strategy):
    """Does what is written for each bar: (size,), (size, data), ("cash", amount) or ("look",)."""

    params = dict(acts={}, terms={})

    def __init__(self) -> None:
        if self.p.terms:
            self.broker.setcommission(**self.p.terms)

    def next(self) -> None:
        for act in self.p.acts.get(len(self), ()):
            if act[0] == "cash":
                self.broker.add_cash(act[1])
            elif act[0] == "look":
                self.broker.getvalue([self.data])  # books what was added at once
            else:
                trade = self.buy if act[0] > 0 else self.sell
                trade(size=abs(act[0]), data=self.datas[act[1] if len(act) > 1 else 0])


@pytest.fixture(autouse=True)
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the strategies be as those typed at a prompt.

    To hash the code of a checkout, as of one in a file, takes longer than a run of few bars.
    """
    monkeypatch.setitem(sys.modules, "typed", ModuleType("typed"))
    for kind in (Script, Mixed, Raises):
        monkeypatch.setattr(kind, "__module__", "typed")


def days(*bars: tuple[float, float]) -> pd.DataFrame:
    """Make daily bars from 2024-01-01 of (open, close)."""
    opened, close = np.array(bars, dtype=float).T
    table = {"open": opened, "high": np.maximum(opened, close), "low": np.minimum(opened, close)}
    index = pd.date_range("2024-01-01", periods=len(bars), tz="UTC", name="datetime")
    return pd.DataFrame({**table, "close": close, "volume": 1.0}, index=index)


def ran(data: Any, acts: dict[int, Any], cash: float = 10_000, **terms: Any) -> atms.Result:
    return atms.backtest(Script, data=data, cash=cash, params={"acts": acts, "terms": terms})


def rows(result: atms.Result) -> list[Row]:
    """Return day, kind and amount of each flow, in its order."""
    flows = result.cash_flows
    stamps = flows["ts"].dt.strftime("%m-%d")
    return list(zip(stamps, flows["kind"], flows["amount"].round(9), strict=True))


def missed(result: atms.Result) -> float:
    """Return by how much start + fills - fees + flows misses the final cash."""
    fills = result.fills
    paid = np.where(fills["side"] == "sell", 1, -1) * fills["size"] * fills["price"]
    paid = np.where(fills["settlement"] == "cash", paid * fills["multiplier"], 0.0)
    (balance,) = result.balances.itertuples()
    assert balance.final == result.strategy.broker.getcash()
    flows = result.cash_flows["amount"]
    return math.fsum([balance.start, *paid, *-fills["fee"], *flows, -balance.final])


# Fills are at the open of the bar after the order's.
BARS = days((100, 100), (100, 102), (102, 105), (105, 103), (104, 108), (108, 108))


# ---- each kind by hand ---------------------------------------------------------------------------
def test_a_plain_run_has_no_flows_and_its_cash_is_its_fills() -> None:
    result = ran(BARS, {1: [(10,)], 4: [(-10,)]}, commission=0.01)
    assert rows(result) == []
    # 1000 paid and 10 for it; 1040 got back, and 10.40 paid for that.
    (balance,) = result.balances.to_dict("records")
    assert balance == {
        "account": result.account,
        "currency": "USD",
        "start": 10_000.0,
        "final": pytest.approx(10_019.6, abs=1e-9),
    }
    assert abs(missed(result)) < 1e-9


def test_cash_that_is_added_or_taken_is_a_deposit_or_a_negative_one() -> None:
    result = ran(BARS, {2: [("cash", 250.0)], 4: [("cash", -100.0)]})
    # Booked in the broker's next round.
    assert rows(result) == [("01-03", "deposit", 250.0), ("01-05", "deposit", -100.0)]
    assert result.balances["final"].tolist() == [10_150.0]
    assert result.cash_flows["venue"].tolist() == ["account", "account"]
    assert result.cash_flows["symbol"].isna().all()
    assert missed(result) == 0


def test_cash_that_is_added_on_the_last_bar_is_not_booked_any_more() -> None:
    result = ran(BARS, {6: [("cash", 250.0)]})
    assert rows(result) == []
    assert result.balances["final"].tolist() == [10_000.0]


def test_a_future_locks_its_margin_and_is_settled_each_day() -> None:
    result = ran(BARS, {1: [(2,)], 4: [(-2,)]}, margin=1000.0, mult=10.0, commission=2.0)
    # Two contracts of ten: bought at 100, closes 102, 105, 103, sold at 104.
    assert rows(result) == [
        ("01-02", "locked_margin", -2000.0),
        ("01-02", "variation_margin", 40.0),
        ("01-03", "variation_margin", 60.0),
        ("01-04", "variation_margin", -40.0),
        ("01-05", "locked_margin", 2000.0),
        ("01-05", "variation_margin", 20.0),
    ]
    assert result.fills["settlement"].tolist() == ["margin", "margin"]
    assert result.balances["final"].tolist() == [10_000 + 2 * 10 * (104 - 100) - 2 * 2 * 2.0]
    assert abs(missed(result)) < 1e-9


def test_a_short_future_gets_what_the_long_one_pays() -> None:
    result = ran(BARS, {1: [(-2,)], 4: [(2,)]}, margin=1000.0, mult=10.0)
    amounts = [amount for _, kind, amount in rows(result) if kind == "variation_margin"]
    assert amounts == [-40.0, -60.0, 40.0, -20.0]
    assert result.balances["final"].tolist() == [9_920.0]
    assert abs(missed(result)) < 1e-9


def test_a_future_that_is_held_at_the_end_leaves_its_margin_locked() -> None:
    result = ran(BARS, {1: [(1,)], 3: [(1,)]}, margin=1000.0)
    # From 100: 2, 3; then a second one at 105: 2 x -2 with it, 2 x 5; 2 x 0 is no row.
    assert rows(result) == [
        ("01-02", "locked_margin", -1000.0),
        ("01-02", "variation_margin", 2.0),
        ("01-03", "variation_margin", 3.0),
        ("01-04", "locked_margin", -1000.0),
        ("01-04", "variation_margin", -4.0),
        ("01-05", "variation_margin", 10.0),
    ]
    assert result.balances["final"].tolist() == [8_011.0]
    assert missed(result) == 0


def test_a_future_that_turns_from_long_to_short_is_settled_at_its_fills() -> None:
    result = ran(BARS, {1: [(1,)], 3: [(-3,)]}, margin=1000.0)
    # One at 100 to 105, where three are sold: from there two short, -2 x -2, then -2 x 5.
    assert rows(result)[3:] == [
        ("01-04", "locked_margin", -1000.0),
        ("01-04", "variation_margin", 4.0),
        ("01-05", "variation_margin", -10.0),
    ]
    assert result.balances["final"].tolist() == [10_000 - 2000 + 5 + 4 - 10.0]
    assert missed(result) == 0


def test_the_variation_margin_of_hours_is_one_row_a_day(frame: Frame) -> None:
    hours = frame(60)
    result = ran(hours, {10: [(1,)]}, margin=50.0)
    close = hours["close"].to_numpy()
    bought = hours["open"].iloc[10]
    amounts = result.cash_flows.query("kind == 'variation_margin'")["amount"]
    expected = [close[23] - bought, close[47] - close[23], close[59] - close[47]]
    assert amounts.tolist() == pytest.approx(expected, abs=1e-9)
    stamps = result.cash_flows.query("kind == 'variation_margin'")["ts"]
    assert stamps.dt.strftime("%d %H").tolist() == ["01 23", "02 23", "03 11"]
    assert abs(missed(result)) < 1e-9


def test_a_leveraged_share_is_bought_with_a_loan_that_is_paid_back() -> None:
    result = ran(BARS, {1: [(10,)], 4: [(-10,)]}, leverage=4.0, commission=0.001)
    # 1000 for 250 of cash; sold for 1040, of which the loan of 750 is paid back.
    assert rows(result) == [("01-02", "loan", 750.0), ("01-05", "loan", -750.0)]
    assert result.fills["settlement"].tolist() == ["cash", "cash"]
    assert result.balances["final"].tolist() == [pytest.approx(10_040 - 1.0 - 1.04, abs=1e-9)]
    assert abs(missed(result)) < 1e-9


def test_a_loan_of_what_is_still_held_stays() -> None:
    result = ran(BARS, {1: [(10,)], 4: [(-4,)]}, leverage=2.0)
    # 500 of 1000 lent; of 4 sold for 416, a loan of 200 is paid back.
    assert rows(result) == [("01-02", "loan", 500.0), ("01-05", "loan", -200.0)]
    assert result.balances["final"].tolist() == [10_000 - 500 + 416 - 200.0]
    assert missed(result) == 0


def test_interest_on_what_is_held_is_charged_day_by_day_and_booked_at_the_end() -> None:
    result = ran(BARS, {1: [(-10,)]}, interest=0.365)
    # 0.1 % a day of 10 x 100, on four days.
    assert rows(result) == [("01-06", "interest", -4.0)]
    assert result.balances["final"].tolist() == [pytest.approx(10_000 + 1000 - 4, abs=1e-9)]
    assert abs(missed(result)) < 1e-9


def test_interest_on_what_was_closed_is_in_the_fee_of_the_closing() -> None:
    result = ran(BARS, {1: [(-10,)], 4: [(10,)]}, interest=0.365)
    assert rows(result) == []
    assert result.fills["fee"].tolist() == [0.0, pytest.approx(3.0, abs=1e-12)]
    assert result.balances["final"].tolist() == [pytest.approx(10_000 - 40 - 3, abs=1e-9)]
    assert abs(missed(result)) < 1e-9


# ---- everything adds up --------------------------------------------------------------------------
class Mixed(bt.Strategy):
    """Trades several datas by numbers drawn from a seed, with cash coming and going."""

    params = dict(terms=(), deposits=True)

    def __init__(self) -> None:
        self.draw = np.random.default_rng(11)
        for data, terms in zip(self.datas, self.p.terms, strict=False):
            self.broker.setcommission(**terms, name=data._name)

    def next(self) -> None:
        for data in self.datas:
            size = int(self.draw.integers(-4, 5))
            if size and self.draw.random() < 0.4:
                trade = self.buy if size > 0 else self.sell
                trade(data=data, size=abs(size))
        if self.p.deposits and len(self) % 17 == 0:
            self.broker.add_cash(float(self.draw.integers(-300, 500)))
            if len(self) % 34 == 0:
                self.broker.getvalue([self.data])


TERMS: dict[str, dict[str, Any]] = {
    "share": {"commission": 0.001},
    "fee a piece": {"commission": 0.7, "commtype": bt.CommInfoBase.COMM_FIXED, "stocklike": True},
    "future": {"margin": 30.0, "mult": 5.0, "commission": 1.5},
    "margin by price": {"margin": 1.0, "automargin": 0.2, "mult": 3.0},
    "leveraged": {"leverage": 3.0, "commission": 0.001},
    "multiplied": {"mult": 4.0, "commission": 0.001},
    "leveraged and multiplied": {"leverage": 3.0, "mult": 4.0},
    "interest": {"interest": 0.2, "interest_long": True, "commission": 0.001},
    "leveraged at interest": {"interest": 0.2, "interest_long": True, "leverage": 2.0},
}


@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("longer", [None, "resample", "replay"])
@pytest.mark.parametrize("closed", [False, True])
def test_start_fills_fees_and_flows_make_the_final_cash(
    terms: str, longer: str | None, closed: bool, frame: Frame
) -> None:
    bars = frame(150)
    feeds: dict[str, Any] = {"a": {"source": bars, "stamp": "start"}}
    if longer:
        feeds["long"] = {"of": "a", longer: "1d"}
    params = {"terms": (TERMS[terms],)}
    options = {"cash": 50_000, "close_at_end": closed}
    result = atms.backtest(Mixed, data=feeds, params=params, **options)
    assert len(result.fills) > 20
    assert abs(missed(result)) < 1e-9


def test_an_account_with_every_kind_at_once_adds_up(frame: Frame) -> None:
    feeds = {name: frame(150, seed=seed) for seed, name in enumerate(TERMS)}
    params = {"terms": tuple(TERMS.values())}
    result = atms.backtest(Mixed, data=feeds, params=params, cash=200_000)
    kinds = {"deposit", "locked_margin", "variation_margin", "loan", "interest"}
    assert set(result.cash_flows["kind"]) == kinds
    assert abs(missed(result)) < 1e-9


def test_an_account_that_runs_out_of_cash_adds_up(frame: Frame) -> None:
    params = {"terms": (TERMS["future"],)}
    result = atms.backtest(Mixed, data=frame(150), params=params, cash=150)
    assert "margin" in set(result.orders["status"])
    assert abs(missed(result)) < 1e-9


def test_a_run_with_a_warm_up_adds_up(frame: Frame) -> None:
    params = {"terms": (TERMS["future"],)}
    options = {"timerange": "2024-01-03..", "warmup": 20}
    result = atms.backtest(Mixed, data=frame(150), params=params, cash=50_000, **options)
    assert result.cash_flows["ts"].min() >= pd.Timestamp("2024-01-03", tz="UTC")
    assert abs(missed(result)) < 1e-9


# ---- read back -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("acts", "terms"),
    [
        ({1: [(2,)], 3: [("cash", 0.1)], 4: [(-1,)]}, {"margin": 1000.0, "mult": 10.0}),
        ({1: [(3,)]}, {"leverage": 3.0}),
        ({1: [(-10,)]}, {"interest": 0.1}),
    ],
)
def test_what_is_read_back_from_the_folder_is_the_same(
    acts: dict[int, Any], terms: dict[str, float]
) -> None:
    result = ran(BARS, acts, **terms)
    again = atms.load_run(str(result.save()))
    for name in ("cash_flows", "balances", "positions", "fills"):
        left, right = getattr(again, name), getattr(result, name)
        assert len(right)
        pd.testing.assert_frame_equal(left, right, check_exact=True, obj=name)


def test_what_is_read_back_of_a_run_without_flows_and_positions_is_the_same() -> None:
    result = ran(BARS, {1: [(1,)], 3: [(-1,)]})
    again = atms.load_run(str(result.save()))
    for name in ("cash_flows", "balances", "positions"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(result, name), obj=name)


# ---- returns -------------------------------------------------------------------------------------
RISING = days((100, 100), (100, 100), (100, 110), (110, 121), (121, 121))


def test_added_cash_is_no_return() -> None:
    # 100 -> 110, then 100 added; 210 in shares of 110, all of it -> 231.
    acts = {1: [(1,)], 2: [("cash", 100.0)], 3: [(100 / 110,)]}
    result = ran(RISING, acts, cash=100.0)
    assert result.equity["value"].round(9).tolist() == [100.0, 100.0, 210.0, 231.0, 231.0]
    assert result.metrics["total_return"] == pytest.approx(0.21, abs=1e-12)
    assert result.equity["drawdown"].tolist() == [0.0] * 5


def test_added_cash_that_is_booked_at_once_is_no_return() -> None:
    acts = {1: [(1,)], 3: [("cash", 100.0), ("look",), (100 / 110,)]}
    result = ran(RISING, acts, cash=100.0)
    assert result.equity["value"].round(9).tolist() == [100.0, 100.0, 110.0, 231.0, 231.0]
    assert result.metrics["total_return"] == pytest.approx(0.21, abs=1e-12)


def test_cash_that_is_taken_is_no_loss() -> None:
    # 100 -> 110, of which half is sold and taken out: 55 -> 60.50.
    bars = days((100, 100), (100, 100), (100, 110), (110, 110), (110, 110), (110, 121))
    acts = {1: [(1,)], 3: [(-0.5,)], 4: [("cash", -55.0)]}
    result = ran(bars, acts, cash=100.0)
    assert result.equity["value"].round(9).tolist() == [100.0, 100.0, 110.0, 110.0, 55.0, 60.5]
    assert result.metrics["total_return"] == pytest.approx(0.21, abs=1e-12)
    assert result.metrics["max_drawdown"] == 0.0


def test_without_added_cash_returns_are_those_of_the_value() -> None:
    bars = days(*((price, price + 3) for price in (100, 97, 104, 99, 107, 95, 101, 108)))
    result = ran(bars, {1: [(20,)], 4: [(-30,)], 6: [(10,)]}, commission=0.001)
    value = np.concatenate([[10_000.0], result.equity["value"]])
    expected = metrics(np.diff(value) / value[:-1], periods_per_year=365)
    own = {name: figure for name, figure in expected.items() if figure is not None}
    assert len(own) > 12
    assert {name: result.metrics[name] for name in own} == own
    drawdown = value / np.maximum.accumulate(value) - 1
    assert result.equity["drawdown"].tolist() == drawdown[1:].tolist()


def test_nothing_added_changes_no_figure(frame: Frame) -> None:
    acts: dict[int, list[Any]] = {5: [(20,)], 60: [(-30,)]}
    plain = ran(frame(120), acts, commission=0.001).metrics
    nothing = ran(frame(120), {**acts, 30: [("cash", 0.0)]}, commission=0.001).metrics
    assert {**plain, "seconds": 0} == {**nothing, "seconds": 0}


def test_added_cash_leaves_every_figure_of_a_flat_account_at_nothing(frame: Frame) -> None:
    figures = ran(frame(60), {10: [("cash", 5000.0)], 20: [("cash", -7000.0)]}).metrics
    assert figures["total_return"] == 0.0
    assert figures["max_drawdown"] == 0.0
    assert figures["final_value"] == 8000.0


# ---- a strategy that raises ----------------------------------------------------------------------
class Raises(bt.Strategy):
    """Raises when it is told of a fill; of its first data it buys 3, of its second it sells 2."""

    def next(self) -> None:
        if len(self) == 2:
            self.buy(data=self.datas[0], size=3)
            self.sell(data=self.datas[-1], size=2)

    def notify_order(self, order: bt.Order) -> None:
        if order.status == order.Completed:
            raise RuntimeError("told")


@pytest.mark.parametrize("feeds", [1, 2])
def test_a_strategy_that_raises_when_told_of_a_fill_keeps_it(feeds: int, frame: Frame) -> None:
    data = {f"f{number}": frame(20, seed=number) for number in range(feeds)}
    with pytest.raises(atms.StrategyError, match="told") as caught:
        atms.backtest(Raises, data=data, commission=0.001)
    result = caught.value.result
    assert result is not None
    assert result.status == "failed"
    # The broker had booked both before the strategy was told of the first.
    assert list(zip(result.fills["side"], result.fills["size"], strict=True)) == [
        ("buy", 3.0),
        ("sell", 2.0),
    ]
    assert set(result.orders["status"]) == {"completed"}
    held = dict(zip(result.positions["symbol"], result.positions["size"], strict=True))
    assert held == ({"f0": 1.0} if feeds == 1 else {"f0": 3.0, "f1": -2.0})
    assert result.equity["cash"].iloc[-1] == result.balances["final"].iloc[0]
    assert abs(missed(result)) < 1e-9


# ---- what is held --------------------------------------------------------------------------------
def held(result: atms.Result) -> list[tuple[str, str, float, float]]:
    table = result.positions
    return list(
        zip(table["venue"], table["symbol"], table["size"], table["average_price"], strict=True)
    )


def test_a_long_position_is_held_at_its_average_price() -> None:
    result = ran(BARS, {1: [(3,)], 3: [(1,)]})
    assert held(result) == [("sim", "data", 4.0, (3 * 100 + 105) / 4)]
    assert result.positions["ts"].tolist() == [BARS.index[-1]]


def test_a_short_position_is_held_with_a_negative_size() -> None:
    assert held(ran(BARS, {1: [(-3,)], 3: [(1,)]})) == [("sim", "data", -2.0, 100.0)]


def test_a_position_that_turned_is_held_at_the_price_at_which_it_did() -> None:
    assert held(ran(BARS, {1: [(1,)], 3: [(-3,)]})) == [("sim", "data", -2.0, 105.0)]


@pytest.mark.parametrize("acts", [{}, {1: [(3,)], 3: [(-3,)]}])
def test_nothing_is_held_of_a_flat_account(acts: dict[int, Any]) -> None:
    assert held(ran(BARS, acts)) == []


def test_an_order_of_the_last_bar_is_not_held() -> None:
    assert held(ran(BARS, {6: [(3,)]})) == []


def test_nothing_is_held_after_a_closing_at_the_end() -> None:
    params = {"acts": {1: [(3,)]}}
    assert held(atms.backtest(Script, data=BARS, params=params, close_at_end=True)) == []


def test_each_symbol_is_held_by_itself() -> None:
    feeds = {
        "a": {"source": BARS, "symbol": "BTC/USD", "venue": "kraken"},
        "b": {"source": BARS, "symbol": "ETH/USD", "venue": "kraken"},
        "c": {"source": BARS, "symbol": "BTC/USD", "venue": "binance"},
        "d": {"source": BARS, "symbol": "XRP/USD", "venue": "kraken"},
    }
    acts = {1: [(3, 0), (-2, 1), (1, 2), (5, 3)], 3: [(-5, 3)]}
    assert held(ran(feeds, acts)) == [
        ("kraken", "BTC/USD", 3.0, 100.0),
        ("kraken", "ETH/USD", -2.0, 100.0),
        ("binance", "BTC/USD", 1.0, 100.0),
    ]


@pytest.mark.parametrize("longer", ["resample", "replay"])
def test_longer_bars_of_a_feed_do_not_hold_its_position_once_more(
    longer: str, frame: Frame
) -> None:
    hours = frame(100)
    feeds = {"h": {"source": hours, "stamp": "start"}, "long": {"of": "h", longer: "1d"}}
    result = ran(feeds, {30: [(3, 0)]})
    ((_, symbol, size, price),) = held(result)
    assert (symbol, size, price) == ("h", 3.0, result.fills["price"].iloc[0])


def test_what_is_bought_of_longer_bars_is_held_with_the_feeds_own(frame: Frame) -> None:
    feeds = {"h": {"source": frame(100), "stamp": "start"}, "long": {"of": "h", "resample": "1d"}}
    result = ran(feeds, {30: [(3, 0), (1, 1)]})
    ((_, symbol, size, price),) = held(result)
    first, second = result.fills["price"]
    assert (symbol, size) == ("h", 4.0)
    assert price == pytest.approx((3 * first + second) / 4)


def test_what_longer_bars_hold_against_the_feeds_own_is_nothing(frame: Frame) -> None:
    feeds = {"h": {"source": frame(100), "stamp": "start"}, "long": {"of": "h", "resample": "1d"}}
    result = ran(feeds, {30: [(3, 0), (-3, 1)]})
    assert len(result.fills) == 2
    assert held(result) == []
