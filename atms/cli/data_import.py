"""``atms data import``: other programs' files into the ledger's bars."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.reading import Columns, SourceTimezone, pairs, parsed
from atms.cli.screen import errors, print_json, say
from atms.errors import ConfigError
from atms.feeds.importing import PRESETS, Import, open_import
from atms.importing import Imported, import_bars
from atms.ledger.bars import Series, Written
from atms.model import Timeframe

_PRESETS = ", ".join(PRESETS)


@guarded
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of one series.")],
    preset: Annotated[
        str, typer.Option("--preset", metavar="NAME", help=f"auto, or one of: {_PRESETS}.")
    ] = "auto",
    venue: Annotated[
        str | None, typer.Option("--venue", help="Where from; default: what the file says.")
    ] = None,
    symbol: Annotated[
        str | None, typer.Option("--symbol", help="Of what; default: what the file says.")
    ] = None,
    timeframe: Annotated[
        str | None,
        typer.Option("--timeframe", help="The length of a bar; of trades, of those to be made."),
    ] = None,
    timezone: SourceTimezone = None,
    columns: Columns = None,
    order: Annotated[
        str, typer.Option("--order", help="rising; any: bars come in any order, as newest first.")
    ] = "rising",
    replace: Annotated[
        bool, typer.Option("--replace", help="Bars with other figures take the place of old ones.")
    ] = False,
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """Import bars, or trades made into bars; again adds nothing twice, killed goes on."""
    url = options.load(config).config.ledger.url
    done = []
    for path in files:
        file = open_import(
            path,
            preset=preset,
            timezone=timezone,
            timeframe=parsed(Timeframe.parse, timeframe, "--timeframe"),
            columns=pairs(columns, "--columns"),
            symbol=symbol,
            order=order,
        )
        of = _series(file, venue, symbol)
        with _bar(path) as progress:
            result = import_bars(file, url, of, replace=replace, progress=progress)
        done.append((path, file, result))
        if not json_:
            _show(path, file, result, replace)
    if json_:
        print_json([_plain(*entry) for entry in done])
        return
    say(f"look them over: python -m atms data check '{done[-1][2].of}'")


def _series(file: Import, venue: str | None, symbol: str | None) -> Series:
    where, what = venue or file.venue_hint, symbol or file.symbol_hint
    if not where:
        raise ConfigError(f"{file.path}: does not say where it is from; say so: --venue NAME")
    if not what:
        raise ConfigError(f"{file.path}: does not say what it is of; say so: --symbol BTC/USD")
    if ":" in where:
        raise ConfigError(f"--venue {where!r}: a venue's name has no colon")
    return Series(where, what, file.timeframe, file.stamp)


@contextlib.contextmanager
def _bar(path: Path) -> Iterator[Callable[[float, Written], None]]:
    """Show how far a file's import has come, where standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda share, written: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns,
        TextColumn("{task.fields[bars]:,} bars"),
        TimeRemainingColumn(),
        console=errors(),
        transient=True,
        redirect_stdout=False,
    ) as shown:
        task = shown.add_task(path.name, total=1.0, bars=0)

        def progress(share: float, written: Written) -> None:
            seen = written.added + written.known + written.different
            shown.update(task, completed=share, bars=seen)

        yield progress


def _show(path: Path, file: Import, result: Imported, replaced: bool) -> None:
    written = result.written
    again = f", going on after row {result.resumed:,}" if result.resumed else ""
    say(
        f"{path}: {file.preset}{again}: {written.added:,} bars added to {result.of}, "
        f"{written.known:,} were there already"
    )
    if written.different and replaced:
        say(f"{path}: {written.different:,} bars took the place of others with other figures")
    elif written.different:
        say(
            f"{path}: {written.different:,} bars are there with other figures, and stay; "
            "--replace takes the file's",
            "yellow",
        )
    for note in result.notes:
        say(f"note: {note}", "yellow")


def _plain(path: Path, file: Import, result: Imported) -> dict[str, object]:
    return {
        "file": str(path),
        "preset": file.preset,
        "series": str(result.of),
        "resumed": result.resumed,
        **vars(result.written),
        "notes": result.notes,
    }
