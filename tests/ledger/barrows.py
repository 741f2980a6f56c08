"""A series in the database, read past the code: its rows, and what its blocks hold."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from atms.feeds.raw import RawBars
from atms.ledger.bars import Series
from tests.ledger.raw import EPOCH, rows

NAMES = ("open", "high", "low", "close", "volume")
Bar = dict[str, float]  # what is absent, or is no number, is not in it
Bars = dict[int, Bar]  # by stamp


@dataclass(frozen=True)
class Block:
    """One row of ``bar_blocks``, its times in microseconds."""

    first: int
    last: int
    count: int
    bars: Bars


def numbers(bar: dict[str, Any]) -> Bar:
    """Return a bar without what is absent."""
    return {name: v for name, v in bar.items() if v is not None and not math.isnan(v)}


def bars_of(raw: RawBars) -> Bars:
    """Return columns as bars; of two with one stamp the later."""
    columns = {name: values.tolist() for name, values in raw.columns.items()}
    return {
        stamp: numbers({name: values[row] for name, values in columns.items()})
        for row, stamp in enumerate(raw.stamps.tolist())
    }


def in_rows(url: str, of: Series) -> Bars:
    """Return the series' bars as the table ``bars`` has them."""
    found = rows(url, f"SELECT bars.* FROM bars JOIN series ON id = series_id WHERE {_is(of)}")
    return {
        _micros(row["ts"]): numbers(
            {**{name: row[name] for name in NAMES}, **json.loads(row["extra"] or "{}")}
        )
        for row in found
    }


def in_blocks(url: str, of: Series) -> list[Block]:
    """Return the series' blocks in the order of time."""
    found = rows(
        url,
        "SELECT first, last, count, data FROM bar_blocks JOIN series ON id = series_id "
        f"WHERE {_is(of)} ORDER BY first",
    )
    return [
        Block(_micros(row["first"]), _micros(row["last"]), row["count"], _bars(row["data"]))
        for row in found
    ]


def _bars(data: Any) -> Bars:
    table = pa.ipc.open_stream(bytes(data)).read_all().to_pylist()
    return {row.pop("datetime"): numbers(row) for row in table}


def _is(of: Series) -> str:
    return f"venue = '{of.venue}' AND symbol = '{of.symbol}' AND timeframe = '{of.timeframe}'"


def _micros(moment: datetime) -> int:
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
