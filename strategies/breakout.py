"""Breakout with confirmations: each that holds adds to the confidence."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.explain import Explain


class Breakout(Explain, bt.Strategy):
    """Buy beyond the highest high of so many bars, where enough speaks for it.

    Rules: a signal is a close above the highest high of the `period` bars before it. Four
    confirmations are looked at: the fast average is above the slow one; the RSI lies between
    `rsi_low` and `rsi_high`; the volume is at least `volume_factor` times the average of the bars
    before; the rate of change is above `momentum`. The confidence is the sum of the weights of
    those that hold over the sum of all. Where it is at least `min_confidence`, no position ended
    within the last `cooldown` bars, and fewer than `trades_a_day` entries were made on the day,
    buy at the next open, with the size that the sizer gives. The position ends by a stop
    `stop_atr` average true ranges under the signal's close, by a limit `target_atr` above it, or
    at the open after a close below the lowest low of the `exit_period` bars before it. With sides
    "both" the mirror, too: the RSI then lies between 100 - `rsi_high` and 100 - `rsi_low`.

    Params:
        period: bars of the level, without the current one.
        fast, slow: periods of the exponential averages, in bars; fast is shorter.
        rsi_period, rsi_low, rsi_high: the RSI's period in bars, and its band, 0 to 100.
        volume_period, volume_factor: bars of the average volume, and least volume in averages.
        momentum_period, momentum: bars of the rate of change, and its least, in percent.
        weight_trend, weight_rsi, weight_volume, weight_momentum: what each confirmation counts, 0
            or more.
        min_confidence: least confidence of an entry, 0 to 1.
        cooldown: bars between the end of a position and the next entry.
        trades_a_day: most entries on a day, by the bars' dates; 0: no limit.
        atr_period: of the average true range, in bars.
        stop_atr, target_atr: distances of stop and target from the signal's close, in average true
            ranges; 0: none.
        exit_period: bars of the level that ends a position; 0: stop and target alone.
        sides: "long", or "both".
    """

    params = dict(
        period=48, fast=24, slow=96, rsi_period=14, rsi_low=50.0, rsi_high=80.0,
        volume_period=48, volume_factor=1.5, momentum_period=24, momentum=1.0,
        weight_trend=1.0, weight_rsi=1.0, weight_volume=1.0, weight_momentum=1.0,
        min_confidence=0.75, cooldown=6, trades_a_day=2,
        atr_period=14, stop_atr=2.5, target_atr=5.0, exit_period=0, sides="long",
    )  # fmt: skip

    def __init__(self) -> None:
        _check(self.p)
        p, data = self.p, self.data
        self.highest = bt.ind.Highest(data.high(-1), period=p.period)
        self.lowest = bt.ind.Lowest(data.low(-1), period=p.period)
        self.fast = bt.ind.EMA(data.close, period=p.fast)
        self.slow = bt.ind.EMA(data.close, period=p.slow)
        self.rsi = bt.ind.RSI(data.close, period=p.rsi_period, safediv=True)
        self.volume = bt.ind.SMA(data.volume(-1), period=p.volume_period)
        self.change = bt.ind.ROC100(data.close, period=p.momentum_period)
        self.atr = bt.ind.ATR(data, period=p.atr_period)
        if p.exit_period:
            self.high_exit = bt.ind.Highest(data.high(-1), period=p.exit_period)
            self.low_exit = bt.ind.Lowest(data.low(-1), period=p.exit_period)
        self.side, self.confidence = 1, 0.0  # of the last signal
        self.orders: list[bt.Order] = []  # the last entry and its legs
        self.closing: bt.Order | None = None
        self.leaving = ""  # why the position is to be closed
        self.day = ""  # of the last entry
        # Kept over a restart of a live run, whose first bars are those of before it: bars since a
        # position ended, the time of the last bar that was counted, entries on a day.
        self.strategy_state: dict[str, Any] = dict(since=None, last=0.0, day="", entries=0)

    # ---- what a sizer may ask --------------------------------------------------------------------
    def stop_for(self, data: bt.feed.DataBase) -> float:
        """Return the price of the stop for an entry at this close; NaN without a stop."""
        return self.away(-self.p.stop_atr) if self.p.stop_atr else float("nan")

    def confidence_for(self, data: bt.feed.DataBase) -> float:
        """Return the last signal's confidence, 0 to 1."""
        return self.confidence

    def away(self, ranges: float) -> float:
        """Return the price so many average true ranges in favour of the last signal."""
        return float(self.data.close[0] + self.side * ranges * self.atr[0])

    # ---- what the broker tells -------------------------------------------------------------------
    def notify_trade(self, trade: bt.Trade) -> None:
        state = self.strategy_state
        if trade.isclosed:
            state["since"], self.leaving = 0, ""
        elif trade.justopened and self.day:
            entries = state["entries"] + 1 if state["day"] == self.day else 1
            state.update(day=self.day, entries=entries)

    # ---- a bar -----------------------------------------------------------------------------------
    def next(self) -> None:
        now, close, state = self.data.datetime[0], self.data.close[0], self.strategy_state
        if state["since"] is not None and now > state["last"]:
            state["since"] += 1
        state["last"] = max(now, state["last"])
        if self.position:
            self.leave(close, 1 if self.position.size > 0 else -1)
        elif not any(order.alive() for order in self.orders):
            if close > self.highest[0]:
                self.broke_out(1, self.highest[0])
            elif self.p.sides == "both" and close < self.lowest[0]:
                self.broke_out(-1, self.lowest[0])

    def broke_out(self, side: int, level: float) -> None:
        """Enter beyond *level* if every gate lets it through."""
        held = self.confirmations(side)
        weights = {name: getattr(self.p, f"weight_{name}") for name in held}
        self.side = side
        self.confidence = sum(weights[name] for name in held if held[name]) / sum(weights.values())
        self.signal(
            "long" if side > 0 else "short", confidence=self.confidence, level=level,
            **{name: float(holds) for name, holds in held.items()},
        )  # fmt: skip
        if self.passes():
            said = ", ".join(name for name, holds in held.items() if holds)
            self.enter(f"close beyond {level:g}; {said or 'nothing'} confirms")

    def confirmations(self, side: int) -> dict[str, bool]:
        """Return name -> whether that confirmation holds."""
        p, data = self.p, self.data
        rsi = self.rsi[0] if side > 0 else 100 - self.rsi[0]
        return {
            "trend": side * (self.fast[0] - self.slow[0]) > 0,
            "rsi": p.rsi_low <= rsi <= p.rsi_high,
            "volume": data.volume[0] >= p.volume_factor * self.volume[0],
            "momentum": side * self.change[0] > p.momentum,
        }

    def passes(self) -> bool:
        """Ask every gate, after one that refuses, too: all of why there was no entry is told."""
        p, state, since = self.p, self.strategy_state, self.strategy_state["since"]
        self.day = str(self.data.datetime.date(0))
        answers = [
            self.gate(
                "confidence", self.confidence >= p.min_confidence, self.confidence, p.min_confidence
            )
        ]
        if since is not None:
            answers.append(self.gate("cooldown", since >= p.cooldown, since, p.cooldown))
        if p.trades_a_day:
            made = state["entries"] if state["day"] == self.day else 0
            answers.append(self.gate("trades_a_day", made < p.trades_a_day, made, p.trades_a_day))
        return all(answers)

    def enter(self, why: str) -> None:
        """Buy, or sell short, with the legs that were asked."""
        p, long = self.p, self.side > 0
        size = self.getsizing(isbuy=long)
        if not size:  # a bracket of nothing has no legs to hang on
            return
        bracket = self.buy_bracket if long else self.sell_bracket
        stop, target = self.away(-p.stop_atr), self.away(p.target_atr)
        orders = bracket(
            size=abs(size), exectype=bt.Order.Market, oargs=dict(reason=why, tag="breakout"),
            stopprice=stop, stopexec=bt.Order.Stop if p.stop_atr else None,
            stopargs=dict(reason=f"stop, {p.stop_atr:g} ATR away", tag="breakout"),
            limitprice=target, limitexec=bt.Order.Limit if p.target_atr else None,
            limitargs=dict(reason=f"target, {p.target_atr:g} ATR away", tag="breakout"),
        )  # fmt: skip
        self.orders = [order for order in orders if order is not None]

    def leave(self, close: float, side: int) -> None:
        """Close the position where the close is beyond the level that ends it."""
        if not self.p.exit_period or (self.closing is not None and self.closing.alive()):
            return
        level = self.low_exit[0] if side > 0 else self.high_exit[0]
        if side * (close - level) < 0 and not self.leaving:
            self.leaving = f"close beyond {level:g}"
            self.signal("exit", level=level)
        if self.leaving:
            for leg in filter(bt.Order.alive, self.orders):
                self.cancel(leg)
            # On a live account a leg may fill until the venue has answered: then a bar later.
            if not any(leg.alive() for leg in self.orders):
                self.closing = self.close(reason=self.leaving, tag="breakout")


def _check(p: Any) -> None:
    """Refuse parameters that contradict each other."""
    weights = (p.weight_trend, p.weight_rsi, p.weight_volume, p.weight_momentum)
    if p.sides not in ("long", "both"):
        raise ValueError(f"sides is {p.sides!r}; it must be 'long' or 'both'")
    if not 0 < p.fast < p.slow:
        raise ValueError(f"fast ({p.fast}) must be shorter than slow ({p.slow})")
    if not 0 <= p.rsi_low < p.rsi_high <= 100:
        raise ValueError(f"rsi_low ({p.rsi_low}) must be below rsi_high ({p.rsi_high}), 0 to 100")
    if min(weights) < 0 or not sum(weights):
        raise ValueError(f"weights {weights}: each must be 0 or more, and one of them above 0")
    if not 0 <= p.min_confidence <= 1:
        raise ValueError(f"min_confidence is {p.min_confidence}; it must lie between 0 and 1")
    if min(p.cooldown, p.trades_a_day, p.stop_atr, p.target_atr, p.exit_period) < 0:
        raise ValueError(
            f"cooldown ({p.cooldown}), trades_a_day ({p.trades_a_day}), stop_atr ({p.stop_atr}), "
            f"target_atr ({p.target_atr}) and exit_period ({p.exit_period}) must be 0 or more"
        )
    if not p.stop_atr and not p.exit_period:
        raise ValueError(
            f"stop_atr ({p.stop_atr}) and exit_period ({p.exit_period}): one must be above 0, else "
            "a losing position never ends"
        )
