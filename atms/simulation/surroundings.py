"""What a fill's costs need to know of the bars around it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from atms.simulation.costs import Impact

if TYPE_CHECKING:
    from atms.simulation.broker import SimulatedBroker


def half_spread(data: Any, ago: int = 0) -> float:
    """Return half of ask minus bid on the data's bar *ago*.

    Raises:
        ValueError: one of them is missing there, or the bid is above the ask.
    """
    bid, ask = float(data.lines.bid[ago]), float(data.lines.ask[ago])
    if not ask >= bid:
        what = "the bid is above the ask" if bid > ask else "bid or ask is empty"
        raise ValueError(
            f"slippage.half_spread: {data._name}: {what} at {data.datetime.datetime(0)}: "
            f"{bid:g}, {ask:g}"
        )
    return (ask - bid) / 2


def impact_of(
    impact: Impact, data: Any, reference: float, size: float, ago: int = 0
) -> float | None:
    """Return the impact a unit of a fill on a bar *ago*; None where nothing can fill."""
    known = len(data) - 1 + ago
    bars = min(impact.window, known)
    closes = [data.close[ago - back] for back in range(bars, 0, -1)]
    if known > bars:
        closes.insert(0, data.close[ago - bars - 1])
    returns = [after / before - 1 for before, after in pairwise(closes)]
    volumes = [data.volume[ago - back] for back in range(bars, 0, -1)]
    return impact.amount(reference, size, returns, sum(volumes) / bars if bars else 0.0)


def losses_elsewhere(broker: SimulatedBroker, data: Any) -> float:
    """Return what positions in other datas have lost by their last closes, positive, or 0."""
    gains = 0.0
    for other, position in broker.positions.items():
        if other is data or not position:
            continue
        close = broker.rounds.closes.get(id(other), position.price)
        commission = broker.getcommissioninfo(other)
        if commission.stocklike:  # a future's is in the cash already
            gains += commission.profitandloss(position.size, position.price, close)
    return max(0.0, -gains)
