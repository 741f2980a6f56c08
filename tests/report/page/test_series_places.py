"""Which of several feeds of one symbol a fill, a trade and a level stand on."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from atms.report.page.packing import pack, unpack
from atms.report.page.series import series
from atms.result import Result
from tests.report.page.runs import ran
from tests.report.page.vectors import same

STEPS = 600


class PlacesTrader(bt.Strategy):  # type: ignore[misc]
    """Buys one feed with a stop and a target every 40 bars, and sells 20 bars later."""

    params = dict(which=0, every=40)

    def next(self) -> None:
        data = self.datas[self.p.which]
        turn = len(data) % self.p.every
        if turn == 0:
            price = data.close[0]
            self.buy_bracket(
                data=data, size=1, exectype=bt.Order.Market, stopprice=price / 2,
                limitprice=price * 2,
            )  # fmt: skip
        elif turn == self.p.every // 2 and self.getposition(data).size:
            self.close(data=data)


def minutes() -> pd.DataFrame:
    """Return ten-minute bars, each from one whole price to the next."""
    open_ = 1000 + 20 * np.sin(np.arange(STEPS) / 9.0).round(2)
    close = np.append(open_[1:], open_[-1])
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    index = pd.date_range("2024-01-01", periods=STEPS, freq="10min", tz="UTC", name="datetime")
    columns = {"open": open_, "high": high, "low": low, "close": close, "volume": 1.0}
    return pd.DataFrame(columns, index=index)


def run(which: int, every: int, **settings: Any) -> Result:
    feeds = [
        {"source": minutes(), "name": "short", "symbol": "X", "timeframe": "10m"},
        {"of": "short", "name": "long", "resample": "1h"},
    ]
    return ran(PlacesTrader, feeds, params={"which": which, "every": every}, **settings)


# 0.2 % of 1000 is 2: a ten-minute bar is at most 20 / 9 high, an hour's six times that.
@pytest.mark.parametrize(("which", "every"), [(0, 30), (1, 6)])
def test_marks_stand_on_the_feed_that_was_traded_also_where_costs_moved_the_price(
    which: int, every: int
) -> None:
    result = run(which, every, broker__slippage=0.002)
    found = series(result)
    assert len(result.trades) > 10
    assert set(found["fills"]["feed"]) == {which}
    assert set(found["trades"]["feed"]) == {which}
    filled = set(result.fills["order_id"])
    protects = dict(zip(result.orders["order_id"], result.orders["parent_id"], strict=True))
    orders, feeds = found["levels"]["order_id"], found["levels"]["feed"]
    stood = [feed for order, feed in zip(orders, feeds, strict=True) if protects[order] in filled]
    assert set(stood) == {which}
    closed = (result.trades["status"] == "closed").to_numpy()
    lasted = np.asarray(found["trades"]["exit_bar"]) - np.asarray(found["trades"]["entry_bar"])
    assert same(lasted[closed], result.trades["bars"].to_numpy(float)[closed])


def test_fills_of_a_trade_that_stand_on_several_feeds_can_be_packed() -> None:
    found = series(run(0, 30))
    feeds, bars = np.array(found["fills"]["feed"]), np.array(found["fills"]["bar"])
    last = len(found["bars:1"]["time"]) - 1
    feeds[::2], bars[::2] = 1, last  # the longer bars are fewer: no row of the other's is theirs
    bars[1::2] = len(found["bars:0"]["time"]) - 1
    found["fills"] = {**found["fills"], "feed": feeds, "bar": bars}
    back = unpack(pack(found, 4_000_000).data)
    assert same(back["fills"]["bar"], bars)
    assert same(back["trades"]["mae"], found["trades"]["mae"])
