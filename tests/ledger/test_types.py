"""Numbers and times come back equal to what was put in, whatever the database."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, Table, create_engine, select, text
from sqlalchemy.exc import StatementError

from atms.ledger.types import Exact, Moment

TABLE = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("number", Exact),
    Column("time", Moment),
)


@pytest.fixture(scope="module")
def connection(shared_url: str) -> Iterator[Connection]:
    engine = create_engine(shared_url)
    with engine.connect() as opened:
        if opened.dialect.name == "postgresql":
            # A server's own zone is anybody's guess; this one once was 5:41:16 off.
            opened.exec_driver_sql("SET TIME ZONE 'Asia/Kathmandu'")
        TABLE.create(opened)
        yield opened
    engine.dispose()


@pytest.fixture(scope="module")
def there_and_back(connection: Connection) -> Callable[[str, Any], Any]:
    """Put a value into a column and read it again."""

    def go(column: str, value: Any) -> Any:
        with connection.begin_nested():
            added = connection.execute(TABLE.insert(), {column: value}).inserted_primary_key
        assert added is not None
        return connection.execute(select(TABLE.c[column]).where(TABLE.c.id == added[0])).scalar()

    return go


# ---- numbers ------------------------------------------------------------------------------------
@settings(deadline=None)  # a busy machine is no failure
@given(value=st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True))
@example(value=0.1 + 0.2)
@example(value=5e-324)
@example(value=2.2250738585072011e-308)
@example(value=1.7976931348623157e308)
@example(value=-1.7976931348623157e308)
@example(value=-0.0)
@example(value=2.0**53 + 2)
def test_every_float_comes_back_equal(
    there_and_back: Callable[[str, Any], Any], value: float
) -> None:
    back = there_and_back("number", value)
    assert isinstance(back, Decimal)
    assert float(back) == value


DIGITS = st.integers(min_value=-(10**30) + 1, max_value=10**30 - 1)


@settings(deadline=None)
@given(digits=DIGITS, exponent=st.integers(min_value=-40, max_value=40))
@example(digits=123456789012345678901234567890, exponent=-18)
@example(digits=-1, exponent=-30)
@example(digits=10**29, exponent=0)
def test_every_decimal_of_thirty_digits_comes_back_equal(
    there_and_back: Callable[[str, Any], Any], digits: int, exponent: int
) -> None:
    # Not Decimal(digits).scaleb(exponent): that rounds to the context's 28 digits.
    value = Decimal(f"{digits}E{exponent}")
    assert there_and_back("number", value) == value


@pytest.mark.parametrize(
    "value",
    [np.float64(0.1), np.float32(0.1), np.int64(7), 3, 10**15, 10**29 + 1, np.int64(2**53 + 1)],
    ids=lambda value: f"{type(value).__name__} {value}",
)
def test_other_numbers_come_back_equal(
    there_and_back: Callable[[str, Any], Any], value: Any
) -> None:
    back = there_and_back("number", value)
    if isinstance(value, np.floating):
        assert float(back) == float(value)
    else:
        assert back == int(value)  # digit by digit


def test_a_float_is_kept_at_its_shortest_text(connection: Connection) -> None:
    connection.execute(TABLE.insert(), {"id": -1, "number": 0.1})
    stored = connection.execute(text("SELECT number FROM things WHERE id = -1")).scalar_one()
    assert stored == ("0.1" if connection.dialect.name == "sqlite" else Decimal("0.1"))


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, np.float64("nan"), Decimal("NaN"), Decimal("sNaN"),
     Decimal("Infinity"), np.float32("inf")],
    ids=repr,
)  # fmt: skip
def test_what_is_no_number_is_refused(
    there_and_back: Callable[[str, Any], Any], value: Any
) -> None:
    with pytest.raises(StatementError, match="cannot be kept"):
        there_and_back("number", value)


# ---- times --------------------------------------------------------------------------------------
OFFSETS = st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))


@settings(deadline=None)
@given(
    value=st.datetimes(
        datetime(1, 1, 3),
        datetime(9999, 12, 29),
        timezones=st.one_of(st.just(UTC), OFFSETS),
    )
)
@example(value=datetime(2024, 1, 1, 12, 0, 0, 123457, tzinfo=UTC))
@example(value=datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
@example(value=datetime(1970, 1, 1, tzinfo=UTC))
def test_every_time_comes_back_equal_and_in_utc(
    there_and_back: Callable[[str, Any], Any], value: datetime
) -> None:
    back = there_and_back("time", value)
    assert back == value
    assert back.microsecond == value.astimezone(UTC).microsecond
    assert back.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "moment", ["2024-01-01 12:00:00.123457", "1969-12-31 23:59:59.999999", "1900-02-28 00:00:01"]
)
def test_a_pandas_time_comes_back_equal(
    there_and_back: Callable[[str, Any], Any], moment: str
) -> None:
    value = pd.Timestamp(moment, tz="America/New_York")
    assert there_and_back("time", value) == value


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (datetime(1970, 1, 1, 0, 0, 1, 1, tzinfo=UTC), 1_000_001),
        (datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), -1),
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
    ],
)
def test_a_time_is_microseconds_in_sqlite_and_a_timestamptz_in_postgresql(
    connection: Connection, value: datetime, micros: int
) -> None:
    added = connection.execute(TABLE.insert(), {"time": value}).inserted_primary_key
    assert added is not None
    sqlite = connection.dialect.name == "sqlite"
    kind = "typeof(time), time" if sqlite else "pg_typeof(time)::text, time"
    query = text(f"SELECT {kind} FROM things WHERE id = :id")
    found = tuple(connection.execute(query, {"id": added[0]}).one())
    assert found == (("integer", micros) if sqlite else ("timestamp with time zone", value))


@pytest.mark.parametrize("value", [datetime(2024, 1, 1), pd.Timestamp("2024-01-01")])
def test_a_time_without_a_zone_is_refused(
    there_and_back: Callable[[str, Any], Any], value: datetime
) -> None:
    with pytest.raises(StatementError, match="has no time zone"):
        there_and_back("time", value)


@pytest.mark.parametrize("column", ["number", "time"])
def test_what_is_absent_stays_absent(
    there_and_back: Callable[[str, Any], Any], column: str
) -> None:
    assert there_and_back(column, None) is None
