"""``atms paper`` and ``atms live``: look, ask, trade."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.live_view import LiveView
from atms.cli.screen import out, say
from atms.config import Config
from atms.errors import ConfigError
from atms.running.live import LiveRun, Mode
from atms.running.live_hows import lines_of
from atms.running.live_views import AccountView

Takeover = Annotated[
    bool, typer.Option("--takeover", help="End the process that has the account, and take it.")
]

_KEPT = (
    "orders and fills, in the journal; what stands at the venue stands: python -m atms status {run}"
)


@guarded
def paper(
    config: options.ConfigFiles = None,
    strategy: options.StrategyName = None,
    param: options.Params = None,
    set_: options.Settings = None,
    takeover: Takeover = False,
) -> None:
    """Run a strategy on live bars with simulated money: the live path, matched here."""
    loaded = options.load(config, strategy, param, set_)
    loaded.require_live()
    _go(loaded.config, "paper", takeover, sure=True, warnings=loaded.warnings)


@guarded
def live(
    config: options.ConfigFiles = None,
    strategy: options.StrategyName = None,
    param: options.Params = None,
    set_: options.Settings = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; trade.")] = False,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="The real account and data; send nothing, log it.")
    ] = False,
    takeover: Takeover = False,
) -> None:
    """Run a strategy on a real account. Shows the account and asks before the first order."""
    if not config:
        raise ConfigError("live trades what you name: give -c FILE")
    loaded = options.load(config, strategy, param, set_)
    loaded.require_live()
    mode: Mode = "shadow" if shadow else "live"
    _go(loaded.config, mode, takeover, sure=yes or shadow, warnings=loaded.warnings)


def _go(
    config: Config, mode: Mode, takeover: bool, *, sure: bool, warnings: tuple[str, ...]
) -> None:
    run, trades = LiveRun(config, mode, takeover=takeover, warnings=list(warnings)), False
    try:
        try:
            for view in run.look(lambda text: say(text, "yellow")):
                show_account(view)
            show_limits(config)
            for warning in run.warnings:
                say(f"warning: {warning}", "yellow")
            if not sure:
                _confirm()
            trades = True
            with LiveView(run):
                run.run()
        finally:
            run.trading.close()
    except KeyboardInterrupt as stop:  # the second one: the first ends a run that trades by policy
        if trades:
            stop.kept = _KEPT.format(run=run.id)  # type: ignore[attr-defined]
        raise
    for line in run.trading.left:
        say(f"left: {line}", "yellow")
    say(f"run {run.id} ended")


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise ConfigError("live asks before it trades, and there is nobody to ask: give --yes")
    if not typer.confirm("Trade on this account?"):
        raise typer.Exit(1)


def show_account(view: AccountView) -> None:
    """Print an account as it stands before the first order."""
    page = out()
    page.print(f"[bold]{view.account}[/]  (stores.{view.store})")
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for key, fingerprint in view.fingerprints.items():
        table.add_row(f"{key}", fingerprint)
    for balance in view.balances:
        free = f"  ({balance.free:f} free)" if balance.free is not None else ""
        table.add_row(balance.asset, f"{balance.total:f}{free}")
    for position in view.positions:
        table.add_row(position.instrument, f"{position.qty:f} held")
    table.add_row("open orders", str(len(view.orders)))
    withdraws = {True: "YES", False: "no", None: "the venue does not tell"}
    table.add_row("may withdraw", withdraws[view.can_withdraw])
    page.print(table)
    for line in lines_of(view.hows):
        page.print(line, soft_wrap=True)


def show_limits(config: Config) -> None:
    """Print what every order is held to."""
    given = config.risk.model_dump(exclude_none=True)
    shown = ", ".join(f"{name} {value}" for name, value in given.items()) or "none"
    out().print(f"limits: {shown}")
