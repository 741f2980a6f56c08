"""``atms calibrate``: what a live run's fills cost, as a file that a backtest reads."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json, say
from atms.config import load_config
from atms.errors import OutputError
from atms.running.calibrating import Calibration, Share, calibrate, costs_yaml
from atms.running.observed import observe
from atms.running.session import CONFIG, find_session

_DELAYS = {
    "durable": "decision to journal", "acked": "decision to answer",
    "heard": "decision to first fill heard",
}  # fmt: skip


@guarded
def calibrate_(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="A run's id or its start; default: the one alive, else the last."
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the costs as YAML there.")
    ] = None,
    min_orders: Annotated[
        int, typer.Option(min=2, help="Orders below which nothing is said of a cost.")
    ] = 10,
    force: Annotated[bool, typer.Option("--force", help="Write over a file.")] = False,
    state_dir: Annotated[
        Path | None,
        typer.Option("--state-dir", metavar="DIR", help="Where live runs keep their files."),
    ] = None,
    json_: options.Json = False,
) -> None:
    """Measure slippage, delay and fees of a paper or live run; write them for backtests.

    The run may be going on still. Nothing of it is changed.

    Examples:
      python -m atms calibrate --out costs.yaml
      python -m atms backtest -c config.yaml -c costs.yaml
    """
    folder = find_session(state_dir or load_config().config.execution.folder, run)
    found = calibrate(observe(folder), least=min_orders)
    if to is not None:
        finer = load_config(folder.path / CONFIG).config.broker.intrabar
        _write(to, costs_yaml(found, latency=bool(finer)), force)
    if json_:
        print_json(asdict(found))
    else:
        _show(found)
    if to is not None:
        say(f"written: {to}; python -m atms backtest -c CONFIG -c {to}")


def _write(to: Path, text: str, force: bool) -> None:
    try:
        with to.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise OutputError(f"{to}: is there already; --force writes over it") from error
    except OSError as error:
        raise OutputError(f"{to}: cannot be written: {error.strerror}") from error


def _show(found: Calibration) -> None:
    page = out()
    page.print(f"{found.mode} run {found.run}: {', '.join(found.instruments)}")
    costs = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("of the value", "%", "95 % from", "to", "orders", "fills"):
        costs.add_column(name, justify="left" if name == "of the value" else "right")
    rows: dict[str, Share | None] = {
        "slippage, market orders": found.slippage, "fee, taker": found.taker,
        "fee, maker": found.maker,
    }  # fmt: skip
    for name, one in rows.items():
        if one is not None:
            shares = (f"{100 * share:.4f}" for share in (one.share, one.low, one.high))
            costs.add_row(name, *shares, str(one.orders), str(one.fills))
    page.print(costs)
    delays = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("delay", "median ms", "95 % within ms", "orders"):
        delays.add_column(name, justify="left" if name == "delay" else "right")
    for name, delay in found.delays.items():
        delays.add_row(
            _DELAYS[name], f"{delay.p50:,.1f}", f"{delay.p95:,.1f}", str(delay.orders)
        )  # fmt: skip
    page.print(delays)
    for line in found.missing:
        say(f"not measured: {line}", "yellow")
    for line in found.warnings:
        say(f"warning: {line}", "yellow")
