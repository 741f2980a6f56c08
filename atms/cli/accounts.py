"""``atms accounts``: what each of a config's stores holds, and what its key may do."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.live import show_account
from atms.cli.screen import print_json, say
from atms.cli.stores import plain, show_claims
from atms.config import Config
from atms.errors import AtmsError, ConfigError, UnknownName, VenueError, did_you_mean
from atms.running.live_stores import venue_store
from atms.running.live_views import AccountView, view_of
from atms.stores.ccxt.claims import claims_of
from atms.stores.ccxt.profiles import PROFILES

_PATIENCE = 30.0  # seconds that an account may take to answer


@guarded
def accounts(
    stores: Annotated[
        list[str] | None,
        typer.Argument(metavar="[STORE]...", help="Names under stores; default: every one."),
    ] = None,
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """Show what the accounts of a config hold: balances, positions, open orders, permissions.

    Nothing is changed. An account that does not answer is told, and the others are shown. Of an
    exchange that was never tried it shows what ccxt says that it can.

    Exit codes: 0 all were shown, 2 config, 4 one was not.
    """
    loaded = options.load(config).config
    if not loaded.stores:
        raise ConfigError("the config has no stores; give -c FILE of one that has")
    names = stores or list(loaded.stores)
    for name in names:
        if name not in loaded.stores:
            raise UnknownName(f"there is no store {name!r}{did_you_mean(name, loaded.stores)}")
    failed: AtmsError | None = None
    shown: list[dict[str, Any]] = []
    for name in names:
        if loaded.stores[name].venue not in PROFILES:
            _show_untried(loaded.stores[name].venue, shown, name, json_)
            continue
        try:
            view = asyncio.run(_view(loaded, name))
        except AtmsError as error:
            failed = failed or error
            shown.append({"store": name, "error": str(error)})
            told = str(error)
            there = told.startswith((f"stores.{name}: ", f"stores.{name}."))
            say(told if there else f"stores.{name}: {told}", "red")
            continue
        shown.append(_plain(view))
        if not json_:
            show_account(view)
    if json_:
        print_json(shown)
    if failed is not None:
        raise typer.Exit(failed.exit_code)


def _show_untried(venue: str, shown: list[dict[str, Any]], name: str, json_: bool) -> None:
    """Show what an exchange that was never tried may be able to: no account of it is read."""
    claims = claims_of(venue)
    shown.append({"store": name, **plain(claims)})
    if not json_:
        show_claims(claims)


async def _view(config: Config, name: str) -> AccountView:
    if config.stores[name].key is None:
        raise ConfigError("it names no key, and so there is no account to see")
    store = venue_store(config, name)
    try:
        async with asyncio.timeout(_PATIENCE):
            return await view_of(config, name, store)
    except TimeoutError:
        raise VenueError(f"no answer within {_PATIENCE:g} s; look at the network") from None
    finally:
        await store.close()


def _plain(view: AccountView) -> dict[str, Any]:
    """Return an account as plain values, decimals as text."""
    return {
        "store": view.store,
        "account": view.account,
        "fingerprints": dict(view.fingerprints),
        "balances": [
            {"asset": one.asset, "total": f"{one.total:f}",
             "free": None if one.free is None else f"{one.free:f}"}
            for one in view.balances
        ],
        "positions": [
            {"instrument": one.instrument, "bucket": one.bucket, "qty": f"{one.qty:f}"}
            for one in view.positions
        ],
        "orders": [
            {"key": one.key, "instrument": one.instrument, "state": one.state.value}
            for one in view.orders
        ],
        "can_withdraw": view.can_withdraw,
        "how": dict(view.hows),
        "closed": list(view.closed),
    }  # fmt: skip
