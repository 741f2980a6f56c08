"""A schedule of fees as Backtrader's commission info."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt

from atms.simulation.fees import FeePart, OrderTotals, Percent


class Commission(bt.CommInfoBase):
    """Charges by a schedule.

    :class:`~atms.simulation.SimulatedBroker` tells it who was maker, what of the order has filled
    before and what the account has traded. A stock broker does not: each part of a fill is then
    charged as a taker's, as an order of its own and on the first tier.

    Attributes:
        traded: the account's value traded within the schedule's days, for what stands alone.

    Params:
        schedule: see :mod:`atms.simulation.fees`.
        conversion: the account's currency for one unit of the schedule's: a number, or the name of
            a data whose last close it is.
        leverage, mult, margin: Backtrader's; with a margin it is a future's.

    Raises:
        ValueError: a conversion by name on a stock broker, or before its first bar.
    """

    params = (
        ("schedule", Percent(0.0)),
        ("conversion", 1.0),
        ("stocklike", True),
        ("commtype", bt.CommInfoBase.COMM_PERC),
        ("percabs", True),
    )

    def __init__(self, **_: Any) -> None:  # Backtrader has taken the params before
        if self.p.margin:
            self.p.stocklike = False
        super().__init__()
        self.price_of: Callable[[str], float] | None = None
        self._fill: FeePart | None = None
        self.traded = 0.0

    def begin(self, maker: bool, before: OrderTotals, traded: float) -> None:
        """Let what is charged from now on be parts of one fill."""
        self.traded = traded
        self._fill = FeePart(0.0, 0.0, maker, before, traded)

    def end(self) -> None:
        """Let what is charged from now on stand alone."""
        self._fill = None

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:
        units = abs(size)
        value = units * price * self.p.mult
        known = self._fill or FeePart(0.0, 0.0, traded=self.traded)
        part = known._replace(size=units, value=value, conversion=self._conversion())
        if self._fill is not None and pseudoexec:  # what follows is of the same fill
            before = OrderTotals(part.before.size + units, part.before.value + value)
            self._fill = self._fill._replace(before=before)
        fee: float = self.p.schedule.fee(part)
        return fee

    def _conversion(self) -> float:
        if not isinstance(self.p.conversion, str):
            return float(self.p.conversion)
        if self.price_of is None:
            raise ValueError(
                f"commission.conversion: {self.p.conversion}: only atms.simulation.SimulatedBroker "
                "knows the prices of other datas"
            )
        return self.price_of(self.p.conversion)
