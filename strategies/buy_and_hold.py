"""Buy once and hold: what every other strategy is measured against."""

from __future__ import annotations

import backtrader as bt


class BuyAndHold(bt.Strategy):
    """Buy the first data at the second bar's open, and never sell.

    Rules: on the first bar, buy with the size that the sizer gives.
    """

    def __init__(self) -> None:
        self.bought = False

    def nextstart(self) -> None:
        if not self.bought:  # it comes again while the first of several longer bars is not over
            self.bought = True
            self.buy()
