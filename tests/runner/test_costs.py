"""Costs from the config's keys to fills, cash flows, figures and the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

import atms
from atms import ledger
from atms.simulation.presets import presets, read_preset

EVERYTHING = {
    "commission": {"maker": -0.0001, "taker": 0.0005},
    "slippage": {"percent": 0.0004, "half_spread": True},
    "participation": 0.05,
    "impact": {"coefficient": 0.5, "window": 5},
    "leverage": 3,
    "margin": {"maintenance": 0.05, "liquidation_fee": 0.01},
    "funding": "funding_rate",
    "borrow": 0.05,
    "interest": {"credit": 0.02, "debit": 0.06},
}


class Turns(bt.Strategy):
    """Goes long and short by turns, with every kind of order."""

    def next(self) -> None:
        turn = len(self) % 8
        size = 0.8 * self.broker.getvalue() / self.data.close[0]
        if turn == 1:
            self.buy(size=size)
        elif turn == 3:
            self.sell(size=size / 2, exectype=bt.Order.Limit, price=self.data.close[0] * 1.001)
        elif turn == 4:
            self.close()
        elif turn == 5:
            self.sell(size=size, exectype=bt.Order.Stop, price=self.data.close[0] * 0.999)
        elif turn == 0 and self.position:
            self.close()


@pytest.fixture
def quotes(frame: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Bars with everything that costs need: quotes, marks, a funding rate, volume."""
    bars = frame(240)
    bars["bid"], bars["ask"] = bars["close"] * 0.9999, bars["close"] * 1.0001
    bars["mark_open"], bars["mark_close"] = bars["open"], bars["close"]
    bars["funding_rate"] = np.where(bars.index.hour % 8 == 0, 0.0003, 0.0)
    bars["volume"] = 5_000.0
    return bars


def run(bars: Any, **broker: Any) -> atms.Result:
    settings = {f"broker__{key}": value for key, value in broker.items()}
    return atms.backtest(Turns, data=bars, report__picture=False, **settings)


def test_the_cost_split_is_the_difference_from_the_same_fills_without_costs(
    quotes: pd.DataFrame,
) -> None:
    result = run(quotes, **EVERYTHING)
    m, fills = result.metrics, result.fills
    sign = np.where(fills["side"] == "buy", 1.0, -1.0)
    # The same sizes at the reference prices, free of charge: start - paid + what is held.
    held = (sign * fills["size"]).sum() * quotes["close"].iloc[-1]
    costless = m["start_value"] - (sign * fills["size"] * fills["reference_price"]).sum() + held
    assert costless - m["final_value"] == pytest.approx(m["total_costs"], rel=1e-9)
    kinds = ("fees", "spread_cost", "slippage_cost", "impact_cost", "funding_cost", "borrow_cost")
    assert all(m[kind] != 0 for kind in (*kinds, "interest_cost"))
    assert m["total_costs"] == pytest.approx(sum(m[kind] for kind in (*kinds, "interest_cost")))
    worse = sign * (fills["price"] - fills["reference_price"]) * fills["size"]
    parts = fills["spread_cost"] + fills["slippage_cost"] + fills["impact_cost"]
    assert worse.to_numpy() == pytest.approx(parts.to_numpy(), abs=1e-9)


def test_with_every_cost_the_equity_curve_is_the_brokers(quotes: pd.DataFrame) -> None:
    result = run(quotes, **EVERYTHING)
    assert not [line for line in result.warnings if "away from" in line or "miss" in line]
    assert result.equity["cash"].iloc[-1] == result.cerebro.broker.getcash()
    assert result.equity["value"].iloc[-1] == pytest.approx(
        result.cerebro.broker.getvalue(), rel=1e-12
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_ledger_has_the_costs_and_adds_up(
    kind: str, quotes: pd.DataFrame, request: pytest.FixtureRequest
) -> None:
    url = "sqlite:///atms.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    result = run(quotes, **EVERYTHING)
    folder = result.save()
    ledger.file_run(result, folder, "0" * 64, url)
    assert ledger.check_balances(url) == []
    flows = set(result.cash_flows["kind"])
    assert flows >= {"funding", "borrow", "interest", "loan"}
    again = atms.load_run(folder)
    assert again.fills["impact_cost"].tolist() == result.fills["impact_cost"].tolist()


def test_a_liquidation_is_told_and_adds_up(frame: Callable[..., pd.DataFrame]) -> None:
    bars = frame(closes=[100.0, 100.0, 100.0, 60.0, 60.0, 60.0])

    class Holds(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(size=450)

    result = atms.backtest(
        Holds, data=bars, cash=10_000,
        broker__leverage=5, broker__margin={"maintenance": 0.05, "liquidation_fee": 0.01},
    )  # fmt: skip
    assert result.metrics["liquidation_cost"] > 0
    assert not [line for line in result.warnings if "away from" in line or "miss" in line]
    last = result.orders.iloc[-1]
    assert last["reason"].startswith("liquidated: equity of")
    assert (result.equity["position"].iloc[-1], last["status"]) == (0.0, "completed")


def test_finer_bars_decide_and_date_the_fills(frame: Callable[..., pd.DataFrame]) -> None:
    bars = frame(240, step="15min")
    bars.to_csv("bars.csv")
    config = {
        "data": {"feeds": [
            {"name": "x", "source": "bars.csv", "stamp": "start", "timeframe": "15m",
             "resample": "1h"},
        ]},
        "strategy": "buy_and_hold",
        "broker": {"intrabar": True, "latency": "1200s"},
        "report": {"picture": False},
    }  # fmt: skip
    result = atms.backtest(config)
    # The first hour ends at 01:00; 20 minutes later the next quarter is that from 01:30 on.
    first = result.fills.iloc[0]
    assert first["ts"] == pd.Timestamp("2024-01-01 01:45", tz="UTC")
    assert first["price"] == bars["open"].loc["2024-01-01 01:30"]


@pytest.mark.parametrize("name", presets())
def test_a_preset_runs_and_its_config_runs_again(name: str, quotes: pd.DataFrame) -> None:
    needed: dict[str, Any] = {"slippage": {"half_spread": True}, "funding": "funding_rate"}
    broker: dict[str, Any] = {"preset": name}
    for key in read_preset(name).required:
        if key.startswith("margin"):
            broker.setdefault("margin", {})[key.partition(".")[2]] = 0.01
        else:
            broker[key] = needed[key]
    quotes.to_csv("bars.csv")
    config = {
        "data": {"feeds": [{"source": "bars.csv", "symbol": "X"}]},
        "strategy": "ma_cross", "broker": broker, "report": {"picture": False},
        "ledger": {"enabled": False},
    }  # fmt: skip
    result = atms.backtest(config)
    folder = result.save()
    again = atms.backtest(folder / "config.yaml")
    assert again.config.broker == result.config.broker
    assert again.fills["fee"].tolist() == result.fills["fee"].tolist()
    assert len(result.fills)


def test_what_is_given_over_a_preset_is_told(frame: Callable[..., pd.DataFrame]) -> None:
    bars = frame(60)
    (warning,) = run(bars, preset="kraken", commission=0.001).warnings
    assert warning.startswith("broker.commission: what is given counts, not preset kraken's")
    assert run(bars, preset="kraken", commission=None).warnings == ()


def test_explain_names_the_preset_and_shows_a_latency(cli: Any) -> None:
    _, out, _ = cli(
        "config", "explain", "--json", "--set", "broker.preset=kraken",
        "--set", "broker.commission=null", "--set", "broker.intrabar=true",
        "--set", "broker.latency=1.5s",
    )  # fmt: skip
    rows = {row["key"]: row for row in json.loads(out)}
    assert rows["broker.commission.tiers.0.taker"]["origin"] == "preset kraken"
    assert rows["broker.latency"]["value"] == "1500ms"
    assert rows["broker.borrow"]["origin"] == "default"


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "two slippages": (
        {"slippage": {"percent": 0.01, "ticks": 1}},
        "broker.slippage: give one of percent and ticks, not both",
    ),
    "two commissions": (
        {"commission": {"per_share": 1, "per_contract": 1}},
        "broker.commission: give one of: maker and taker, per_share, per_contract, tiers; not "
        "per_share and per_contract",
    ),
    "a maker alone": (
        {"commission": {"maker": 0.001}}, "maker and taker belong together: give both",
    ),
    "a negative fee": (
        {"commission": {"maker": 0.001, "taker": -0.001}},
        "broker.commission.taker: -0.001 is a negative fee that is no maker's rebate",
    ),
    "a rebate beyond the fee": (
        {"commission": {"maker": -0.002, "taker": 0.001}},
        "broker.commission.maker: a rebate of 0.002 is more than the taker's fee of 0.001",
    ),
    "tiers out of order": (
        {"commission": {"tiers": [
            {"volume": 0, "maker": 0, "taker": 0}, {"volume": 0, "maker": 0, "taker": 0}]}},
        "broker.commission.tiers: volumes must rise",
    ),
    "no column": (
        {"slippage": {"half_spread": True}},
        "broker.slippage.half_spread: data has no column 'bid'",
    ),
    "funding without a rate": ({"funding": "rate"}, "broker.funding.rate: data has no column"),
    "leverage twice": (
        {"leverage": 5, "margin": {"initial": 0.5}},
        "broker: leverage of 5 and margin.initial of 0.5 contradict each other",
    ),
    "maintenance above initial": (
        {"margin": {"initial": 0.1, "maintenance": 0.2}}, "maintenance must be below initial",
    ),
    "participation of nothing": ({"participation": 0}, "broker.participation"),
    "participation of too much": ({"participation": 1.5}, "broker.participation"),
    "latency without finer bars": ({"latency": "250ms"}, "latency needs intrabar"),
    "no latency": ({"latency": 250, "intrabar": True}, "write it as text, like 250ms"),
    "no finer bars": ({"intrabar": True}, "broker.intrabar: true: no feed is resampled"),
    "finer bars of nothing": (
        {"intrabar": {"dat": "x.csv"}}, "broker.intrabar: there is no feed 'dat'; did you mean",
    ),
    "rules of nothing": ({"rules": "reject"}, "broker.rules: reject: no feed has any"),
    "ticks of nothing": (
        {"slippage": {"ticks": 1}}, "broker.slippage.ticks: give the size of a tick",
    ),
    "a conversion without data": (
        {"commission": {"per_share": 1, "currency": "EUR", "conversion": "EURUSD"}},
        "broker.commission.conversion: there is no feed 'EURUSD'",
    ),
    "a conversion of a share": (
        {"commission": {"maker": 0, "taker": 0, "currency": "EUR", "conversion": 1.1}},
        "a share of the value needs no conversion",
    ),
    "leverage in a spot account": (
        {"preset": "binance_spot", "leverage": 3}, "leverage of 3: preset binance_spot",
    ),
    "what a preset does not know": ({"preset": "oanda"}, "preset oanda needs slippage"),
    "no preset": ({"preset": "binance"}, "there is no 'binance'; did you mean 'binance_"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_setting_is_named_by_its_key(what: str, frame: Callable[..., pd.DataFrame]) -> None:
    broker, words = BAD[what]
    with pytest.raises(atms.ConfigError) as refused:
        run(frame(60), **broker)
    assert words in str(refused.value)


def test_participation_without_volume_is_refused(frame: Callable[..., pd.DataFrame]) -> None:
    with pytest.raises(atms.ConfigError, match=r"broker\.participation: data has no volume"):
        run(frame(60).drop(columns="volume"), participation=0.1)


def test_a_bid_above_the_ask_is_refused_with_its_place(quotes: pd.DataFrame) -> None:
    quotes.iloc[7, quotes.columns.get_loc("bid")] = 1e6
    with pytest.raises(atms.DataError, match="bid is above ask on 1 bars, first at 2024-01-01 07"):
        run(quotes, slippage={"half_spread": True})


def test_funding_without_a_mark_is_refused(quotes: pd.DataFrame) -> None:
    with pytest.raises(atms.ConfigError, match="funding: the mark price: data has no column"):
        run(quotes.drop(columns="mark_open"), funding="funding_rate")


@pytest.mark.parametrize("value", ["0", "-1", "nan"])
def test_a_step_of_zero_is_refused(value: str, workdir: Path, cli: Any) -> None:
    code, _, err = cli("backtest", "--set", f"data.feeds.0.instrument.step={value}")
    assert code == 2
    assert "data.feeds.0.instrument.step" in err


def test_leverage_where_the_instrument_has_none_is_refused(cli: Any) -> None:
    code, _, err = cli(
        "backtest", "--set", "broker.leverage=2", "--set", "data.feeds.0.instrument.max_leverage=1"
    )
    assert code == 2
    assert "broker.leverage: 2, and data.feeds.btc.instrument.max_leverage is 1" in err


def test_orders_off_the_rules_are_rejected_with_the_reason(
    frame: Callable[..., pd.DataFrame],
) -> None:
    frame(60).to_csv("bars.csv")
    config = {
        "data": {"feeds": [{"source": "bars.csv", "instrument": {"step": "0.5"}}]},
        "strategy": "buy_and_hold", "sizer": {"name": "backtrader.sizers:FixedSize",
                                              "params": {"stake": 0.7}},
        "broker": {"rules": "reject"}, "report": {"picture": False},
    }  # fmt: skip
    result = atms.backtest(config)
    assert set(result.orders["status"]) == {"rejected"}
    assert result.orders["reason"].iloc[0] == "size 0.7 is no multiple of the step 0.5"
    assert not len(result.fills)


def test_a_year_of_real_funding_is_paid_at_the_marks(shared_data: Path) -> None:
    path = shared_data / "crypto_futures" / "TOKENUSDT_1h_2023-2024_funding.parquet"

    class Holds(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(size=10_000)

    feed = {"source": str(path), "stamp": "start", "symbol": "TOKENUSDT", "currency": "USDT"}
    result = atms.backtest(
        Holds, data=feed, cash=5_000, report__picture=False,
        broker__funding="funding_rate", broker__leverage=3,
    )  # fmt: skip
    bars = pd.read_parquet(path)
    paid = 10_000 * (bars["mark_open"] * bars["funding_rate"])[2:].sum()  # held from the third on
    assert result.metrics["funding_cost"] == pytest.approx(paid, rel=1e-9)
    assert not [line for line in result.warnings if "away from" in line or "miss" in line]
    flows = result.cash_flows.query("kind == 'funding'")
    assert set(flows["ts"].dt.hour) <= {0, 4, 8, 12, 16, 20}
