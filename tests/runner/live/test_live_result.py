"""A live run read back: the same trades and figures as a backtest that did the same."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest
from rich.console import Console

import atms
from atms.cli.tables import results_table
from atms.comparing import compare
from atms.errors import LedgerError
from atms.execution.core.records import Reversed
from atms.execution.disk.recorder import NAME, Recorder
from atms.result import Result
from atms.running.live_result import live_result
from atms.running.live_sync import sync_live
from atms.stores.facts import Fee
from tests.ledger.live_making import (
    ACCOUNT,
    BTC,
    STATE,
    append,
    at,
    booked,
    bought,
    claim,
    dec,
    folder_of,
    held,
    intended,
    opening,
    run_row,
    started,
)
from tests.ledger.raw import rows

URL = "sqlite:///atms.db"


class Turning(bt.Strategy):  # type: ignore[misc]
    """Buys, adds, reduces, reverses."""

    def next(self) -> None:
        wanted = {3: 2, 9: 3, 14: 1, 20: -2, 33: 0, 50: 4}.get(len(self))
        if wanted is not None:
            self.order_target_size(target=wanted)


@pytest.fixture
def backtest(frame: Callable[..., pd.DataFrame]) -> Result:
    """A run over 60 hours that ends with an open trade."""
    bars = frame(60, start="2026-01-02 04:00")
    settings: dict[str, Any] = {"cash": 1000, "commission": 0.001, "report__picture": False}
    return atms.backtest(Turning, data={"BTC": bars}, **settings)


def relive(result: Result, *, record: bool = True) -> None:
    """Write the journal and the recording of a live run that did what a backtest did."""
    records = [started(), opening(1000)]
    for number, fill in enumerate(result.fills.itertuples(), start=1):
        side = 1 if fill.side == "buy" else -1
        key, ts = f"j-1-{number}", fill.ts.to_pydatetime()
        records.append(intended(key, fill.size, 0.0, side=side))
        fee = Fee(asset="USD", amount=dec(fill.fee))
        records.append(
            booked(f"t{number}", key=key, side=side, qty=dec(fill.size), price=dec(fill.price),
                   at=ts, fees=(fee,))
        )  # fmt: skip
    append(records)
    claim(run_row(config=atms.load_config().config.model_dump(mode="json")))
    if record:
        _record(result)
    sync_live(STATE, URL)


def _record(result: Result) -> None:
    folder = Path("runs/run-1")
    folder.mkdir(parents=True)
    recorder = Recorder(folder / NAME, now=lambda: at(0))
    recorder.began({"run": "run-1", "datas": [{"name": "btc", "instrument": BTC}]})
    lines = ("open", "high", "low", "close", "volume")
    for bar, point in zip(result.bars.itertuples(), result.equity.itertuples(), strict=True):
        stamp = int((bar.datetime.to_pydatetime() - EPOCH) / timedelta(microseconds=1))
        values = {line: float(getattr(bar, line)) for line in lines}
        recorder.bar("btc", {"datetime": stamp, **values}, live=True)
        recorder.told("cash", {"cash": point.cash, "value": point.value, "stamp": stamp})
    recorder.close()


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


# ---- beside a backtest ---------------------------------------------------------------------------
TEXTS = ("symbol", "side", "status")
NUMBERS = (
    "size", "entry_price", "exit_price", "pnl", "fee", "net_pnl", "net_pnl_pct", "bars", "mae",
    "mfe", "mae_pct", "mfe_pct",
)  # fmt: skip


def test_its_trades_are_those_of_a_backtest_with_the_same_fills(backtest: Result) -> None:
    relive(backtest)
    found = live_result(URL, "run-1").trades
    assert len(found) == len(backtest.trades) == 3
    for name in TEXTS:
        assert found[name].tolist() == backtest.trades[name].tolist(), name
    for name in ("entry_ts", "exit_ts"):
        assert (found[name].dropna() == backtest.trades[name].dropna()).all()
    for name in NUMBERS:
        expected = backtest.trades[name].astype(float).tolist()
        assert found[name].astype(float).tolist() == pytest.approx(expected, nan_ok=True), name


def test_its_figures_are_those_of_a_backtest_with_the_same_equity(backtest: Result) -> None:
    relive(backtest)
    found = live_result(URL, "run-1").metrics
    for name, value in backtest.metrics.items():
        if name in ("seconds", "exposure"):  # exposure needs marks that no broker tells
            continue
        same = pytest.approx(value) if isinstance(value, float) else value
        assert found[name] == same, name
    (row,) = rows(URL, "SELECT metrics FROM runs")
    assert row["metrics"]["sharpe"] == pytest.approx(backtest.metrics["sharpe"])


def test_its_trades_are_in_the_tables_with_the_fills_that_made_them(backtest: Result) -> None:
    relive(backtest)
    found = rows(
        URL,
        "SELECT link.trade_id, fills.trade_id AS fill FROM fill_trades link "
        "JOIN fills ON fills.id = link.fill_id ORDER BY 1, fills.id",
    )
    links = backtest.fill_trades.sort_values(["trade_id", "fill_id"])
    expected = [(row.trade_id, f"t{row.fill_id}") for row in links.itertuples()]
    assert [(row["trade_id"], row["fill"]) for row in found] == expected
    assert len(rows(URL, "SELECT * FROM trades")) == len(backtest.trades)


def test_sizes_whose_sum_leaves_dust_in_binary_end_their_trades_all_the_same() -> None:
    records = [started(), opening(1000)]
    for number, size in enumerate(("0.1", "0.2", "-0.4", "0.1", "0.1", "0.2", "-0.3"), start=1):
        side, qty = (-1 if size.startswith("-") else 1), dec(size.removeprefix("-"))
        key = f"j-1-{number}"
        records.append(intended(key, qty, 0.0, side=side))
        records.append(booked(f"t{number}", key=key, side=side, qty=qty, fees=()))
    append(records)
    claim(run_row(config=atms.load_config().config.model_dump(mode="json")))
    sync_live(STATE, URL)
    found = live_result(URL, "run-1")
    assert found.trades["side"].tolist() == ["long", "short", "long"]
    assert set(found.trades["status"]) == {"closed"}
    assert found.trades["size"].tolist() == pytest.approx([0.3, 0.1, 0.3])
    # the fill that turned the position is of both trades, with its share in each
    turned = found.fill_trades.iloc[2:4]
    assert (turned["trade_id"].tolist(), turned["size"].tolist()) == ([1, 2], [-0.3, -0.1])


def test_a_fill_that_turns_a_position_to_as_much_on_the_other_side_ends_one_trade_alone() -> None:
    records = [started(), opening(1000)]
    for number, side in enumerate((1, -1, 1), start=1):
        key, qty = f"j-1-{number}", dec("0.1") * (1 if number == 1 else 2)
        records.append(intended(key, qty, 0.0, side=side))
        records.append(booked(f"t{number}", key=key, side=side, qty=qty, fees=()))
    append(records)
    claim(run_row(config=atms.load_config().config.model_dump(mode="json")))
    sync_live(STATE, URL)
    found = live_result(URL, "run-1").trades
    assert found["side"].tolist() == ["long", "short", "long"]
    assert found["status"].tolist() == ["closed", "closed", "open"]
    assert found["size"].tolist() == pytest.approx([0.1, 0.1, 0.1])


def test_without_its_recording_a_run_has_its_trades_all_the_same(backtest: Result) -> None:
    relive(backtest, record=False)
    found = live_result(URL, "run-1")
    profits = backtest.trades["net_pnl"].tolist()[:2]  # the third is open at an unknown price
    assert found.trades["net_pnl"].tolist()[:2] == pytest.approx(profits)
    assert found.metrics["trades"] == 2


def test_a_compressed_recording_is_read_too(backtest: Result) -> None:
    relive(backtest)
    plain = Path("runs/run-1") / NAME
    plain.with_name(f"{NAME}.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert len(live_result(URL, "run-1").equity) == 60


def test_a_damaged_recording_is_told_and_left_out(backtest: Result) -> None:
    relive(backtest)
    plain = Path("runs/run-1") / NAME
    plain.write_bytes(b"nonsense\n" + plain.read_bytes())
    found = live_result(URL, "run-1")
    assert any("line 1 is no entry" in warning for warning in found.warnings)
    assert len(found.trades) == 3


# ---- what no backtest has ------------------------------------------------------------------------
def live(*records: Any) -> Result:
    append(records)
    claim(run_row(config=atms.load_config().config.model_dump(mode="json")))
    sync_live(STATE, URL)
    return live_result(URL, "run-1")


def sold(qty: float = 2, price: float = 110, exec_: str = "t2", **others: Any) -> Any:
    return booked(exec_, side=-1, qty=dec(qty), price=dec(price), at=at(9), **others)


def test_what_was_held_before_opens_a_trade_at_its_book_price() -> None:
    found = live(started(), opening(), held(2), intended(side=-1), sold())
    (trade,) = found.trades.to_dict("records")
    assert (trade["status"], trade["entry_price"], trade["pnl"]) == ("closed", 90.0, 40.0)
    assert len(rows(URL, "SELECT * FROM fill_trades")) == 1


def test_what_was_held_at_an_unknown_price_is_told() -> None:
    found = live(started(), opening(), held(2, price=None))
    assert found.trades.empty
    assert any("no known price" in warning for warning in found.warnings)


def test_a_fill_that_was_undone_is_in_no_trade() -> None:
    undone = Reversed(exec="t1", version=0, at=at(5), why="bust")
    found = live(*bought(), undone)
    assert found.trades.empty
    assert found.positions.empty
    assert found.fills["row"].tolist() == ["fill", "reversal"]


def test_a_fee_in_the_units_that_were_bought_makes_the_trade_smaller() -> None:
    fee = (Fee(asset="BTC", amount=dec("0.01")),)
    found = live(started(), opening(), intended(), booked(fees=fee), sold(1.99, fees=()))
    (trade,) = found.trades.to_dict("records")
    assert (trade["status"], trade["size"]) == ("closed", 1.99)
    assert trade["net_pnl"] == pytest.approx(1.99 * 110 - 200)


def test_fees_in_another_asset_are_told() -> None:
    fee = (Fee(asset="BNB", amount=dec("0.01")),)
    found = live(started(), opening(), intended(), booked(fees=fee))
    assert any("BNB" in warning for warning in found.warnings)
    assert found.trades["fee"].tolist() == [0.0]


def test_a_run_that_has_done_nothing_yet_can_be_shown() -> None:
    found = live(started())
    assert (len(found.trades), len(found.orders), len(found.equity)) == (0, 0, 0)
    assert found.status == "interrupted"
    assert [feed.symbol for feed in found.feeds] == ["BTC"]


@pytest.mark.parametrize("records", [(started(),), tuple(bought())])
def test_a_run_without_equity_has_every_figure_that_a_backtest_has(
    records: tuple[Any, ...], backtest: Result
) -> None:
    found = live(*records)
    assert set(backtest.metrics) - set(found.metrics) <= {"seconds", *COSTS}
    table = Console(file=io.StringIO(), width=100)
    table.print(results_table(found.metrics, "USD"))
    assert found.metrics["final_value"] is None
    assert found.metrics["open_trades"] == (1 if len(records) > 1 else 0)


COSTS = {
    "spread_cost", "slippage_cost", "impact_cost", "funding_cost", "borrow_cost", "interest_cost",
    "liquidation_cost",
}  # fmt: skip


@pytest.mark.parametrize("records", [(started(),), (started(), opening()), tuple(bought())])
def test_it_can_be_compared_with_a_backtest(records: tuple[Any, ...], backtest: Result) -> None:
    found = compare([backtest, live(*records)])
    assert found.metrics.loc["start_value"].tolist() == [1000, None]
    words = "\n".join(found.warnings)
    assert f"other starting cash: {backtest.id}: 1,000.00; run-1: unknown" in words
    assert "no bar has told yet what the accounts are worth" in words
    assert "None" not in words


def test_it_can_be_compared_on_the_command_line(backtest: Result, cli: Any) -> None:
    backtest.save()
    live(started())
    code, out, err = cli("compare", backtest.id, "run-1")
    assert code == 0, err
    assert "start value" in out
    assert "other starting cash" in " ".join(err.split())


def test_two_runs_that_never_got_ready_can_be_compared() -> None:
    one = live(started())
    other = replace(one, id="run-2")
    assert compare([one, other]).metrics.loc["start_value"].tolist() == [None, None]


# ---- accounts ------------------------------------------------------------------------------------
def test_its_account_is_the_one_that_its_fills_are_booked_on(backtest: Result) -> None:
    found = live(*bought())
    assert found.account == ACCOUNT == found.fills["account"].iloc[0]
    assert backtest.account == f"backtest:{backtest.id}" == backtest.fills["account"].iloc[0]


def test_a_run_whose_accounts_have_told_nothing_names_none() -> None:
    assert live(started()).account == ""


def test_a_run_that_has_not_traded_has_the_figures_of_its_equity(backtest: Result) -> None:
    _record(backtest)
    found = live(started(), opening())
    assert found.metrics["bars"] == 60
    assert found.metrics["benchmark_return"] == pytest.approx(backtest.metrics["benchmark_return"])
    assert [feed.name for feed in found.feeds] == ["btc"]


def test_a_run_that_is_not_there_is_told() -> None:
    with pytest.raises(LedgerError, match="no run nobody"):
        live_result(URL, "nobody")


def test_the_orders_and_funds_of_a_run_are_in_its_result() -> None:
    found = live(*bought())
    (order,) = found.orders.to_dict("records")
    assert (order["status"], order["filled"], order["fee"]) == ("completed", 2.0, 0.5)
    funds = {row["currency"]: row["final"] for row in found.balances.to_dict("records")}
    assert funds == {"BTC": 2.0, "USD": 799.5}
    assert folder_of().is_dir()
    assert Decimal(str(found.positions["size"].iloc[0])) == 2
