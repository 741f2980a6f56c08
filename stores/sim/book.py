"""All that the paper venue knows of one account: orders, money, and the bars they were met by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from atms.errors import ConfigError
from atms.simulation.traded import Traded
from atms.stores.market import Bar, Instrument
from atms.stores.requests import Key
from atms.stores.sim.holdings import Fill, Holdings, paid_in
from atms.stores.sim.models import SimAccount, SimModels
from atms.stores.sim.orders import Order, exact
from atms.stores.sim.purse import Purse
from atms.stores.sim.tape import Tape

_DUST = 1e-12  # of an order's size: what is lost where floats are added, and is no rest
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Book:
    """The state of one account; nothing here is told or written.

    Args:
        models: one for all instruments, or by symbol.
        account: what holds for all of it.

    Attributes:
        orders: by number, all that ever were.
        by_key: number of the order, by our key.
        fills: all, in the order of time.
        instruments: those that are known, by id.
        purses: by currency: what may be spent, in floats.
        holdings: the same account exactly.
        traded: the value of fills, for fees that fall with it.
        used: by instrument, how much of the newest bar's volume was had, and that bar's end.
        prices: the newest close, by instrument: when, and which.
        market: the end of the newest bar of all.
        born: names of this account's life; executions are called by it.
        now, last: the venue's time, and that of the newest fact.
    """

    def __init__(
        self, models: SimModels | Mapping[str, SimModels], account: SimAccount
    ) -> None:  # fmt: skip
        self.account = account
        self.instruments: dict[str, Instrument] = {}
        self.orders: dict[int, Order] = {}
        self.by_key: dict[Key, int] = {}
        self.fills: list[Fill] = []
        self.purses: dict[str, Purse] = {}
        self.holdings = Holdings()
        self.traded = Traded()
        self.used: dict[str, tuple[float, datetime]] = {}
        self.prices: dict[str, tuple[datetime, Decimal]] = {}
        self.market: datetime | None = None
        self.born = ""
        self.now = self.last = _EPOCH
        self._models = models
        self._tapes: dict[str, Tape] = {}
        self._open: dict[str, dict[int, Order]] = {}

    def open_account(self, born: str, cash: Mapping[str, Decimal]) -> None:
        """Begin with *cash*."""
        self.born = born
        self.holdings = Holdings.of(cash)
        self.purses = {asset: self._purse(float(amount)) for asset, amount in cash.items()}

    def models(self, instrument: str) -> SimModels:
        """Return an instrument's models.

        Raises:
            ConfigError: there are none.
        """
        if isinstance(self._models, SimModels):
            return self._models
        symbol = instrument.partition(":")[2]
        if symbol not in self._models:
            raise ConfigError(f"paper account: {symbol} has no models; give it some")
        return self._models[symbol]

    def tape(self, instrument: str) -> Tape:
        """Return an instrument's latest bars."""
        if instrument not in self._tapes:
            impact = self.models(instrument).impact
            self._tapes[instrument] = Tape((impact.window if impact else 0) + 2)
        return self._tapes[instrument]

    def purse(self, asset: str) -> Purse:
        """Return the cash of a currency."""
        if asset not in self.purses:
            self.purses[asset] = self._purse(0.0)
        return self.purses[asset]

    def purse_of(self, instrument: str) -> Purse:
        """Return the cash that an instrument is paid from."""
        return self.purse(paid_in(self.instruments[instrument]))

    def _purse(self, cash: float) -> Purse:
        return Purse(cash, self.account.shortcash, {})

    @property
    def days(self) -> float:
        """The market's time in days, by which what was traded is counted."""
        return days_of(self.market or _EPOCH)

    # ---- orders ---------------------------------------------------------------------------------
    def add(self, order: Order) -> None:
        """Take an order in."""
        self.orders[order.number] = order
        self.by_key[order.ticket.key] = order.number
        self._open.setdefault(order.ticket.instrument, {})[order.number] = order

    def resting(self, instrument: str) -> list[Order]:
        """Return an instrument's orders that may fill, in the order in which they were made."""
        there = self._open.get(instrument, {})
        for number in [number for number, order in there.items() if not order.open]:
            del there[number]
        return list(there.values())

    def open_orders(self) -> list[Order]:
        """Return every order that may fill."""
        found = [order for name in list(self._open) for order in self.resting(name)]
        return sorted(found, key=lambda order: order.number)

    # ---- bars and fills -------------------------------------------------------------------------
    def see(self, bar: Bar) -> None:
        """Learn a final bar's close and the market's time."""
        known = self.prices.get(bar.instrument)
        if known is None or bar.close_at >= known[0]:
            self.prices[bar.instrument] = (bar.close_at, bar.close)
        self.market = bar.close_at if self.market is None else max(self.market, bar.close_at)

    def stamp(self, wanted: datetime) -> datetime:
        """Return the time of what happens now: *wanted*, where no fact's time would go back."""
        self.last = wanted if self.last <= wanted <= self.now else max(self.last, self.now)
        return self.last

    def fill(
        self, order: Order, units: float, price: float, fee: float, at: datetime
    ) -> Fill:  # fmt: skip
        """Count an execution exactly, and return it; *order* is as it was before it."""
        left = order.ticket.qty - order.filled
        whole = abs(order.left) - units <= _DUST * float(order.ticket.qty)
        instrument = self.instruments[order.ticket.instrument]
        fill = Fill(
            exec=f"{self.born}-{len(self.fills) + 1:09d}", at=self.stamp(at), order=order.number,
            key=order.ticket.key, instrument=instrument.id, side=order.ticket.side,
            qty=left if whole else min(exact(units), left), price=exact(price), fee=exact(fee),
            fee_asset=paid_in(instrument),
        )  # fmt: skip
        self.count(fill, units * price * self.models(instrument.id).commission.p.mult, self.days)
        if instrument.cash == "exchange":
            self.purse(instrument.base).cash += order.ticket.side * units
        return fill

    def count(self, fill: Fill, value: float, days: float) -> None:
        """Take an execution into the exact books."""
        self.fills.append(fill)
        self.traded.add(days, value)
        self.holdings.book(fill, self.instruments[fill.instrument])

    def used_before(self, instrument: str) -> float:
        """Return how much of the volume of the newest bar that is over was had."""
        used, end = self.used.get(instrument, (0.0, None))
        return used if end == self.tape(instrument).end else 0.0

    def lost_elsewhere(self, instrument: str) -> float:
        """Return what positions in other instruments have lost by their last closes, or 0."""
        gains = 0.0
        for name, held in self.purse_of(instrument).positions.items():
            info = self.models(name).commission
            if name != instrument and held and info.stocklike:
                _, close = self.prices.get(name, (None, exact(held.price)))
                gains += info.profitandloss(held.size, held.price, float(close))
        return max(0.0, -gains)


def days_of(moment: datetime) -> float:
    """Return a moment in days since 1970."""
    return (moment - _EPOCH).total_seconds() / 86_400
