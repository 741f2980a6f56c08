"""Kraken spot without its wires: markets by the venue's names, the account, counters, tokens."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from decimal import Decimal

from atms.errors import ConfigError
from atms.sandbox.kraken.config import KrakenConfig
from atms.sandbox.kraken.counters import TIERS, Counters
from atms.sandbox.kraken.names import NAMELESS, Pair
from atms.sandbox.kraken.refusals import refuse
from atms.sandbox.kraken.security import Security
from atms.sandbox.venue.exchange import Exchange
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.orders import Wish
from atms.sandbox.venue.refusals import Why
from atms.sandbox.venue.spot import SpotVenue


class KrakenExchange(Exchange):
    """Client ids are taken while an order of any pair that has one is open."""

    def admit(self, wish: Wish) -> None:
        """Check what the matching engine checks, but the balance."""
        named = self.desk.named(wish.client_id)
        if named is not None and named.is_open:
            raise self.refuse(Why.DUPLICATE)
        super().admit(wish)

    def _is_met(self, wish: Wish) -> bool:
        return False  # a stop that is met already fires with the next trade


class KrakenVenue(SpotVenue):
    """The venue behind the wires.

    Attributes:
        pairs: the shared name of a symbol -> its names here.
        counters: what the account has asked and traded.
        security: keys, nonces, tokens.
        ledger: gives the numbers of the ledger's lines.
    """

    config: KrakenConfig
    fee_in_quote = True
    least = Decimal("0.5")
    places = KrakenExchange

    def __init__(self, config: KrakenConfig) -> None:
        super().__init__(config)
        if config.tier not in TIERS:
            raise ConfigError(f"tier {config.tier!r}: there are: {', '.join(TIERS)}")
        self.pairs = {name: Pair(market.symbol) for name, market in self.markets.items()}
        self._by_name = {
            word: name for name, pair in self.pairs.items() for word in reversed(pair.names)
        }
        self.counters = Counters(self.clock, config.tier, config.limits_times)
        self.security = Security(self.keys, self.clock, config.nonce_window)
        self.ledger = itertools.count(3_000_001).__next__

    def refuse(self, why: Why) -> Exception:
        """Return the error that this venue answers with."""
        return refuse(why)

    def named(self, word: str) -> Market:
        """Return the market of a pair, given by any of its names.

        Raises:
            KrakenError: there is none.
        """
        return self.market(self._by_name.get(word.upper(), word))

    def pair(self, symbol: str) -> Pair:
        """Return the names of a symbol."""
        return self.pairs[symbol]


def client_id(given: Mapping[str, str], number: int) -> str:
    """Return the client id of a new order; one of its own where none was given."""
    return given.get("cl_ord_id") or f"{NAMELESS}{number}"
