"""What must be in the database, from the files themselves, beside what is, by SQL alone."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from atms.ledger import read_bars
from atms.ledger.bars import Series
from atms.model import Timeframe
from tests.ledger import raw

Row = Mapping[str, Any]
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_OURS = ("open", "high", "low", "close", "volume")


# ---- runs ----------------------------------------------------------------------------------------
def assert_filed_once(url: str, folder: Path) -> None:
    """Compare every table with the files of a run's folder: each row there, each once, no other."""
    with closing(raw.connect(url)) as connection:
        _assert_filed(_Reader(connection), folder)


def _assert_filed(reader: _Reader, folder: Path) -> None:
    manifest = assert_whole(folder)
    run = manifest["run_id"]
    (kept,) = reader.rows(f"SELECT * FROM runs WHERE id = '{run}'")
    _assert_run(kept, manifest, folder)
    fills = _rows(folder, "fills")
    fees = [{"fill_id": fill["trade_id"], "asset": fill["fee_currency"], "amount": fill["fee"]}
            for fill in fills if float(fill["fee"])]  # fmt: skip
    wanted: dict[str, Iterable[Row]] = {
        "run_starts": [{**manifest, "epoch": 1}],
        "balances": manifest["balances"],
        "positions": manifest["positions"],
        "fills": fills,
        **{name: _rows(folder, name) for name in ("orders", "trades", "cash_flows", "equity")},
    }
    for table, rows in wanted.items():
        _assert_same(table, reader.of(table, run), list(rows))
    ids = {row["id"]: row["trade_id"] for row in reader.of("fills", run)}
    links = [{**row, "fill_id": ids[row["fill_id"]]} for row in reader.of("fill_trades", run)]
    _assert_same("fill_trades", links, _rows(folder, "fill_trades"))
    own = f"SELECT fill_fees.* FROM fill_fees JOIN fills ON id = fill_id WHERE run_id = '{run}'"
    found = [{**row, "fill_id": ids[row["fill_id"]]} for row in reader.rows(own)]
    _assert_same("fill_fees", found, fees)
    accounts = reader.rows(f"SELECT * FROM accounts WHERE id = '{manifest['account']}'")
    assert [row["mode"] for row in accounts] == ["backtest"]


class _Reader:
    """Rows of either database in the same types, over one connection of the driver's own."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, query: str) -> list[dict[str, Any]]:
        cursor = self._connection.cursor()
        cursor.execute(query)
        names = [column[0] for column in cursor.description]
        return [
            {name: _read(name, value) for name, value in zip(names, row, strict=True)}
            for row in cursor.fetchall()
        ]

    def of(self, table: str, run: str) -> list[dict[str, Any]]:
        return self.rows(f"SELECT * FROM {table} WHERE run_id = '{run}'")


def _read(name: str, value: Any) -> Any:
    if name in raw.TIMES and isinstance(value, int):
        return _EPOCH + value * _MICROSECOND
    if name in raw.DECIMALS and value is not None:
        return Decimal(value)
    return json.loads(value) if name in raw.DOCUMENTS and isinstance(value, str) else value


def assert_whole(folder: Path) -> dict[str, Any]:
    """Compare every file of a folder with the hash that the manifest has; return the manifest."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    files = {path.name: _sha256(path) for path in folder.iterdir()}
    files.pop("manifest.json")
    assert files == manifest["files"]
    assert {"fills.csv", "orders.parquet", "equity.parquet", "trades.csv"} <= set(files)
    return manifest


def assert_nothing_else(url: str, folders: Collection[Path]) -> None:
    """Compare what all runs have together with what the ledger has, as numbers of rows."""
    wanted = {table: len(folders) for table in ("runs", "accounts", "run_starts", "positions")}
    for table in ("orders", "fills", "trades", "fill_trades", "cash_flows", "equity"):
        wanted[table] = sum(len(_rows(folder, table)) for folder in folders)
    fills = [fill for folder in folders for fill in _rows(folder, "fills")]
    wanted["fill_fees"] = sum(float(fill["fee"]) != 0 for fill in fills)
    wanted |= dict.fromkeys(("strategies", "instruments", "users"), 1)
    counts = [f"SELECT '{table}', count(*) FROM {table}" for table in wanted]
    assert dict(raw.stored(url, " UNION ALL ".join(counts))) == wanted
    runs = raw.stored(url, "SELECT id FROM runs ORDER BY id")
    assert [run for (run,) in runs] == sorted(folder.name for folder in folders)


def _rows(folder: Path, table: str) -> list[Row]:
    """Return the rows that a table should have of a run, but for ids that are the ledger's own."""
    if table == "orders":
        return _parquet(folder / "orders.parquet")
    if table == "equity":
        return _days(folder / "equity.parquet")
    return _csv(folder / f"{table}.csv")


def _assert_run(kept: Row, manifest: Row, folder: Path) -> None:
    digest = _sha256(folder / "manifest.json")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (kept["manifest_hash"], kept["folder"]) == (digest, str(folder.resolve()))
    assert (kept["status"], kept["config"]) == (manifest["status"], manifest["config"])
    assert kept["metrics"] == metrics
    assert kept["audit"] == json.loads((folder / "audit.json").read_text())
    for name in ("config", "data", "code"):
        assert kept[f"{name}_hash"] == manifest["hashes"][name]
    for name in ("started", "ended"):
        assert kept[name] == _common(name, manifest[name])
    assert kept["final_value"] == Decimal(repr(metrics["final_value"]))


def _assert_same(table: str, found: Sequence[Row], wanted: Sequence[Row]) -> None:
    """Compare rows in the columns that both have; their order does not count."""
    assert len(found) == len(wanted), table
    if not wanted:
        return
    shared = [name for name in found[0] if name in wanted[0]]
    assert len(shared) >= 3, (table, shared)
    have = [tuple(str(_common(n, row[n])) for n in shared) for row in found]
    want = [tuple(str(_common(n, row[n])) for n in shared) for row in wanted]
    assert sorted(have) == sorted(want), table


def _common(name: str, value: Any) -> Any:
    """Return a value in a form that is one for databases, CSV, JSON and Parquet."""
    if value is None or value is pd.NaT or value != value or value == "":
        return None
    if name in raw.DECIMALS:
        number = Decimal(repr(float(value)) if isinstance(value, float) else str(value))
        return number.normalize() if number else Decimal(0)
    if name in raw.TIMES:
        return pd.Timestamp(value).to_pydatetime()
    return value


def _csv(path: Path) -> list[Row]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def _parquet(path: Path) -> list[Row]:
    rows: list[Row] = pd.read_parquet(path).astype(object).to_dict("records")
    return rows


def _days(path: Path) -> list[Row]:
    """Return the last equity of each day, as the ledger keeps it."""
    equity = pd.read_parquet(path)
    last: dict[str, Row] = {}
    for moment, row in zip(equity.index, equity.to_dict("records"), strict=True):
        last[moment.strftime("%Y-%m-%d")] = {"ts": moment, **row}
    return list(last.values())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---- bars ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Bars:
    """What a file of bars holds, times in UTC as its index."""

    frame: pd.DataFrame

    @cached_property
    def stamps(self) -> list[int]:
        """Microseconds since 1970."""
        found: list[int] = self.frame.index.as_unit("us").asi8.tolist()
        return found

    @cached_property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows of the table ``bars``, from its ts on; times as :attr:`stamps`."""
        columns = [[None if v != v else v for v in self.frame[name]] for name in _OURS]
        further = [name for name in self.frame.columns if name not in _OURS]
        extras = [
            json.dumps({name: row[name] for name in further}) if further else None
            for row in self.frame.to_dict("records")
        ]
        return list(zip(self.stamps, *columns, extras, strict=True))


def assert_bars_are(url: str, symbol: str, wanted: Bars) -> None:
    """Compare a series with a file: in the table, in its columns, and in its import's mark."""
    one = f"series_id = (SELECT id FROM series WHERE venue = 'v' AND symbol = '{symbol}')"
    query = f"SELECT ts, {', '.join(_OURS)}, extra FROM bars WHERE {one} ORDER BY ts"
    assert _times_as_numbers(raw.stored(url, query)) == wanted.rows
    size = len(wanted.rows)
    assert raw.stored(url, f"SELECT sum(count) FROM bar_blocks WHERE {one}") == [(size,)]
    back = read_bars(url, Series("v", symbol, Timeframe(1, "m")))
    np.testing.assert_array_equal(back.stamps, wanted.stamps)
    assert set(back.columns) == {*wanted.frame.columns}
    for name in wanted.frame.columns:
        np.testing.assert_array_equal(back.columns[name], wanted.frame[name].to_numpy())
    marks = raw.stored(url, f"SELECT rows, finished FROM imports WHERE {one}")
    assert marks == [(size, True)]


def assert_each_has(url: str, symbols: Iterable[str], bars: int) -> None:
    """Every series has so many bars; there are no others, and none without a series."""
    query = "SELECT symbol, count(*) FROM bars JOIN series ON id = series_id GROUP BY symbol"
    assert dict(raw.stored(url, query)) == dict.fromkeys(symbols, bars)
    names = sorted(symbols)
    assert raw.count(url, "series") == raw.count(url, "imports") == len(names)
    assert raw.count(url, "bars") == bars * len(names)


def _times_as_numbers(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    if rows and isinstance(rows[0][0], datetime):
        return [((row[0] - _EPOCH) // _MICROSECOND, *row[1:]) for row in rows]
    return rows
