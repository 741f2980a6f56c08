"""The simulated venues by name: their rules, what they list, and how to connect."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from atms.sandbox.simulation.venue import alpaca, chain, counter, exchange, kraken, lots, usdm
from atms.sandbox.simulation.venue.alpaca import AlpacaStore
from atms.sandbox.simulation.venue.blocks import Chain
from atms.sandbox.simulation.venue.chain import ChainStore
from atms.sandbox.simulation.venue.counter import CounterStore
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.sandbox.simulation.venue.faults import HAPPENINGS, ON_CHAINS, Faults
from atms.sandbox.simulation.venue.kraken import KrakenStore
from atms.sandbox.simulation.venue.lots import LotStore
from atms.sandbox.simulation.venue.manners import Delays, Manners
from atms.sandbox.simulation.venue.truth import Venue
from atms.sandbox.simulation.venue.usdm import UsdmStore
from atms.stores.base import Store
from atms.stores.facts import Fee
from atms.stores.market import Instrument


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A kind of venue.

    Attributes:
        connect: opens a connection; the names in use are those that a journal holds.
        symbols: symbol -> (base, quote).
        balances: what an account has at first.
        block: time between blocks, on a chain.
        account: its name; empty: by the kind of venue.
        happens: what may happen there by itself, of the events of :mod:`.happenings`.
        untold: its account may begin with units that no journal explains.
    """

    name: str
    manners: Manners
    connect: Callable[[Venue], Store]
    symbols: Mapping[str, tuple[str, str]]
    balances: Mapping[str, Decimal]
    qty_step: Decimal
    price_step: Decimal
    min_notional: Decimal | None = None
    cash: Literal["exchange", "margin"] = "exchange"
    block: timedelta | None = None
    account: str = ""
    happens: frozenset[str] = frozenset()
    untold: bool = False

    def meets(self, fault: str) -> bool:
        """Return whether a fault can happen there."""
        if fault in HAPPENINGS:
            return fault in self.happens
        return self.block is not None or fault not in ON_CHAINS

    def venue(
        self,
        *,
        clock: Callable[[], datetime],
        source: random.Random,
        delays: Delays | None = None,
        faults: Faults | None = None,
        mines: bool = True,
    ) -> Venue:
        """Return a new venue; *mines*: a chain makes its blocks by itself."""
        account = self.account or f"sim-{self.name}"
        venue = Venue(
            manners=self.manners, instruments=self._instruments(account), balances=self.balances,
            clock=clock, source=source, delays=delays, faults=faults, account=account,
        )  # fmt: skip
        if self.block is not None:
            gas = Fee(asset="GAS", amount=Decimal("0.01"))
            venue.chain = Chain(venue, gas=gas, every=self.block if mines else None)
        return venue

    def _instruments(self, account: str) -> list[Instrument]:
        return [
            Instrument(
                id=f"{account}:{symbol}", base=base, quote=quote, settle=quote,
                qty_step=self.qty_step, min_qty=self.qty_step,
                price_steps=((Decimal(0), self.price_step),), min_notional=self.min_notional,
                cash=self.cash,
            )
            for symbol, (base, quote) in self.symbols.items()
        ]  # fmt: skip


def _chain_store(venue: Venue) -> ChainStore:
    assert venue.chain is not None
    return ChainStore(venue.chain)


_MILLI, _CENT = Decimal("0.001"), Decimal("0.01")
_USD = {"USD": Decimal(100_000)}
_ANYWHERE = frozenset(
    {
        "outage", "cash_moves", "funds_leave", "foreign_order", "traded_by_hand", "orders_ended",
        "rules_change", "suspended", "book_empties", "key_expires", "price_jumps",
        "market_is_quiet", "venue_clock_jumps",
    }
)  # fmt: skip
PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="binance", manners=exchange.MANNERS, connect=ExchangeStore,
            symbols={"AAAUSD": ("AAA", "USD"), "BBBUSD": ("BBB", "USD")},
            balances={**_USD, "POINT": Decimal(100)}, qty_step=_MILLI, price_step=_CENT,
            min_notional=Decimal(5), happens=_ANYWHERE | {"splits", "switch_fires"}, untold=True,
        ),
        Profile(
            name="binanceusdm", manners=usdm.MANNERS, connect=UsdmStore, cash="margin",
            symbols={"AAAUSD": ("AAA", "USD"), "BBBUSD": ("BBB", "USD")}, balances=_USD,
            qty_step=_MILLI, price_step=_CENT, min_notional=Decimal(5),
            happens=_ANYWHERE | {"liquidated", "switch_fires"},
        ),
        Profile(
            name="kraken", manners=kraken.MANNERS, connect=KrakenStore,
            symbols={"AAA-USD": ("AAA", "USD"), "BBB-USD": ("BBB", "USD")}, balances=_USD,
            qty_step=_MILLI, price_step=_CENT, min_notional=Decimal("0.5"),
            happens=_ANYWHERE | {"switch_fires"}, untold=True,
        ),
        Profile(
            name="oanda", manners=lots.MANNERS, connect=LotStore, cash="margin",
            symbols={"AAA_USD": ("AAA", "USD"), "BBB_USD": ("BBB", "USD")}, balances=_USD,
            qty_step=Decimal(1), price_step=_CENT,
            happens=_ANYWHERE | {"liquidated", "market_closes"},
        ),
        Profile(
            name="ibkr", manners=counter.MANNERS, connect=CounterStore,
            symbols={"AAA": ("AAA", "USD"), "BBB": ("BBB", "USD")}, balances=_USD,
            qty_step=Decimal(1), price_step=_CENT,
            happens=_ANYWHERE | {"corrected", "busted", "market_closes"},
        ),
        Profile(
            name="alpaca", manners=alpaca.MANNERS, connect=AlpacaStore,
            symbols={"AAA": ("AAA", "USD"), "BBB": ("BBB", "USD")}, balances=_USD,
            qty_step=Decimal(1), price_step=_CENT, happens=_ANYWHERE | {"market_closes"},
        ),
        Profile(
            name="chain", manners=chain.MANNERS, connect=_chain_store,
            symbols={"AAA-USD": ("AAA", "USD"), "BBB-USD": ("BBB", "USD")},
            balances={**_USD, "GAS": Decimal(10)}, qty_step=_MILLI, price_step=_CENT,
            block=timedelta(seconds=12),
            happens=frozenset(
                {"outage", "cash_moves", "price_jumps", "market_is_quiet", "key_expires",
                 "nonce_used_elsewhere", "pool_forgotten"}
            ),
        ),
    )
}  # fmt: skip
