"""The maintenance margin, looked at on every bar of a simulated broker."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from atms.simulation.closing import close_at
from atms.simulation.margin import Held, Margin, fails, liquidation_price

if TYPE_CHECKING:
    from atms.simulation.broker import SimulatedBroker

_MARKS = ("mark_open", "mark_high", "mark_low", "mark_close")
_Price = Callable[[Any, Held], float]


class MarginWatch:
    """Liquidates an account whose equity falls to its maintenance margin."""

    def __init__(self, broker: SimulatedBroker, margin: Margin) -> None:
        self._broker = broker
        self._margin = margin
        self._before: dict[int, bool] = {}

    def before(self) -> None:
        """Look at the open, before orders are matched."""
        self._before = {id(data): held.size > 0 for data, held in self._held()}
        self._look(lambda data, held: mark(data, "open"), lambda data, held: data.open[0])

    def after(self) -> None:
        """Look at the worst price of what was held all along, then at the close."""
        held = self._held()
        if any(self._stayed(data, position) and _has_extremes(data) for data, position in held):
            self._look(self._worst, self._price_inside)
        self._look(lambda data, held: mark(data, "close"), lambda data, held: data.close[0])

    def _held(self) -> list[tuple[Any, Held]]:
        broker = self._broker
        return [
            (data, held_of(broker, data)) for data, position in broker.positions.items() if position
        ]

    def _stayed(self, data: Any, held: Held) -> bool:
        return self._before.get(id(data)) == (held.size > 0)

    def _worst(self, data: Any, held: Held) -> float:
        if not (self._stayed(data, held) and _has_extremes(data)):
            return mark(data, "close")
        return mark(data, "low" if held.size > 0 else "high")

    def _price_inside(self, data: Any, held: Held) -> float:
        price = self._worst(data, held)
        if sum(1 for position in self._broker.positions.values() if position) == 1:
            price = liquidation_price(self._margin, self._broker.cash, held)
        return float(min(max(price, data.low[0]), data.high[0]))

    def _look(self, mark_of: _Price, price_of: _Price) -> None:
        marked = [(data, held, mark_of(data, held)) for data, held in self._held()]
        pairs = [(held, price) for _, held, price in marked]
        if not marked or not fails(self._margin, self._broker.cash, pairs):
            return
        prices = [(data, held, price_of(data, held)) for data, held, _ in marked]
        equity = self._broker.cash + sum(held.worth(price) for held, price in pairs)
        reason = f"liquidated: equity of {equity:.2f} does not cover the maintenance margin"
        self._broker.cancel_all()
        for data, held, price in prices:
            for strategy in self._broker.cerebro.runningstrats:
                close_at(self._broker, strategy, data, price, reason=reason)
            if self._margin.liquidation_fee:
                fee = self._margin.liquidation_fee * abs(held.size) * price * held.multiplier
                self._broker.charge("liquidation", data, -fee)


def held_of(broker: SimulatedBroker, data: Any) -> Held:
    """Return a broker's position as the margin's arithmetic sees it."""
    position, commission = broker.positions[data], broker.getcommissioninfo(data)
    size, mult = position.size, commission.p.mult
    if not commission.stocklike:
        tied = abs(size) * commission.get_margin(position.adjbase)
        return Held(size, position.adjbase, tied, mult)
    leverage = commission.get_leverage()
    if size > 0:
        return Held(size, position.price, size * position.price / leverage, mult)
    if broker.p.shortcash:  # the proceeds are in the cash
        return Held(size, position.price, size * position.price, mult)
    return Held(size, position.price, -size * position.price / leverage, mult)


def mark(data: Any, when: str) -> float:
    """Return a bar's mark price: the feed's own columns, or, if it has none, its prices."""
    line = f"mark_{when}"
    if line in data.getlinealiases():
        value = float(getattr(data.lines, line)[0])
        if value == value:
            return value
    return float(getattr(data.lines, when)[0])


def _has_extremes(data: Any) -> bool:
    lines = data.getlinealiases()
    return not any(line in lines for line in _MARKS) or {"mark_high", "mark_low"} <= set(lines)
