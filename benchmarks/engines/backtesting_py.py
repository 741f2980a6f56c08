"""backtesting.py: orders at the next open, one unit."""

from __future__ import annotations

from importlib.metadata import version

import common
import pandas as pd
from backtesting import Backtest, Strategy


def average(closes: object, period: int) -> pd.Series:
    """Return the simple moving average."""
    return pd.Series(closes).rolling(period).mean()


class Cross(Strategy):
    """Long above, flat below."""

    def init(self) -> None:
        """Declare the averages."""
        self.fast = self.I(average, self.data.Close, common.FAST)
        self.slow = self.I(average, self.data.Close, common.SLOW)
        self.signal = common.Signal()

    def next(self) -> None:
        """Trade on this bar's cross."""
        crossed = self.signal.of(self.fast[-1] - self.slow[-1])
        if crossed > 0:
            self.buy(size=1)
        elif crossed < 0 and self.position:
            self.position.close()


bars = common.bars()
frame = pd.DataFrame(
    {name.capitalize(): bars[name] for name in ("open", "high", "low", "close", "volume")},
    index=pd.to_datetime(bars["datetime"]),
)
clock = common.Clock()
with clock.running():
    stats = Backtest(frame, Cross, cash=common.CASH, commission=common.FEE).run()
trades = stats["_trades"]
open_ = 1 if stats["_strategy"].position else 0
common.answer(version("backtesting"), clock, 2 * len(trades) + open_)
