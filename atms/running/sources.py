"""Where a feed's bars come from: a file, a sample, a frame, the ledger, a query."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import create_engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from atms import ledger
from atms.config import FeedSection, SqlSection, mask_url
from atms.errors import DataError, MissingExtra
from atms.extras import install_hint
from atms.feeds.raw import RawBars
from atms.feeds.reading import read_raw
from atms.ledger.bars import Series
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


def _read_sql(sql: SqlSection, name: str) -> pd.DataFrame:
    where = f"{name} (sql {mask_url(sql.url)})"
    try:
        # create_engine wants the text, password and all, which a DatabaseUrl does not print.
        engine = create_engine("".join(sql.url))
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        hint = install_hint("postgres") if "psycopg2" in str(error) else f"pip install ({error})"
        raise MissingExtra(f"{where}: needs its database driver: {hint}") from error
    except ArgumentError as error:
        raise DataError(f"{where}: is no database URL") from error
    try:
        # Without parameters, so that a % or a colon in the query is only itself.
        with engine.connect().execution_options(no_parameters=True) as connection:
            found = connection.exec_driver_sql(sql.query)
            return pd.DataFrame(found.all(), columns=list(found.keys()))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DataError(f"{where}: the query failed: {reason}") from error
    finally:
        engine.dispose()
