"""``atms sandbox``: venues on loopback, to try everything without an account."""

from __future__ import annotations

import asyncio
import importlib
from decimal import Decimal
from typing import Annotated

import typer

from atms.cli import sandbox_futures
from atms.cli.guard import guarded
from atms.cli.serving import (
    Balance,
    Data,
    FaultRates,
    Fee,
    History,
    Key,
    Log,
    MayWithdraw,
    Port,
    Secret,
    Seed,
    Speed,
    Symbols,
    markets,
    pairs,
    rates,
    serve,
    speed_of,
)

sandbox = typer.Typer(
    no_args_is_help=True,
    help="Venues on loopback, made from bars in a file: no account, no network, no money.",
)


@sandbox.callback()
def _group() -> None:
    pass


# exchanges whose sandbox needs no options of its own: name, module, class, balances on start
EXCHANGES: tuple[tuple[str, str, str, str], ...] = (
    ("bybit", "atms.sandbox.bybit.server", "BybitSandbox", "USDT=10000"),
    ("coinbase", "atms.sandbox.coinbase.server", "CoinbaseSandbox", "USDT=10000"),
    ("kraken", "atms.sandbox.kraken.server", "KrakenSandbox", "USDT=10000"),
    ("kucoin", "atms.sandbox.kucoin.server", "KucoinSandbox", "USDT=10000"),
    ("okx", "atms.sandbox.okx.server", "OkxSandbox", "USDT=10000"),
)


def _exchange(name: str, module: str, made: str, start: str) -> None:
    """Add the command of an exchange."""

    @sandbox.command(name, help=f"Serve what {name} serves, on 127.0.0.1, until Ctrl-C.")
    @guarded
    def command(
        data: Data,
        symbol: Symbols = None,
        speed: Speed = 1.0,
        port: Port = 0,
        balance: Balance = None,
        history: History = None,
        fault: FaultRates = None,
        seed: Seed = 0,
        log: Log = None,
        key: Key = None,
        secret: Secret = None,
        may_withdraw: MayWithdraw = False,
        commission: Fee = 0.001,
    ) -> None:
        from atms.sandbox.venue.config import VenueConfig

        config = VenueConfig(
            markets=markets(data, symbol, history), speed=speed_of(speed), port=port, key=key,
            secret=secret, faults=rates(fault), seed=seed, log=log, may_withdraw=may_withdraw,
            commission=Decimal(str(commission)),
            balances=pairs(balance or start.split(), "--balance"),
        )  # fmt: skip
        asyncio.run(serve(getattr(importlib.import_module(module), made)(config)))


for _one in EXCHANGES:
    _exchange(*_one)


@sandbox.command("binance")
@guarded
def binance(
    data: Data,
    symbol: Symbols = None,
    speed: Speed = 1.0,
    port: Port = 0,
    balance: Annotated[
        list[str] | None,
        typer.Option("--balance", metavar="ASSET=UNITS", help="Default: USDT=10000."),
    ] = None,
    history: History = None,
    fault: FaultRates = None,
    seed: Seed = 0,
    log: Log = None,
    key: Key = None,
    secret: Secret = None,
    may_withdraw: MayWithdraw = False,
    commission: Fee = 0.001,
    fee_asset: Annotated[
        str | None, typer.Option("--fee-asset", help="Pay fees in this asset, say BNB.")
    ] = None,
    open_orders: Annotated[
        int, typer.Option("--open-orders", help="That a symbol may have: MAX_NUM_ORDERS.")
    ] = 200,
) -> None:
    """Serve what Binance spot serves, on 127.0.0.1, until Ctrl-C.

    Example:
      python -m atms sandbox binance --data sample:BTCUSD_1h --speed 3600
    """
    from atms.sandbox.binance.config import Limits, SandboxConfig
    from atms.sandbox.binance.server import Sandbox

    config = SandboxConfig(
        markets=markets(data, symbol, history),
        speed=speed_of(speed),
        port=port,
        key=key,
        secret=secret,
        may_withdraw=may_withdraw,
        commission=Decimal(str(commission)),
        fee_asset=fee_asset,
        faults=rates(fault),
        seed=seed,
        log=log,
        limits=Limits(open_orders=open_orders),
        balances=pairs(balance or ["USDT=10000"], "--balance"),
    )
    asyncio.run(serve(Sandbox(config)))


sandbox_futures.add(sandbox)
