"""``atms sandbox``: venues on loopback, to try everything without an account."""

from __future__ import annotations

import asyncio
import importlib
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atms.cli.guard import guarded
from atms.cli.screen import out
from atms.errors import ConfigError

if TYPE_CHECKING:
    from atms.sandbox.venue.config import MarketConfig
    from atms.sandbox.venue.serving import Serving

sandbox = typer.Typer(
    no_args_is_help=True,
    help="Venues on loopback, made from bars in a file: no account, no network, no money.",
)


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
Port = Annotated[int, typer.Option("--port", help="On 127.0.0.1; 0: a free one.")]
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
    typer.Option("--balance", metavar="ASSET=UNITS", help="On start; may be repeated."),
]
MayWithdraw = Annotated[
    bool, typer.Option("--may-withdraw", help="Make a second key that may withdraw.")
]
Fee = Annotated[float, typer.Option("--commission", help="Share of what is traded.")]
Key = Annotated[str | None, typer.Option("--key", help="Default: made on start.")]
Secret = Annotated[str | None, typer.Option("--secret", help="Default: made on start.")]


@sandbox.callback()
def _group() -> None:
    pass


# exchanges whose sandbox needs no options of its own: name, module, class, balances on start
EXCHANGES: tuple[tuple[str, str, str, str], ...] = (
    ("bybit", "atms.sandbox.bybit.server", "BybitSandbox", "USDT=10000 BTC=1"),
    ("coinbase", "atms.sandbox.coinbase.server", "CoinbaseSandbox", "USDT=10000 BTC=1"),
    ("kraken", "atms.sandbox.kraken.server", "KrakenSandbox", "USDT=10000 BTC=1"),
    ("kucoin", "atms.sandbox.kucoin.server", "KucoinSandbox", "USDT=10000 BTC=1"),
    ("okx", "atms.sandbox.okx.server", "OkxSandbox", "USDT=10000 BTC=1"),
)


def _exchange(name: str, module: str, made: str, start: str) -> None:
    """Add the command of an exchange."""

    @sandbox.command(name, help=f"Serve what {name} serves, on 127.0.0.1, until Ctrl-C.")
    @guarded
    def serve(
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
            markets=_markets(data, symbol, history), speed=_speed(speed), port=port, key=key,
            secret=secret, faults=_rates(fault), seed=seed, log=log, may_withdraw=may_withdraw,
            commission=Decimal(str(commission)),
            balances=_pairs(balance or start.split(), "--balance"),
        )  # fmt: skip
        asyncio.run(_serve(getattr(importlib.import_module(module), made)(config)))


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
        typer.Option("--balance", metavar="ASSET=UNITS", help="Default: USDT=10000, BTC=1."),
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
        markets=_markets(data, symbol, history),
        speed=_speed(speed),
        port=port,
        key=key,
        secret=secret,
        may_withdraw=may_withdraw,
        commission=Decimal(str(commission)),
        fee_asset=fee_asset,
        faults=_rates(fault),
        seed=seed,
        log=log,
        limits=Limits(open_orders=open_orders),
        **({"balances": _pairs(balance, "--balance")} if balance else {}),  # type: ignore[arg-type]
    )
    asyncio.run(_serve(Sandbox(config)))


@sandbox.command("binance-usdm")
@guarded
def binance_usdm(
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
    leverage: Annotated[int, typer.Option("--leverage", help="Of every symbol, on start.")] = 20,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Isolated margin on start, not cross.")
    ] = False,
    hedge: Annotated[
        bool, typer.Option("--hedge", help="Hedge mode on start, not one-way.")
    ] = False,
    funding_rate: Annotated[
        float, typer.Option("--funding-rate", help="Every 8 hours; longs pay it where above 0.")
    ] = 0.0001,
) -> None:
    """Serve what Binance USD-M futures serve, on 127.0.0.1, until Ctrl-C.

    Example:
      python -m atms sandbox binance-usdm --data sample:BTCUSD_1h --speed 3600
    """
    from atms.sandbox.binance_usdm.config import UsdmConfig
    from atms.sandbox.binance_usdm.server import UsdmSandbox

    config = UsdmConfig(
        markets=_markets(data, symbol, history), speed=_speed(speed), port=port, key=key,
        secret=secret, faults=_rates(fault), seed=seed, log=log, leverage=leverage,
        margin_type="ISOLATED" if isolated else "CROSSED", dual_side=hedge,
        funding_rate=Decimal(str(funding_rate)),
        **({"balances": _pairs(balance, "--balance")} if balance else {}),  # type: ignore[arg-type]
    )  # fmt: skip
    asyncio.run(_serve(UsdmSandbox(config)))


def _markets(
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


def _speed(speed: float) -> float:
    if speed <= 0:
        raise ConfigError(f"--speed {speed}: write a number above 0")
    return speed


def _rates(fault: list[str] | None) -> dict[str, float]:
    return {name: float(rate) for name, rate in _pairs(fault, "--fault").items()}


async def _serve(serving: Serving) -> None:
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
        page.print(f"password {serving.passphrase}")
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
