"""What the commands of sandboxes share: their options, and serving until Ctrl-C."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from atms.cli.screen import out
from atms.errors import ConfigError

if TYPE_CHECKING:
    from atms.sandbox.venue.config import MarketConfig
    from atms.sandbox.venue.serving import Serving

Data = Annotated[
    list[str],
    typer.Option("--data", metavar="FILE", help="Bars: .csv, .parquet or sample:NAME."),
]
Symbols = Annotated[
    list[str] | None,
    typer.Option("--symbol", help="Of each --data, in their order. Default: BTCUSDT."),
]
Speed = Annotated[
    float, typer.Option("--speed", help="Market seconds a second; the clock stays as it is.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="On 127.0.0.1; 0: a free one.")]
History = Annotated[
    int | None,
    typer.Option("--history", help="Bars in the past on start. Default: 1000, at most half."),
]
FaultRates = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="NAME=RATE", help="Inject a fault; may be repeated."),
]
Seed = Annotated[int, typer.Option("--seed", help="Of the faults.")]
Log = Annotated[Path | None, typer.Option("--log", help="The venue's own truth, as JSON lines.")]
Balance = Annotated[
    list[str] | None,
    typer.Option(
        "--balance", metavar="ASSET=UNITS", help="On start; repeated. Default: USDT=10000."
    ),
]
MayWithdraw = Annotated[
    bool, typer.Option("--may-withdraw", help="Make a second key that may withdraw.")
]
Fee = Annotated[float, typer.Option("--commission", help="Share of what is traded.")]
Key = Annotated[str | None, typer.Option("--key", help="Default: made on start.")]
Secret = Annotated[str | None, typer.Option("--secret", help="Default: made on start.")]
FeeAsset = Annotated[
    str | None, typer.Option("--fee-asset", help="Pay fees in this asset, say BNB.")
]
OpenOrders = Annotated[
    int, typer.Option("--open-orders", help="That a symbol may have: MAX_NUM_ORDERS.")
]
Leverage = Annotated[int, typer.Option("--leverage", help="Of every symbol, on start.")]
Isolated = Annotated[
    bool, typer.Option("--isolated", help="Isolated margin on start: told, and counted as cross.")
]
Hedge = Annotated[bool, typer.Option("--hedge", help="Hedge mode on start, not one-way.")]
Funding = Annotated[
    float, typer.Option("--funding-rate", help="Every 8 hours; longs pay it where above 0.")
]


def settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that the options of every sandbox make.

    Raises:
        ConfigError: one is not written as it should be.
    """
    return {
        "markets": markets(given["data"], given["symbol"], given["history"]),
        "speed": speed_of(given["speed"]), "balances": balances(given["balance"]),
        "faults": rates(given["fault"]),
        **{name: given[name] for name in ("port", "seed", "log", "key", "secret")},
    }  # fmt: skip


def markets(
    data: list[str], symbol: list[str] | None, history: int | None
) -> tuple[MarketConfig, ...]:
    """Return the symbols and the files that move them.

    Raises:
        ConfigError: they do not go in pairs.
    """
    from atms.sandbox.venue.config import MarketConfig

    names = symbol or ["BTCUSDT"]
    if len(names) != len(data):
        raise ConfigError(
            f"--symbol and --data go in pairs: {len(names)} and {len(data)}; name one --symbol for "
            "each --data"
        )
    return tuple(
        MarketConfig(symbol=name, source=source, history=history)
        for name, source in zip(names, data, strict=True)
    )


def speed_of(speed: float) -> float:
    """Return a speed; ConfigError: it is none."""
    if speed <= 0:
        raise ConfigError(f"--speed {speed}: write a number above 0")
    return speed


def balances(texts: list[str] | None) -> dict[str, Decimal]:
    """Return asset -> units; ConfigError: one is not written so."""
    found = pairs(texts or ["USDT=10000"], "--balance")
    for asset, units in found.items():
        if not asset or not units.is_finite() or units < 0:
            raise ConfigError(f"--balance {asset}={units}: write ASSET=UNITS, 0 or more of them")
    return found


def rates(fault: list[str] | None) -> dict[str, float]:
    """Return fault -> probability; ConfigError: one is not written so."""
    return {name: float(rate) for name, rate in pairs(fault, "--fault").items()}


async def serve(serving: Serving) -> None:
    """Serve, and say where, until the end."""
    async with serving:
        _show(serving)
        try:
            await serving.finished()
            out().print("the file is over: the market stands still; Ctrl-C ends the sandbox")
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            out().print("stopped")


def _show(serving: Serving) -> None:
    page = out()
    page.print(f"{serving.title} sandbox: nothing here is real", style="bold")
    page.print(f"address  {serving.url}")
    page.print(f"key      {serving.key}", soft_wrap=True)
    page.print(f"secret   {_in_one_line(serving.secret)}", soft_wrap=True)
    if serving.passphrase:
        page.print(f"passphrase {serving.passphrase}")
    if serving.withdrawal_key is not None:
        name, secret = serving.withdrawal_key
        page.print(f"key that may withdraw     {name}", soft_wrap=True)
        page.print(f"secret that may withdraw  {_in_one_line(secret)}", soft_wrap=True)
    for name, tape in serving.venue.tapes.items():
        page.print(f"market   {name}: {tape.describe()}")
    page.print(f"speed    {serving.config.speed:g} market seconds a second")
    for name, rate in serving.config.faults.items():
        page.print(f"fault    {name}: {rate:g}")
    if serving.config.log is not None:
        page.print(f"log      {serving.config.log}")
    page.print("Ctrl-C ends it.", style="dim")
    page.file.flush()


def _in_one_line(secret: str) -> str:
    """Return a secret as a variable may hold it; a private key has several lines."""
    return secret.strip().replace("\n", "\\n")


def pairs(texts: list[str] | None, option: str) -> dict[str, Decimal]:
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
