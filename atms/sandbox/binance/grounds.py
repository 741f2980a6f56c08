"""What every venue of this kind stands on: markets, keys, limits, faults, and its own clock."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from atms.errors import ConfigError
from atms.sandbox.binance.clock import Clock
from atms.sandbox.binance.config import MarketConfig, SandboxConfig
from atms.sandbox.binance.faults import Faults
from atms.sandbox.binance.ids import Counters, api_key
from atms.sandbox.binance.intervals import LENGTHS
from atms.sandbox.binance.klines import Klines
from atms.sandbox.binance.limits import A_DAY, Meter, Span
from atms.sandbox.binance.market import Market
from atms.sandbox.binance.orders import Order
from atms.sandbox.binance.refusals import Refused
from atms.sandbox.binance.resting import Resting
from atms.sandbox.binance.security import ApiKey
from atms.sandbox.binance.symbols import Symbol, assets_of
from atms.sandbox.binance.tape import Tape, read_tape
from atms.sandbox.binance.trades import holds_trades, read_trades
from atms.sandbox.binance.truth import Truth

_MAINTENANCE = 30.0  # seconds, at most


class Grounds:
    """A venue without its account.

    Attributes:
        tapes: symbol -> what moves its market; none for one that is moved by hand.
        keys: key -> what it is.
        longer: the longer of the two times that orders are counted in.

    Raises:
        ConfigError, DataError: in what it is made of.
    """

    longer: Span = A_DAY

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.clock = Clock()
        self.random = random.Random(config.seed)
        self.truth = Truth(self.clock, config.log)
        self.faults = Faults(config.faults, self.random, self.truth)
        self.meter = Meter(self.clock, config.limits, self.truth, self.longer)
        self.ids = Counters()
        self.tapes: dict[str, Tape] = {}
        self.markets: dict[str, Market] = {}
        for market in config.markets:
            self._open(market)
        self.keys = self._make_keys()
        self._down_until = 0

    def resting(self, symbol: str) -> Resting:
        """Return the account's orders on a symbol's book."""
        raise NotImplementedError

    def hide_until(self, time: int) -> None:
        """Let queries tell an order that is placed now from *time* on, venue milliseconds."""
        raise NotImplementedError

    def symbol(self, name: str) -> Symbol:
        """Return a symbol.

        Raises:
            Refused: -1121.
        """
        return self.market(name).symbol

    def market(self, name: str) -> Market:
        """Return a market.

        Raises:
            Refused: -1121.
        """
        if name not in self.markets:
            raise Refused(-1121, "Invalid symbol.")
        return self.markets[name]

    def visible(self, order: Order) -> bool:
        """Return whether queries tell an order yet."""
        return order.seen_from <= self.clock.now()

    def close_for(self, seconds: float) -> None:
        """Be in maintenance for *seconds*."""
        self._down_until = self.clock.now() + round(seconds * 1000)

    def maintenance_reply(self) -> dict[str, Any] | None:
        """Return what every request is answered while the venue is in maintenance."""
        if self.faults.happens("maintenance"):
            self.close_for(self.faults.seconds(_MAINTENANCE))
        if self.clock.now() >= self._down_until:
            return None
        return {"code": -1016, "msg": "This service is no longer available."}

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

    def _symbol(self, market: MarketConfig, base: str, quote: str, tick: Decimal) -> Symbol:
        """Return a symbol of this venue's."""
        raise NotImplementedError

    def _tape(self, market: MarketConfig, name: str) -> Tape | None:
        if market.source is None:
            return None
        if holds_trades(market.source, name):
            return read_trades(market, name)
        return read_tape(market, name)

    def _make_keys(self) -> dict[str, ApiKey]:
        now = self.clock.now()
        first = ApiKey(self.config.key or api_key(), self.config.secret or api_key(), created=now)
        keys = {first.key: first}
        if self.config.may_withdraw:
            second = ApiKey(api_key(), api_key(), may_withdraw=True, created=now)
            keys[second.key] = second
        return keys
