"""``atms sandbox`` of futures: accounts with leverage, margin and positions."""

from __future__ import annotations

import asyncio
import importlib
from decimal import Decimal
from typing import Annotated, Any

import typer

from atms.cli.guard import guarded
from atms.cli.serving import (
    Data,
    FaultRates,
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

Wallet = Annotated[
    list[str] | None,
    typer.Option("--balance", metavar="ASSET=UNITS", help="Default: USDT=10000."),
]
Leverage = Annotated[int, typer.Option("--leverage", help="Of every symbol, on start.")]
Isolated = Annotated[bool, typer.Option("--isolated", help="Isolated margin on start, not cross.")]
Hedge = Annotated[bool, typer.Option("--hedge", help="Hedge mode on start, not one-way.")]
Funding = Annotated[
    float, typer.Option("--funding-rate", help="Every 8 hours; longs pay it where above 0.")
]
# exchanges whose sandbox needs no options of its own: name, folder of it, class of what serves,
# class of its config
EXCHANGES: tuple[tuple[str, str, str, str], ...] = (
    ("bybitlinear", "atms.sandbox.bybitlinear", "BybitLinearSandbox", "BybitLinearConfig"),
    ("okxlinear", "atms.sandbox.okxlinear", "OkxLinearSandbox", "OkxLinearConfig"),
)


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("binance-usdm")(guarded(binance_usdm))
    for one in EXCHANGES:
        _exchange(app, *one)


def _exchange(app: typer.Typer, name: str, room: str, serves: str, config_of: str) -> None:
    """Add the command of an exchange."""

    @app.command(name, help=f"Serve what {name} serves, on 127.0.0.1, until Ctrl-C.")
    @guarded
    def command(
        data: Data,
        symbol: Symbols = None,
        speed: Speed = 1.0,
        port: Port = 0,
        balance: Wallet = None,
        history: History = None,
        fault: FaultRates = None,
        seed: Seed = 0,
        log: Log = None,
        key: Key = None,
        secret: Secret = None,
        may_withdraw: MayWithdraw = False,
        leverage: Leverage = 20,
        hedge: Hedge = False,
        funding_rate: Funding = 0.0001,
    ) -> None:
        made: Any = getattr(importlib.import_module(f"{room}.config"), config_of)
        config = made(
            markets=markets(data, symbol, history), speed=speed_of(speed), port=port, key=key,
            secret=secret, faults=rates(fault), seed=seed, log=log, may_withdraw=may_withdraw,
            leverage=Decimal(leverage), hedge=hedge, funding_rate=Decimal(str(funding_rate)),
            **({"balances": pairs(balance, "--balance")} if balance else {}),
        )  # fmt: skip
        sandbox = getattr(importlib.import_module(f"{room}.server"), serves)
        asyncio.run(serve(sandbox(config)))


def binance_usdm(
    data: Data,
    symbol: Symbols = None,
    speed: Speed = 1.0,
    port: Port = 0,
    balance: Wallet = None,
    history: History = None,
    fault: FaultRates = None,
    seed: Seed = 0,
    log: Log = None,
    key: Key = None,
    secret: Secret = None,
    leverage: Leverage = 20,
    isolated: Isolated = False,
    hedge: Hedge = False,
    funding_rate: Funding = 0.0001,
) -> None:
    """Serve what Binance USD-M futures serve, on 127.0.0.1, until Ctrl-C.

    Example:
      python -m atms sandbox binance-usdm --data sample:BTCUSD_1h --speed 3600
    """
    from atms.sandbox.binance_usdm.config import UsdmConfig
    from atms.sandbox.binance_usdm.server import UsdmSandbox

    config = UsdmConfig(
        markets=markets(data, symbol, history), speed=speed_of(speed), port=port, key=key,
        secret=secret, faults=rates(fault), seed=seed, log=log, leverage=leverage,
        margin_type="ISOLATED" if isolated else "CROSSED", dual_side=hedge,
        funding_rate=Decimal(str(funding_rate)),
        **({"balances": pairs(balance, "--balance")} if balance else {}),  # type: ignore[arg-type]
    )  # fmt: skip
    asyncio.run(serve(UsdmSandbox(config)))
