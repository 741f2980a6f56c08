"""The config's risk limits in a backtest: what is refused, and what the strategy is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms
from atms import runner
from atms.config import load_config
from atms.errors import ConfigError

Frames = Callable[..., pd.DataFrame]
Script = dict[int, Callable[[bt.Strategy], Any]]


def run(data: Any, script: Script, **risk: Any) -> Any:
    """Run a script, bar -> what is done in its next(), under limits; return the result.

    ``strategy.made`` holds the orders in the order of their making.
    """

    class Scripted(bt.Strategy):
        def __init__(self) -> None:
            self.made: list[bt.Order] = []
            self.told: list[tuple[int, str]] = []

        def notify_order(self, order: bt.Order) -> None:
            self.told.append((len(self) - 1, order.getstatusname()))

        def next(self) -> None:
            made = script.get(len(self) - 1, lambda strategy: None)(self)
            self.made += made if isinstance(made, list) else [made] * (made is not None)

    settings = {f"risk__{key}": value for key, value in risk.items()}
    return atms.backtest(Scripted, data=data, cash=10_000, report__picture=False, **settings)


def statuses(result: Any) -> list[str]:
    return [order.getstatusname() for order in result.strategy.made]


def codes(result: Any) -> list[Any]:
    return [order.info.get("code") for order in result.strategy.made]


# ---- each limit ---------------------------------------------------------------------------------
def test_an_order_of_too_much_value_is_rejected_with_code_limit_and_value(frame: Frames) -> None:
    script = {0: lambda s: [s.buy(size=10), s.buy(size=10.01)]}  # at 100 each
    result = run(frame(closes=[100.0, 100.0, 100.0]), script, max_order_notional=1000)
    assert statuses(result) == ["Completed", "Rejected"]
    info = result.strategy.made[1].info
    assert (info.code, float(info.limit), float(info.value)) == ("MAX_ORDER_NOTIONAL", 1000, 1001)
    reason = "MAX_ORDER_NOTIONAL: an order's value of 1001 is above 1000"
    assert result.orders["reason"].tolist()[1] == reason
    assert (1, "Rejected") in result.strategy.told  # with the next bar, as all of Backtrader's


def test_the_close_of_what_grew_in_value_is_no_matter_of_size(frame: Frames) -> None:
    script: Script = {0: lambda s: s.buy(size=10), 2: lambda s: s.close()}
    bars = frame(closes=[100.0, 100.0, 300.0, 300.0])
    assert statuses(run(bars, script, max_order_notional=1000)) == ["Completed", "Completed"]


def test_position_and_open_orders_together_stay_inside(frame: Frames) -> None:
    script: Script = {
        0: lambda s: s.buy(size=2),
        2: lambda s: [
            s.buy(size=1, exectype=bt.Order.Limit, price=50),  # waits
            s.buy(size=0.5),
            s.buy(size=0.5),
            s.sell(size=5),  # 2 - 5 is -3
        ],
        3: lambda s: [s.cancel(s.made[1]), s.buy(size=0.5)][1],
    }
    result = run(frame(closes=[100.0] * 6), script, max_position=3)
    assert codes(result) == [None, None, "MAX_POSITION", "MAX_POSITION", None, None]
    assert float(result.strategy.made[2].info.value) == 3.5
    worth = result.equity["position"] / 100
    assert (worth.max(), worth.min()) == (2, -3)


def test_orders_of_earlier_bars_that_still_wait_count(frame: Frames) -> None:
    script: Script = {
        0: lambda s: s.buy(size=2, exectype=bt.Order.Limit, price=50),
        3: lambda s: [s.buy(size=1), s.buy(size=1)],
    }
    result = run(frame(closes=[100.0] * 6), script, max_position=3)
    assert codes(result) == [None, None, "MAX_POSITION"]


def test_the_legs_of_a_waiting_bracket_hold_no_short_back(frame: Frames) -> None:
    script: Script = {
        0: lambda s: s.buy_bracket(size=1, price=50, stopprice=40, limitprice=60),
        2: lambda s: [s.sell(size=2), s.sell(size=1)],
    }
    result = run(frame(closes=[100.0] * 6), script, max_position=2)
    assert codes(result) == [None, None, None, None, "MAX_POSITION"]


def test_a_bracket_adds_its_entry_alone(frame: Frames) -> None:
    def bracket(strategy: bt.Strategy) -> Any:
        return strategy.buy_bracket(size=1, price=99, stopprice=90, limitprice=110)

    result = run(frame(closes=[100.0, 98.0, 98.0, 98.0]), {0: bracket, 2: bracket}, max_position=1)
    assert codes(result) == [None, None, None, "MAX_POSITION", "MAX_POSITION", "MAX_POSITION"]
    assert statuses(result)[0] == "Completed"
    reasons = [order.info.reason for order in result.strategy.made[3:]]
    assert reasons[0].startswith("MAX_POSITION: ")
    assert reasons[1] == reasons[2] == f"another order of its bracket: {reasons[0]}"


def test_the_position_is_closed_beside_its_bracket(frame: Frames) -> None:
    script: Script = {
        0: lambda s: s.buy_bracket(size=1, exectype=bt.Order.Market, stopprice=90, limitprice=110),
        2: lambda s: s.close(),
    }
    result = run(frame(closes=[100.0] * 5), script, max_position=1)
    assert statuses(result)[0] == statuses(result)[3] == "Completed"


def test_oco_orders_count_as_one(frame: Frames) -> None:
    def either(strategy: bt.Strategy) -> list[bt.Order]:
        high = strategy.buy(size=2, exectype=bt.Order.Stop, price=120)
        low = strategy.buy(size=2, exectype=bt.Order.Limit, price=80, oco=high)
        return [high, low, strategy.buy(size=1), strategy.buy(size=1)]

    result = run(frame(closes=[100.0, 100.0, 100.0]), {0: either}, max_position=3)
    assert codes(result) == [None, None, None, "MAX_POSITION"]


def test_feeds_of_one_instrument_have_one_position(frame: Frames) -> None:
    frame(closes=[100.0] * 48).to_csv("bars.csv")
    config = {
        "data": {"feeds": [
            {"source": "bars.csv", "name": "x", "stamp": "start"},
            {"of": "x", "resample": "1d", "name": "day"},
        ]},
        "strategy": "buy_and_hold", "risk": {"max_position": {"day": 3}},
        "report": {"picture": False}, "ledger": {"enabled": False},
    }  # fmt: skip

    class Both(bt.Strategy):
        def __init__(self) -> None:
            self.made: list[bt.Order] = []

        def next(self) -> None:
            if not self.made:
                sizes = zip([0, 1, 1, 0], [2, 1, 1, 0.5], strict=True)
                self.made = [self.buy(data=self.datas[place], size=size) for place, size in sizes]

    result = runner.run(load_config(config).config, strategy=Both)
    assert codes(result) == [None, None, "MAX_POSITION", "MAX_POSITION"]


def test_more_orders_within_a_minute_than_allowed_are_rejected(frame: Frames) -> None:
    script: Script = dict.fromkeys(range(4), lambda s: [s.buy(size=1) for _ in range(2)])
    result = run(frame(closes=[100.0] * 5, step="20s"), script, max_orders_per_minute=3)
    # Bars 20 s apart: of the fourth's orders none of the first are within the minute any more.
    assert [code is None for code in codes(result)] == [
        True, True, True, False, False, False, True, True,
    ]  # fmt: skip
    assert set(codes(result)) == {None, "MAX_ORDERS_PER_MINUTE"}


def test_refusals_in_a_row_end_all_entries(frame: Frames) -> None:
    script: Script = {
        0: lambda s: s.buy(size=1),
        1: lambda s: s.buy(size=1_000),  # Margin: 100,000 in value
        2: lambda s: s.buy(size=1_000),
        3: lambda s: s.buy(size=1),
        4: lambda s: s.close(),
    }
    result = run(frame(closes=[100.0] * 7), script, max_rejects=2)
    assert statuses(result) == ["Completed", "Margin", "Margin", "Rejected", "Completed"]
    assert codes(result)[3] == "MAX_REJECTS"


def test_a_fill_between_two_refusals_ends_their_row(frame: Frames) -> None:
    script: Script = dict.fromkeys((0, 2, 4), lambda s: s.buy(size=1_000))
    script |= dict.fromkeys((1, 3, 5), lambda s: s.buy(size=1))
    result = run(frame(closes=[100.0] * 8), script, max_rejects=2)
    assert statuses(result) == ["Margin", "Completed"] * 3


def test_market_orders_that_lack_cash_where_they_fill_are_refusals_in_a_row(
    frame: Frames,
) -> None:
    bars = frame(closes=[100.0] * 6)
    bars["open"] = bars["high"] = 150.0  # affordable at the close, and not at the next open
    script: Script = dict.fromkeys(range(4), lambda s: s.buy(size=99))
    result = run(bars, script, max_rejects=2)
    # What became of an order is known before the next one is made.
    assert statuses(result) == ["Margin", "Margin", "Rejected", "Rejected"]


def test_the_gates_own_refusals_count(frame: Frames) -> None:
    script: Script = {n: lambda s: s.buy(size=2) for n in range(3)}
    script[3] = lambda s: s.buy(size=1)
    result = run(frame(5), script, max_position=1, max_rejects=3)
    assert codes(result) == ["MAX_POSITION"] * 3 + ["MAX_REJECTS"]


def test_an_instruments_own_refusals_count(frame: Frames) -> None:
    frame(closes=[100.0] * 6).to_csv("bars.csv")
    config: dict[str, Any] = {
        "data": {"feeds": [{"source": "bars.csv", "symbol": "X", "instrument": {"step": 1}}]},
        "strategy": "buy_and_hold", "risk": {"max_rejects": 2}, "broker": {"rules": "reject"},
        "report": {"picture": False}, "ledger": {"enabled": False},
    }  # fmt: skip

    class Halves(bt.Strategy):
        def next(self) -> None:
            self.buy(size=0.5 if len(self) < 3 else 1)

    result = runner.run(load_config(config).config, strategy=Halves)
    reasons = result.orders["reason"].tolist()
    assert [reason.partition(" ")[0] for reason in reasons] == ["size", "size"] + [
        "MAX_REJECTS:"
    ] * (len(reasons) - 2)


def test_after_the_days_loss_only_closing_is_left_until_the_next_day(frame: Frames) -> None:
    # 50 units from 100 to 89: 550 of 10,000.
    closes = [100.0, 100.0, 89.0, 95.0, 95.0, 95.0, 95.0]
    script: Script = {
        0: lambda s: s.buy(size=50),
        2: lambda s: [s.buy(size=1), s.sell(size=10), s.buy_bracket(size=1)[0]],
        3: lambda s: s.buy(size=1),  # though it won a part back
        5: lambda s: s.buy(size=1),  # the next day
    }
    # Bars of four hours from 00:00: the sixth is the first of the second day.
    bars = frame(closes=closes, start="2024-01-01 04:00", step="4h")
    result = run(bars, script, max_daily_loss="5%")
    assert codes(result) == [None, "MAX_DAILY_LOSS", None, "MAX_DAILY_LOSS", "MAX_DAILY_LOSS", None]
    info = result.strategy.made[1].info
    assert (float(info.limit), float(info.value)) == (500, 550)
    assert statuses(result)[-1] == "Completed"


def test_a_daily_bar_is_held_against_the_day_before(frame: Frames) -> None:
    script: Script = {
        0: lambda s: s.buy(size=50),
        2: lambda s: s.buy(size=1),
        3: lambda s: s.buy(size=1),
    }
    bars = frame(closes=[100.0, 100.0, 89.0, 89.0, 89.0], step="1D")
    assert codes(run(bars, script, max_daily_loss=549)) == [None, "MAX_DAILY_LOSS", None]
    assert codes(run(bars, script, max_daily_loss=550)) == [None, None, None]


def test_cash_that_the_strategy_takes_out_is_no_loss(frame: Frames) -> None:
    script: Script = {1: lambda s: s.broker.add_cash(-5_000), 3: lambda s: s.buy(size=1)}
    result = run(frame(closes=[100.0] * 6), script, max_daily_loss=100)
    assert statuses(result) == ["Completed"]


# ---- around them --------------------------------------------------------------------------------
def test_what_is_refused_moves_nothing(frame: Frames) -> None:
    result = run(frame(30), {n: lambda s: s.buy(size=2) for n in range(20)}, max_position=1)
    assert len(result.fills) == 0
    assert set(result.equity["value"]) == {10_000.0}


def test_closing_at_the_end_and_liquidation_ask_no_gate(frame: Frames) -> None:
    class Holds(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(size=450)

    limits = {"risk__max_orders_per_minute": 1, "risk__max_rejects": 1}
    lost = atms.backtest(
        Holds, data=frame(closes=[100.0, 100.0, 60.0, 60.0]), cash=10_000, report__picture=False,
        broker__leverage=5, broker__margin={"maintenance": 0.05}, **limits,
    )  # fmt: skip
    assert lost.orders.iloc[-1]["reason"].startswith("liquidated")
    closed = atms.backtest(
        Holds, data=frame(closes=[100.0, 10.0, 10.0]), cash=10_000, report__picture=False,
        run__close_at_end=True, **limits,
    )  # fmt: skip
    assert closed.equity["position"].iloc[-1] == 0


def test_max_position_size_of_the_environment_holds_a_backtest(
    frame: Frames, monkeypatch: pytest.MonkeyPatch, cli: Any
) -> None:
    frame(closes=[100.0] * 5).to_csv("bars.csv")
    monkeypatch.setenv("MAX_POSITION_SIZE", "0.5")
    result = atms.backtest(
        {"data": {"feeds": [{"source": "bars.csv"}]}, "strategy": "buy_and_hold"}
    )
    assert result.orders["reason"].iloc[0].startswith("MAX_POSITION: ")


def test_a_limit_for_a_feed_that_is_not_there_is_refused(frame: Frames) -> None:
    with pytest.raises(ConfigError, match=r"risk\.max_position\.y: there is no feed 'y'"):
        run(frame(5), {}, max_position={"y": 1})


def test_a_second_run_begins_with_a_gate_of_its_own(frame: Frames) -> None:
    script: Script = {n: lambda s: s.buy(size=2) for n in range(3)}
    first = run(frame(5), script, max_position=1, max_rejects=3)
    second = run(frame(5), script, max_position=1, max_rejects=3)
    assert codes(first) == codes(second) == ["MAX_POSITION"] * 3
