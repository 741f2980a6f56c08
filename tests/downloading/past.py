"""A sandbox with a past that is known bar by bar."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from atms.sandbox.venue.config import MarketConfig
from tests.live.venue import Venue, serving

SERIES = "ledger:binance-loopback:BTC/USDT:1h"
DOWNLOAD = (
    "data", "download", "-c", "venue.yaml", "--store", "mine", "--timeframe", "1h",
)  # fmt: skip
SINCE = ("--symbol", "BTC/USDT", "--since", "2024-01-01")
OURS = ("open", "high", "low", "close", "volume")
Cli = Callable[..., tuple[int, str, str]]


class Past:
    """The venue, and the bars that are over there.

    Attributes:
        venue: the sandbox.
        bars: what is over, stamped at its start.
    """

    def __init__(self, venue: Venue, bars: pd.DataFrame) -> None:
        self.venue, self.bars = venue, bars

    def asked(self, path: str = "klines") -> int:
        """Return how many questions of one kind came."""
        return sum(str(line["name"]).endswith(path) for line in self.venue.of("request"))

    def at_question(self, number: int, act: Callable[[], Any], path: str = "klines") -> None:
        """Do something when the *number*-th question from now on comes, before it is answered."""
        left = number

        def noted(line: dict[str, Any]) -> None:
            nonlocal left
            if line["what"] == "request" and str(line["name"]).endswith(path):
                left -= 1
                if left == 0:
                    act()

        self.venue.on_note = noted

    def ban(self, seconds: int) -> None:
        """Ban this computer; from the sandbox's own thread, as a note is."""
        meter = self.venue.sandbox.venue.meter
        for address in list(meter._addresses):
            meter.ban(address, seconds)

    def pardon(self) -> None:
        """End the ban."""
        for address in self.venue.sandbox.venue.meter._addresses.values():
            address.banned_until = 0


@contextmanager
def serving_past(bars: pd.DataFrame, symbol: str = "BTCUSDT") -> Iterator[Past]:
    """Serve bars: all but two are over, one grows, and time moves as it does here."""
    bars = bars.round(2)  # a tick, as the venue has it
    bars.to_parquet("past.parquet")
    market = MarketConfig(symbol=symbol, source="past.parquet", history=len(bars) - 2)
    write_config()
    with serving(seconds_a_bar=3600, markets=(market,)) as venue:
        yield Past(venue, bars[:-2])


def write_config(**store: Any) -> None:
    """Write ``venue.yaml``, whose store ``mine`` is the sandbox."""
    mine = {"venue": "binance", "url": "${ATMS_SANDBOX_URL}", "market_clock": "stream", **store}
    feed = {"name": "btc", "source": SERIES}
    config = {"stores": {"mine": mine}, "data": {"feeds": [feed]}, "strategy": "ma_cross"}
    Path("venue.yaml").write_text(yaml.safe_dump(config))


def stored(series: str = SERIES) -> list[tuple[Any, ...]]:
    """Return a series' rows by SQL: microseconds, prices, volume."""
    _, venue, rest = series.split(":", 2)
    symbol, _, timeframe = rest.rpartition(":")
    return rows(
        f"SELECT ts, {', '.join(OURS)} FROM bars JOIN series ON id = series_id "
        f"WHERE venue = '{venue}' AND symbol = '{symbol}' AND timeframe = '{timeframe}' ORDER BY 1"
    )


def rows(query: str) -> list[tuple[Any, ...]]:
    """Return what a query on the ledger finds; nothing where there is no ledger."""
    if not Path("atms.db").exists():
        return []
    connection = sqlite3.connect("atms.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def rows_of(bars: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return what :func:`stored` should find."""
    columns = [bars[name].tolist() for name in OURS]
    return list(zip(bars.index.as_unit("us").asi8.tolist(), *columns, strict=True))
