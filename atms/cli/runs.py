"""``atms runs list|show`` and ``atms trades``: what was run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from atms.api import load_run
from atms.cli import options
from atms.cli.chart import beside
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json, say
from atms.cli.tables import (
    day,
    frame_table,
    funnel_lines,
    headline,
    number,
    percent,
    records,
    results_table,
)
from atms.ledger import list_runs
from atms.result import Result

runs = typer.Typer(no_args_is_help=True, help="The runs in the ledger.")
_SHORT = 30  # characters of a reason that the table shows; --json has all of it
_WIDE = 100  # narrower terminals see fewer columns, whole
_SPARE_OF_RUNS = ("strategy", "symbols", "period", "sharpe")
_SPARE_OF_TRADES = (
    "symbol",
    "status",
    "size",
    "fee",
    "bars",
    "mae",
    "mfe",
    "reason",
    "tag",
    "exit_reason",
)
Run = Annotated[
    str, typer.Argument(help="A run's id, the start of it, its name, `last`, or its folder.")
]


@runs.command("list")
@guarded
def list_(
    config: options.ConfigFiles = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="How many, at most.")] = 20,
    json_: options.Json = False,
) -> None:
    """List the runs, the newest first."""
    rows = list_runs(options.load(config).config.ledger.url)
    if json_:
        print_json(rows[:limit])
        return
    if not rows:
        say("no runs yet; make one with: python -m atms backtest")
        return
    frame = pd.DataFrame(
        {
            "id": row["id"],
            "strategy": row["strategy"].rpartition(":")[2],
            "symbols": row["symbols"],
            "period": f"{day(row['metrics']['start'])} .. {day(row['metrics']['end'])}",
            "return": percent(row["metrics"]["total_return"]),
            "sharpe": number(row["metrics"]["sharpe"]),
            "trades": row["metrics"]["trades"],
            "status": row["status"],
        }
        for row in rows[:limit]
    )
    page = out()
    shown = [name for name in frame.columns if page.width >= _WIDE or name not in _SPARE_OF_RUNS]
    page.print(frame_table(frame, {name: name for name in shown}))
    if len(rows) > limit:
        say(f"{len(rows) - limit} older ones: -n {len(rows)}")


@runs.command("show")
@guarded
def show(run: Run, config: options.ConfigFiles = None, json_: options.Json = False) -> None:
    """Show a run's figures, where its files are, and how to run it again."""
    result = _load(run, config)
    if json_:
        print_json(
            {
                "id": result.id,
                "status": result.status,
                "folder": str(result.folder),
                "strategy": result.provenance.strategy,
                "started": result.started,
                "warmup": result.warmup,
                "warnings": result.warnings,
                "failure": result.failure,
                "hashes": result.provenance.hashes,
                "metrics": result.metrics,
                "funnel": result.funnel.as_dict(),
            }
        )
        return
    page = out()
    page.print(headline(result).append(f", {result.status}", "dim"))
    figures = results_table(result.metrics, result.feeds[0].currency)
    page.print(beside(page, figures, result))
    page.print(f"[dim]{result.metrics['returns_note']}[/]")
    for line in funnel_lines(result.funnel):
        page.print(line, markup=False)
    if result.warmup:
        page.print(f"warm-up: {result.warmup}", markup=False, style="dim")
    for warning in result.warnings:
        page.print(f"warning: {warning}", markup=False, style="yellow")
    for line in result.failure.splitlines():
        page.print(line, markup=False, style="red")
    if result.explanation:
        page.print(f"no trades: {result.explanation}", markup=False, style="yellow")
    if result.folder:
        _list_files(result.folder)


def _list_files(folder: Path) -> None:
    again = f"python -m atms backtest -c {shlex.quote(str(folder / 'config.yaml'))}"
    out().print(f"run it again: {again}", markup=False, soft_wrap=True)
    names = ", ".join(sorted(path.name for path in folder.iterdir()))
    out().print(f"files in {folder}: {names}", markup=False, soft_wrap=True)


@guarded
def trades(
    run: Annotated[
        str, typer.Argument(help="A run's id, its start, `last`, or its folder.")
    ] = "last",
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """List a run's round trips."""
    result = _load(run, config)
    frame = result.trades
    if json_:
        print_json(records(frame))
        return
    if not len(frame):
        say(f"{result.id}: no trades: {result.explanation}")
        return
    shown = {
        "trade_id": "#", "symbol": "symbol", "side": "side", "status": "status",
        "entry_ts": "entry", "exit_ts": "exit", "size": "size", "entry_price": "at",
        "exit_price": "to", "net_pnl": "net profit", "fee": "fee", "bars": "bars", "mae": "MAE",
        "mfe": "MFE", "reason": "reason", "tag": "tag", "exit_reason": "exit",
    }  # fmt: skip
    for name in ("reason", "tag", "exit_reason"):
        if not frame[name].notna().any():
            del shown[name]
    frame = frame.assign(reason=frame["reason"].str.slice(0, _SHORT))
    page = out()
    if page.width < _WIDE:
        shown = {name: heading for name, heading in shown.items() if name not in _SPARE_OF_TRADES}
    page.print(frame_table(frame, shown))


def _load(run: str, config: list[str] | None) -> Result:
    return load_run(run, options.load(config).config.ledger.url)
