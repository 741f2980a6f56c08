"""What every venue stands on: markets, keys, faults, and its own clock."""

from __future__ import annotations

import random
from decimal import Decimal

from atms.errors import ConfigError
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.config import MarketConfig, VenueConfig
from atms.sandbox.venue.faults import Faults
from atms.sandbox.venue.ids import Counters, api_key
from atms.sandbox.venue.intervals import LENGTHS
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.klines import Klines
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.orders import Order
from atms.sandbox.venue.refusals import Why
from atms.sandbox.venue.resting import Resting
from atms.sandbox.venue.symbols import Symbol, assets_of
from atms.sandbox.venue.tape import Tape, read_tape
from atms.sandbox.venue.trades import holds_trades, read_trades
from atms.sandbox.venue.truth import Truth

_MAINTENANCE = 30.0  # seconds, at most
_LAG = 30.0  # seconds that a new order may be hidden from queries, at most


class Grounds:
    """A venue without its account.

    Attributes:
        tapes: symbol -> what moves its market; none for one that is moved by hand.
        keys: key -> what it is.

    Raises:
        ConfigError, DataError: in what it is made of.
    """

    def __init__(self, config: VenueConfig) -> None:
        self.config = config
        self.clock = Clock()
        self.random = random.Random(config.seed)
        self.truth = Truth(self.clock, config.log)
        self.faults = Faults(config.faults, self.random, self.truth)
        self.ids = Counters()
        self.tapes: dict[str, Tape] = {}
        self.markets: dict[str, Market] = {}
        for market in config.markets:
            self._open(market)
        self.keys = self._make_keys()
        self._down_until = 0

    # ---- what a dialect gives ---------------------------------------------------------------
    def refuse(self, why: Why) -> Exception:
        """Return the error that this venue answers with, in its own words."""
        raise NotImplementedError

    def resting(self, symbol: str) -> Resting:
        """Return the account's orders on a symbol's book."""
        raise NotImplementedError

    def hide_until(self, time: int) -> None:
        """Let queries tell an order that is placed now from *time* on, venue milliseconds."""
        raise NotImplementedError

    def _symbol(self, market: MarketConfig, base: str, quote: str, tick: Decimal) -> Symbol:
        """Return a symbol of this venue's."""
        raise NotImplementedError

    def _make_keys(self) -> dict[str, ApiKey]:
        now = self.clock.now()
        first = ApiKey(self.config.key or api_key(), self.config.secret or api_key(), created=now)
        keys = {first.key: first}
        if self.config.may_withdraw:
            second = ApiKey(api_key(), api_key(), may_withdraw=True, created=now)
            keys[second.key] = second
        return keys

    # ---- what there is ----------------------------------------------------------------------
    def symbol(self, name: str) -> Symbol:
        """Return a symbol.

        Raises:
            Exception: this venue's, for UNKNOWN_SYMBOL.
        """
        return self.market(name).symbol

    def market(self, name: str) -> Market:
        """Return a market.

        Raises:
            Exception: this venue's, for UNKNOWN_SYMBOL.
        """
        if name not in self.markets:
            raise self.refuse(Why.UNKNOWN_SYMBOL)
        return self.markets[name]

    def strike_off(self, symbol: str) -> None:
        """List a symbol no more: whoever names it hears that there is none.

        Its market should stand still by then; what is open or held of it is not touched.
        """
        del self.markets[symbol]
        self.truth.note("market", symbol=symbol, state="struck off")

    def visible(self, order: Order) -> bool:
        """Return whether queries tell an order yet."""
        return order.seen_from <= self.clock.now()

    # ---- faults -----------------------------------------------------------------------------
    def close_for(self, seconds: float) -> None:
        """Be in maintenance for *seconds*."""
        self._down_until = self.clock.now() + round(seconds * 1000)

    def is_down(self) -> bool:
        """Return whether the venue is in maintenance; a fault may begin one now."""
        if self.faults.happens("maintenance"):
            self.close_for(self.faults.seconds(_MAINTENANCE))
        return self.clock.now() < self._down_until

    def strike_order(self) -> None:
        """Draw the faults that strike a new order before it is taken.

        Raises:
            Exception: this venue's, for CLOSED.
        """
        if self.faults.happens("reject_order"):
            raise self.refuse(Why.CLOSED)
        if self.faults.happens("read_lag"):
            lag = round(self.faults.seconds(_LAG) * 1000)
            self.hide_until(self.clock.now() + lag)

    # ---- opening ----------------------------------------------------------------------------
    def _open(self, market: MarketConfig) -> None:
        base, quote = assets_of(market.symbol)
        name = base + quote
        if name in self.markets:
            raise ConfigError(f"symbol {name}: is there twice")
        tape = self._tape(market, name)
        interval = tape.interval if tape is not None else market.timeframe
        if interval not in LENGTHS:
            raise ConfigError(
                f"symbol {name}: the venue has no klines of {interval}; it has: "
                + ", ".join(LENGTHS)
            )
        tick = market.tick or (tape.tick if tape is not None else Decimal("0.01"))
        symbol = self._symbol(market, base, quote, tick)
        made = Market(symbol, Klines(interval), market.depth, self.clock, self.ids.trade)
        self.markets[name] = made
        if tape is not None:
            self.tapes[name] = tape
            tape.load(made)

    def _tape(self, market: MarketConfig, name: str) -> Tape | None:
        if market.source is None:
            return None
        if holds_trades(market.source, name):
            return read_trades(market, name)
        return read_tape(market, name)
