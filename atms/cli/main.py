"""The command line: one module a verb."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from atms._version import __version__
from atms.cli.accounts import accounts
from atms.cli.backtest import backtest
from atms.cli.bench import bench
from atms.cli.calibrate import calibrate_
from atms.cli.compare import compare
from atms.cli.config import config
from atms.cli.data import data
from atms.cli.data_download import download
from atms.cli.data_import import import_
from atms.cli.db import db
from atms.cli.demo import demo
from atms.cli.doctor import doctor
from atms.cli.init import init
from atms.cli.live import live, paper
from atms.cli.live_runs import flatten, orders, positions, reconcile, status, stop, watch
from atms.cli.report import report
from atms.cli.runs import runs, trades
from atms.cli.sandbox import sandbox
from atms.cli.stores import stores
from atms.cli.strategies import strategies
from atms.cli.upkeep import prune, sync
from atms.cli.why import why

app = typer.Typer(
    name="atms",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="One trading strategy in Python, from backtest to live, on Backtrader.",
    epilog="Exit codes: 0 good, 1 the run failed, 2 usage or config, 3 data, 4 venue or database, "
    "130 Ctrl-C.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"atms {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command("init")(init)
app.command("backtest")(backtest)
app.command("demo")(demo)
app.command("paper")(paper)
app.command("live")(live)
for _verb in (status, accounts, positions, orders, reconcile, stop, flatten, watch):
    app.command(_verb.__name__)(_verb)
app.command("trades")(trades)
app.command("why")(why)
app.command("report")(report)
app.command("compare")(compare)
app.command("calibrate")(calibrate_)
app.command("doctor")(doctor)
app.command("bench")(bench)
runs.command("sync")(sync)
runs.command("prune")(prune)
app.add_typer(runs, name="runs")
app.add_typer(strategies, name="strategies")
app.add_typer(stores, name="stores")
app.add_typer(config, name="config")
data.command("download")(download)
data.command("import")(import_)
app.add_typer(data, name="data")
app.add_typer(db, name="db")
app.add_typer(sandbox, name="sandbox")


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="replace"
            )  # a terminal without our dashes is no reason to fail
    app(prog_name="atms")
