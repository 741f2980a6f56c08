"""``atms data download``: a venue's history into the ledger and into files."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from atms import ledger
from atms.cli import options
from atms.cli.download_out import check_out, target
from atms.cli.download_progress import Shown
from atms.cli.download_ticks import download_ticks
from atms.cli.guard import fail, guarded
from atms.cli.reading import facts, parsed
from atms.cli.screen import print_json, say
from atms.downloading.asked import AskedBars
from atms.downloading.bars import BarDownload, Progress
from atms.downloading.findings import Looked, look_over
from atms.downloading.patience import Patience
from atms.downloading.stretches import Stretch
from atms.errors import ConfigError, DataError
from atms.feeds.exporting import write_bars
from atms.feeds.raw import RawBars
from atms.ledger.bars import Series
from atms.model import Timeframe, TimeRange
from atms.running.public_stores import public_store

_GAPS = 5  # that are told one by one


@guarded
def download(
    store: Annotated[
        str,
        typer.Option(metavar="NAME", help="One of the config's stores, or an exchange: binance."),
    ],
    symbol: Annotated[
        list[str], typer.Option(metavar="SYMBOL", help="BTC/USDT, or BTCUSDT; may be repeated.")
    ],
    since: Annotated[
        str, typer.Option(metavar="TIME", help="2024, 2024-01-31 or 2024-01-31T12:00, UTC.")
    ],
    timeframe: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="Of a bar: 1m, 1h, 1d.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="A day is included whole; default: up to now."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="A file for the bars too: .parquet, .csv, .csv.gz; of several symbols, a folder.",
        ),
    ] = None,
    ticks: Annotated[
        bool, typer.Option("--ticks", help="Public trades instead of bars, into OUT alone.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Ask for all of it again; the venue's figures count.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite OUT if it is there.")] = False,
    wait: Annotated[
        str, typer.Option(metavar="LENGTH", help="How long a ban or an outage is waited for.")
    ] = "15m",
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """Download a venue's bars into the ledger, and into a file; no key is needed.

    Nothing is asked for twice: broken off, it goes on when it is started again;
    later, it brings what is new. The bar that still grows is left out. With
    --ticks it is public trades, into a Parquet file alone.

    Exit codes: 0 good; 3 the audit fails; 4 the venue or the database.

    Examples:
      python -m atms data download --store binance --symbol BTC/USDT
        --timeframe 1h --since 2024 --out btc.parquet
      python -m atms data download -c config.yaml --store mine --symbol BTCUSDT
        --symbol ETHUSDT --timeframe 1d --since 2020-01-01 --out bars/
      python -m atms data download --store binance --symbol BTC/USDT --ticks
        --since 2024-06-01 --until 2024-06-01 --out btc_trades.parquet
    """
    loaded = options.load(config).config
    source, wanted = public_store(loaded, store), _range(since, until)
    patience = Patience(timedelta(seconds=_length(wait, "--wait").seconds))
    _check_options(ticks, timeframe, replace)
    with Shown(quiet=json_) as shown:
        patience.told = shown.note
        if ticks:
            download_ticks(source, symbol, wanted, out, patience, shown, force=force).end(json_)
            return
        done = Done(loaded.ledger.url, out, force, shown)
        length = _length(timeframe or "", "--timeframe")
        if out is not None:
            check_out(out, symbol, overwrite=force)
        asked = AskedBars(
            source, symbol, length, wanted, loaded.ledger.url, patience, replace, done.begin,
            done.over,
        )  # fmt: skip
        _run(asked)
    done.end(json_)


def _run(asked: AskedBars) -> None:
    try:
        asyncio.run(asked.run())
    except KeyboardInterrupt as stop:
        stop.kept = asked.kept()  # type: ignore[attr-defined]
        raise


class Done:
    """What becomes of each series that is over: looked over, written to a file, told."""

    def __init__(self, url: str, out: Path | None, force: bool, shown: Shown) -> None:
        self._url, self._out, self._force, self._shown = url, out, force, shown
        self._rows: list[dict[str, Any]] = []
        self._bad: list[str] = []

    def begin(self, of: Series, stretch: Stretch) -> Progress:
        """Show how far a series has come."""
        told = self._shown.begin(f"{of.symbol} {of.timeframe}", "bars", stretch)
        return lambda at, written: told(at, written.added + written.known + written.different)

    def over(self, job: BarDownload) -> None:
        """Take a series that is there."""
        raw = ledger.read_bars(self._url, job.of, job.opens.start, job.opens.end)
        looked = look_over(raw) if len(raw) else None
        out, of = self._out, job.of
        path = target(out, of.venue, of.symbol, str(of.timeframe)) if out is not None else None
        if looked is not None and path is not None:
            about = {"source": str(of), "venue": of.venue, "symbol": of.symbol}
            write_bars(raw, path, about=about, force=self._force)
        if looked is None or looked.audit.verdict == "fail":
            self._bad.append(job.of.symbol)
        self._tell(job, raw, looked, path)
        self._rows.append(_plain(job, raw, looked, path))

    def end(self, json_: bool) -> None:
        """Print what --json prints; refuse what a backtest would refuse."""
        if json_:
            print_json(self._rows)
        else:
            say(f"backtest on it: data.feeds[].source: {self._rows[-1]['series']}")
        if self._bad:
            fail(f"the audit fails: {', '.join(self._bad)}", DataError.exit_code)

    def _tell(
        self, job: BarDownload, raw: RawBars, looked: Looked | None, path: Path | None
    ) -> None:
        note, written = self._shown.note, job.written
        wanted = f"from {_minute(job.wanted.start)} to {_minute(job.wanted.end)} UTC"
        if looked is None:
            note(f"{job.of}: the venue has no bar {wanted}")
            return
        note(f"{job.of}: bars added: {written.added:,}; there {wanted}: {len(raw):,}", "")
        if written.different:
            took = "took the place of" if job.replace else "differ from"
            note(f"{job.of}: {written.different:,} bars {took} those that were there")
        _tell_gaps(looked, note)
        for found in looked.audit.problems():
            if found.check != "gaps":
                note(f"audit: {found.check} {found.verdict}: {found.detail}")
        if path is not None:
            note(f"{len(raw):,} bars written to {path}", "")


def _tell_gaps(looked: Looked, note: Any) -> None:
    for start, end in looked.gaps[:_GAPS]:
        note(f"the venue has no bars from {_minute(start)} to {_minute(end)} UTC")
    if len(looked.gaps) > _GAPS:
        note(f"and {len(looked.gaps) - _GAPS:,} more such gaps: data check lists them")


def _plain(
    job: BarDownload, raw: RawBars, looked: Looked | None, path: Path | None
) -> dict[str, Any]:
    return {
        "series": str(job.of),
        **vars(job.written),
        **facts(raw),
        "gaps": [list(gap) for gap in looked.gaps] if looked else [],
        "audit": looked.audit.verdict if looked else None,
        "out": str(path) if path and looked else None,
    }


def _length(text: str, option: str) -> Timeframe:
    found = parsed(Timeframe.parse, text, option)
    assert found is not None
    return found


def _range(since: str, until: str | None) -> TimeRange:
    found = parsed(TimeRange.parse, f"{since}..{until or ''}", "--since, --until")
    assert found is not None
    if found.start is None:
        raise ConfigError("--since: is empty; write 2024-01-31")
    return found


def _check_options(ticks: bool, timeframe: str | None, replace: bool) -> None:
    if ticks and timeframe:
        raise ConfigError("--ticks: trades have no --timeframe; leave one of the two out")
    if ticks and replace:
        raise ConfigError("--ticks: nothing of trades is replaced; --force begins the file anew")
    if not ticks and not timeframe:
        raise ConfigError("--timeframe: say how long a bar is, as 1h; or --ticks, for trades")


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
