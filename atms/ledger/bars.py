"""Bars in the database: each once, a million in seconds, and back as columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, delete, func, select

from atms.errors import DataError, did_you_mean
from atms.feeds.bars import PRICES
from atms.feeds.raw import RawBars, mended
from atms.ledger import blocks, schema
from atms.ledger.bulk import insert, insert_bars
from atms.ledger.connection import reading, writing
from atms.ledger.engine import exists
from atms.ledger.owners import add_once
from atms.ledger.types import moment
from atms.model import Timeframe

_AT_ONCE = 10_000  # stamps that one statement names


@dataclass(frozen=True)
class Series:
    """What bars are of.

    Attributes:
        venue, symbol: where, and of what.
        timeframe: the length of a bar.
        stamp: whether stamps are ``start`` or ``end`` of a bar; None: not known.
    """

    venue: str
    symbol: str
    timeframe: Timeframe
    stamp: str | None = None

    def __str__(self) -> str:
        return f"ledger:{self.venue}:{self.symbol}:{self.timeframe}"

    @classmethod
    def parse(cls, text: str) -> Series:
        """Read ``ledger:VENUE:SYMBOL:TIMEFRAME``; a symbol may hold colons.

        Raises:
            DataError: it is none of that form.
        """
        parts = text.removeprefix("ledger:").split(":")
        try:
            if len(parts) < 3 or not all(parts):
                raise ValueError("three parts are needed")
            return cls(parts[0], ":".join(parts[1:-1]), Timeframe.parse(parts[-1]))
        except ValueError as error:
            raise DataError(
                f"{text}: {error}; write ledger:VENUE:SYMBOL:TIMEFRAME, "
                "as in ledger:binance:BTC/USDT:1h"
            ) from None


@dataclass(frozen=True)
class Mark:
    """How far an import has come: the source's fingerprint, its rows read, whether that is all."""

    fingerprint: str
    rows: int
    finished: bool = False


@dataclass(frozen=True)
class Written:
    """What became of bars: added, there already, and there already with other figures."""

    added: int = 0
    known: int = 0
    different: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(
            self.added + other.added,
            self.known + other.known,
            self.different + other.different,
        )


def write_bars(
    url: str, of: Series, raw: RawBars, *, replace: bool = False, mark: Mark | None = None
) -> Written:
    """Write bars in one transaction, each stamp once, with how far their import has come.

    Args:
        url: the database.
        of: the series.
        raw: the bars; those of stamps that are there already stay as they are.
        replace: let bars with other figures take the place of those that are there.
        mark: kept in the same transaction, so that a killed import goes on where it was.

    Raises:
        DataError: a price is missing, or the series is there with another kind of stamp.
        LedgerError: the database refused; nothing of these bars was written.
    """
    if len(raw):
        _refuse_gaps(raw)
    with writing(url) as connection:
        series_id = _series(connection, of)
        written = _write(connection, series_id, mended(raw), replace) if len(raw) else Written()
        if mark is not None:
            _keep(connection, series_id, mark)
        return written


def end_import(url: str, of: Series, mark: Mark) -> None:
    """Note that an import is done.

    Raises:
        LedgerError: the database refused.
    """
    with writing(url) as connection:
        _keep(connection, _series(connection, of), mark)


def import_mark(url: str, of: Series, fingerprint: str) -> Mark | None:
    """Return how far an import of that source has come; None if it never began."""
    if not exists(url):
        return None
    i = schema.imports.c
    query = (
        select(i.fingerprint, i.rows, i.finished)
        .join(schema.series)
        .where(of_series(of), i.fingerprint == fingerprint)
    )
    with reading(url) as connection:
        row = None if connection is None else connection.execute(query).one_or_none()
        return None if row is None else Mark(*row)


def read_bars(
    url: str,
    of: Series,
    start: datetime | None = None,
    end: datetime | None = None,
    name: str | None = None,
) -> RawBars:
    """Return a series' bars from *start* (included) to *end* (not included), in order of time.

    *name* is how errors call them; default: the symbol.

    Raises:
        DataError: the series is not there.
        LedgerError: the database cannot be read.
    """
    query = select(schema.series).where(of_series(of))
    if not exists(url):
        raise DataError(f"{of}: is not in the ledger, which is not there yet")
    with reading(url) as connection:
        row = None if connection is None else connection.execute(query).one_or_none()
        if connection is None or row is None:
            raise DataError(f"{of}: is not in the ledger{_near(url, of)}")
        stamps, columns = blocks.read(connection, row.id, start, end)
    name = name or of.symbol
    return RawBars(name, f"{name} ({of})", 0, stamps, columns, of.timeframe, stamp=row.stamp)


def check_series(url: str, of: Series) -> None:
    """Refuse a series that is not there.

    Raises:
        DataError: with what is there that is like it.
        LedgerError: the database cannot be read.
    """
    if not any(_is_row(row, of) for row in list_series(url)):
        raise DataError(f"{of}: is not in the ledger{_near(url, of)}")


def _is_row(row: dict[str, Any], of: Series) -> bool:
    named = (row["venue"], row["symbol"], row["timeframe"])
    return named == (of.venue, of.symbol, str(of.timeframe))


def _near(url: str, of: Series) -> str:
    there = list_series(url)
    names = [f"ledger:{row['venue']}:{row['symbol']}:{row['timeframe']}" for row in there]
    near = did_you_mean(str(of), names)
    return f"{near or '; nothing like it is'} (see: python -m atms data list)"


def list_series(url: str) -> list[dict[str, Any]]:
    """Return every series: id, venue, symbol, timeframe, stamp, bars, first, last.

    Raises:
        LedgerError: the database cannot be read.
    """
    if not exists(url):
        return []
    s, b = schema.series.c, schema.bars.c
    query = (
        select(
            *s,
            func.count(b.ts).label("bars"),
            func.min(b.ts).label("first"),
            func.max(b.ts).label("last"),
        )
        .outerjoin_from(schema.series, schema.bars)
        .group_by(*s)
        .order_by(s.venue, s.symbol, s.id)
    )
    with reading(url) as connection:
        if connection is None:
            return []
        return [dict(row) for row in connection.execute(query).mappings()]


def _refuse_gaps(raw: RawBars) -> None:
    for name in PRICES:
        bad = np.flatnonzero(~np.isfinite(raw.columns[name]))
        if len(bad):
            raise DataError(
                f"{raw.where}: row {bad[0] + raw.first_row}: {name} is missing or infinite; "
                "drop or mend the row"
            )


def of_series(of: Series) -> Any:
    """Return the condition of SQL that a row of ``series`` is *of*."""
    s = schema.series.c
    return and_(s.venue == of.venue, s.symbol == of.symbol, s.timeframe == str(of.timeframe))


def _series(connection: Connection, of: Series) -> int:
    """Return the series' id, made if need be, and locked until the transaction ends."""
    names = {"venue": of.venue, "symbol": of.symbol, "timeframe": str(of.timeframe)}
    add_once(connection, schema.series, list(names), **names, stamp=of.stamp)
    s = schema.series.c
    # FOR UPDATE: two imports of one series take turns (SQLite's writers always do).
    row = connection.execute(select(s.id, s.stamp).where(of_series(of)).with_for_update()).one()
    if of.stamp and row.stamp != of.stamp:
        raise DataError(
            f"{of}: its bars are stamped at their {row.stamp or 'start or end, unknown which'}, "
            f"and these at their {of.stamp}; import them under another symbol or venue"
        )
    return int(row.id)


def _write(connection: Connection, series_id: int, raw: RawBars, replace: bool) -> Written:
    after = moment(raw.stamps[-1]) + timedelta(microseconds=1)
    stamps, columns = blocks.read(connection, series_id, moment(raw.stamps[0]), after)
    known = np.flatnonzero(np.isin(raw.stamps, stamps, assume_unique=True))
    changed = known[_differ(raw.take(known), stamps, columns)]
    fresh = np.setdiff1d(np.arange(len(raw)), known, assume_unique=True)
    if replace and len(changed):
        b = schema.bars.c
        for at in range(0, len(changed), _AT_ONCE):
            old = [moment(stamp) for stamp in raw.stamps[changed[at : at + _AT_ONCE]]]
            connection.execute(delete(schema.bars).where(b.series_id == series_id, b.ts.in_(old)))
        fresh = np.sort(np.concatenate([fresh, changed]))
    if len(fresh):
        _insert(connection, series_id, raw.take(fresh))
        blocks.merge(connection, series_id, raw.take(fresh))
    return Written(len(raw) - len(known), len(known) - len(changed), len(changed))


def _differ(
    new: RawBars, stamps: NDArray[np.int64], columns: dict[str, NDArray[np.float64]]
) -> NDArray[np.bool_]:
    """Return where bars of known stamps have other figures than those that are there."""
    at = np.searchsorted(stamps, new.stamps)
    differs = np.zeros(len(new), dtype=bool)
    for name, values in new.columns.items():
        old = columns.get(name, np.full(len(stamps), np.nan))[at]
        differs |= (old != values) & ~(np.isnan(old) & np.isnan(values))
    return differs


def _insert(connection: Connection, series_id: int, raw: RawBars) -> None:
    extras = [name for name in raw.columns if name not in blocks.COLUMNS]
    if extras:
        frame = pd.DataFrame({name: raw.columns[name] for name in blocks.COLUMNS})
        frame["ts"] = pd.to_datetime(raw.stamps, unit="us", utc=True)
        frame["extra"] = _packed(raw, extras)
        insert(connection, schema.bars, frame, series_id=series_id)
    else:
        insert_bars(connection, series_id, raw.stamps, raw.columns)


def _packed(raw: RawBars, extras: list[str]) -> list[str]:
    rows = zip(*(raw.columns[name].tolist() for name in extras), strict=True)
    return [json.dumps({n: v for n, v in zip(extras, row, strict=True) if v == v}) for row in rows]


def _keep(connection: Connection, series_id: int, mark: Mark) -> None:
    i = schema.imports
    key = and_(i.c.series_id == series_id, i.c.fingerprint == mark.fingerprint)
    connection.execute(i.delete().where(key))
    connection.execute(
        i.insert(),
        {
            "series_id": series_id,
            "fingerprint": mark.fingerprint,
            "rows": mark.rows,
            "finished": mark.finished,
            "ts": datetime.now(UTC),
        },
    )
