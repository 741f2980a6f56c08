"""SOURCE on the command line, what is said of it, and OUT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import pandas as pd
import typer

from atms.cli.screen import print_json, say
from atms.errors import ConfigError
from atms.feeds.boundaries import check_zone
from atms.feeds.exporting import write_bars
from atms.feeds.raw import RawBars
from atms.ledger.bars import Series
from atms.model import Timeframe
from atms.running.sources import read_source

_T = TypeVar("_T")

Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A .csv or .parquet file, sample:NAME, or ledger:VENUE:SYMBOL:TIMEFRAME.",
    ),
]
Out = Annotated[
    Path, typer.Argument(metavar="OUT", help="The file to write: .csv, .csv.gz or .parquet.")
]
SourceTimeframe = Annotated[
    str | None,
    typer.Option("--timeframe", metavar="LENGTH", help="The length of SOURCE's bars: 1m, 1h, 1d."),
]
SourceTimezone = Annotated[
    str | None,
    typer.Option("--timezone", metavar="ZONE", help="The zone of SOURCE's times that carry none."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--columns", metavar="OURS=THEIRS", help="A column of SOURCE: close=Last; may be repeated."
    ),
]
Stamp = Annotated[
    str | None,
    typer.Option(
        "--stamp", metavar="start|end", help="Whether SOURCE's stamps are bar starts or ends."
    ),
]
Zone = Annotated[
    str | None,
    typer.Option("--zone", metavar="ZONE", help="Whose days they are: America/New_York."),
]
Hours = Annotated[
    str | None,
    typer.Option("--session", metavar="HH:MM-HH:MM", help="The hours of trading in --zone."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite OUT if it is there.")]


@dataclass(frozen=True)
class Reading:
    """How sources are read: the ledger's URL, and the options as they were written."""

    url: str
    timeframe: str | None = None
    timezone: str | None = None
    stamp: str | None = None
    columns: list[str] | None = field(default=None)

    def __call__(self, source: str) -> RawBars:
        """Return a source's bars as they stand there.

        Raises:
            ConfigError: an option that is wrong.
            DataError: what cannot be read.
        """
        if self.stamp not in (None, "start", "end"):
            raise ConfigError(f"--stamp: {self.stamp!r}: write start, or end")
        raw = read_source(
            source,
            _name(source),
            self.url,
            timeframe=parsed(Timeframe.parse, self.timeframe, "--timeframe"),
            timezone=check_zone(self.timezone) if self.timezone else None,
            columns=pairs(self.columns, "--columns"),
        )
        return replace(raw, stamp=self.stamp or raw.stamp)


def parsed(parse: Callable[[str], _T], text: str | None, option: str) -> _T | None:
    """Return what *parse* reads in an option's text; None if it was not given.

    Raises:
        ConfigError: with the option, where *parse* raises ValueError.
    """
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """Return ``NAME=VALUE`` texts as a mapping.

    Raises:
        ConfigError: with the option, for a text without a name or a value.
    """
    found = {}
    for text in texts or []:
        name, _, value = (part.strip() for part in text.partition("="))
        if not name or not value:
            raise ConfigError(f"{option}: {text!r}: write a name, = and a value")
        found[name] = value
    return found


def facts(raw: RawBars) -> dict[str, Any]:
    """Return timeframe, number of bars, first and last stamp, and what stamps are."""
    known = raw.timeframe is not None or len(raw) > 1
    return {
        "timeframe": str(raw.step) if known else None,
        "bars": len(raw),
        "first": _moment(int(raw.stamps.min())) if len(raw) else None,
        "last": _moment(int(raw.stamps.max())) if len(raw) else None,
        "stamp": raw.stamp,
    }


def written(raw: RawBars, source: str, target: Path, force: bool, json_: bool) -> None:
    """Write the bars, and say what was written and what is to be known of it."""
    about = {"source": source}
    if source.startswith("ledger:"):
        series = Series.parse(source)
        about |= {"venue": series.venue, "symbol": series.symbol}
    write_bars(raw, target, about=about, force=force)
    if json_:
        print_json({"source": source, "out": str(target), **facts(raw), "notes": list(raw.notes)})
        return
    for note in raw.notes:
        say(f"note: {note}", "yellow")
    say(f"{len(raw):,} bars of {facts(raw)['timeframe']} written to {target}")


def _name(source: str) -> str:
    """Return how errors call a source."""
    if source.startswith("ledger:"):
        return Series.parse(source).symbol
    return source.removeprefix("sample:") if source.startswith("sample:") else Path(source).name


def _moment(stamp: int) -> pd.Timestamp:
    return pd.Timestamp(stamp, unit="us", tz="UTC")
