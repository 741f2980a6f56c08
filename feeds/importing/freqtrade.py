"""Freqtrade's stored candles and trades: JSON, JSON.gz and feather.

Where the facts come from: github.com/freqtrade/freqtrade, docs/data-download.md, and its sources
freqtrade/constants.py (columns) and freqtrade/data/history/datahandlers/idatahandler.py (names of
files). Candles are ``[[ms, open, high, low, close, volume], ...]``, or the columns date, open,
high, low, close, volume; the time is a candle's start, UTC. Trades are timestamp (ms), id, type,
side, price, amount, cost. Files of funding rates and open interest have the same columns as candles
and hold none; those of mark and index prices do.
"""

from __future__ import annotations

from atms.errors import DataError
from atms.feeds.bars import PRICES
from atms.feeds.importing import names
from atms.feeds.importing.clock import Clock
from atms.feeds.importing.columnar import ColumnarSource
from atms.feeds.importing.jsonrows import JsonSource
from atms.feeds.importing.plan import Options, Plan
from atms.feeds.importing.sample import Sample
from atms.feeds.importing.tables import Source

_CANDLES = ("date", *PRICES, "volume")
_TRADES = ("timestamp", "id", "type", "side", "price", "amount", "cost")
_NO_CANDLES = {"funding_rate": "funding rates", "open_interest": "open interest"}


def is_candles(sample: Sample) -> bool:
    """Return whether the file has the columns of candles."""
    return _has(sample, _CANDLES)


def is_trades(sample: Sample) -> bool:
    """Return whether the file has the columns of trades."""
    return _has(sample, _TRADES)


def _has(sample: Sample, columns: tuple[str, ...]) -> bool:
    if sample.file.kind == "json":
        return len(sample.row) == len(columns)
    return sample.file.kind == "feather" and sample.columns == columns


def candles_plan(sample: Sample, options: Options) -> Plan:
    """Return the plan of a file of candles.

    Raises:
        DataError: its name says that it holds something else.
    """
    hints, candles = names.freqtrade_name(sample.file.path, sample.file.name)
    if candles in _NO_CANDLES:
        raise DataError(f"{sample.file.where}: holds {_NO_CANDLES[candles]}, no bars")
    kept = (f"the prices are {candles} prices",) if candles not in ("", "futures", "spot") else ()
    columns = {name: name for name in (*PRICES, "volume")}
    return Plan(_source(sample, _CANDLES, _CANDLES), _clock(sample, "date"), columns, hints,
                notes=kept)  # fmt: skip


def trades_plan(sample: Sample, options: Options) -> Plan:
    """Return the plan of a file of trades."""
    hints, _ = names.freqtrade_name(sample.file.path, sample.file.name)
    source = _source(sample, _TRADES, ("timestamp", "price", "amount"))
    columns = {"price": "price", "volume": "amount"}
    return Plan(source, Clock(("timestamp",), "epoch"), columns, hints, trades=True)


def _source(sample: Sample, columns: tuple[str, ...], read: tuple[str, ...]) -> Source:
    if sample.file.kind == "json":
        return JsonSource(sample.file, len(columns), {name: columns.index(name) for name in read})
    return ColumnarSource(sample.file, read)


def _clock(sample: Sample, column: str) -> Clock:
    return Clock((column,), "epoch" if sample.file.kind == "json" else "text")
