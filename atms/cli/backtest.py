"""``atms backtest``: run, show, save."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from atms.cli import options
from atms.cli.guard import INTERRUPTED, fail, guarded
from atms.cli.progress import ProgressBar
from atms.cli.screen import out, print_json, say
from atms.cli.tables import funnel_lines, headline, results_table
from atms.errors import AtmsError, StrategyError
from atms.reporting import PAGE
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
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what ran fast, and what on Backtrader's code.")
    ] = False,
) -> None:
    """Run a strategy on bars of the past; without arguments, the packaged quick-start."""
    loaded = options.load(config, strategy, param, set_, timerange)
    try:
        result = run(loaded.config, warnings=loaded.warnings, progress=ProgressBar(), echo=True)
    except StrategyError as error:
        if error.result is not None:
            _keep(error.result, out_, str(error))
        raise
    except KeyboardInterrupt as stop:
        partial = getattr(stop, "result", None)
        if partial is not None:
            _keep(partial, out_, "interrupted")
        raise
    try:
        folder = result.save(out_)
    except AtmsError:
        if not json_:
            _show(result)
        raise
    if json_:
        about = {"id": result.id, "folder": str(folder), "status": result.status}
        remarks = {
            "funnel": result.funnel.as_dict(),
            "warnings": result.warnings,
            "explanation": result.explanation,
        }
        if explain:
            remarks["engine"] = str(result.cerebro.explain()).splitlines()
        print_json({**about, **result.metrics, **remarks})
    else:
        _show(result)
        if explain:
            say(str(result.cerebro.explain()))
        say(f"files: {folder}")
        if (folder / PAGE).exists():
            say(f"page: {folder / PAGE}")


def _show(result: Result) -> None:
    page = out()
    page.print(headline(result))
    page.print(results_table(result.metrics, result.feeds[0].currency))
    page.print(f"[dim]{result.metrics['returns_note']}[/]")
    for line in funnel_lines(result.funnel):
        page.print(line, markup=False)
    if result.warmup:
        say(f"warm-up: {result.warmup}")
    for warning in result.warnings:
        say(f"warning: {warning}", "yellow")
    if result.explanation:
        say(f"no trades: {result.explanation}", "yellow")


def _keep(partial: Result, folder: Path | None, why: str) -> None:
    """Save what was done of a broken run, and end with the reason and where it is kept."""
    code = INTERRUPTED if partial.status == "interrupted" else StrategyError.exit_code
    try:
        kept = partial.save(folder)
    except AtmsError as error:
        fail(f"{why}\n{error}", code)
    bars = f"{len(partial.equity):,} bars, {len(partial.trades):,} trades"
    join = "; " if code == INTERRUPTED else "\n"
    fail(f"{why}{join}what was done up to then is kept in {kept} ({bars})", code)
