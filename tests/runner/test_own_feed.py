"""A feed class of the user's own, named in the config."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms
from atms.feeds.sources import SAMPLES
from atms.strategies.ma_cross import MovingAverageCross

CSV = {"dtformat": "%Y-%m-%dT%H:%M:%SZ", "openinterest": -1}
GENERIC: dict[str, Any] = {
    "name": "gld",
    "feed": "backtrader.feeds:GenericCSVData",
    "source": str(SAMPLES / "GLD_1d.csv"),
    "params": CSV,
}


def crossed(feed: dict[str, Any], **more: Any) -> atms.Result:
    config = {"data": {"feeds": [feed]}, "strategy": "ma_cross", **more}
    return atms.backtest(config, commission=0.001)


def test_it_runs_as_in_a_stock_script() -> None:
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.GenericCSVData(dataname=GENERIC["source"], **CSV))
    cerebro.addstrategy(MovingAverageCross)
    cerebro.broker.setcommission(commission=0.001)
    cerebro.run()
    result = crossed(GENERIC)
    assert result.equity["value"].iloc[-1] == cerebro.broker.getvalue()
    assert result.equity["cash"].iloc[-1] == cerebro.broker.getcash()


def test_its_bars_keep_their_days() -> None:
    # Backtrader stamps a day of such a file at 23:59:59.99999; it must not become the next day.
    ours = crossed({"name": "gld", "source": "sample:GLD_1d"})
    theirs = crossed(GENERIC)
    assert list(theirs.equity.index.date) == list(ours.equity.index.date)
    assert list(theirs.trades["net_pnl"]) == list(ours.trades["net_pnl"])


def test_a_run_of_it_is_saved_and_read_back() -> None:
    result = crossed(GENERIC)
    again = atms.load_run(str(result.save()))
    pd.testing.assert_frame_equal(again.bars, result.bars)


def test_a_time_range_is_left_to_the_class_itself() -> None:
    with pytest.raises(atms.ConfigError, match=r"data\.feeds\.gld: .*fromdate and todate"):
        crossed(GENERIC, run={"timerange": "2010..2011"})


def test_history_is_our_own_feed_by_its_registered_name() -> None:
    named = crossed({"name": "gld", "source": "sample:GLD_1d", "feed": "history"})
    assert (
        named.metrics["trades"]
        == crossed({"name": "gld", "source": "sample:GLD_1d"}).metrics["trades"]
    )


def test_a_feed_with_only_a_store_cannot_be_backtested_and_says_so() -> None:
    with pytest.raises(atms.ConfigError, match="has only a store, and a backtest reads a source"):
        crossed(
            {"name": "btc", "symbol": "BTC/USD", "timeframe": "1h", "store": "main"},
            stores={"main": {"venue": "kraken"}},
        )


def test_an_instrument_is_recorded_and_the_key_named_that_enforces_it() -> None:
    result = crossed({"name": "gld", "source": "sample:GLD_1d", "instrument": {"step": "0.5"}})
    (warning,) = result.warnings
    assert "data.feeds.gld.instrument" in warning
    assert "broker.rules: reject holds orders to it" in warning
