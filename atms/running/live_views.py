"""An account as it stands before anything is done on it, for a person to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from atms.config import Config
from atms.downloading.patience import Patience, seconds
from atms.errors import AtmsError, VenueError
from atms.execution.emulation import hows
from atms.running.live_stores import symbols_of
from atms.stores.base import NoSymbol, RateLimited, Store, never_tried
from atms.stores.facts import BalanceFact, BucketFact, OrderFact, Part, Snapshot
from atms.stores.market import Instrument

_LET_THROUGH = timedelta(minutes=2)  # venues count by the minute; what bans for longer is told
_ANSWERS = timedelta(seconds=30)
LONGEST_VIEW = _LET_THROUGH + 4 * _ANSWERS


@dataclass(frozen=True, kw_only=True)
class AccountView:
    """An account before anything is done on it.

    Attributes:
        store: its name in the config.
        fingerprints: key -> enough to tell it from another.
        balances, positions: what it holds.
        orders: what stands open.
        can_withdraw: whether the key may take money out; None: the venue does not tell.
        hows: kind of order, or group -> how it is done: by the venue, here and with what, or the
            code with which it is refused; see :func:`atms.execution.emulation.hows.table`.
        closed: symbols of the run that the venue does not trade now.
    """

    store: str
    account: str
    fingerprints: Mapping[str, str]
    balances: tuple[BalanceFact, ...]
    positions: tuple[BucketFact, ...]
    orders: tuple[OrderFact, ...]
    can_withdraw: bool | None
    hows: Mapping[str, str] = field(default_factory=dict)
    closed: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """What somebody who is about to trade on it should know."""
        return [
            f"stores.{self.store}: {symbol} is not traded at the venue now: no order on it will be "
            "taken, and what is held of it stays; if it is delisted, take it out of data.feeds"
            for symbol in self.closed
        ]


async def patient_view(
    config: Config, name: str, store: Store, hears: Callable[[str], None]
) -> AccountView:
    """Return how an account stands, when the venue lets it be asked; the store is left closed.

    Raises:
        VenueError: it lets nothing through for long, does not answer, or as `view_of`.
    """
    patience = Patience(_LET_THROUGH, hears)
    while True:
        try:
            async with asyncio.timeout(_ANSWERS.total_seconds()):
                return await view_of(config, name, store)
        except RateLimited as error:
            await patience.endure(error)
        except AtmsError as error:  # a store knows its venue, and not its name in the config
            if not str(error).startswith(f"stores.{name}: "):
                error.args = (f"stores.{name}: {error}",)
            raise
        except TimeoutError:
            raise VenueError(
                f"stores.{name}: no answer within {seconds(_ANSWERS)}; try again later"
            ) from None
        finally:
            await store.close()  # it is connected anew when its account is taken


async def view_of(config: Config, name: str, store: Store) -> AccountView:
    """Connect to an account and return how it stands; the store is left connected.

    Raises:
        VenueError: it cannot be reached or read, or orders were never tried there.
    """
    section = config.stores[name]
    venue = await store.connect()
    if not venue.exercised:
        raise VenueError(f"stores.{name}: {never_tried(store.account)}")
    found = await _listed(config, name, store)
    shot = await store.snapshot([one.id for one in found])
    prints = {
        key: secret.fingerprint()
        for key in ("key", "secret", "passphrase")
        if (secret := getattr(section, key)) is not None
    }
    consent = config.execution.emulated_protection
    view = _seen(name, store, prints, shot, venue.can_withdraw)
    closed = tuple(one.id.removeprefix(f"{store.account}:") for one in found if not one.tradable)
    return replace(view, hows=hows.table(venue, consent=consent), closed=closed)


async def _listed(config: Config, name: str, store: Store) -> tuple[Instrument, ...]:
    """Return what is to be traded; NoSymbol names what is not there, and says what to do."""
    try:
        return await store.instruments(symbols_of(config, name))
    except NoSymbol as error:
        raise NoSymbol(
            f"stores.{name}: {error} (if it was there before, it is delisted: take its feed out of "
            "data.feeds; what is held of it stays in the books, and is told at the start)",
            error.symbols,
        ) from None


def _seen(
    name: str, store: Store, prints: Mapping[str, str], shot: Snapshot, can_withdraw: bool | None
) -> AccountView:
    missing = {Part.ORDERS, Part.BALANCES} - shot.parts
    if missing:
        parts = ", ".join(sorted(part.value for part in missing))
        raise VenueError(f"stores.{name}: the venue did not tell its {parts}; try again later")
    return AccountView(
        store=name, account=store.account, fingerprints=prints,
        balances=tuple(one for one in shot.facts if isinstance(one, BalanceFact) and one.total),
        positions=tuple(one for one in shot.facts if isinstance(one, BucketFact) and one.qty),
        orders=tuple(one for one in shot.facts if isinstance(one, OrderFact)),
        can_withdraw=can_withdraw,
    )  # fmt: skip
