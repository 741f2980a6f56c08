"""Research from a script: the quick-start's strategy over a grid of periods, best five by Sharpe.

Run it from a folder of your own; a `strategies/` there is no hindrance:

    python research.py
"""

import itertools

import pandas as pd

import atms

rows = []
for fast, slow in itertools.product((12, 24, 48), (96, 168, 336)):
    result = atms.backtest(
        strategy="ma_cross",
        data="sample:BTCUSD_1h",
        params={"fast": fast, "slow": slow},
        sizer={"name": "backtrader.sizers:PercentSizer", "params": {"percents": 95}},
        timerange="2018-01-01..2018-12-31",
        commission="0.1%",
    )
    figures = {key: result.metrics[key] for key in ("sharpe", "total_return", "trades")}
    rows.append({"fast": fast, "slow": slow, **figures})

table = pd.DataFrame(rows).sort_values("sharpe", ascending=False)
print(table.head(5).round(3).to_string(index=False))
