"""``atms data download --ticks``: a venue's public trades into Parquet files."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from atms.cli.download_out import check_out, target
from atms.cli.download_progress import Shown
from atms.cli.guard import fail
from atms.cli.screen import print_json, say
from atms.downloading.patience import Patience
from atms.downloading.tickfile import TickFile
from atms.downloading.ticks import AskedTicks, TickFindings, look_over_ticks
from atms.downloading.venue import HistoryStore
from atms.errors import ConfigError, DataError
from atms.model import TimeRange


def download_ticks(
    store: HistoryStore,
    symbols: list[str],
    wanted: TimeRange,
    out: Path | None,
    patience: Patience,
    shown: Shown,
    *,
    force: bool,
) -> Told:
    """Download, and return what is to be told.

    Raises:
        ConfigError: no file is named, or one that is no Parquet.
    """
    if out is None:
        raise ConfigError(
            "--ticks: name a file, --out ticks.parquet; the ledger has bars and no trades"
        )
    if out.suffix.lower() in (".csv", ".gz"):
        raise ConfigError(f"--out {out}: trades are written as .parquet")
    check_out(out, symbols, overwrite=True)  # one that holds other trades is refused later
    told = Told(shown)
    asked = AskedTicks(
        store, symbols, wanted, lambda venue, symbol: target(out, venue, symbol, "trades"),
        patience, force, lambda symbol, stretch: shown.begin(symbol, "trades", stretch), told.over,
    )  # fmt: skip
    try:
        asyncio.run(asked.run())
    except KeyboardInterrupt as stop:
        stop.kept = asked.kept()  # type: ignore[attr-defined]
        raise
    return told


class Told:
    """What became of each symbol's trades."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._rows: list[dict[str, Any]] = []
        self._bad: list[str] = []
        self._last: tuple[str, str, Path] | None = None

    def over(self, venue: str, symbol: str, file: TickFile) -> None:
        """Take a symbol that is over."""
        if not file.rows:
            self._bad.append(symbol)
            self._shown.note(f"{symbol}: the venue has no trades of that time")
            self._rows.append({"venue": venue, "symbol": symbol, "rows": 0, "out": None})
            return
        found = look_over_ticks(file.path)
        if found.doubled or found.back:
            self._bad.append(symbol)
        self._tell(symbol, found, file.path)
        self._last = (venue, symbol, file.path)
        self._rows.append({"venue": venue, "symbol": symbol, "out": str(file.path), **vars(found)})

    def end(self, json_: bool) -> None:
        """Print what --json prints, or how bars are made of them."""
        if json_:
            print_json(self._rows)
        elif self._last is not None:
            venue, symbol, path = self._last
            say(
                f"bars of them: python -m atms data import {path} --preset trades --timeframe 1m "
                f"--venue {venue} --symbol {symbol}"
            )
        if self._bad:
            fail(f"not as it should be: {', '.join(self._bad)}", DataError.exit_code)

    def _tell(self, symbol: str, found: TickFindings, path: Path) -> None:
        note, (first, last) = self._shown.note, found.span
        span = f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"
        note(f"{symbol}: {found.rows:,} trades in {path}, {span}", "")
        if found.missing:
            note(f"{symbol}: the venue left {found.missing:,} ids in between out")
        if found.doubled:
            note(f"{symbol}: {found.doubled:,} ids do not rise", "bold red")
        if found.back:
            note(f"{symbol}: {found.back:,} times lie before the one above", "bold red")
