"""Funding, borrow and interest, charged to a simulated broker as the bars go by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from atms.simulation.carrying import (
    Funding,
    Interest,
    borrow_fee,
    funding_payment,
    interest_amount,
)

if TYPE_CHECKING:
    from atms.simulation.broker import SimulatedBroker


class HoldingCosts:
    """Watches the days and the bars of one run."""

    def __init__(self, broker: SimulatedBroker) -> None:
        self._broker = broker
        self._funding: Funding | None = broker.p.funding
        self._borrow: float = broker.p.borrow
        self._interest: Interest | None = broker.p.interest
        self._day: int | None = None

    def before(self) -> None:
        """Charge what is due before a round's orders are matched."""
        day = math.floor(self._broker.now)
        if self._day is not None and day > self._day:
            self._nights(day - self._day)
        self._day = day
        if self._funding is not None and self._funding.at == "start":
            self._fund(self._funding)

    def after(self) -> None:
        """Charge what is due after them."""
        if self._funding is not None and self._funding.at == "end":
            self._fund(self._funding)

    def _fund(self, funding: Funding) -> None:
        for data in self._broker.rounds.fresh:
            position = self._broker.positions.get(data)
            if not position:
                continue
            rate = getattr(data.lines, funding.rate)[0]
            if not rate or math.isnan(rate):
                continue
            mark = getattr(data.lines, funding.mark)[0]
            if not mark > 0:
                raise ValueError(
                    f"funding: {data._name} has a rate and no {funding.mark} at "
                    f"{data.datetime.datetime(0)}"
                )
            mult = self._broker.getcommissioninfo(data).p.mult
            paid = funding_payment(position.size, mark, rate, mult)
            self._broker.charge("funding", data, paid)

    def _nights(self, days: int) -> None:
        shorts = lent = 0.0
        cash = self._broker.cash
        for data, position in self._broker.positions.items():
            commission = self._broker.getcommissioninfo(data)
            if not position or not commission.stocklike:  # nobody lends a future
                continue
            close, mult = self._broker.rounds.closes[id(data)], commission.p.mult
            if self._borrow and position.size < 0:
                fee = borrow_fee(position.size, close, self._borrow, days, mult)
                self._broker.charge("borrow", data, fee)
            if position.size > 0:
                own = 1 / commission.get_leverage()
                lent += position.size * position.price * (1 - own)
            elif self._broker.p.shortcash:
                shorts -= position.size * close
        if self._interest is not None:
            amount = interest_amount(self._interest, cash, shorts, lent, days)
            if amount:
                self._broker.charge("interest", None, amount)
