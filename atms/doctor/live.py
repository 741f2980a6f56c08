"""What paper and live need beside a backtest: journals, and each account as it answers now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from atms.config import Config, missing_limits
from atms.doctor import places
from atms.doctor.check import Check
from atms.errors import AtmsError, JournalError, VenueError
from atms.execution.core.core import Core, Terms
from atms.execution.core.records import decode
from atms.execution.disk.journal import Journal
from atms.execution.disk.journal_file import NAME, told
from atms.running.live_hows import lines_of
from atms.running.live_stores import store_names, symbols_of, venue_store
from atms.running.live_sync import is_held
from atms.running.live_views import AccountView, view_of
from atms.stores.base import Store
from atms.stores.ccxt.claims import claims_of
from atms.stores.ccxt.profiles import PROFILES

PATIENCE = 20.0  # seconds that an account may take to answer
SLIGHT = timedelta(seconds=1)  # of a clock, of the five with which an account is refused
_SLOW = 2.0  # seconds to connect and read an account, on a good line well under one


def checks(config: Config, *, connect: bool = True) -> list[Check]:
    """Check what the feeds' stores need; nothing for a config without any. Changes nothing.

    Args:
        connect: ask the venues; with a key, for the account too.
    """
    names = store_names(config)
    if not names:
        return []
    state = config.execution.folder
    found = [places.folder("state", state), *journals(state), _limits(config)]
    for name in names:
        if connect:
            found += asyncio.run(_store(config, name))
        else:
            found.append(Check(f"store {name}", "info", "not asked: --offline"))
    return found


# ---- what is here --------------------------------------------------------------------------------
def journals(state: Path) -> list[Check]:
    """Check each account's journal under *state*: whole, whose, what is open, who has it."""
    return [_journal(path) for path in sorted(state.glob(f"accounts/*/{NAME}"))]


def _journal(path: Path) -> Check:
    account = path.parent.name
    name = f"journal {account}"
    try:
        with told(path):
            journal = Journal(path.resolve(), account)
        try:
            terms = Terms(journal=journal.id, instruments=())
            core = Core(terms, (decode(body) for _, body in journal.bodies()))
            last = journal.last
        finally:
            journal.close()
    except (AtmsError, ValueError) as error:
        return Check(name, "fail", str(error), exit_code=JournalError.exit_code)
    open_ = core.state.open_orders()
    doubt = sum(order.unresolved for order in open_)
    size = path.stat().st_size / 1e6
    held = ", ".join(sorted(one for one, _ in core.state.books.positions())) or "nothing"
    found = f"whole: {last:,} entries, {size:,.1f} MB, {len(open_)} open orders, holds {held}"
    if is_held(path.parent):
        found += "; a process has it"
    elif doubt:
        hint = "the next start asks the venue for them first"
        return Check(name, "warn", f"{found}; {doubt} orders in doubt", hint)
    return Check(name, "ok", found)


def _limits(config: Config) -> Check:
    missing = missing_limits(config)
    if missing:
        hint = "live refuses to start without them; paper does not"
        return Check("limits", "warn", f"not given: {', '.join(missing)}", hint)
    given = config.risk.model_dump(exclude_none=True)
    return Check("limits", "ok", ", ".join(f"{name} {value}" for name, value in given.items()))


# ---- what answers --------------------------------------------------------------------------------
async def _store(config: Config, name: str) -> list[Check]:
    """Check one account by connecting to it."""
    label = f"store {name}"
    began = time.monotonic()
    try:
        store = venue_store(config, name)
        try:
            async with asyncio.timeout(PATIENCE):
                view = await _seen(config, name, store)
                took = time.monotonic() - began
        finally:
            await store.close()
    except TimeoutError:
        found = f"no answer within {PATIENCE:g} s"
        return [Check(label, "fail", found, "look at the network", VenueError.exit_code)]
    except AtmsError as error:
        return [Check(label, "fail", str(error), exit_code=error.exit_code)]
    return list(_told(label, config.stores[name].venue, store, view, took))


async def _seen(config: Config, name: str, store: Store) -> AccountView | None:
    """Return how an account stands; None: there is no key, and the market is all there is."""
    tried = config.stores[name].venue in PROFILES
    if tried and config.stores[name].key is not None:
        return await view_of(config, name, store)
    await store.connect()
    await store.instruments(symbols_of(config, name))
    return None


def _told(
    label: str, venue: str, store: Store, view: AccountView | None, took: float
) -> Iterator[Check]:
    slow = took > _SLOW
    found = f"{store.account} answers, in {took:.1f} s; every symbol of the feeds is there"
    yield Check(label, "warn" if slow else "ok", found, "a slow line, or far away" * slow)
    yield _clock(label, store)
    if view is None:
        yield Check(f"{label} key", "info", "none is used: for paper alone")
        yield from _untried(label, venue)
        return
    prints = ", ".join(f"{key} {print_}" for key, print_ in view.fingerprints.items())
    told = {
        True: ("fail", f"{prints}: may withdraw", "make one that may trade alone"),
        False: ("ok", f"{prints}: may trade, and may not withdraw", ""),
        None: ("warn", f"{prints}: the venue does not tell whether it may withdraw",
               "look at the key's permissions at the venue"),
    }[view.can_withdraw]  # fmt: skip
    verdict, words, hint = told
    yield Check(f"{label} key", verdict, words, hint, VenueError.exit_code)  # type: ignore[arg-type]
    held = ", ".join(f"{one.total:f} {one.asset}" for one in view.balances) or "nothing"
    yield Check(f"{label} holds", "ok", f"{held}; {len(view.orders)} open orders")
    yield Check(f"{label} orders", "info", "\n".join(lines_of(view.hows)))
    if view.closed:
        hint = "no order on it will be taken; what is held of it stays"
        yield Check(f"{label} market", "warn", f"not traded now: {', '.join(view.closed)}", hint)


def _untried(label: str, venue: str) -> Iterator[Check]:
    """Tell of an exchange that was never tried what ccxt says of it, and that it is only that."""
    if venue in PROFILES:
        return
    claims = claims_of(venue)
    groups: dict[str, list[str]] = {}
    for what, said in claims.abilities.items():
        groups.setdefault(said, []).append(what)
    told = [f"ccxt says {said}: {', '.join(names)}" for said, names in groups.items()]
    found = "\n".join(["not exercised: no order is made here, its bars are for paper", *told])
    yield Check(f"{label} orders", "warn", found, f"python -m atms stores show {venue}")


def _clock(label: str, store: Store) -> Check:
    offset: timedelta | None = getattr(store, "clock_offset", None)
    if offset is None:
        return Check(f"{label} clock", "info", "the venue tells no time")
    found = f"{1000 * offset.total_seconds():+.0f} ms is the venue's against this computer's"
    if abs(offset) > SLIGHT:
        return Check(f"{label} clock", "warn", found, "set the clock: timedatectl set-ntp true")
    return Check(f"{label} clock", "ok", found)
