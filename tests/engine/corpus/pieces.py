"""Observers, analyzers, sizers, commissions and fillers as users write them."""

from __future__ import annotations

import math
from typing import Any

import backtrader as bt

from atms.analyzers import OrderRecorder
from atms.simulation import Commission, Tier, Tiered
from atms.simulation import Percent as PercentFee
from atms.sizers.fixed_cash import FixedCashSizer
from atms.sizers.percent import PercentSizer

# ---- observers ----------------------------------------------------------------------------------


class OpenOrders(bt.Observer):
    """Reads the broker and the strategy on every bar."""

    lines = ("open", "size", "pending")
    plotinfo = dict(plot=True, subplot=True)

    def prenext(self) -> None:
        """Observe from the first bar on."""
        self.next()

    def next(self) -> None:
        """Note how many orders are open."""
        broker = self._owner.broker
        self.lines.open[0] = len(broker.get_orders_open())
        self.lines.size[0] = broker.getposition(self._owner.data).size
        self.lines.pending[0] = len(self._owner._orderspending)


class LastClose(bt.Observer):
    """Observes only once the strategy does."""

    lines = ("last",)

    def next(self) -> None:
        """Note the close before."""
        self.lines.last[0] = self._owner.data.close[-1]


class OwnValue(bt.observers.Value):
    """A subclass that observes something else."""

    def next(self) -> None:
        """Note twice the cash."""
        self.lines.value[0] = self._owner.broker.getcash() * 2


OBSERVERS: dict[str, type] = {
    "OwnValue": OwnValue,
    "OpenOrders": OpenOrders,
    "LastClose": LastClose,
}

# ---- analyzers ----------------------------------------------------------------------------------


class Everything(bt.Analyzer):
    """Counts its calls and keeps what it hears."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.values: list[float] = []

    def start(self) -> None:
        """Note the start."""
        self.calls.append("start")

    def prenext(self) -> None:
        """Note a bar before the strategy's first."""
        self.calls.append("p")

    def nextstart(self) -> None:
        """Note the first bar."""
        self.calls.append("s")

    def next(self) -> None:
        """Note a bar, and what the account holds."""
        self.calls.append("n")
        self.values.append(self.strategy.broker.getvalue() - self.strategy.broker.getcash())

    def notify_order(self, order: Any) -> None:
        """Note the status."""
        self.calls.append(f"o{order.status}")

    def notify_trade(self, trade: Any) -> None:
        """Note the trade."""
        self.calls.append(f"t{trade.status}")
        self.values.append(trade.pnlcomm)

    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        """Keep the fund's value."""
        self.values.append(fundvalue)

    def stop(self) -> None:
        """Note the stop."""
        self.calls.append("stop")

    def get_analysis(self) -> dict[str, Any]:
        """Return all of it."""
        return {"calls": " ".join(self.calls), "values": self.values}


class Nested(bt.Analyzer):
    """Has an analyzer of its own."""

    def __init__(self) -> None:
        self.inner = bt.analyzers.TimeReturn(timeframe=bt.TimeFrame.NoTimeFrame)

    def stop(self) -> None:
        """Put the inner one's answer into its own."""
        self.rets["inner"] = dict(self.inner.get_analysis())


class OwnDrawDown(bt.analyzers.DrawDown):
    """A subclass that counts its bars besides."""

    bars = 0

    def next(self) -> None:
        """Count, and do as its parent."""
        self.bars += 1
        super().next()

    def stop(self) -> None:
        """Answer with the count, too."""
        super().stop()
        self.rets.bars = self.bars


ANALYZERS: dict[str, type] = {
    "OwnDrawDown": OwnDrawDown,
    "Everything": Everything,
    "Nested": Nested,
    "OrderRecorder": OrderRecorder,
}

# ---- sizers -------------------------------------------------------------------------------------


class Wavering(bt.Sizer):
    """A user's sizer: more, the fuller the purse; whole numbers at times."""

    params = dict(share=0.1)

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
        size = cash * self.p.share / (abs(data.close[0]) or 1.0)
        if math.isnan(size):
            return 0
        return int(size) if isbuy else size


SIZERS: dict[str, type] = {
    "FixedSize": bt.sizers.FixedSize,
    "FixedReverser": bt.sizers.FixedReverser,
    "FixedSizeTarget": bt.sizers.FixedSizeTarget,
    "PercentSizer": bt.sizers.PercentSizer,
    "AllInSizer": bt.sizers.AllInSizer,
    "PercentSizerInt": bt.sizers.PercentSizerInt,
    "AllInSizerInt": bt.sizers.AllInSizerInt,
    "our percent": PercentSizer,
    "our fixed cash": FixedCashSizer,
    "user": Wavering,
}

# ---- a broker -----------------------------------------------------------------------------------


class OwnBroker(bt.brokers.BackBroker):
    """A user's broker: it fills market orders only on every other bar, and counts its turns."""

    turns = 0

    def next(self) -> None:
        """Count, and do as its parent."""
        self.turns += 1
        super().next()

    def _try_exec_market(self, order: Any, *prices: float) -> None:
        if self.turns % 2:
            super()._try_exec_market(order, *prices)


# ---- commissions and fillers --------------------------------------------------------------------


class Stepped(bt.CommInfoBase):
    """A user's fee: at least one unit of money."""

    params = (("stocklike", True), ("commtype", bt.CommInfoBase.COMM_PERC), ("commission", 0.002))

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:
        return max(1.0, abs(size) * price * self.p.commission)


class Daily(bt.CommInfoBase):
    """A user's interest: so much a bar."""

    params = (("stocklike", True), ("commission", 0.01), ("commtype", bt.CommInfoBase.COMM_FIXED))

    def get_credit_interest(self, data: Any, pos: Any, dt: Any) -> float:
        """Charge for each unit held."""
        return abs(pos.size) * 0.001


def _tiered(**options: Any) -> Any:
    tiers = (Tier(0.0, 0.001, 0.002), Tier(20_000.0, 0.0005, 0.001))
    return Commission(schedule=Tiered(tiers=tiers), **options)


def _percent(**options: Any) -> Any:
    return Commission(schedule=PercentFee(0.0015), **options)


COMMISSIONS: dict[str, Any] = {
    "stepped": Stepped,
    "daily": Daily,
    "our percent": _percent,
    "our tiers": _tiered,
}


def _third(order: Any, price: float, ago: int) -> float:
    return min(abs(order.executed.remsize), 1 + int(order.data.volume[ago]) // 3)


FILLERS: dict[str, Any] = {
    "fixed": lambda: bt.fillers.FixedSize(size=3),
    "bar percent": lambda: bt.fillers.FixedBarPerc(perc=5.0),
    "bar points": lambda: bt.fillers.BarPointPerc(minmov=0.1, perc=50.0),
    "user": lambda: _third,
}
