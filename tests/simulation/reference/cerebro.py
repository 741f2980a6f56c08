"""The same scenario through a real Cerebro: a scripted strategy, plain feeds, a broker."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Any

import backtrader as bt

from tests.simulation.reference.scenario import Cancel, Feed, Fill, Make, Outcome, Scenario

_PRICES = ("open", "high", "low", "close", "volume")


class _Rows(bt.feed.DataBase):
    """Bars from memory."""

    params = (("feed", None),)

    def start(self) -> None:
        super().start()
        self._next = 0

    def _load(self) -> bool:
        feed: Feed = self.p.feed
        if self._next >= len(feed.stamps):
            return False
        lines = self.lines
        lines.datetime[0] = bt.date2num(feed.stamps[self._next])
        for name, value in feed.rows[self._next].items():
            getattr(lines, name)[0] = value
        self._next += 1
        return True


@cache
def _feed_class(extra: tuple[str, ...]) -> type[Any]:
    return type("_RowsWith" + "_".join(extra), (_Rows,), {"lines": extra})


class Script(bt.Strategy):
    """Makes and cancels the orders of a scenario, and keeps all that the broker told."""

    params = (("scenario", None),)

    def __init__(self) -> None:
        self.made: dict[int, bt.Order] = {}
        self.seen: dict[int, bt.Order] = {}
        self.lines_at: dict[int, list[Make | Cancel]] = defaultdict(list)
        for line in self.p.scenario.script:
            self.lines_at[line.at].append(line)
        self.round = -1
        self.cash: list[float] = []
        self.worth: list[float] = []

    def notify_order(self, order: bt.Order) -> None:
        self.seen[order.ref] = order

    def next(self) -> None:
        self.round += 1
        self.cash.append(self.broker.getcash())
        self.worth.append(self.broker.getvalue())
        for line in self.lines_at.get(self.round, ()):
            if isinstance(line, Make):
                self.made[line.number] = self._make(line)
            elif line.number in self.made:
                self.cancel(self.made[line.number])

    def _make(self, ask: Make) -> bt.Order:
        call = self.buy if ask.side > 0 else self.sell
        more: dict[str, Any] = {}
        if ask.parent is not None:
            more["parent"] = self.made[ask.parent]
        if ask.oco is not None:
            more["oco"] = self.made[ask.oco]
        return call(
            data=self.getdatabyname(ask.feed), size=ask.size, exectype=getattr(bt.Order, ask.kind),
            price=ask.price, plimit=ask.limit, trailamount=ask.trail_amount,
            trailpercent=ask.trail_percent, valid=ask.valid, transmit=ask.transmit, **more,
        )  # fmt: skip


def run(scenario: Scenario, broker: bt.BrokerBase, commission: bt.CommInfoBase | None) -> Outcome:
    """Run a scenario on a broker."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.setbroker(broker)
    if commission is not None:
        broker.addcommissioninfo(commission)
    for feed in scenario.feeds:
        extra = tuple(name for name in feed.rows[0] if name not in _PRICES)
        options = {"timeframe": bt.TimeFrame.Minutes, "feed": feed}
        if scenario.settings.session_end is not None:
            options["sessionend"] = scenario.settings.session_end
        cerebro.adddata(_feed_class(extra)(**options), name=feed.name)
    cerebro.addstrategy(Script, scenario=scenario)
    (strategy,) = cerebro.run()
    return _outcome(scenario, strategy, broker)


def _outcome(scenario: Scenario, strategy: Script, broker: bt.BrokerBase) -> Outcome:
    out = Outcome(cash=strategy.cash, value=strategy.worth)
    numbered = dict(strategy.made)
    refs = {order.ref for order in numbered.values()}
    for ref in sorted(ref for ref in strategy.seen if ref not in refs):
        numbered[-1 - len(numbered) + len(strategy.made)] = strategy.seen[ref]
    for number, order in numbered.items():
        out.statuses[number] = order.getstatusname()
        out.fills[number] = [_fill(bit) for bit in order.executed.exbits]
    rounds = {bt.date2num(stamp): n for n, stamp in enumerate(scenario.rounds())}
    for charge in getattr(broker, "charges", ()):
        key = (rounds[charge.days], charge.kind, charge.name)
        out.charges[key] = out.charges.get(key, 0.0) + charge.amount
    return out


def _fill(bit: Any) -> Fill:
    stamp, fee = bt.num2date(bit.dt), bit.closedcomm + bit.openedcomm
    costs = getattr(bit, "costs", None)
    if costs is None:
        return Fill(stamp, bit.size, bit.price, bit.price, 0.0, 0.0, 0.0, fee, False)
    return Fill(
        stamp, bit.size, bit.price, costs.reference_price, costs.spread, costs.slippage,
        costs.impact, fee, costs.maker,
    )  # fmt: skip
