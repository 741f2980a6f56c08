"""A pandas frame is loaded in columns as Backtrader loads it cell by cell."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from tests.engine.loading.same import bars, compare


def fast(frame: Any, kind: Any = bt.feeds.PandasData, lookahead: int = 0, **params: Any) -> None:
    part = compare(lambda: kind(dataname=frame, **params), lookahead=lookahead, again=1)
    assert part.fast, part


def stock(frame: Any, kind: Any = bt.feeds.PandasData, **params: Any) -> None:
    part = compare(lambda: kind(dataname=frame, **params))
    assert not part.fast, part


class Wider(bt.feeds.PandasData):
    lines = ("spread", "close")
    params = (("spread", -1), ("extra", 7))


class WithMethods(bt.feeds.PandasData):
    def __init__(self) -> None:
        super().__init__()
        self.made = "by me"

    def start(self) -> None:
        super().start()
        self.started = len(self.p.dataname)

    def mine(self) -> int:
        return 3


class Shifted(bt.feeds.PandasData):
    def _load(self) -> bool:
        if not super()._load():
            return False
        self.lines.volume[0] = self.lines.close[0] * 2
        return True


class Noted(bt.feeds.PandasData):
    def forward(self, *args: Any, **kwargs: Any) -> None:
        self.count = getattr(self, "count", 0) + 1
        super().forward(*args, **kwargs)


@pytest.mark.parametrize("lookahead", [0, 1, 3])
def test_a_plain_frame_is_loaded_to_the_same_bits(lookahead: int) -> None:
    fast(bars(), lookahead=lookahead)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_short_frame_is_loaded_to_the_same_bits(n: int) -> None:
    fast(bars(n))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_stamps_is_read(unit: str) -> None:
    fast(bars(unit=unit))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("start", ["2024-03-09", "2024-03-30", "2024-10-26", "2024-11-02"])
def test_stamps_with_a_zone_are_read_over_a_change_of_the_clock(zone: str, start: str) -> None:
    fast(bars(96, start=start, step="30min", tz=zone))


def test_stamps_with_a_zone_of_pytz_are_read() -> None:
    pytz = pytest.importorskip("pytz")
    fast(bars(96, start="2024-10-26", tz=pytz.timezone("Europe/Berlin")))


@pytest.mark.parametrize("tz", [None, "Europe/Berlin", "US/Eastern"])
@pytest.mark.parametrize("tzinput", [None, "Asia/Tokyo", "US/Eastern"])
def test_the_feeds_own_zones_move_its_stamps(tz: str | None, tzinput: str | None) -> None:
    pytest.importorskip("pytz")
    fast(bars(60, start="2024-11-01"), tz=tz, tzinput=tzinput)


@pytest.mark.parametrize("lookahead", [0, 2])
@pytest.mark.parametrize(
    "window",
    [
        {"fromdate": datetime(2024, 1, 1, 10)},
        {"fromdate": date(2024, 1, 2)},
        {"todate": datetime(2024, 1, 1, 10)},
        {"todate": date(2024, 1, 1)},
        {"fromdate": datetime(2024, 1, 1, 7), "todate": datetime(2024, 1, 1, 9, 30)},
        {"fromdate": datetime(2025, 1, 1)},
        {"todate": datetime(2023, 1, 1)},
        {"fromdate": datetime(2024, 1, 2), "todate": datetime(2024, 1, 1)},
    ],
)
def test_only_the_bars_between_the_dates_are_loaded(window: dict[str, Any], lookahead: int) -> None:
    fast(bars(), lookahead=lookahead, **window)


@pytest.mark.parametrize("lookahead", [0, 1, 2])
def test_stamps_that_do_not_increase_are_dropped_one_by_one(lookahead: int) -> None:
    frame = bars(20).iloc[[3, 9, 1, 12, 0, 5, 15, 2]]
    window = {"fromdate": datetime(2024, 1, 1, 2), "todate": datetime(2024, 1, 1, 14)}
    fast(frame, lookahead=lookahead, **window)
    fast(frame.iloc[:5], lookahead=lookahead, **window)


@pytest.mark.parametrize(
    "params",
    [
        {"openinterest": None},
        {"open": "HIGH", "close": 2},
        {"volume": 3, "low": 0},
        {"nocase": False, "open": "open"},
        {"openinterest": np.int64(2)},
    ],
)
def test_columns_are_found_as_the_params_say(params: dict[str, Any]) -> None:
    part = compare(lambda: bt.feeds.PandasData(dataname=bars(), **params))
    assert part.fast == ("openinterest" not in params or params["openinterest"] is None)


def test_names_are_found_in_any_case_unless_case_counts() -> None:
    frame = bars().rename(columns=str.upper)
    fast(frame)
    fast(frame, nocase=False)
    fast(frame.rename(columns={"OPEN": "open"}), nocase=False)


@pytest.mark.parametrize("datetime_param", ["when", "WHEN", 6, -1])
def test_the_stamps_may_stand_in_a_column(datetime_param: Any) -> None:
    frame = bars().assign(when=pd.date_range("2020-01-01", periods=50, freq="7min"))
    fast(frame, datetime=datetime_param)
    fast(frame.rename(columns={"when": "datetime"}), datetime=-1)


@pytest.mark.parametrize(
    "dtype",
    ["int8", "int64", "uint64", "float16", "float32", "bool", "Int64", "UInt8", "Float32",
     "Float64", "boolean", "object"],
)  # fmt: skip
def test_a_column_of_another_type_is_turned_into_the_same_floats(dtype: str) -> None:
    values = np.arange(50) % 2 if "bool" in dtype else np.arange(50)
    fast(bars().assign(volume=pd.Series(values).astype(dtype).to_numpy()))
    fast(bars().assign(volume=pd.Series(values, index=bars().index).astype(dtype)))


def test_numbers_beyond_the_floats_are_rounded_as_python_rounds_them() -> None:
    big = [2**53 + 1, 2**53 + 3, 2**63 - 1, -(2**63) + 513, 9007199254740993]
    frame = bars(5)
    fast(frame.assign(volume=np.array(big, dtype=np.int64)))
    fast(frame.assign(volume=np.array([2**64 - 1, 2**63 + 1025, 1, 2, 3], dtype=np.uint64)))
    fast(frame.assign(volume=pd.array([2**53 + 1, 2**62 + 1, 1, 2, 3], dtype="Int64")))
    fast(frame.assign(volume=pd.Series([2**70 + 1, 10**30, True, Decimal("0.1"), 0.1],
                                       index=frame.index, dtype=object)))  # fmt: skip


@pytest.mark.parametrize("value", ["x", "1.5", None, pd.NA, 10**400, timedelta(1), 1j])
def test_a_cell_that_is_no_number_raises_what_backtrader_raises(value: Any) -> None:
    cells = pd.Series([1.0] * 50, index=bars().index, dtype=object)
    cells.iloc[20] = value
    stock(bars().assign(close=cells))
    stock(bars().assign(close=cells), todate=datetime(2024, 1, 1, 5))


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean"])
def test_a_missing_cell_of_a_nullable_column_raises_what_backtrader_raises(dtype: str) -> None:
    stock(bars(3).assign(volume=pd.array([1, None, 0], dtype=dtype)))


@pytest.mark.parametrize("dtype", ["category", "complex128", "longdouble", "datetime64[s]", "str"])
def test_a_column_of_a_type_that_is_not_known_is_read_by_backtrader(dtype: str) -> None:
    stock(bars(5).assign(volume=pd.Series(range(5), index=bars(5).index).astype(dtype)))


@pytest.mark.parametrize("params", [{"open": "nothing"}, {"open": 17}, {"datetime": "open"}])
def test_a_column_that_is_not_there_raises_what_backtrader_raises(params: dict[str, Any]) -> None:
    compare(lambda: bt.feeds.PandasData(dataname=bars(), **params))


def test_an_index_that_holds_no_stamps_raises_what_backtrader_raises() -> None:
    stock(bars().reset_index(drop=True))
    stock(bars().set_index(pd.period_range("2024-01-01", periods=50, freq="h")))
    stock(bars().set_index(pd.Index([datetime(2024, 1, 1)] * 50, dtype=object)))


def test_a_missing_stamp_and_one_too_fine_are_read_by_backtrader() -> None:
    index = bars().index.as_unit("ns")
    stock(bars().set_index(index.where(index != index[7])))
    stock(bars().set_index(index + pd.Timedelta(1, "ns")))


def test_stamps_out_of_pythons_years_raise_what_backtrader_raises() -> None:
    stock(bars(2).set_index(pd.DatetimeIndex(np.array([0, 10**15], dtype="datetime64[s]"))))
    fast(bars(2).set_index(pd.DatetimeIndex(["0001-01-01", "9999-12-31 23:59:59.999999"],
                                            dtype="datetime64[us]")))  # fmt: skip


def test_a_subclass_that_adds_lines_and_params_is_loaded_in_columns() -> None:
    fast(bars().assign(spread=0.25), Wider)
    fast(bars(), Wider)


def test_a_subclass_with_methods_of_its_own_beside_the_loading_is_loaded_in_columns() -> None:
    fast(bars(), WithMethods)


def test_a_subclass_that_reads_rows_itself_is_asked_for_each_row() -> None:
    part = compare(lambda: Shifted(dataname=bars(), todate=datetime(2024, 1, 2)))
    assert part.fast
    assert part.why == "row by row, by its own _load"


def test_a_subclass_that_moves_in_its_own_way_is_loaded_by_backtrader() -> None:
    stock(bars(), Noted)


def test_a_subclass_of_frames_is_read_by_backtrader() -> None:
    class Frame(pd.DataFrame):
        pass

    stock(Frame(bars()))


class Odd:
    """Drops rows by a column that is no line; counts, splits and fails where it is told to."""

    def __init__(self, data: Any, fails: int | None = None) -> None:
        self.fails = fails
        self.seen = 0

    def __call__(self, data: Any) -> bool:
        self.seen += 1
        if self.seen == self.fails:
            raise TypeError("mine")
        if hasattr(data, "_idx") and data.p.dataname.iloc[data._idx]["volume"] % 3 == 0:
            data.backwards()
            return True
        if self.seen % 4 == 0:
            data._save2stack()
        return False


FILTERS = [
    (bt.filters.HeikinAshi, {}),
    (bt.filters.SessionFilter, {}),
    (bt.filters.SessionFiller, {}),
    (bt.filters.CalendarDays, {}),
    (bt.filters.DaySplitter_Close, {}),
    (bt.filters.Renko, {"size": 0.25}),
    (bt.filters.DataFiller, {}),
    (Odd, {}),
    (Odd, {"fails": 20}),
]


@pytest.mark.parametrize("lookahead", [0, 2])
@pytest.mark.parametrize("window", [{}, {"fromdate": date(2024, 1, 1), "todate": date(2024, 1, 2)}])
@pytest.mark.parametrize(("kind", "params"), FILTERS)
@pytest.mark.parametrize("feed", [bt.feeds.PandasData, bt.feeds.PandasDirectData])
def test_filters_get_the_rows_one_by_one(
    feed: Any, kind: Any, params: dict[str, Any], window: dict[str, Any], lookahead: int
) -> None:
    def make() -> Any:
        data = feed(dataname=bars(60, step="5h"), tz="UTC", timeframe=bt.TimeFrame.Minutes,
                    sessionstart=time(6), sessionend=time(18), **window)  # fmt: skip
        data.addfilter(kind, **params)
        return data

    part = compare(make, lookahead=lookahead)
    assert part.fast
    assert part.why == "row by row, for its filters"


def test_a_cell_that_is_no_number_fails_before_its_filter_sees_it() -> None:
    def make() -> Any:
        data = bt.feeds.PandasData(dataname=bars().assign(low="x"))
        data.addfilter(Odd)
        return data

    assert not compare(make).fast


@pytest.mark.parametrize("lookahead", [0, 2])
def test_a_frame_read_as_tuples_is_loaded_to_the_same_bits(lookahead: int) -> None:
    fast(bars(), bt.feeds.PandasDirectData, lookahead)
    fast(bars(), bt.feeds.PandasDirectData, lookahead, todate=datetime(2024, 1, 1, 7))
    fast(bars(0), bt.feeds.PandasDirectData, lookahead)
    fast(bars()[["open", "close"]], bt.feeds.PandasDirectData, lookahead,
         high=-1, low=-1, close=2, volume=1, openinterest=-1)  # fmt: skip


def test_a_frame_read_as_tuples_may_have_its_stamps_in_a_column() -> None:
    fast(bars(tz="US/Eastern").reset_index(names="when"), bt.feeds.PandasDirectData,
         datetime=1, open=2, high=3, low=4, close=5, volume=6, openinterest=0)  # fmt: skip


def test_a_tuple_without_the_column_raises_what_backtrader_raises() -> None:
    stock(bars(), bt.feeds.PandasDirectData, openinterest=12)
    stock(bars(), bt.feeds.PandasDirectData, openinterest=None)
    stock(bars().assign(close="x"), bt.feeds.PandasDirectData)
