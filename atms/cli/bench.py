"""``atms bench``: stock Backtrader and our engine on the same work."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from atms.bench.compare import compare, jobs_of
from atms.bench.figures import Figures, Side
from atms.bench.growth import FULL_SIZES, SIZES, Growth, growth
from atms.bench.machine import Machine, this_machine
from atms.bench.rows import BY_NAME, ROWS, Row
from atms.bench.running import run_job
from atms.cli.bench_report import bench_report
from atms.cli.guard import fail, guarded
from atms.cli.screen import errors, out
from atms.errors import ConfigError, RunError, UnknownName, did_you_mean
from atms.report.summary import json_safe

GROWTH, REPORT = "growth", "report"
_NAMES = (*BY_NAME, GROWTH)


@guarded
def bench(
    row: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ROW ...]",
            help=f"{', '.join(_NAMES)}; default: all of them. Or report, alone: the page.",
        ),
    ] = None,
    bars: Annotated[
        int | None,
        typer.Option("--bars", min=2_000, help="Bars of each feed, in stock and ours."),
    ] = None,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="How many rounds.")] = 3,
    full: Annotated[
        bool, typer.Option("--full", help="Stock runs as many bars as ours: an hour or more.")
    ] = False,
    json_: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures to a file.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which parts of each run were fast, and why not.")
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Run ours alone, and say where its time goes.")
    ] = False,
) -> None:
    """Measure stock Backtrader and our engine on the same work, side by side.

    Each measurement is a process of its own, by turns; CPU time, user and
    system, of the run alone, the bars' loading included. A row whose fills,
    value, cash or analyses differ in one bit is an error. Without --full and
    --bars stock runs fewer bars than ours, and the cost of a bar is compared.

    Exit codes: 0 good, 1 a row failed.

    Examples:
      python -m atms bench
      python -m atms bench cross analyzed --repeats 5
      python -m atms bench feeds --bars 10000 --explain
      python -m atms bench --full --json figures.json
      python -m atms bench slow feeds --profile
      python -m atms bench report
    """
    if row == [REPORT]:
        _refuse(profile or full or explain, "report goes with --bars, --repeats and --json alone")
        bench_report(this_machine(), bars, repeats, json_)
        return
    names = _known(row or _NAMES)
    rows = [one for one in ROWS if one.name in names]
    machine = this_machine()
    if profile:
        _refuse(bool(json_ or full or explain), "--profile goes with rows and --bars alone")
        _profile(rows, bars, machine)
        return
    with errors().status("") as status:
        tell = status.update
        found = compare(rows, repeats=repeats, bars=bars, full=full, tell=tell)
        grown = _growth(bars, full, repeats, tell) if GROWTH in names else []
    if json_ is not None:
        _write(json_, machine, found, grown)
    page = out()
    _show(page, machine, found, grown, explain)
    failed = [one for one in found if one.error]
    if failed:
        fail("\n".join(f"{one.row.name}: {one.error}" for one in failed), RunError.exit_code)


def _refuse(wrong: bool, rule: str) -> None:
    if wrong:
        raise ConfigError(f"{rule}; drop the other options")


def _known(names: Sequence[str]) -> Sequence[str]:
    for name in names:
        if name == REPORT:
            raise ConfigError("report is measured alone: python -m atms bench report")
        if name not in _NAMES:
            near = did_you_mean(name, (*_NAMES, REPORT)) or f"; there are: {', '.join(_NAMES)}"
            raise UnknownName(f"there is no row {name!r}{near}")
    return names


def _profile(rows: Sequence[Row], bars: int | None, machine: Machine) -> None:
    page = out()
    for row in rows:
        if row.kind == "trials":
            page.print(f"{row.name}: runs in other processes, which are not looked into")
            continue
        job = replace(jobs_of(row, bars).ours, profile=True)
        with errors().status(f"{job}"):
            shares = run_job(job).shares
        said = ", ".join(f"{part} {share:.0%}" for part, share in shares.items() if share >= 0.01)
        page.print(f"{row.name}: {said}", markup=False, soft_wrap=True)
    page.print(Text(str(machine), "dim"), soft_wrap=True)


def _growth(bars: int | None, full: bool, repeats: int, tell: Any) -> list[Growth]:
    sizes = FULL_SIZES if full else SIZES
    if bars is not None:
        sizes = (bars, 3 * bars, 10 * bars)
    return growth(sizes, repeats, tell)


def _show(
    page: Console,
    machine: Machine,
    found: Sequence[Figures],
    grown: Sequence[Growth],
    explain: bool,
) -> None:
    if found:
        page.print(_table(found))
    if grown:
        page.print(_growth_table(grown))
    page.print(Text(str(machine), "dim"), soft_wrap=True)
    if explain:
        for one in found:
            if one.ours is not None:
                page.print(f"\n{one.row.name}: {one.ours.job}", markup=False)
                page.print(one.ours.samples[-1].explanation, markup=False, soft_wrap=True)


def _table(found: Sequence[Figures]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("row", no_wrap=True)
    table.add_column("work", style="dim", no_wrap=True)
    heads = ("bars: stock", "ours", "CPU µs a bar: stock", "ours", "ratio", "from", "to", "fills")
    for head in (*heads, "B a bar: stock", "ours"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in found:
        table.add_row(one.row.name, one.row.title, *_cells(one))
    return table


def _cells(one: Figures) -> list[str]:
    if one.stock is None or one.ours is None:
        return ["error"]
    stock, ours = one.stock, one.ours
    return [
        _amount(stock),
        _amount(ours),
        f"{stock.cost:.1f}",
        f"{ours.cost:.2f}",
        f"{one.ratio:.1f}",
        f"{one.ratios[0]:.1f}",
        f"{one.ratios[-1]:.1f}",
        f"{ours.samples[0].fills:,}",
        f"{stock.memory:,.0f}",
        f"{ours.memory:,.0f}",
    ]


def _amount(side: Side) -> str:
    trials = f"{side.job.trials} x " if side.job.trials > 1 else ""
    return f"{trials}{side.job.bars:,}"


def _growth_table(grown: Sequence[Growth]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("one bar more of cross, ours", no_wrap=True)
    for head in ("CPU µs: user", "all", "B"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in grown:
        cells = (f"{one.user:.3f}", f"{one.total:.3f}", f"{one.memory:,.0f}")
        table.add_row(f"{one.first:,} to {one.last:,}", *cells)
    return table


def _write(file: Path, machine: Machine, found: Sequence[Figures], grown: Sequence[Growth]) -> None:
    values = {
        "machine": asdict(machine),
        "rows": [_plain(one) for one in found],
        "growth": [asdict(one) for one in grown],
    }
    file.write_text(json.dumps(json_safe(values), indent=2) + "\n", encoding="utf-8")


def _plain(one: Figures) -> dict[str, Any]:
    sides = {"stock": one.stock, "ours": one.ours}
    return {
        "row": one.row.name,
        "work": one.row.title.strip(),
        "ratio": one.ratio,
        "ratios": one.ratios,
        "error": one.error,
        **{
            name: None
            if side is None
            else {
                "bars": side.job.bars,
                "trials": side.job.trials,
                "us_a_bar": side.costs,
                "user_us_a_bar": side.user,
                "bytes_a_bar": side.memory,
                "samples": [asdict(sample) for sample in side.samples],
            }
            for name, side in sides.items()
        },
    }
