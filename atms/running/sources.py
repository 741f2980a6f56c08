"""Where a feed's bars come from: a file, a sample, a frame, the ledger, a query."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from atms import ledger
from atms.config import FeedSection, SqlSection, mask_url
from atms.errors import ConfigError, DataError, MissingExtra
from atms.extras import install_hint
from atms.feeds.raw import RawBars
from atms.feeds.reading import read_raw
from atms.feeds.sources import find_source
from atms.ledger.bars import Series
from atms.ledger.engine import POSTGRESQL
from atms.model import Timeframe


def read_feed(feed: FeedSection, url: str, frame: Any = None) -> RawBars:
    """Read the bars of a feed's section.

    Args:
        feed: the section.
        url: the ledger's.
        frame: a DataFrame, in the place of the section's source.

    Raises:
        DataError: what cannot be read.
        LedgerError: the ledger cannot be read.
    """
    source = feed.source if frame is None else frame
    if source is None and feed.sql is not None:
        source = _read_sql(feed.sql, feed.name)
    return read_source(
        source,
        feed.name,
        url,
        timeframe=feed.timeframe,
        timezone=feed.timezone,
        columns=feed.columns,
    )


def read_source(
    source: str | Path | pd.DataFrame,
    name: str,
    url: str,
    *,
    timeframe: Timeframe | None = None,
    timezone: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> RawBars:
    """Read bars from a file, ``sample:NAME``, ``ledger:VENUE:SYMBOL:TIMEFRAME``, or a DataFrame.

    Args:
        source: where from.
        name: how errors call it.
        url: the ledger's.
        timeframe, timezone, columns: as :func:`atms.feeds.reading.read_bars`.

    Raises:
        DataError: what cannot be read.
        LedgerError: the ledger cannot be read.
    """
    if isinstance(source, str) and source.startswith("ledger:"):
        return ledger.read_bars(url, Series.parse(source), name=name)
    return read_raw(source, name=name, timeframe=timeframe, timezone=timezone, columns=columns)


def check_source(source: str, name: str, url: str) -> None:
    """Refuse a source that is not there.

    Raises:
        DataError: there is no such file, sample or series.
        LedgerError: the ledger cannot be read.
    """
    if source.startswith("ledger:"):
        ledger.check_series(url, Series.parse(source))
    else:
        find_source(source, name)


def _engine(sql: SqlSection, where: str) -> Engine:
    try:
        # create_engine wants the text, password and all, which a DatabaseUrl does not print.
        parsed = make_url("".join(sql.url))
        if parsed.drivername == "postgresql":
            raise ConfigError(f"{where}: say which driver: write {POSTGRESQL}://")
        if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
            raise DataError(f"{where}: there is no such file")
        return create_engine(parsed)
    except ModuleNotFoundError as error:
        hint = install_hint("postgres") if error.name == "psycopg2" else f"pip install {error.name}"
        raise MissingExtra(f"{where}: needs its database driver: {hint}") from error
    except NoSuchModuleError as error:
        raise DataError(f"{where}: SQLAlchemy knows no such kind of database") from error
    except (ArgumentError, ValueError) as error:
        raise DataError(f"{where}: is no database URL") from error


def _read_sql(sql: SqlSection, name: str) -> pd.DataFrame:
    source = f"sql {mask_url(sql.url)}"
    where = f"{name} ({source})"
    engine = _engine(sql, where)
    try:
        # Without parameters, so that a % or a colon in the query is only itself.
        options = {"no_parameters": True, "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
            found = connection.exec_driver_sql(sql.query)
            frame = pd.DataFrame(found.all(), columns=list(found.keys()))
            frame.attrs["source"] = source
            return frame
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DataError(f"{where}: the query failed: {reason}") from error
    finally:
        engine.dispose()
