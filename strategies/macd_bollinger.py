"""Two signs at once: the MACD turns near a Bollinger band."""

from __future__ import annotations

import backtrader as bt

from atms.explain import Explain


class MacdBollinger(Explain, bt.Strategy):
    """Buy where the MACD turns up and the close was near the lower band a moment ago.

    Rules: the place of a close in the bands is 0 at the lower and 1 at the upper. At a close where
    the MACD line crosses above its signal line, and the lowest place of the last `within` closes
    is at most `near`, buy at the next open, with the size that the sizer gives. At a close where
    it crosses below, close the position at the next open. With sides "both" the mirror, too: sell
    short where it crosses below and the highest place was at least 1 - `near`; a long position
    turns at once.

    The confidence is the mean of two shares: how near the close was, 1 at the band or beyond it
    and 0 in the middle; and how strong the turn is, the distance between the MACD and its signal
    over the largest of the last `slow` bars.

    Params:
        fast, slow: periods of the MACD's two averages, in bars; fast is shorter.
        signal_period: of the average of the MACD, in bars.
        period: of the bands' average and deviation, in bars.
        width: distance of a band from the average, in standard deviations.
        near: place in the bands that still counts as near, under 0.5, the middle; may be below 0.
        within: closes looked at, this one included, in bars.
        sides: "long", or "both".
    """

    params = dict(
        fast=12, slow=26, signal_period=9, period=20, width=2.0, near=0.1, within=5, sides="long"
    )

    def __init__(self) -> None:
        p = self.p
        if p.sides not in ("long", "both"):
            raise ValueError(f"sides is {p.sides!r}; it must be 'long' or 'both'")
        if not 0 < p.fast < p.slow:
            raise ValueError(f"fast ({p.fast}) must be shorter than slow ({p.slow})")
        if not (p.near < 0.5 and p.within >= 1 and p.width > 0):
            raise ValueError(
                f"near ({p.near}) must be under 0.5, within ({p.within}) 1 bar or more, and width "
                f"({p.width}) above 0"
            )
        self.macd = bt.ind.MACDHisto(
            self.data.close, period_me1=p.fast, period_me2=p.slow, period_signal=p.signal_period
        )
        bands = bt.ind.BollingerBands(self.data.close, period=p.period, devfactor=p.width)
        # Without a width there is no place: then it is the middle.
        place = bt.DivByZero(self.data.close - bands.bot, bands.top - bands.bot, zero=0.5)
        self.lowest = bt.ind.Lowest(place, period=p.within)
        self.highest = bt.ind.Highest(place, period=p.within)
        self.largest = bt.ind.Highest(abs(self.macd.histo), period=p.slow)
        self.confidence = 0.0  # of the last signal
        self.order: bt.Order | None = None

    def confidence_for(self, data: bt.feed.DataBase) -> float:
        """Return the last signal's confidence, 0 to 1."""
        return self.confidence

    def notify_order(self, order: bt.Order) -> None:
        if not order.alive():
            self.order = None

    def next(self) -> None:
        now, before = self.macd.histo[0], self.macd.histo[-1]
        if self.order is not None:
            return
        if before <= 0 < now:
            self.turned(1, self.lowest[0])
        elif now < 0 <= before:
            self.turned(-1, 1 - self.highest[0])

    def turned(self, side: int, place: float) -> None:
        """Act on a cross, upwards if *side* is 1; *place* is counted from the band there."""
        p, word = self.p, "above" if side > 0 else "below"
        entry = place <= p.near and (side > 0 or p.sides == "both")
        if self.position.size * side < 0:
            self.order = self.close(reason=f"MACD {word} its signal", tag="macd_bollinger")
            if not entry:
                self.signal("exit", histogram=self.macd.histo[0])
        if entry and self.position.size * side <= 0:
            self.enter(side, place, f"MACD {word} its signal, close at {place:.2f} from the band")

    def enter(self, side: int, place: float, why: str) -> None:
        near = min(1.0, max(0.0, 1 - 2 * place))
        strength = abs(self.macd.histo[0]) / self.largest[0]
        self.confidence = (near + strength) / 2
        self.signal("long" if side > 0 else "short", confidence=self.confidence, place=place)
        trade = self.buy if side > 0 else self.sell
        self.order = trade(reason=why, tag="macd_bollinger")
