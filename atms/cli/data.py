"""``atms data``: bars without a run: list, check, download, import, export, resample, adjust."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table
from rich.text import Text

from atms import ledger
from atms.cli import options
from atms.cli.guard import fail, guarded
from atms.cli.reading import (
    Columns,
    Force,
    Hours,
    Out,
    Reading,
    Source,
    SourceTimeframe,
    SourceTimezone,
    Stamp,
    Zone,
    facts,
    pairs,
    parsed,
    written,
)
from atms.cli.screen import out, print_json, say
from atms.cli.tables import NONE, frame_table
from atms.errors import ConfigError, DataError
from atms.feeds.adjusting import adjusted, read_actions
from atms.feeds.audit import Audit, compare, examine
from atms.feeds.boundaries import Session
from atms.feeds.raw import RawBars, within
from atms.feeds.reading import read_raw
from atms.feeds.resampling import resampled
from atms.feeds.sources import sample_names
from atms.model import Timeframe, TimeRange
from atms.running.sources import read_feed

data = typer.Typer(
    no_args_is_help=True,
    help="Bars without a run: list, check, download, import, export, resample, adjust.",
)
_WIDE = 120  # narrower terminals have no column for the first bar that a check found
_STYLES = {"pass": "green", "info": "dim", "warn": "yellow", "fail": "bold red"}


@data.command("list")
@guarded
def list_(config: options.ConfigFiles = None, json_: options.Json = False) -> None:
    """List the bundled samples and the series in the ledger.

    The first column is what the other verbs take for SOURCE, and a feed of a
    config for source.
    """
    url = options.load(config).config.ledger.url
    rows = [
        {"source": f"sample:{name}", **facts(read_raw(f"sample:{name}", name=name))}
        for name in sample_names()
    ]
    rows += [_series(row) for row in ledger.list_series(url)]
    if json_:
        print_json(rows)
        return
    frame = pd.DataFrame(rows).rename(columns={"source": "id"})  # which is never cut
    for side in ("first", "last"):
        frame[side] = pd.to_datetime(frame[side], utc=True).dt.strftime("%Y-%m-%d")
    headings = {name: "source" if name == "id" else name for name in frame.columns}
    out().print(frame_table(frame, headings))


def _series(row: dict[str, Any]) -> dict[str, Any]:
    source = f"ledger:{row['venue']}:{row['symbol']}:{row['timeframe']}"
    shown = {name: row[name] for name in ("bars", "first", "last", "stamp")}
    return {"source": source, "timeframe": str(row["timeframe"]), **shown}


# ---- check ---------------------------------------------------------------------------------------
@data.command("check")
@guarded
def check(
    source: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE", help="Files, sample:NAME, or ledger:VENUE:SYMBOL:TIMEFRAME."
        ),
    ] = None,
    against: Annotated[
        str | None, typer.Option(metavar="OTHER", help="Another source of these bars, read alike.")
    ] = None,
    calendar: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="24/7, fx, XNYS ...; default: found from the bars."),
    ] = None,
    timeframe: SourceTimeframe = None,
    timezone: SourceTimezone = None,
    stamp: Stamp = None,
    columns: Columns = None,
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """Look for what may be wrong with bars: one line a check; nothing is changed.

    Without SOURCE the feeds of the config are checked, as before a backtest.

    Exit codes: 0 pass, info or warn; 3 a check fails.

    Examples:
      python -m atms data check bars.csv --calendar XNYS --stamp start
      python -m atms data check sample:SPY_1d --against sample:SPY_1d_adjusted
      python -m atms data check -c config.yaml --json
    """
    if source:
        url = options.load(config).config.ledger.url
        read = Reading(url, timeframe, timezone, stamp, columns)
        other = read(against) if against else None
        audits = [_examined(read(one), calendar or "auto", other) for one in source]
    elif config is None:
        raise ConfigError("name a SOURCE (see: python -m atms data list), or a config: -c FILE")
    elif any((against, calendar, timeframe, timezone, stamp, columns)):
        raise ConfigError("these options go with a SOURCE; a config states them feed by feed")
    else:
        audits = _examined_feeds(config)
    if json_:
        print_json([audit.as_dict() for audit in audits])
    for audit in [] if json_ else audits:
        _show(audit)
    bad = [audit.feed for audit in audits if audit.verdict == "fail"]
    if bad:
        fail(f"the audit fails: {', '.join(bad)}", DataError.exit_code)


def _examined(raw: RawBars, calendar: str, other: RawBars | None = None) -> Audit:
    audit = examine(raw, calendar=calendar, stamp=raw.stamp)
    if other is None:
        return audit
    return replace(audit, findings=(*audit.findings, compare(raw, other)))


def _examined_feeds(config: list[str]) -> list[Audit]:
    """Return the audit of every feed that a backtest would read by itself."""
    loaded = options.load(config).config
    audits = []
    for feed in loaded.data.feeds:
        if feed.of or not (feed.source or feed.sql) or feed.feed not in (None, "history"):
            say(f"{feed.name}: has no source of its own that could be checked", "dim")
            continue
        raw = read_feed(feed, loaded.ledger.url)
        raw = within(replace(raw, stamp=feed.stamp or raw.stamp), loaded.run.timerange)
        audits.append(_examined(raw, feed.calendar))
    return audits


def _show(audit: Audit) -> None:
    page = out()
    first, last = audit.span
    line = Text.assemble((audit.feed, "bold"), f"   {audit.bars:,} bars of {audit.timeframe}")
    line.append(f", {first} .. {last}, calendar {audit.calendar}", "dim")
    page.print(line, soft_wrap=True)
    wide = page.width >= _WIDE
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("check", "verdict", "count", *(["first"] if wide else []), "what"):
        table.add_column(
            heading, justify="right" if heading == "count" else "left", no_wrap=heading != "what"
        )
    for found in audit.findings:
        count = f"{found.count:,}" if found.count else NONE
        detail = found.detail
        if found.first and not wide:
            detail += f"; first: {found.first}"
        verdict = Text(found.verdict, _STYLES[found.verdict])
        place = [Text(found.first or NONE)] if wide else []
        table.add_row(Text(found.check), verdict, Text(count), *place, Text(detail))
    page.print(table)


# ---- export, resample, adjust --------------------------------------------------------------------
@data.command("export")
@guarded
def export(
    source: Source,
    target: Out,
    timerange: options.Timerange = None,
    timeframe: SourceTimeframe = None,
    timezone: SourceTimezone = None,
    stamp: Stamp = None,
    columns: Columns = None,
    force: Force = False,
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """Write bars to a file, as they stand in SOURCE: every number to the last bit.

    Examples:
      python -m atms data export sample:SPY_1d spy.parquet --timerange 2018
      python -m atms data export ledger:kraken:BTC/USD:1h btc.csv.gz
    """
    url = options.load(config).config.ledger.url
    raw = Reading(url, timeframe, timezone, stamp, columns)(source)
    chosen = within(raw, parsed(TimeRange.parse, timerange, "--timerange"))
    if not len(chosen):
        raise DataError(f"{raw.where}: has no bars in {timerange}")
    written(chosen, source, target, force, json_)


@data.command("resample")
@guarded
def resample(
    source: Source,
    length: Annotated[
        str, typer.Argument(metavar="TIMEFRAME", help="Of the longer bars: 15m, 4h, 1d, 1w, 1M.")
    ],
    target: Out,
    stamp: Stamp = None,
    zone: Zone = None,
    session: Hours = None,
    partial: Annotated[
        str,
        typer.Option(metavar="drop|keep", help="What becomes of a partial first or last bar."),
    ] = "drop",
    how: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=HOW", help="first, max, min, last or sum: trades=sum."),
    ] = None,
    timeframe: SourceTimeframe = None,
    timezone: SourceTimezone = None,
    columns: Columns = None,
    force: Force = False,
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """Make longer bars, and write them to a file; they are stamped as those of SOURCE.

    Days begin at midnight of --zone (default: UTC), weeks on Monday. With
    --session they begin and end with the hours of trading, and bars outside
    are left out.

    Examples:
      python -m atms data resample sample:BTCUSD_1h 4h btc.parquet --stamp start
      python -m atms data resample sample:SPY_1m 1d spy.csv --stamp end
        --zone America/New_York --session 09:30-16:00
    """
    url = options.load(config).config.ledger.url
    raw = Reading(url, timeframe, timezone, stamp, columns)(source)
    longer = resampled(
        raw,
        _length(length),
        zone=zone or "UTC",
        session=parsed(Session.parse, session, "--session"),
        partial=partial,
        how=pairs(how, "--how"),
    )
    written(longer, source, target, force, json_)


def _length(text: str) -> Timeframe:
    found = parsed(Timeframe.parse, text, "TIMEFRAME")
    assert found is not None
    return found


@data.command("adjust")
@guarded
def adjust(
    source: Source,
    actions: Annotated[
        str,
        typer.Argument(metavar="ACTIONS", help="A .csv of splits and dividends: date,kind,value."),
    ],
    target: Out,
    zone: Zone = None,
    session: Hours = None,
    skip: Annotated[
        bool, typer.Option("--skip-outside", help="Skip what is outside the bars' dates.")
    ] = False,
    stamp: Stamp = None,
    timeframe: SourceTimeframe = None,
    timezone: SourceTimezone = None,
    columns: Columns = None,
    force: Force = False,
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """Take the jumps of splits and dividends out of the bars before them.

    ACTIONS has a line a split or dividend: its ex-date; split or dividend; the
    new shares for an old one (4 for 4:1), or the amount a share. Prices before
    are multiplied by a factor, which is kept in a column: adjust_factor.

    Examples:
      python -m atms data adjust aapl.csv actions.csv aapl_adjusted.parquet
      python -m atms data adjust spy_1m.csv actions.csv spy.csv --zone America/New_York
    """
    url = options.load(config).config.ledger.url
    raw = Reading(url, timeframe, timezone, stamp, columns)(source)
    mended = adjusted(
        raw,
        read_actions(actions),
        zone=zone,
        session=parsed(Session.parse, session, "--session"),
        outside="skip" if skip else "refuse",
    )
    written(mended, source, target, force, json_)
