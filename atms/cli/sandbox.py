"""``atms sandbox``: venues on loopback, to try everything without an account."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import typer

from atms.cli import serving
from atms.cli.guard import guarded

sandbox = typer.Typer(
    no_args_is_help=True,
    help="Venues on loopback, made from bars in a file: no account, no network, no money.",
)


@sandbox.callback()
def _group() -> None:
    pass


# an option's name -> what it is, and its default; without one it has to be given
Options = Mapping[str, tuple[Any, Any]]
SHARED: Options = {
    "data": (serving.Data, inspect.Parameter.empty), "symbol": (serving.Symbols, None),
    "speed": (serving.Speed, 1.0), "port": (serving.Port, 0), "balance": (serving.Balance, None),
    "history": (serving.History, None), "fault": (serving.FaultRates, None),
    "seed": (serving.Seed, 0), "log": (serving.Log, None), "key": (serving.Key, None),
    "secret": (serving.Secret, None),
}  # fmt: skip
WITHDRAWAL: Options = {"may_withdraw": (serving.MayWithdraw, False)}
SPOT: Options = {**WITHDRAWAL, "commission": (serving.Fee, 0.001)}
FUTURES: Options = {
    "leverage": (serving.Leverage, 20), "hedge": (serving.Hedge, False),
    "funding_rate": (serving.Funding, 0.0001),
}  # fmt: skip
BINANCE: Options = {
    **SPOT, "fee_asset": (serving.FeeAsset, None), "open_orders": (serving.OpenOrders, 200)
}  # fmt: skip
# an option that a config has under another name, or in another form
TURNED: Mapping[str, Any] = {
    "commission": lambda share: {"commission": Decimal(str(share))},
    "leverage": lambda times: {"leverage": Decimal(times)},
    "funding_rate": lambda share: {"funding_rate": Decimal(str(share))},
}


def _open_orders(count: int) -> dict[str, Any]:
    from atms.sandbox.binance.config import Limits

    return {"limits": Limits(open_orders=count)}


@dataclass(frozen=True)
class Offered:
    """A sandbox, and the command that serves it.

    Attributes:
        serves: module and class of what serves; *config* of what it is made with.
        options: its own beside those that all have; *turned* of these: as in `TURNED`.
        called: the command, where it is not the venue's name.
    """

    venue: str
    serves: str
    config: str = "atms.sandbox.venue.config:VenueConfig"
    options: Options = field(default_factory=lambda: SPOT)
    turned: Mapping[str, Any] = field(default_factory=lambda: TURNED)
    called: str = ""


OFFERED = (
    Offered(
        "binance", "atms.sandbox.binance.server:Sandbox",
        "atms.sandbox.binance.config:SandboxConfig", BINANCE,
        {**TURNED, "open_orders": _open_orders},
    ),
    Offered(
        "binanceusdm", "atms.sandbox.binance_usdm.server:UsdmSandbox",
        "atms.sandbox.binance_usdm.config:UsdmConfig",
        {**FUTURES, "isolated": (serving.Isolated, False)},
        {
            **TURNED, "leverage": lambda times: {"leverage": times},
            "hedge": lambda both: {"dual_side": both},
            "isolated": lambda alone: {"margin_type": "ISOLATED" if alone else "CROSSED"},
        },
        called="binance-usdm",
    ),
    Offered("bybit", "atms.sandbox.bybit.server:BybitSandbox"),
    Offered(
        "bybitlinear", "atms.sandbox.bybitlinear.server:BybitLinearSandbox",
        "atms.sandbox.bybitlinear.config:BybitLinearConfig", {**WITHDRAWAL, **FUTURES},
    ),
    Offered("coinbase", "atms.sandbox.coinbase.server:CoinbaseSandbox"),
    Offered("kraken", "atms.sandbox.kraken.server:KrakenSandbox"),
    Offered("kucoin", "atms.sandbox.kucoin.server:KucoinSandbox"),
    Offered("okx", "atms.sandbox.okx.server:OkxSandbox"),
    Offered(
        "okxlinear", "atms.sandbox.okxlinear.server:OkxLinearSandbox",
        "atms.sandbox.okxlinear.config:OkxLinearConfig", {**WITHDRAWAL, **FUTURES},
    ),
)  # fmt: skip


def _offer(one: Offered) -> None:
    """Add the command of a sandbox, and its venue's name as another word for it."""
    options = {**SHARED, **one.options}

    def command(**given: Any) -> None:
        config = _found(one.config)(**serving.settings(given), **_own(one, given))
        asyncio.run(serving.serve(_found(one.serves)(config)))

    keyword = inspect.Parameter.KEYWORD_ONLY
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, keyword, annotation=kind, default=default)
            for name, (kind, default) in options.items()
        ]
    )
    command.__annotations__ = {name: kind for name, (kind, _) in options.items()}
    called = one.called or one.venue
    command.__doc__ = (
        f"Serve what {one.venue} serves, on 127.0.0.1, until Ctrl-C.\n\n"
        f"Example:\n  python -m atms sandbox {called} --data sample:BTCUSD_1h --speed 3600"
    )
    sandbox.command(called)(guarded(command))
    if one.called:
        sandbox.command(one.venue, hidden=True)(guarded(command))


def _found(place: str) -> Any:
    """Return what stands at ``module:name``."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def _own(one: Offered, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a sandbox's own options make."""
    made: dict[str, Any] = {}
    for name in one.options:
        made |= one.turned.get(name, lambda value, name=name: {name: value})(given[name])
    return made


for _one in OFFERED:
    _offer(_one)
