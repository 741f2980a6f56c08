"""``atms sandbox``: venues on loopback, to try everything without an account."""

from __future__ import annotations

import asyncio
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atms.cli.guard import guarded
from atms.cli.screen import out
from atms.errors import ConfigError

if TYPE_CHECKING:
    from atms.sandbox.binance.config import SandboxConfig
    from atms.sandbox.binance.server import Sandbox

sandbox = typer.Typer(
    no_args_is_help=True,
    help="Venues on loopback, made from bars in a file: no account, no network, no money.",
)


@sandbox.callback()
def _group() -> None:
    pass


@sandbox.command("binance")
@guarded
def binance(
    data: Annotated[
        list[str],
        typer.Option("--data", metavar="FILE", help="Bars: .csv, .parquet or sample:NAME."),
    ],
    symbol: Annotated[
        list[str] | None,
        typer.Option("--symbol", help="Of each --data, in their order. Default: BTCUSDT."),
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", help="Market seconds a second; the clock stays as it is.")
    ] = 1.0,
    port: Annotated[int, typer.Option("--port", help="On 127.0.0.1; 0: a free one.")] = 0,
    balance: Annotated[
        list[str] | None,
        typer.Option("--balance", metavar="ASSET=UNITS", help="Default: USDT=10000, BTC=1."),
    ] = None,
    history: Annotated[
        int | None,
        typer.Option("--history", help="Bars in the past on start. Default: 1000, at most half."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="NAME=RATE", help="Inject a fault; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the faults.")] = 0,
    log: Annotated[
        Path | None, typer.Option("--log", help="The venue's own truth, as JSON lines.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="Default: made on start.")] = None,
    secret: Annotated[str | None, typer.Option("--secret", help="Default: made on start.")] = None,
    may_withdraw: Annotated[
        bool, typer.Option("--may-withdraw", help="Make a second key that may withdraw.")
    ] = False,
    commission: Annotated[
        float, typer.Option("--commission", help="Share of what is received.")
    ] = 0.001,
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
    from atms.sandbox.binance.config import Limits, MarketConfig, SandboxConfig

    if speed <= 0:
        raise ConfigError(f"--speed {speed}: write a number above 0")
    names = symbol or ["BTCUSDT"]
    if len(names) != len(data):
        raise ConfigError(
            f"--symbol and --data go in pairs: {len(names)} and {len(data)}; name one --symbol for "
            "each --data"
        )
    config = SandboxConfig(
        markets=tuple(
            MarketConfig(symbol=name, source=source, history=history)
            for name, source in zip(names, data, strict=True)
        ),
        speed=speed,
        port=port,
        key=key,
        secret=secret,
        may_withdraw=may_withdraw,
        commission=Decimal(str(commission)),
        fee_asset=fee_asset,
        faults={name: float(rate) for name, rate in _pairs(fault, "--fault").items()},
        seed=seed,
        log=log,
        limits=Limits(open_orders=open_orders),
        **({"balances": _pairs(balance, "--balance")} if balance else {}),  # type: ignore[arg-type]
    )
    asyncio.run(_serve(config))


async def _serve(config: SandboxConfig) -> None:
    from atms.sandbox.binance.server import Sandbox

    async with Sandbox(config) as serving:
        _show(serving)
        try:
            await serving.finished()
            out().print("the file is over: the market stands still; Ctrl-C ends the sandbox")
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            out().print("stopped")


def _show(serving: Sandbox) -> None:
    page = out()
    page.print("Binance spot sandbox: nothing here is real", style="bold")
    page.print(f"address  {serving.url}")
    page.print(f"key      {serving.key}")
    page.print(f"secret   {serving.secret}")
    if serving.withdrawal_key is not None:
        page.print(f"key that may withdraw     {serving.withdrawal_key[0]}")
        page.print(f"secret that may withdraw  {serving.withdrawal_key[1]}")
    for name, tape in serving.venue.tapes.items():
        page.print(f"market   {name}: {tape.describe()}")
    page.print(f"speed    {serving.config.speed:g} market seconds a second")
    for name, rate in serving.config.faults.items():
        page.print(f"fault    {name}: {rate:g}")
    if serving.config.log is not None:
        page.print(f"log      {serving.config.log}")
    page.print("Ctrl-C ends it.", style="dim")
    page.file.flush()


def _pairs(texts: list[str] | None, option: str) -> dict[str, Decimal]:
    """Read NAME=NUMBER.

    Raises:
        ConfigError: it is none.
    """
    found = {}
    for text in texts or ():
        name, _, number = text.partition("=")
        try:
            found[name.strip()] = Decimal(number)
        except InvalidOperation:
            raise ConfigError(f"{option} {text}: write NAME=NUMBER") from None
    return found
