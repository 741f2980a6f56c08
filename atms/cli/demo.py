"""``atms demo``: a live run against the sandbox, in the terminal."""

from __future__ import annotations

import os
import tempfile
import threading
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import atms.configs
from atms.cli.guard import guarded
from atms.cli.live import show_account, show_limits
from atms.cli.live_view import LiveView
from atms.cli.screen import out, say
from atms.config import load_config
from atms.config.layers import settings_layer
from atms.running.live import LiveRun
from atms.running.standing import core_of

if TYPE_CHECKING:
    from atms.sandbox.binance.server import Sandbox

_CONFIG = "live_sandbox.yaml"


@guarded
def demo(
    seconds: Annotated[float, typer.Option(min=1, help="How long; Ctrl-C ends it before.")] = 60,
    speed: Annotated[
        float, typer.Option(min=1, help="Market seconds a second: 3600 is an hourly bar each.")
    ] = 3600,
) -> None:
    """Trade live on a venue of this machine's own: real bars, no account, no network, no money."""
    from atms.sandbox.binance.config import SandboxConfig  # an optional package
    from atms.sandbox.binance.threads import SandboxThread
    from atms.sandbox.venue.config import MarketConfig

    config = SandboxConfig(
        markets=(MarketConfig(symbol="BTCUSDT", source="sample:BTCUSD_1h"),),
        speed=speed,
        balances={"USDT": Decimal(10_000)},
    )
    with tempfile.TemporaryDirectory(prefix="atms-demo-") as folder, SandboxThread(config) as venue:
        run = _run(venue.sandbox, Path(folder))
        try:
            for view in run.look():
                show_account(view)
            show_limits(run.config)
            timer = threading.Timer(seconds, run.trading.end)
            timer.start()
            with LiveView(run):
                run.run()
            timer.cancel()
        finally:
            run.trading.close()
        _compare(run, venue.sandbox)


def _run(sandbox: Sandbox, folder: Path) -> LiveRun:
    path = Path(atms.configs.__file__).parent / _CONFIG
    settings = [
        f"execution.state_dir={folder}",
        f"ledger.url=sqlite:///{folder}/atms.db",
        "strategy.params={fast: 2, slow: 5}",
    ]
    loaded = load_config(
        path,
        overrides=[settings_layer(settings, "demo")],
        environment={
            **os.environ,
            "ATMS_SANDBOX_URL": sandbox.url,
            "ATMS_SANDBOX_KEY": sandbox.key,
            "ATMS_SANDBOX_SECRET": sandbox.secret,
        },
        dotenv=None,
    )
    return LiveRun(loaded.config, "live")


def _compare(run: LiveRun, sandbox: Sandbox) -> None:
    """Say what the venue's own log has, and what the journal: they agree."""
    (store,) = run.stores.values()
    core = core_of(run.state, store.account)
    assert core is not None
    ours, theirs = len(core.state.books.rows), len(sandbox.truth.of("fill"))
    out().print(f"the venue's own log has {theirs} fills, the journal {ours}")
    if ours != theirs:
        say("they differ: this is a bug in atms: please report it", "red")
        raise typer.Exit(1)
