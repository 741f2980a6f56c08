"""The quick-start with costs off, on, and with each venue's preset, side by side.

    python costs.py

What a preset leaves to the user is assumed here: a slippage of 0.02 %, a maintenance margin of
0.5 %, and a funding rate of 0.01 % every eight hours, with the bar's own prices as mark.
"""

from typing import Any

import pandas as pd

import atms
from atms.feeds.sources import find_source
from atms.simulation.presets import presets, read_preset

ASSUMED: dict[str, Any] = {
    "slippage": 0.0002,
    "margin.maintenance": {"maintenance": 0.005},
    "funding": "funding_rate",
}
CASES: dict[str, dict[str, Any]] = {
    "off": {"commission": 0.0},
    "on": {"commission": 0.001, "slippage": 0.0005, "participation": 0.05},
}
for name in presets():
    needed = {key.partition(".")[0]: ASSUMED[key] for key in read_preset(name).required}
    CASES[name] = {"preset": name, **needed}

bars = pd.read_parquet(find_source("sample:BTCUSD_1h", "btc")).set_index("datetime")
bars["mark_open"] = bars["open"]
bars["funding_rate"] = 0.0001 * (bars.index.hour % 8 == 0)

rows = []
for name, broker in CASES.items():
    result = atms.backtest(
        strategy="ma_cross",
        data={"btc": bars},
        params={"fast": 24, "slow": 168},
        sizer={"name": "backtrader.sizers:PercentSizer", "params": {"percents": 95}},
        timerange="2018-01-01..2018-12-31",
        **{f"broker__{key}": value for key, value in broker.items()},
    )
    costs = ("fees", "slippage_cost", "funding_cost")
    figures = {key: result.metrics[key] for key in ("final_value", *costs)}
    rows.append({"costs": name, "return %": 100 * result.metrics["total_return"], **figures})

print(pd.DataFrame(rows).round(2).to_string(index=False))
