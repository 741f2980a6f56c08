"""``atms backtest``: run, show, save."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from atms.cli import options
from atms.cli.guard import INTERRUPTED, fail, guarded, say
from atms.cli.progress import ProgressBar
from atms.cli.tables import out, print_json, results_table
from atms.errors import StrategyError
from atms.result import Result
from atms.runner import run


@guarded
def backtest(
    config: options.ConfigFiles = None,
    strategy: options.StrategyName = None,
    param: options.Params = None,
    set_: options.Settings = None,
    timerange: options.Timerange = None,
    out_: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="The run's folder; default: runs/<id>."),
    ] = None,
    json_: options.Json = False,
) -> None:
    """Run a strategy on bars of the past; without arguments, the packaged quick-start."""
    loaded = options.load(config, strategy, param, set_, timerange)
    for warning in loaded.warnings:
        say(f"warning: {warning}", "yellow")
    try:
        result = run(loaded.config, progress=ProgressBar(), echo=True)
    except StrategyError as error:
        if error.result is not None:
            _keep(error.result, out_, f"{error}\n")
        raise
    except KeyboardInterrupt as stop:
        partial = getattr(stop, "result", None)
        if partial is not None:
            _keep(partial, out_, "interrupted; ")
            raise typer.Exit(INTERRUPTED) from None
        raise
    if not json_:
        _show(result)
    folder = result.save(out_)
    if json_:
        print_json(
            {"id": result.id, "folder": str(folder), "status": result.status, **result.metrics}
        )
    else:
        say(f"files: {folder}")


def _show(result: Result) -> None:
    strategy = result.provenance.strategy.rpartition(":")[2]
    symbols = ", ".join(dict.fromkeys(feed.symbol for feed in result.feeds))
    page = out()
    page.print(f"[bold]{strategy}[/] on {symbols}   [dim]{result.id}[/]")
    page.print(results_table(result.metrics, result.feeds[0].currency))
    page.print(f"[dim]{result.metrics['returns_note']}[/]")
    if result.warmup:
        say(f"warm-up: {result.warmup}")
    for warning in result.warnings:
        say(f"warning: {warning}", "yellow")
    if result.explanation:
        say(f"no trades: {result.explanation}", "yellow")


def _keep(partial: Result, folder: Path | None, why: str) -> None:
    """Save what was done of a broken run, and say so in the error."""
    kept = partial.save(folder)
    bars = f"{len(partial.equity):,} bars, {len(partial.trades):,} trades"
    fail(f"{why}what was done up to then is kept in {kept} ({bars})", _code(partial))


def _code(partial: Result) -> int:
    return INTERRUPTED if partial.status == "interrupted" else StrategyError.exit_code
