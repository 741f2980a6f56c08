"""Bought once, whatever the bars are made of."""

from __future__ import annotations

import backtrader as bt

from atms.strategies.buy_and_hold import BuyAndHold
from tests.strategies.bench import hand_bars


def test_it_buys_once_where_longer_bars_are_made_of_its_own() -> None:
    # Four bars of 15 minutes an hour: until the second hour is over, Backtrader calls nextstart
    # on each of the short ones.
    cerebro = bt.Cerebro()
    frame = hand_bars([float(price) for price in range(100, 116)], step="15min")
    feed = bt.feeds.PandasData(
        dataname=frame, timeframe=bt.TimeFrame.Minutes, compression=15
    )  # fmt: skip
    cerebro.adddata(feed)
    cerebro.resampledata(feed, timeframe=bt.TimeFrame.Minutes, compression=60)
    cerebro.addstrategy(BuyAndHold)
    (strategy,) = cerebro.run()
    assert strategy.position.size == 1
