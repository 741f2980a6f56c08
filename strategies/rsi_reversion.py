"""Mean reversion by the relative strength index."""

from __future__ import annotations

from typing import Any

import backtrader as bt


class RsiReversion(bt.Strategy):
    """Buy what has fallen fast by Wilder's RSI, and sell when the RSI has recovered.

    Rules: at a close where the RSI falls below `lower` (a bar earlier it was not below), buy at
    the next open, with the size that the sizer gives. Close at the next open after a close where
    the RSI is at or above `exit`, or that lies `stop` percent or more under the average entry
    price, or that is the `hold`-th of the position. With sides "both" the mirror, too: sell short
    where the RSI rises above 100 - `lower`, and leave at or below 100 - `exit`. One decision a
    bar: a position is never turned, and after a stop the RSI has to come back first.

    Params:
        period: of the RSI, in bars.
        lower: an entry is below this RSI, 0 to 50.
        exit: a long position ends at this RSI, above lower.
        sides: "long", or "both".
        stop: loss that ends a position, in percent of its entry price, judged at closes; 0: none.
        hold: most bars that a position is held; 0: no limit.
    """

    params = dict(period=14, lower=30.0, exit=55.0, sides="long", stop=0.0, hold=0)

    def __init__(self) -> None:
        p = self.p
        if p.sides not in ("long", "both"):
            raise ValueError(f"sides is {p.sides!r}; it must be 'long' or 'both'")
        if not 0 < p.lower < 50:
            raise ValueError(f"lower is {p.lower}; it must lie between 0 and 50")
        if not p.lower < p.exit < 100:
            raise ValueError(f"exit ({p.exit}) must lie between lower ({p.lower}) and 100")
        if not 0 <= p.stop < 100 or p.hold < 0:
            raise ValueError(f"stop ({p.stop}) is 0 to 100 percent, hold ({p.hold}) is 0 or more")
        self.rsi = bt.ind.RSI(self.data.close, period=p.period, safediv=True)
        self.side = 1  # of the last entry
        self.order: bt.Order | None = None
        # Kept over a restart of a live run, whose first bars are those of before it.
        self.strategy_state: dict[str, Any] = {"held": 0, "last": 0.0}

    def stop_for(self, data: bt.feed.DataBase) -> float:
        """Return the price of the stop for an entry at this close; NaN without a stop."""
        if not self.p.stop:
            return float("nan")
        return float(data.close[0] * (1 - self.side * self.p.stop / 100))

    def notify_order(self, order: bt.Order) -> None:
        if not order.alive():
            self.order = None

    def next(self) -> None:
        self.count()
        if self.order is not None:
            return
        why = self.way_out() if self.position else ""
        if why:
            self.order = self.close(reason=why, tag="rsi_reversion")
        elif not self.position:
            self.enter()

    def enter(self) -> None:
        now, before, p = self.rsi[0], self.rsi[-1], self.p
        if now < p.lower <= before:
            self.side = 1
            why = f"RSI {now:.1f} fell below {p.lower:g}"
            self.order = self.buy(reason=why, tag="rsi_reversion")
        elif p.sides == "both" and before <= 100 - p.lower < now:
            self.side = -1
            why = f"RSI {now:.1f} rose above {100 - p.lower:g}"
            self.order = self.sell(reason=why, tag="rsi_reversion")

    def way_out(self) -> str:
        """Return why the position is to be closed; empty: it is kept."""
        p, side = self.p, 1 if self.position.size > 0 else -1
        level = p.exit if side > 0 else 100 - p.exit
        if side * (self.rsi[0] - level) >= 0:
            return f"RSI {self.rsi[0]:.1f} is back at {level:g}"
        loss = side * (1 - self.data.close[0] / self.position.price) * 100
        if p.stop and loss >= p.stop:
            return f"stop: {loss:.2f} % under water"
        if p.hold and self.strategy_state["held"] >= p.hold:
            return f"held for {p.hold} bars"
        return ""

    def count(self) -> None:
        """Count the bars that the position is held, each once."""
        now, state = self.data.datetime[0], self.strategy_state
        if not self.position:
            self.strategy_state = {"held": 0, "last": now}
        elif now > state["last"]:
            self.strategy_state = {"held": state["held"] + 1, "last": now}
