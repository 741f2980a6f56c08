"""Every packaged strategy with the parameters of its config, costs off and on.

    python compare_strategies.py

Those that need one feed run on the same bars, BTC/USD of 2018, and every entry is worth half of
the account; the grid buys 0.08 BTC a level. The others run on the data, and with the sizes and
costs, of their own configs.
"""

from pathlib import Path
from typing import Any

import pandas as pd

import atms
from atms.config import load_config

CONFIGS = Path(atms.__file__).parent / "configs"
ONE_FEED = {
    "buy_and_hold": None, "ma_cross": "quickstart", "momentum": "momentum",
    "breakout": "breakout", "macd_bollinger": "macd_bollinger", "rsi_reversion": "rsi_reversion",
    "zscore_reversion": "zscore_reversion", "grid": "grid",
}  # fmt: skip
OWN_DATA = ("trend_timeframes", "rotation", "pair_trading", "venue_spread")
BARS = {"btc": {"source": "sample:BTCUSD_1h", "symbol": "BTC/USD", "stamp": "start"}}
HALF = {"name": "percent", "params": {"percent": 50, "step": 0.0001}}
UNITS = {"name": "fixed", "params": {"units": 0.08}}
ON = {"broker__commission": 0.001, "broker__slippage": 0.0002}
OFF = {
    "broker__preset": None, "broker__commission": 0, "broker__slippage": None, "broker__borrow": 0
}  # fmt: skip


def on_bitcoin(name: str, config: str | None, costs: dict[str, Any]) -> atms.Result:
    """Run a strategy of one feed."""
    params = load_config(CONFIGS / f"{config}.yaml").config.strategy.params if config else {}
    return atms.backtest(
        strategy=name,
        params=params,
        data=BARS,
        timerange="2018-01-01..2018-12-31",
        close_at_end=True,
        sizer=UNITS if name == "grid" else HALF,
        **costs,
    )


def on_its_own(name: str, costs: dict[str, Any]) -> atms.Result:
    """Run a packaged config."""
    return atms.backtest(CONFIGS / f"{name}.yaml", close_at_end=True, **costs)


def row(name: str, off: atms.Result, on: atms.Result) -> dict[str, Any]:
    """Return what the table says of a strategy."""
    days = on.equity.index
    return {
        "strategy": name,
        "from": f"{days[0]:%Y-%m}",
        "to": f"{days[-1]:%Y-%m}",
        "trades": len(on.trades),
        "return %, costs off": 100 * off.metrics["total_return"],
        "on": 100 * on.metrics["total_return"],
        "drawdown %": 100 * on.metrics["max_drawdown"],
        "buy and hold %": 100 * on.metrics["benchmark_return"],
    }


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """Print a table."""
    print(title)
    print(pd.DataFrame(rows).round(1).to_string(index=False))


show(
    "the same bars: BTC/USD",
    [
        row(name, on_bitcoin(name, config, OFF), on_bitcoin(name, config, ON))
        for name, config in ONE_FEED.items()
    ],
)
show(
    "\nbars of their own",
    [row(name, on_its_own(name, OFF), on_its_own(name, {})) for name in OWN_DATA],
)
