"""``atms data download``: a venue's history into the ledger and into files."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from atms import ledger
from atms.cli import options
from atms.cli.download_progress import Shown
from atms.cli.guard import fail, guarded
from atms.cli.reading import facts, parsed
from atms.cli.screen import print_json, say
from atms.downloading.asked import AskedBars
from atms.downloading.bars import BarDownload, Progress
from atms.downloading.findings import Looked, look_over
from atms.downloading.patience import Patience
from atms.downloading.stretches import Stretch
from atms.errors import ConfigError, DataError, OutputError
from atms.feeds.exporting import write_bars
from atms.feeds.raw import RawBars
from atms.ledger.bars import Series
from atms.model import Timeframe, TimeRange
from atms.running.public_stores import public_store

_GAPS = 5  # that are told one by one
_ENDINGS = (".parquet", ".csv", ".csv.gz")


@guarded
def download(
    store: Annotated[
        str,
        typer.Option(metavar="NAME", help="One of the config's stores, or an exchange: binance."),
    ],
    symbol: Annotated[
        list[str], typer.Option(metavar="SYMBOL", help="BTC/USDT, or BTCUSDT; may be repeated.")
    ],
    timeframe: Annotated[str, typer.Option(metavar="LENGTH", help="Of a bar: 1m, 1h, 1d.")],
    since: Annotated[
        str, typer.Option(metavar="TIME", help="2024, 2024-01-31 or 2024-01-31T12:00, UTC.")
    ],
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
    later, it brings what is new. The bar that still grows is left out.

    Exit codes: 0 good; 3 the audit fails; 4 the venue or the database.

    Examples:
      python -m atms data download --store binance --symbol BTC/USDT
        --timeframe 1h --since 2024 --out btc.parquet
      python -m atms data download -c config.yaml --store mine --symbol BTCUSDT
        --symbol ETHUSDT --timeframe 1d --since 2020-01-01 --out bars/
    """
    url = options.load(config).config.ledger.url
    source = public_store(options.load(config).config, store)
    length, patience = _length(timeframe, "--timeframe"), _length(wait, "--wait")
    wanted = _range(since, until)
    _check_out(out, symbol, force)
    with Shown(quiet=json_) as shown:
        done = Done(url, out, force, shown)
        asked = AskedBars(
            source, symbol, length, wanted, url,
            Patience(timedelta(seconds=patience.seconds), shown.note), replace, done.begin,
            done.over,
        )  # fmt: skip
        try:
            asyncio.run(asked.run())
        except KeyboardInterrupt as stop:
            stop.kept = asked.kept()  # type: ignore[attr-defined]
            raise
    done.end(json_)


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
        raw = ledger.read_bars(self._url, job.of, job.wanted.start, job.wanted.end)
        looked = look_over(raw) if len(raw) else None
        target = self._target(job.of)
        if looked is not None and target is not None:
            about = {"source": str(job.of), "venue": job.of.venue, "symbol": job.of.symbol}
            target.parent.mkdir(exist_ok=True)
            write_bars(raw, target, about=about, force=self._force)
        if looked is None or looked.audit.verdict == "fail":
            self._bad.append(job.of.symbol)
        self._tell(job, raw, looked, target)
        self._rows.append(_plain(job, raw, looked, target))

    def end(self, json_: bool) -> None:
        """Print what --json prints; refuse what a backtest would refuse."""
        if json_:
            print_json(self._rows)
        else:
            say(f"backtest on it: data.feeds[].source: {self._rows[-1]['series']}")
        if self._bad:
            fail(f"the audit fails: {', '.join(self._bad)}", DataError.exit_code)

    def _target(self, of: Series) -> Path | None:
        if self._out is None or not _is_folder(self._out):
            return self._out
        name = of.symbol.replace("/", "-").replace(":", "_")
        return self._out / f"{of.venue}-{name}-{of.timeframe}.parquet"

    def _tell(
        self, job: BarDownload, raw: RawBars, looked: Looked | None, target: Path | None
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
        if target is not None:
            note(f"{len(raw):,} bars written to {target}", "")


def _tell_gaps(looked: Looked, note: Any) -> None:
    for start, end in looked.gaps[:_GAPS]:
        note(f"the venue has no bars from {_minute(start)} to {_minute(end)} UTC")
    if len(looked.gaps) > _GAPS:
        note(f"and {len(looked.gaps) - _GAPS:,} more such gaps: data check lists them")


def _plain(
    job: BarDownload, raw: RawBars, looked: Looked | None, target: Path | None
) -> dict[str, Any]:
    return {
        "series": str(job.of),
        **vars(job.written),
        **facts(raw),
        "gaps": [list(gap) for gap in looked.gaps] if looked else [],
        "audit": looked.audit.verdict if looked else None,
        "out": str(target) if target and looked else None,
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


def _is_folder(out: Path) -> bool:
    return not out.name.lower().endswith(_ENDINGS)


def _check_out(out: Path | None, symbols: list[str], force: bool) -> None:
    """Refuse what could not be written before hours are spent."""
    if out is None:
        return
    if not _is_folder(out) and len(symbols) > 1:
        raise ConfigError(f"--out {out}: several symbols go into a folder; name one")
    if out.is_file() and not (force and not _is_folder(out)):
        raise OutputError(f"{out}: is there already; choose another name, or --force")
    folder = out if _is_folder(out) else out.parent
    if not (folder if folder.exists() else folder.parent).is_dir():
        raise OutputError(f"{out}: there is no folder {folder.parent}")


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
