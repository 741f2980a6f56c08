"""Which simulated venue stands for a configured one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from atms.config import FeedSection
from atms.errors import UnknownName, did_you_mean
from atms.sandbox.simulation.venue.profiles import PROFILES, Profile

# A venue of a config -> the kind of venues that is most like it.
_LIKE = {
    "binance": "binance",
    "binanceusdm": "binanceusdm",
    "bybit": "binance",
    "coinbase": "binance",
    "kucoin": "binance",
    "okx": "binance",
    "kraken": "kraken",
    "oanda": "oanda",
    "ibkr": "ibkr",
    "alpaca": "alpaca",
    "chain": "chain",
}
_LIKE |= dict.fromkeys(("bybitlinear", "okxlinear"), _LIKE["binanceusdm"])
_LIKE |= dict.fromkeys(("arca", "nasdaq", "nyse", "xnys", "xnas", "arcx"), _LIKE["ibkr"])
_PERPETUAL = _LIKE["binanceusdm"]  # of a symbol that names what it settles in
_ELSE = _LIKE["binance"]
_LENDING = ("ibkr", "alpaca")  # a broker that lends what is sold short
_FINE = Decimal("0.00001")  # units, where a whole one costs much of what there is


def profile_of(venue: str, symbol: str) -> tuple[str, bool]:
    """Return the name of the profile that stands for a venue, and whether it is known to be alike.

    Args:
        venue: a store's venue, or a feed's label.
        symbol: of one of its feeds.
    """
    known = _LIKE.get(venue.lower())
    return known or (_PERPETUAL if ":" in symbol else _ELSE), known is not None


def checked(profile: str) -> str:
    """Return the name of a profile that there is.

    Raises:
        UnknownName: there is none of that name.
    """
    if profile not in PROFILES:
        near = did_you_mean(profile, PROFILES) or f"; there are: {', '.join(PROFILES)}"
        raise UnknownName(f"--profile: there is no {profile!r}{near}")
    return profile


def listing(
    profile: str, account: str, feeds: list[FeedSection], base: str, cash: Decimal, price: Decimal
) -> Profile:
    """Return a kind of venue that lists what feeds trade, and holds the config's cash.

    Everything is priced and paid in *base*: the trial knows no exchange rates.

    Args:
        account: its name.
        price: about what a unit costs.
    """
    kind = PROFILES[profile]
    symbols = [feed.symbol or feed.name for feed in feeds]
    steps = [feed.instrument.step for feed in feeds if feed.instrument.step is not None]
    step = min(steps, default=kind.qty_step if kind.qty_step * price * 100 <= cash else _FINE)
    ticks = [feed.instrument.tick for feed in feeds if feed.instrument.tick is not None]
    fees = {asset: amount for asset, amount in kind.balances.items() if asset != "USD"}
    return replace(
        kind, account=account, symbols={one: (_unit(one), base) for one in symbols},
        balances={**fees, base: cash}, qty_step=step, price_step=min(ticks, default=_tick(price)),
        cash="margin" if profile in _LENDING else kind.cash,
    )  # fmt: skip


def _unit(symbol: str) -> str:
    """Return what a symbol trades: ``BTC`` of ``BTC/USDT:USDT``."""
    return symbol.partition("/")[0]


def _tick(price: Decimal) -> Decimal:
    """Return a price step of about a hundredth of a per cent, a power of ten."""
    return min(Decimal("0.01"), Decimal(1).scaleb(price.adjusted() - 4))
