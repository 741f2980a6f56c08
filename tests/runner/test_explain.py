"""What a strategy says of its bars: in any Cerebro, and in the rows that atms keeps of it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

import atms
from atms.explain import Explain
from atms.ledger import check_balances
from atms.report.funnel import Refusals

Frames = Callable[..., pd.DataFrame]
Script = dict[int, Callable[[Any], object]]


def scripted(script: Script, *bases: type) -> type[bt.Strategy]:
    """Return a strategy that does something on some bars, counted from 0."""

    class Scripted(*(bases or (Explain, bt.Strategy))):  # type: ignore[misc]
        def next(self) -> None:
            script.get(len(self) - 1, lambda strategy: None)(self)

    return Scripted


def run(data: Any, script: Script, *bases: type, **settings: Any) -> atms.Result:
    given = {"cash": 10_000, "report__picture": False, **settings}
    return atms.backtest(scripted(script, *bases), data=data, **given)


def plain(frame: pd.DataFrame, script: Script, datas: int = 1) -> Any:
    """Run a script in stock's Cerebro; return the strategy."""
    cerebro = bt.Cerebro()
    for number in range(datas):
        bars = bt.feeds.PandasData(dataname=frame.tz_localize(None))
        cerebro.adddata(bars, name=f"d{number}" if number else None)
    cerebro.addstrategy(scripted(script))
    return cerebro.run()[0]


# ---- the mixin ----------------------------------------------------------------------------------
def test_a_plain_cerebro_reads_the_notes_off_the_strategy(frame: Frames) -> None:
    def say(strategy: Any) -> None:
        strategy.signal("long", confidence=0.8, level=101.5)
        assert strategy.gate("trend", 3 > 2, 3, 2) is True
        assert strategy.gate("cooldown", 2 >= 5, 2, 5) is False

    strategy = plain(frame(5), {1: say})
    ((days, name, signal, confidence, numbers, gates),) = strategy.explained
    assert bt.num2date(days).isoformat() == "2024-01-01T01:00:00"
    assert (name, signal, confidence, numbers) == ("data0", "long", 0.8, {"level": 101.5})
    assert gates == [("trend", True, 3, 2), ("cooldown", False, 2, 5)]


def test_nothing_is_kept_of_a_silent_bar(frame: Frames) -> None:
    asked = dict.fromkeys(range(5), lambda s: s.gate("trend", True, 1, 2))
    assert plain(frame(5), asked).explained == []
    assert plain(frame(5), {}).explained == []


def test_a_refusal_that_no_signal_came_before_is_a_note_of_its_own(frame: Frames) -> None:
    notes = plain(frame(5), {3: lambda s: s.gate("session", np.bool_(False))}).explained
    assert [note[2:] for note in notes] == [("", None, {}, [("session", False, None, None)])]


def test_a_gate_belongs_to_the_signal_of_its_own_bar_and_data(frame: Frames) -> None:
    def both(strategy: Any) -> None:
        strategy.signal("long")
        strategy.signal("short", data=strategy.data1)
        strategy.gate("first", True)
        strategy.gate("second", False, data=strategy.data1)

    strategy = plain(frame(5), {1: both, 2: lambda s: s.gate("late", False)}, datas=2)
    found = [(note[1], note[2], [gate[0] for gate in note[5]]) for note in strategy.explained]
    assert found == [
        ("data0", "long", ["first"]), ("d1", "short", ["second"]), ("data0", "", ["late"]),
    ]  # fmt: skip


def test_a_number_may_have_any_name(frame: Frames) -> None:
    strategy = plain(frame(3), {1: lambda s: s.signal("exit", signal=1, self_=2)})
    assert strategy.explained[0][4] == {"signal": 1, "self_": 2}


def test_two_runs_share_no_notes(frame: Frames) -> None:
    kind = scripted({1: lambda s: s.signal("long")})
    for _ in range(2):
        result = atms.backtest(kind, data=frame(4), report__picture=False)
        assert len(result.decisions) == 1


# ---- kept with a run ----------------------------------------------------------------------------
def test_a_run_keeps_signals_and_gates_at_the_sources_own_stamps(frame: Frames) -> None:
    def say(strategy: Any) -> None:
        strategy.signal("long", confidence=np.float64(0.5), level=np.float64(7), odd=math.nan)
        strategy.gate("trend", True, 1, math.inf)
        strategy.gate("text", False, "bull", "bear")

    bars = frame(6, start="2024-01-01 00:00:00.123457")
    result = run({"btc": bars}, {2: say})
    (row,) = result.decisions.to_dict("records")
    assert row.pop("ts") == bars.index[2]
    assert json.loads(row.pop("numbers")) == {"level": 7.0, "odd": None}
    assert row == {"number": 1, "feed": "btc", "symbol": "btc", "signal": "long", "confidence": 0.5}
    gates = result.gates.astype(object).where(result.gates.notna(), None)
    assert gates.to_numpy().tolist() == [
        [1, 1, "trend", True, 1.0, None], [1, 2, "text", False, None, None],
    ]  # fmt: skip


def test_they_are_read_back_from_the_folder_and_the_ledger_takes_them(frame: Frames) -> None:
    script: Script = {
        1: lambda s: [s.signal("long", level=1.5), s.gate("a", True, 1, 2), s.buy(tag="x")],
        3: lambda s: s.gate("b", False),
    }
    result = run(frame(8), script)
    result.save()
    again = atms.load_run("last")
    pd.testing.assert_frame_equal(again.decisions, result.decisions)
    pd.testing.assert_frame_equal(again.gates, result.gates)
    pd.testing.assert_frame_equal(again.orders, result.orders)
    assert again.funnel == result.funnel
    assert again.trades["tag"].tolist() == ["x"]
    assert check_balances(result.config.ledger.url) == []


def test_a_strategy_that_says_nothing_leaves_no_files_of_it(frame: Frames) -> None:
    result = run(frame(8), {1: lambda s: s.buy()}, bt.Strategy)
    names = {path.name for path in result.save().iterdir()}
    assert not names & {"decisions.parquet", "gates.parquet"}
    assert len(atms.load_run("last").decisions) == 0


def test_a_run_from_before_reasons_is_read_all_the_same(frame: Frames) -> None:
    folder = run(frame(8), {1: lambda s: s.buy()}).save()
    trades = pd.read_csv(folder / "trades.csv").drop(columns=["reason", "tag", "exit_reason"])
    trades.to_csv(folder / "trades.csv", index=False)
    orders = pd.read_parquet(folder / "orders.parquet")
    orders.drop(columns=["why", "tag", "code", "risk_limit", "risk_value"]).to_parquet(
        folder / "orders.parquet"
    )
    again = atms.load_run("last")
    assert again.trades[["reason", "tag", "exit_reason"]].isna().all(axis=None)
    assert again.orders["why"].isna().all()
    assert again.funnel.orders == 1


def test_a_strategy_that_raises_leaves_what_it_said_until_then(frame: Frames) -> None:
    def fail(strategy: Any) -> None:
        strategy.signal("exit")
        raise RuntimeError("no more")

    with pytest.raises(atms.StrategyError) as broken:
        run(frame(9), {1: lambda s: s.signal("long"), 4: fail})
    assert broken.value.result is not None
    assert broken.value.result.decisions["signal"].tolist() == ["long", "exit"]


# ---- why a trade was opened and closed ----------------------------------------------------------
CLOSES = [100.0] * 4 + [120.0] * 4 + [80.0] * 4


def test_a_trade_has_the_reason_and_tag_of_its_first_order_and_the_reason_of_its_last(
    frame: Frames,
) -> None:
    script: Script = {
        0: lambda s: s.buy(size=1, reason="above", tag="breakout"),
        2: lambda s: s.sell(size=0.5, reason="half"),
        4: lambda s: s.close(reason="enough", tag="late"),
        6: lambda s: s.buy(size=1),
        8: lambda s: s.close(),
        10: lambda s: s.buy(size=1, tag="open"),
    }
    trades = run(frame(closes=CLOSES), script).trades
    shown = trades[["reason", "tag", "exit_reason"]].astype(object)
    assert shown.where(shown.notna(), None).to_numpy().tolist() == [
        ["above", "breakout", "enough"], [None, None, "signal"], [None, "open", None],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (  # 100 -> 120: the limit of 110
            {0: lambda s: s.buy_bracket(size=1, exectype=bt.Order.Market, stopprice=90,
                                        limitprice=110, reason="in")},
            "target",
        ),
        (  # 120 -> 80: the stop of 90
            {0: lambda s: s.buy_bracket(size=1, exectype=bt.Order.Market, stopprice=90,
                                        limitprice=500, reason="in")},
            "stop",
        ),
        (
            {0: lambda s: s.buy_bracket(size=1, exectype=bt.Order.Market, stopprice=90,
                                        limitprice=500, stopargs={"reason": "worn out"})},
            "worn out",
        ),
        (
            {0: lambda s: [s.buy(size=1), s.sell(size=1, exectype=bt.Order.StopTrail,
                                                 trailamount=5)]},
            "trailing stop",
        ),
        (
            {0: lambda s: [s.buy(size=1), s.sell(size=1, exectype=bt.Order.Limit, price=110)]},
            "limit",
        ),
        ({0: lambda s: s.buy(size=1), 2: lambda s: s.sell(size=3)}, "reversal"),
        ({0: lambda s: s.buy(size=1), 2: lambda s: s.sell(size=3, reason="turn")}, "turn"),
        ({0: lambda s: s.buy(size=1, reason="in")}, "end of run"),
    ],
    ids=["target", "stop", "own leg", "trailing", "limit", "reversal", "own reversal", "end"],
)  # fmt: skip
def test_what_closed_a_trade_is_said_where_the_strategy_said_nothing(
    script: Script, expected: str, frame: Frames
) -> None:
    trades = run(frame(closes=CLOSES), script, close_at_end=True).trades
    assert trades["exit_reason"].tolist()[0] == expected


def test_a_liquidation_is_told(frame: Frames) -> None:
    # 10,000 buy 200 units at 100 with a leverage of 2; at 40 nothing is left of it.
    bars = frame(closes=[100.0, 100.0, 100.0, 40.0, 40.0])
    margin = {"initial": 0.5, "maintenance": 0.05}
    result = run(bars, {0: lambda s: s.buy(size=190, reason="in")}, broker__margin=margin)
    assert result.trades["exit_reason"].tolist() == ["liquidation"]
    last = result.orders.iloc[-1]
    assert last["reason"].startswith("liquidated: ")
    assert pd.isna(last["why"])


def test_a_refused_order_keeps_the_strategys_reason_beside_the_refusals(frame: Frames) -> None:
    script: Script = {1: lambda s: s.buy(size=50, reason="big", tag="t")}
    result = run(frame(closes=CLOSES), script, risk__max_order_notional=1000)
    row = result.orders.iloc[0]
    assert row["reason"] == "MAX_ORDER_NOTIONAL: an order's value of 5000 is above 1000"
    assert (row["why"], row["tag"], row["code"]) == ("big", "t", "MAX_ORDER_NOTIONAL")
    assert (row["risk_limit"], row["risk_value"]) == (1000, 5000)


# ---- the funnel ---------------------------------------------------------------------------------
def test_a_funnel_counts_what_became_of_the_bars(frame: Frames) -> None:
    def try_to(size: float, *passed: bool) -> Callable[[Any], object]:
        def say(strategy: Any) -> None:
            strategy.signal("long")
            met = [strategy.gate(f"gate {n}", p) for n, p in enumerate(passed)]
            if all(met):
                strategy.buy(size=size)

        return say

    script: Script = {
        0: try_to(1, True, True),
        1: try_to(1, False, True),
        2: try_to(1, False, False),
        3: try_to(1, True, False),
        4: try_to(20, True),  # 20 at 120 are above 2,000
        5: try_to(1),
        6: lambda s: s.gate("gate 0", False),
        7: lambda s: s.close(),
    }
    result = run(frame(closes=CLOSES), script, risk__max_order_notional=2_000)
    funnel = result.funnel
    assert (funnel.bars, funnel.signals, funnel.passed) == (12, 6, 3)
    assert (funnel.orders, funnel.filled, funnel.fills, funnel.trades) == (4, 3, 3, 1)
    assert funnel.refusals == (
        Refusals("gate", "gate 0", 3), Refusals("gate", "gate 1", 2),
        Refusals("risk", "MAX_ORDER_NOTIONAL", 1),
    )  # fmt: skip
    written = json.loads((result.save() / "funnel.json").read_text())
    assert written["refusals"][0] == {"by": "gate", "name": "gate 0", "times": 3}


def test_a_strategy_that_does_not_explain_itself_has_its_rejections(frame: Frames) -> None:
    result = run(frame(closes=CLOSES), {1: lambda s: s.buy(size=1e6)}, bt.Strategy)
    assert result.funnel.signals == 0
    assert result.funnel.refusals == (Refusals("broker", "margin", 1),)
    assert not run(frame(closes=CLOSES), {1: lambda s: s.buy()}, bt.Strategy).funnel
