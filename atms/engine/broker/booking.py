"""What our own simulated broker keeps of each fill beside Backtrader's booking."""

from __future__ import annotations

from typing import Any

from atms.engine.broker.record import Record
from atms.simulation import Commission, FillCosts, SimulatedBroker
from atms.simulation.fees import OrderTotals

_COSTS = (
    "slippage", "impact", "participation", "intrabar", "rules", "margin", "funding", "interest",
)  # fmt: skip


def why_watchful(broker: Any) -> str:
    """Return which setting has a simulated broker look at every bar or order; "" if none."""
    p = broker.p
    for name in _COSTS:
        if getattr(p, name):
            return name
    if p.borrow or p.latency:
        return "borrow" if p.borrow else "latency"
    if broker._risk is not None:
        return "limits"
    return "costs" if broker._watches else ""


class Booking:
    """The costs of fills on a broker without costs that depend on the bar.

    Args:
        broker: a :class:`SimulatedBroker`.
        stamps: of the run's steps, float days; None: bars come one by one.
    """

    def __init__(self, broker: SimulatedBroker, stamps: Any) -> None:
        self._broker = broker
        self._stamps = stamps

    def check(self) -> None:
        """Tell commissions the tier of today, before new orders' costs are worked out."""
        for info in self._broker.comminfo.values():
            if isinstance(info, Commission):
                info.traded = self._broker._traded_for(info)

    def before(self, record: Record, info: Any, maker: bool) -> None:
        """Tell a commission of what fill the parts are that it will be asked for."""
        if isinstance(info, Commission):
            broker = self._broker
            totals = broker._totals.get(record.ref, OrderTotals())
            info.begin(maker, totals, broker._traded_for(info))

    def after(
        self, record: Record, info: Any, price: Any, reference: Any, maker: bool, step: int
    ) -> None:
        """Keep what a fill cost."""
        if isinstance(info, Commission):
            info.end()
        fill, broker = record.fill, self._broker
        if fill is None or record.costs is not None:
            return
        units, mult = abs(fill[1]), info.p.mult
        value = units * price * mult
        before = broker._totals.get(record.ref, OrderTotals())
        broker._totals[record.ref] = OrderTotals(before.size + units, before.value + value)
        now = broker.now if self._stamps is None else float(self._stamps[step])
        broker._traded.add(now, value)
        none, slippage = 0.0 * units * mult, abs(price - reference) * units * mult
        record.costs = FillCosts(reference, none, slippage, none, maker, None)
        if record.bits:
            record.bits[-1].costs = record.costs


def booking_of(broker: Any, stamps: Any) -> Booking | None:
    """Return what books beside Backtrader for *broker*; None: nothing does."""
    return Booking(broker, stamps) if isinstance(broker, SimulatedBroker) else None
