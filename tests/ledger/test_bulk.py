"""A frame's rows come back from a table equal, whatever is in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Double,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
)

from atms.ledger.bulk import insert
from atms.ledger.types import Exact, Moment
from tests.ledger.raw import EPOCH

TABLE = Table(
    "rows of a frame",  # a name that must be quoted
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("number", Exact),
    Column("ts", Moment),
    Column("order", Text),  # a word of SQL
    Column("count", Integer),
    Column("double", Double),
    Column("flag", Boolean(create_constraint=False)),
)


@pytest.fixture(scope="module")
def connection(shared_url: str) -> Iterator[Connection]:
    engine = create_engine(shared_url)
    with engine.connect() as opened:
        TABLE.create(opened)
        yield opened
    engine.dispose()


@pytest.fixture(scope="module")
def there_and_back(connection: Connection) -> Callable[[str, pd.Series], list[Any]]:
    """Insert a column, and read it in the driver's own types."""

    def go(name: str, values: pd.Series) -> list[Any]:
        connection.exec_driver_sql('DELETE FROM "rows of a frame"')
        insert(connection, TABLE, pd.DataFrame({"id": range(len(values)), name: values}))
        query = f'SELECT "{name}" FROM "rows of a frame" ORDER BY id'
        return list(connection.exec_driver_sql(query).scalars())

    return go


Go = Callable[[str, pd.Series], list[Any]]
FLOATS = st.one_of(st.floats(allow_infinity=False, allow_subnormal=True), st.none())


@settings(deadline=None, max_examples=50)
@given(values=st.lists(FLOATS, min_size=1, max_size=30))
@example(values=[0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, math.nan, 1e22, 1e-7])
def test_every_float_comes_back_equal(there_and_back: Go, values: list[float | None]) -> None:
    back = there_and_back("number", pd.Series(values, dtype="float64"))
    assert [None if value is None else float(value) for value in back] == [
        None if value is None or math.isnan(value) else value for value in values
    ]


DECIMALS = st.builds(
    lambda digits, exponent: Decimal(f"{digits}E{exponent}"),
    st.integers(min_value=-(10**30) + 1, max_value=10**30 - 1),
    st.integers(min_value=-40, max_value=40),
)


@settings(deadline=None, max_examples=50)
@given(values=st.lists(st.one_of(DECIMALS, st.none()), min_size=1, max_size=30))
@example(values=[Decimal("123456789012.345678901234567890"), None])
def test_every_decimal_of_thirty_digits_comes_back_equal(
    there_and_back: Go, values: list[Decimal | None]
) -> None:
    back = there_and_back("number", pd.Series(values, dtype=object))
    assert [None if value is None else Decimal(value) for value in back] == values


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([2**62 + 1, -7]),
        pd.Series([2**62 + 1, None], dtype="Int64"),
        pd.Series([0.1, np.nan], dtype="float32"),
        pd.Series([0.1, None, np.float64(0.3)], dtype=object),
        pd.Series([0.1, None], dtype="Float64"),
    ],
    ids=lambda values: str(values.dtype),
)
def test_numbers_of_every_dtype_come_back_equal(there_and_back: Go, values: pd.Series) -> None:
    expected = [None if pd.isna(value) else Decimal(repr(value)) for value in
                (v.item() if hasattr(v, "item") else v for v in values.tolist())]  # fmt: skip
    back = there_and_back("number", values)
    assert [None if value is None else Decimal(value) for value in back] == expected


MOMENTS = st.integers(
    (datetime(1, 1, 3, tzinfo=UTC) - EPOCH) // pd.Timedelta(microseconds=1),
    (datetime(9999, 12, 29, tzinfo=UTC) - EPOCH) // pd.Timedelta(microseconds=1),
)


@settings(deadline=None, max_examples=50)
@given(values=st.lists(st.one_of(MOMENTS, st.none()), min_size=1, max_size=30))
@example(values=[0, -1, None, 1_704_110_400_123_457])
def test_every_time_comes_back_equal(there_and_back: Go, values: list[int | None]) -> None:
    stamps = pd.Series(pd.array(values, dtype="Int64")).astype("datetime64[us]")
    back = there_and_back("ts", stamps.dt.tz_localize("UTC"))
    micros = [
        value if value is None or isinstance(value, int) else (value - EPOCH) // _MICROSECOND
        for value in back
    ]
    assert micros == values


_MICROSECOND = pd.Timedelta(microseconds=1).to_pytimedelta()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
def test_times_of_every_unit_and_zone_come_back_equal(
    there_and_back: Go, unit: str, zone: str
) -> None:
    stamps = pd.Series(pd.to_datetime(["2024-03-10 07:30:00", None, "1969-12-31 23:59:59"]))
    stamps = stamps.dt.tz_localize("UTC").dt.tz_convert(zone).dt.as_unit(unit)
    back = there_and_back("ts", stamps)
    expected = [datetime(2024, 3, 10, 7, 30, tzinfo=UTC), None,
                datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)]  # fmt: skip
    moments = [EPOCH + value * _MICROSECOND if isinstance(value, int) else value for value in back]
    assert moments == expected


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NASTY = [
    "", " ", "\t", "\n", "\r\n", "a\tb\nc\\d", "\\N", "\\.", "\\", "\\\\N", "'", '"', "''; --",
    "NULL", "None", "nan", "NaT", "🦀 élan 汉字", "{}", "%s %(x)s", ":x ?", "\x7f\x01", "\u2028",
    "x" * 1_000_000,
]  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(values=st.lists(st.one_of(TEXTS, st.none()), min_size=1, max_size=30))
@example(values=[*NASTY, None])
def test_every_text_comes_back_equal(there_and_back: Go, values: list[str | None]) -> None:
    assert there_and_back("order", pd.Series(values, dtype=object)) == values


def test_texts_of_pandas_own_type_come_back_equal(there_and_back: Go) -> None:
    values = pd.Series([*NASTY, None], dtype="str")
    assert there_and_back("order", values) == [*NASTY, None]


def test_numbers_into_a_text_column_are_their_digits(there_and_back: Go) -> None:
    numbers = pd.Series([7, None, 12], dtype="Int64")
    assert there_and_back("order", numbers) in (["7", None, "12"], [7, None, 12])


def test_whole_numbers_flags_and_doubles_come_back_equal(connection: Connection) -> None:
    connection.exec_driver_sql('DELETE FROM "rows of a frame"')
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "count": pd.array([5, None, -(2**31)], dtype="Int64"),
            "double": [0.1 + 0.2, math.nan, 5e-324],
            "flag": [True, False, True],
            "unknown": ["no", "such", "column"],
        }
    )
    insert(connection, TABLE, frame, order="same")
    query = 'SELECT count, double, flag, "order" FROM "rows of a frame" ORDER BY id'
    assert [tuple(row) for row in connection.exec_driver_sql(query)] == [
        (5, 0.1 + 0.2, True, "same"),
        (None, None, False, "same"),
        (-(2**31), 5e-324, True, "same"),
    ]


def test_a_frame_without_rows_adds_nothing(connection: Connection) -> None:
    connection.exec_driver_sql('DELETE FROM "rows of a frame"')
    insert(connection, TABLE, pd.DataFrame({"id": [], "number": []}), order="same")
    found = connection.exec_driver_sql('SELECT count(*) FROM "rows of a frame"')
    assert found.scalar_one() == 0


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1.0, math.inf]),
        pd.Series([1.0, -math.inf], dtype="float32"),
        pd.Series([None, math.inf], dtype=object),
        pd.Series([Decimal(1), Decimal("Infinity")]),
        pd.Series([Decimal(1), Decimal("-Infinity")]),
    ],
    ids=lambda values: f"{values.dtype} {values[1]}",
)
def test_an_infinity_is_refused(connection: Connection, values: pd.Series) -> None:
    connection.exec_driver_sql('DELETE FROM "rows of a frame"')
    frame = pd.DataFrame({"id": [1, 2], "number": values})
    with pytest.raises(ValueError, match="infinity"), connection.begin_nested():
        insert(connection, TABLE, frame)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"])),
        pd.Series([datetime(2024, 1, 1), datetime(2024, 1, 2)], dtype=object),
    ],
    ids=["datetime64", "object"],
)
def test_times_without_a_zone_are_refused(connection: Connection, values: pd.Series) -> None:
    connection.exec_driver_sql('DELETE FROM "rows of a frame"')
    frame = pd.DataFrame({"id": [1, 2], "ts": values})
    with pytest.raises(ValueError, match="zone"), connection.begin_nested():
        insert(connection, TABLE, frame)


@pytest.mark.parametrize(
    "word", ["it's :one", "a ? and 100 %", "", 'q"x', "back\\slash", "z" * 5_000]
)
def test_a_text_that_all_rows_share_comes_back_as_it_is(
    there_and_back: Callable[[str, pd.Series], list[Any]], word: str
) -> None:
    assert there_and_back("order", pd.Series([word] * 3)) == [word] * 3
