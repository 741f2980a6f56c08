"""Round trips, their fees and their excursions, against numbers reckoned by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms

Bar = tuple[float, float, float, float]
Frame = Callable[..., pd.DataFrame]


def bars(rows: list[Bar], start: str = "2024-01-01") -> pd.DataFrame:
    """Daily bars of open, high, low, close."""
    frame = pd.DataFrame(rows, columns=["open", "high", "low", "close"], dtype=float)
    frame["volume"] = 1_000_000.0
    return frame.set_index(pd.date_range(start, periods=len(rows), freq="1D", tz="UTC"))


def flat(*opens: float) -> pd.DataFrame:
    """Bars that stay where they open."""
    return bars([(price, price, price, price) for price in opens])


def scripted(
    script: dict[int, Any], setup: Callable[[bt.Strategy], Any] | None = None
) -> type[bt.Strategy]:
    """A strategy that makes on each bar (the first is 1) the orders written for it.

    A market order of bar n fills at the open of bar n + 1.
    """

    class Scripted(bt.Strategy):
        def __init__(self) -> None:
            if setup is not None:
                setup(self)

        def next(self) -> None:
            for name, kwargs in script.get(len(self), []):
                getattr(self, name)(**kwargs)

    return Scripted


def buy(size: float, **kwargs: Any) -> tuple[str, dict[str, Any]]:
    return "buy", {"size": size, **kwargs}


def sell(size: float, **kwargs: Any) -> tuple[str, dict[str, Any]]:
    return "sell", {"size": size, **kwargs}


def row(result: atms.Result, number: int = 0) -> dict[str, Any]:
    return dict(result.trades.iloc[number])


def near(wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        name: pytest.approx(value, rel=1e-12, abs=1e-12) if isinstance(value, float) else value
        for name, value in wanted.items()
    }


def only(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in wanted}


# ---- fees and links -----------------------------------------------------------------------------
def three_at_most(strategy: bt.Strategy) -> None:
    strategy.broker.set_filler(bt.fillers.FixedSize(size=3))


def test_each_partial_fill_has_its_own_fee_and_never_the_sum_so_far() -> None:
    # An order of five fills three on one bar and two on the next, at other prices.
    strategy = scripted({1: [buy(5)], 4: [sell(5)]}, three_at_most)
    result = atms.backtest(strategy, data=flat(100, 100, 110, 115, 120, 130, 130), commission=0.01)
    # 1 % of 3 * 100, 2 * 110, 3 * 120, 2 * 130
    assert list(result.fills["fee"]) == pytest.approx([3.0, 2.2, 3.6, 2.6], rel=1e-12)
    assert list(result.fills["size"]) == [3.0, 2.0, 3.0, 2.0]
    assert list(result.fills["order_id"]) == [1, 1, 2, 2]
    assert list(result.orders["fee"]) == pytest.approx([5.2, 6.2], rel=1e-12)
    assert result.metrics["fees"] == pytest.approx(11.4, rel=1e-12)
    wanted = {
        "side": "long",
        "status": "closed",
        "entry_ts": pd.Timestamp("2024-01-02", tz="UTC"),
        "exit_ts": pd.Timestamp("2024-01-06", tz="UTC"),
        "size": 5.0,
        "entry_price": 104.0,  # (3 * 100 + 2 * 110) / 5
        "exit_price": 124.0,  # (3 * 120 + 2 * 130) / 5
        "pnl": 100.0,  # 5 * 20
        "fee": 11.4,
        "net_pnl": 88.6,
        "net_pnl_pct": 88.6 / 520.0,
        "bars": 4,
        "fills": "1;2;3;4",
    }
    assert only(row(result), wanted) == near(wanted)
    assert len(result.trades) == 1


def links(result: atms.Result) -> list[tuple[int, int, float, float]]:
    return [
        (link.fill_id, link.trade_id, link.size, pytest.approx(link.fee, rel=1e-12))
        for link in result.fill_trades.itertuples()
    ]


def test_a_reversing_fill_belongs_to_both_trades_with_its_share_of_size_and_fee() -> None:
    # Two bought at 100; five sold at 110 close those and open a short of three; bought back at 90.
    strategy = scripted({1: [buy(2)], 3: [sell(5)], 5: [buy(3)]})
    result = atms.backtest(strategy, data=flat(100, 100, 105, 110, 100, 90, 90), commission=0.01)
    assert links(result) == [
        (1, 1, 2.0, 2.0),  # 1 % of 200
        (2, 1, -2.0, 2.2),  # 1 % of 220
        (2, 2, -3.0, 3.3),  # 1 % of 330
        (3, 2, 3.0, 2.7),  # 1 % of 270
    ]
    assert list(result.fills["fee"]) == pytest.approx([2.0, 5.5, 2.7], rel=1e-12)
    long, short = row(result, 0), row(result, 1)
    wanted = {"side": "long", "pnl": 20.0, "fee": 4.2, "net_pnl": 15.8, "fills": "1;2"}
    assert only(long, wanted) == near(wanted)
    wanted = {
        "side": "short",
        "size": 3.0,
        "entry_price": 110.0,
        "exit_price": 90.0,
        "pnl": 60.0,
        "fee": 6.0,
        "net_pnl": 54.0,
        "net_pnl_pct": 54.0 / 330.0,
        "fills": "2;3",
    }
    assert only(short, wanted) == near(wanted)
    assert long["exit_ts"] == short["entry_ts"] == pd.Timestamp("2024-01-04", tz="UTC")
    assert (result.metrics["trades"], result.metrics["trade_win_rate"]) == (2, 1.0)


def test_the_shares_of_every_fill_add_up_to_it(frame: Frame) -> None:
    # Reversals of changing size, each filled in part on several bars.
    script = {n: [("order_target_size", {"target": (-1) ** n * (n % 7)})] for n in range(1, 38, 3)}
    result = atms.backtest(scripted(script, three_at_most), data=frame(40), commission=0.001)
    fills = result.fills.set_axis(range(1, len(result.fills) + 1))
    sums = result.fill_trades.groupby("fill_id")[["size", "fee"]].sum()
    signs = fills["side"].map({"buy": 1, "sell": -1})
    assert list(sums["size"]) == list(fills["size"] * signs)
    assert list(sums["fee"]) == pytest.approx(list(fills["fee"]), rel=1e-12)
    assert result.fill_trades["fill_id"].value_counts().max() == 2
    listed = [int(number) for text in result.trades["fills"] for number in text.split(";")]
    assert listed == list(result.fill_trades.sort_values(["trade_id", "fill_id"])["fill_id"])


def test_a_future_counts_its_multiplier_and_a_fixed_fee_a_contract() -> None:
    def future(strategy: bt.Strategy) -> None:
        strategy.broker.setcommission(margin=500.0, mult=5.0, commission=1.5)

    strategy = scripted({1: [buy(4)], 3: [sell(4)]}, future)
    result = atms.backtest(strategy, data=flat(100, 100, 98, 103, 103))
    wanted = {
        "pnl": 60.0,  # 4 contracts * 3 points * 5
        "fee": 12.0,  # 4 * 1.5, twice
        "net_pnl": 48.0,
        "net_pnl_pct": 48.0 / 2000.0,  # of 4 * 100 * 5
        "mae": -40.0,  # 4 * 2 points * 5
        "mfe": 60.0,
    }
    assert only(row(result), wanted) == near(wanted)
    assert result.equity["cash"].iloc[-1] == pytest.approx(10_048.0, rel=1e-12)


def test_trades_of_two_ids_on_one_data_are_kept_apart() -> None:
    # A short of one inside a long of two: the account nets them, the trades do not.
    strategy = scripted(
        {
            1: [buy(2, tradeid=1)],
            3: [sell(1, tradeid=2)],
            5: [sell(2, tradeid=1)],
            7: [buy(1, tradeid=2)],
        }
    )
    result = atms.backtest(strategy, data=flat(100, 100, 105, 110, 115, 120, 112, 105, 105))
    wanted = {"side": "long", "size": 2.0, "entry_price": 100.0, "exit_price": 120.0, "pnl": 40.0}
    assert only(row(result, 0), wanted) == near(wanted)
    wanted = {"side": "short", "size": 1.0, "entry_price": 110.0, "exit_price": 105.0, "pnl": 5.0}
    assert only(row(result, 1), wanted) == near(wanted)
    assert list(result.trades["status"]) == ["closed", "closed"]
    assert result.metrics["final_value"] == pytest.approx(10_045.0, rel=1e-12)


def test_trades_of_two_data_bear_their_symbols_and_their_own_bars() -> None:
    first, second = flat(10, 10, 11, 12, 12), flat(50, 49, 48, 47, 46)

    class Both(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(self.data0, size=3)
            if len(self) == 2:
                self.sell(self.data1, size=2)
            if len(self) == 3:
                self.close(self.data0)
                self.close(self.data1)

    result = atms.backtest(
        Both, data={"one": first, "two": {"source": second, "symbol": "TWO/USD"}}
    )
    found = result.trades[["symbol", "side", "entry_price", "exit_price", "pnl", "bars"]]
    assert found.to_numpy().tolist() == [
        ["one", "long", 10.0, 12.0, 6.0, 2],
        ["TWO/USD", "short", 48.0, 47.0, 2.0, 1],
    ]


# ---- open at the end ----------------------------------------------------------------------------
ENDING = pd.concat(
    [flat(100, 100, 110, 110, 104, 100, 100, 95), bars([(99, 101, 97, 98)], start="2024-01-09")]
)
# Won 2 * 10, lost 3 * 4, and a long of four at 100 that stays open; the last close is 98.
OPEN_SCRIPT = {
    1: [buy(2)], 2: [sell(2)], 3: [buy(3)], 4: [sell(3)], 6: [buy(4)],
}  # fmt: skip


def test_a_trade_open_at_the_end_is_marked_at_the_last_close_and_outside_the_win_rate() -> None:
    result = atms.backtest(scripted(OPEN_SCRIPT), data=ENDING, commission=0.01)
    assert list(result.trades["status"]) == ["closed", "closed", "open"]
    left = row(result, 2)
    wanted = {
        "side": "long",
        "entry_ts": pd.Timestamp("2024-01-07", tz="UTC"),
        "size": 4.0,
        "entry_price": 100.0,
        "pnl": -8.0,  # 4 * (98 - 100)
        "fee": 4.0,  # 1 % of 400, for the entry alone
        "net_pnl": -12.0,
        "bars": 2,
        "mae": -20.0,  # 4 * (95 - 100)
        "mfe": 4.0,  # the last bar's high of 101
    }
    assert only(left, wanted) == near(wanted)
    assert pd.isna(left["exit_ts"])
    assert pd.isna(left["exit_price"])
    # Net of 1 % a fill: 20 - 2 - 2.2 = 15.8 won, -18 - 3.3 - 3.12 = -24.42 lost: 3 * (104 - 110).
    figures = result.metrics
    assert (figures["trades"], figures["open_trades"], figures["trade_win_rate"]) == (2, 1, 0.5)
    assert figures["trade_profit_factor"] == pytest.approx(15.8 / 24.42, rel=1e-12)
    assert figures["expectancy"] == pytest.approx((15.8 - 24.42) / 2, rel=1e-12)
    assert figures["avg_win"] == pytest.approx(15.8, rel=1e-12)
    assert figures["avg_loss"] == pytest.approx(-24.42, rel=1e-12)
    assert figures["best_trade"] == pytest.approx(15.8, rel=1e-12)
    assert figures["worst_trade"] == pytest.approx(-24.42, rel=1e-12)
    assert figures["final_value"] == pytest.approx(10_000 + 15.8 - 24.42 - 12.0, rel=1e-12)


def test_an_open_short_is_marked_too_and_partly_closed_ones_keep_what_they_won() -> None:
    # Four sold at 100, one bought back at 90, three left at a last close of 93.
    result = atms.backtest(
        scripted({1: [sell(4)], 3: [buy(1)]}), data=flat(100, 100, 95, 90, 92, 93)
    )
    wanted = {"side": "short", "status": "open", "pnl": 31.0, "size": 4.0}  # 10 + 3 * 7
    assert only(row(result), wanted) == near(wanted)
    assert pd.isna(row(result)["exit_price"])


def test_an_open_trade_of_data_that_ended_is_marked_at_that_datas_last_close() -> None:
    short, long = flat(10, 10, 13), flat(50, 50, 50, 50, 50, 50)
    result = atms.backtest(scripted({1: [buy(2)]}), data={"short": short, "long": long})
    wanted = {"status": "open", "pnl": 6.0, "bars": 1}  # 2 * (13 - 10)
    assert only(row(result), wanted) == near(wanted)


def test_close_at_end_closes_at_the_last_close_with_commission() -> None:
    result = atms.backtest(scripted(OPEN_SCRIPT), data=ENDING, commission=0.01, close_at_end=True)
    assert list(result.trades["status"]) == ["closed"] * 3
    wanted = {
        "exit_ts": pd.Timestamp("2024-01-09", tz="UTC"),
        "exit_price": 98.0,
        "pnl": -8.0,
        "fee": 7.92,  # 1 % of 400 and of 4 * 98
        "net_pnl": -15.92,
        "mae": -20.0,
        "mfe": 0.0,  # of the exit bar only the open of 99 and the exit at 98 count
        "fills": "5;6",
    }
    assert only(row(result, 2), wanted) == near(wanted)
    last = dict(result.fills.iloc[-1])
    wanted = {
        "side": "sell", "size": 4.0, "price": 98.0, "fee": 3.92,
        "ts": pd.Timestamp("2024-01-09", tz="UTC"),
    }  # fmt: skip
    assert only(last, wanted) == near(wanted)
    assert result.orders["status"].iloc[-1] == "completed"
    cash = 10_000 + 15.8 - 24.42 - 15.92
    end = result.equity.iloc[-1]
    assert end["cash"] == pytest.approx(cash, rel=1e-12)
    assert end["value"] == pytest.approx(cash, rel=1e-12)
    assert (end["position"], end["exposure"]) == (0.0, 0.0)
    assert result.equity["value"].iloc[-2] == pytest.approx(10_000 + 15.8 - 24.42 - 24, rel=1e-12)
    figures = result.metrics
    assert (figures["trades"], figures["open_trades"]) == (3, 0)
    assert figures["trade_win_rate"] == pytest.approx(1 / 3, rel=1e-12)
    assert figures["final_value"] == pytest.approx(cash, rel=1e-12)
    assert result.warnings == ()


def test_close_at_end_buys_back_a_short_even_with_no_cash_left() -> None:
    # 90 sold at 100 bring the cash to 19,000; at a last close of 220 they cost 19,800.
    result = atms.backtest(
        scripted({1: [sell(90)]}), data=flat(100, 100, 150, 220), close_at_end=True
    )
    assert list(result.trades["status"]) == ["closed"]
    assert row(result)["pnl"] == pytest.approx(-90 * 120.0, rel=1e-12)
    assert result.equity["cash"].iloc[-1] == pytest.approx(-800.0, rel=1e-12)


def test_close_at_end_closes_every_data_at_its_own_last_close() -> None:
    short, long = flat(10, 10, 13), flat(50, 50, 50, 50, 50, 40)

    class Both(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(self.data0, size=2)
                self.sell(self.data1, size=1)

    result = atms.backtest(Both, data={"short": short, "long": long}, close_at_end=True)
    found = result.trades[["symbol", "status", "exit_price", "pnl"]].to_numpy().tolist()
    assert found == [["short", "closed", 13.0, 6.0], ["long", "closed", 40.0, 10.0]]
    assert result.equity["cash"].iloc[-1] == pytest.approx(10_016.0, rel=1e-12)


def test_close_at_end_returns_a_futures_margin() -> None:
    def future(strategy: bt.Strategy) -> None:
        strategy.broker.setcommission(margin=500.0, mult=5.0, commission=1.5)

    result = atms.backtest(
        scripted({1: [buy(4)]}, future), data=flat(100, 100, 98, 103), close_at_end=True
    )
    # 4 * 3 points * 5, less 1.5 a contract twice.
    assert result.equity["cash"].iloc[-1] == pytest.approx(10_048.0, rel=1e-12)
    assert result.equity["value"].iloc[-1] == pytest.approx(10_048.0, rel=1e-12)


def test_close_at_end_closes_all_at_once_whatever_the_filler() -> None:
    result = atms.backtest(
        scripted({1: [buy(3)], 2: [buy(3)]}, three_at_most),
        data=flat(100, 100, 100, 105),
        close_at_end=True,
    )
    assert list(result.trades["status"]) == ["closed"]
    assert row(result)["pnl"] == pytest.approx(30.0, rel=1e-12)
    assert result.equity["position"].iloc[-1] == 0.0


@pytest.mark.parametrize(
    "script",
    [{1: [buy(2, tradeid=7)]}, {1: [buy(2, tradeid=1)], 2: [sell(1, tradeid=2)]}],
    ids=["one id", "a short inside a long"],
)
def test_close_at_end_closes_the_trades_of_every_id(script: dict[int, Any]) -> None:
    result = atms.backtest(scripted(script), data=flat(100, 100, 110, 115), close_at_end=True)
    assert set(result.trades["status"]) == {"closed"}
    # 2 * 15; and the short of one from 110 to 115.
    wanted = [30.0] if len(script) == 1 else [30.0, -5.0]
    assert list(result.trades["pnl"]) == pytest.approx(wanted, rel=1e-12)
    assert result.equity["position"].iloc[-1] == 0.0


# ---- MAE and MFE --------------------------------------------------------------------------------
@dataclass
class Excursion:
    """A story, the bars it happens on, and how far it went against us and for us."""

    story: str
    bars: list[Bar]
    script: dict[int, Any]
    mae: float
    mfe: float
    entry_value: float
    row: dict[str, Any] = field(default_factory=dict)


LIMIT, STOP = bt.Order.Limit, bt.Order.Stop
EXCURSIONS = [
    Excursion(
        "in at an open, out at an open",
        [
            (100, 101, 99, 100),
            (100, 104, 97, 102),  # in at the open: the whole bar counts
            (102, 108, 101, 107),
            (107, 109, 95, 96),
            (98, 112, 90, 111),  # out at the open: 98 counts, neither 112 nor 90
        ],
        {1: [buy(2)], 4: [sell(2)]},
        mae=-10.0,  # 2 * (95 - 100)
        mfe=18.0,  # 2 * (109 - 100)
        entry_value=200.0,
        row={"pnl": -4.0, "bars": 3},
    ),
    Excursion(
        "in inside a bar: of the rest of that bar only the close is sure",
        [
            (100, 100, 100, 100),
            (100, 120, 80, 101),  # in at 90: neither 120 nor 80 counts
            (101, 103, 99, 102),
            (102, 150, 50, 100),  # out at the open
        ],
        {1: [buy(2, exectype=LIMIT, price=90)], 3: [sell(2)]},
        mae=0.0,  # never below the 90 that was paid
        mfe=26.0,  # 2 * (103 - 90)
        entry_value=180.0,
        row={"entry_price": 90.0, "pnl": 24.0, "bars": 2},
    ),
    Excursion(
        "in inside a bar that closes against us",
        [
            (100, 100, 100, 100),
            (100, 130, 80, 85),  # in at 120; the close of 85 was seen
            (90, 91, 88, 90),
            (95, 95, 95, 95),  # out at the open
        ],
        {1: [buy(1, exectype=STOP, price=120)], 3: [sell(1)]},
        mae=-35.0,  # 85 - 120
        mfe=0.0,
        entry_value=120.0,
        row={"entry_price": 120.0, "exit_price": 95.0},
    ),
    Excursion(
        "out inside a bar: its open and the exit price count",
        [
            (100, 100, 100, 100),
            (100, 102, 98, 101),  # in at the open
            (103, 140, 60, 120),  # out at 130: neither 140 nor 60 counts
            (120, 120, 120, 120),
        ],
        {1: [buy(1)], 2: [sell(1, exectype=LIMIT, price=130)]},
        mae=-2.0,  # 98 - 100
        mfe=30.0,  # 130 - 100
        entry_value=100.0,
        row={"pnl": 30.0, "bars": 1},
    ),
    Excursion(
        "out inside a bar that opens against us",
        [
            (100, 100, 100, 100),
            (100, 101, 99, 100),  # in at the open
            (90, 140, 60, 120),  # the open of 90 was seen before the exit at 130
            (120, 120, 120, 120),
        ],
        {1: [buy(1)], 2: [sell(1, exectype=LIMIT, price=130)]},
        mae=-10.0,
        mfe=30.0,
        entry_value=100.0,
    ),
    Excursion(
        "in and out inside one bar",
        [
            (100, 100, 100, 100),
            (100, 140, 60, 120),  # in at the open, stopped at 95
            (120, 120, 120, 120),
        ],
        {1: [buy(1), sell(1, exectype=STOP, price=95)]},
        mae=-5.0,
        mfe=0.0,
        entry_value=100.0,
        row={"pnl": -5.0, "bars": 0},
    ),
    Excursion(
        "a short",
        [
            (100, 100, 100, 100),
            (100, 103, 94, 95),  # in at the open
            (95, 106, 93, 99),
            (97, 200, 1, 97),  # out at the open
        ],
        {1: [sell(3)], 3: [buy(3)]},
        mae=-18.0,  # 3 * (100 - 106)
        mfe=21.0,  # 3 * (100 - 93)
        entry_value=300.0,
        row={"side": "short", "pnl": 9.0},
    ),
    Excursion(
        "open at the end: the last bar counts whole",
        [
            (100, 100, 100, 100),
            (100, 103, 98, 101),  # in at the open
            (101, 119, 85, 104),
        ],
        {1: [buy(1)]},
        mae=-15.0,  # 85 - 100
        mfe=19.0,  # 119 - 100
        entry_value=100.0,
        row={"status": "open", "pnl": 4.0},
    ),
    Excursion(
        "opened on the last bar",
        [(100, 100, 100, 100), (100, 103, 98, 101)],
        {1: [buy(1)]},
        mae=-2.0,
        mfe=3.0,
        entry_value=100.0,
        row={"status": "open", "pnl": 1.0, "bars": 0},
    ),
    Excursion(
        "bought in two steps: each size against the average it then had",
        [
            (100, 100, 100, 100),
            (100, 104, 96, 103),  # one at 100
            (103, 109, 102, 108),
            (110, 112, 107, 109),  # one more at 110: two at 105
            (109, 111, 90, 92),
            (100, 300, 1, 100),  # out at the open
        ],
        {1: [buy(1)], 3: [buy(1)], 5: [sell(2)]},
        mae=-30.0,  # 2 * (90 - 105); with one it was -4
        mfe=14.0,  # 2 * (112 - 105); with one it was 10, at the open of 110
        entry_value=210.0,
        row={"size": 2.0, "entry_price": 105.0, "pnl": -10.0},
    ),
    Excursion(
        "sold in two steps: the size left counts, against the same average",
        [
            (100, 100, 100, 100),
            (100, 101, 99, 100),  # three at 100
            (100, 105, 98, 104),
            (106, 140, 105, 107),  # two out at the open of 106; one sees the whole bar
            (107, 108, 80, 96),
            (97, 300, 1, 97),  # the last out at the open
        ],
        {1: [buy(3)], 3: [sell(2)], 5: [sell(1)]},
        mae=-20.0,  # 1 * (80 - 100); with three it was 3 * (98 - 100)
        mfe=40.0,  # 1 * (140 - 100); with three it was 3 * (106 - 100)
        entry_value=300.0,
        row={"size": 3.0, "exit_price": 103.0, "pnl": 9.0},  # 2 * 6 - 3
    ),
    Excursion(
        "out and in again: the average moves, the entries are all counted",
        [
            (100, 100, 100, 100),
            (100, 100, 100, 100),  # two at 100
            (110, 110, 110, 110),  # one out
            (130, 130, 130, 130),  # one more: two at 115
            (120, 120, 120, 120),  # out
        ],
        {1: [buy(2)], 2: [sell(1)], 3: [buy(1)], 4: [sell(2)]},
        mae=0.0,
        mfe=30.0,  # one at 100 saw 130; two at 115 saw 130 as well
        entry_value=330.0,
        row={
            "size": 2.0,
            "entry_price": 110.0,  # (2 * 100 + 130) / 3
            "exit_price": 350.0 / 3.0,  # (110 + 2 * 120) / 3
            "pnl": 20.0,  # 10 + 2 * (120 - 115)
        },
    ),
    Excursion(
        "a short sold in two steps",
        [
            (100, 100, 100, 100),
            (100, 101, 99, 100),  # one at 100
            (90, 92, 88, 90),  # one more at 90: two at 95
            (91, 97, 85, 86),
            (87, 300, 1, 87),  # out at the open
        ],
        {1: [sell(1)], 2: [sell(1)], 4: [buy(2)]},
        mae=-4.0,  # 2 * (95 - 97)
        mfe=20.0,  # 2 * (95 - 85); with one it was 100 - 90
        entry_value=190.0,
        row={"side": "short", "size": 2.0, "entry_price": 95.0, "pnl": 16.0},
    ),
]


@pytest.mark.parametrize("case", EXCURSIONS, ids=[case.story for case in EXCURSIONS])
def test_mae_and_mfe_count_every_price_that_the_position_surely_saw(case: Excursion) -> None:
    result = atms.backtest(scripted(case.script), data=bars(case.bars))
    assert len(result.trades) == 1
    wanted = {
        "mae": case.mae,
        "mfe": case.mfe,
        "mae_pct": case.mae / case.entry_value,
        "mfe_pct": case.mfe / case.entry_value,
        **case.row,
    }
    assert only(row(result), wanted) == near(wanted)


def test_the_two_trades_of_a_reversing_fill_have_excursions_of_their_own() -> None:
    rows = [
        (100, 100, 100, 100),
        (100, 107, 96, 105),  # two bought at the open
        (110, 115, 104, 106),  # five sold at the open: short three
        (108, 300, 1, 108),  # bought back at the open
    ]
    result = atms.backtest(
        scripted({1: [buy(2)], 2: [sell(5)], 3: [buy(3)]}), data=bars([*rows, (108,) * 4])
    )
    found = result.trades[["side", "mae", "mfe"]].to_numpy().tolist()
    # Long: 2 * (96 - 100), 2 * (110 - 100). Short: 3 * (110 - 115), 3 * (110 - 104).
    assert found == [["long", -8.0, 20.0], ["short", -15.0, 18.0]]


def test_a_fee_does_not_move_the_excursions() -> None:
    case = EXCURSIONS[0]
    result = atms.backtest(scripted(case.script), data=bars(case.bars), commission=0.01)
    wanted = {"mae": case.mae, "mfe": case.mfe, "fee": 3.96}  # 1 % of 200 and of 196
    assert only(row(result), wanted) == near(wanted)


@pytest.mark.parametrize("paid", [4079.99, 4082.84])
def test_a_price_that_never_left_the_entrys_leaves_no_excursion_of_binary_dust(paid: float) -> None:
    """0.00999 times such a price, divided by 0.00999, is the price only nearly."""
    script = {1: [buy(0.00999)], 2: [sell(0.00999)]}
    result = atms.backtest(scripted(script), data=flat(*[paid] * 4))
    found = row(result)
    assert (found["mae"], found["mfe"]) == (0.0, 0.0)
