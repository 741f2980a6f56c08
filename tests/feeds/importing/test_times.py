"""Times: zones, the hours that clocks show twice, and numbers since 1970."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from atms.errors import ConfigError, DataError
from atms.feeds.importing import open_import
from atms.feeds.importing.clock import since_epoch
from atms.model import Timeframe
from tests.feeds.importing.vendors import joined, read, text

ATHENS = "Europe/Athens"
HEADER = "time,open,high,low,close,volume"


def local_file(folder: Path, zone: str, start: str, periods: int, freq: str) -> list[int]:
    """Write bars with the clocks' times alone; return what they are in truth."""
    truth = pd.date_range(start, periods=periods, freq=freq, tz="UTC")
    shown = truth.tz_convert(zone).strftime("%Y-%m-%d %H:%M:%S")
    text(HEADER, *(f"{moment},1,1,1,1,1" for moment in shown))(folder / "x.csv")
    return truth.as_unit("us").asi8.tolist()


@pytest.mark.parametrize("rows", [1, 2, 5, 7, 13, 30, 61, 500])
def test_an_hour_that_is_shown_twice_is_told_apart_wherever_it_is_cut(
    rows: int, tmp_path: Path
) -> None:
    truth = local_file(tmp_path, ATHENS, "2024-10-26 23:00", 240, "1min")
    assert read(tmp_path / "x.csv", timezone=ATHENS, rows=rows).stamps == truth


@pytest.mark.parametrize("rows", [7, 25, 40])
def test_a_break_at_an_hour_that_is_shown_twice_loses_nothing(rows: int, tmp_path: Path) -> None:
    truth = local_file(tmp_path, ATHENS, "2024-10-26 23:40", 160, "1min")
    found = open_import(tmp_path / "x.csv", timezone=ATHENS)
    chunks = list(found.chunks(rows=rows))
    for kept in range(len(chunks)):
        after = found.chunks(skip_rows=chunks[kept].rows, rows=rows)
        assert joined([*chunks[: kept + 1], *after]).stamps == truth


def test_the_first_rows_may_end_inside_such_an_hour(tmp_path: Path) -> None:
    truth = local_file(tmp_path, ATHENS, "2024-10-26 08:00", 1300, "1min")  # row 1000: 03:40
    assert read(tmp_path / "x.csv", timezone=ATHENS).stamps == truth


def test_an_hour_of_which_one_time_is_missing_is_an_error(tmp_path: Path) -> None:
    local_file(tmp_path, ATHENS, "2024-10-26 22:00", 150, "1min")  # ends at the first 03:29
    for rows in (50, 500):
        with pytest.raises(DataError, match="ambiguous in Europe/Athens"):
            read(tmp_path / "x.csv", timezone=ATHENS, rows=rows)


def test_an_hour_that_is_left_out_is_an_error(tmp_path: Path) -> None:
    text(HEADER, "2024-03-31 03:30,1,1,1,1,1", "2024-03-31 04:30,1,1,1,1,1")(tmp_path / "x.csv")
    with pytest.raises(DataError, match="does not exist"):
        read(tmp_path / "x.csv", timezone=ATHENS)


def test_times_without_a_zone_need_one(tmp_path: Path) -> None:
    local_file(tmp_path, "UTC", "2024-01-01 09:30", 10, "1min")
    with pytest.raises(DataError, match="no time zone; say which: timezone: UTC"):
        open_import(tmp_path / "x.csv")


def test_dates_are_labels_that_need_no_zone(tmp_path: Path) -> None:
    text(HEADER, "2024-01-02,1,1,1,1,1", "2024-01-03,1,1,1,1,1")(tmp_path / "x.csv")
    assert read(tmp_path / "x.csv").times == ["2024-01-02 00:00", "2024-01-03 00:00"]


def test_compact_dates_are_no_seconds(tmp_path: Path) -> None:
    text(HEADER, "20240102,1,1,1,1,1", "20240103,1,1,1,1,1")(tmp_path / "x.csv")
    expected = ["2024-01-02 00:00", "2024-01-03 00:00"]
    assert read(tmp_path / "x.csv").times == expected
    pd.read_csv(tmp_path / "x.csv").to_parquet(tmp_path / "x.parquet")
    assert read(tmp_path / "x.parquet").times == expected


def test_times_that_say_their_offset_need_no_zone(tmp_path: Path) -> None:
    text(HEADER, "2024-03-08 09:30:00-05:00,1,1,1,1,1", "2024-03-11 09:30:00-04:00,1,1,1,1,1")(
        tmp_path / "x.csv"
    )
    for zone in (None, ATHENS):
        times = read(tmp_path / "x.csv", timezone=zone, rows=1).times
        assert times == ["2024-03-08 14:30", "2024-03-11 13:30"]


def test_offsets_that_begin_in_the_middle_are_an_error(tmp_path: Path) -> None:
    text(HEADER, "2024-01-02 09:30,1,1,1,1,1", "2024-01-02 09:31Z,1,1,1,1,1")(tmp_path / "x.csv")
    for rows in (1, 10):
        with pytest.raises(DataError, match=r"row 3: .* has a time zone, unlike the rows before"):
            found = open_import(tmp_path / "x.csv", timezone=ATHENS, timeframe=Timeframe(1, "m"))
            list(found.chunks(rows=rows))


def test_an_unknown_zone_is_an_error(tmp_path: Path) -> None:
    local_file(tmp_path, "UTC", "2024-01-01 09:30", 10, "1min")
    for zone in ("Mars/Olympus", "Mars+7h", "UTC+7", ""):
        with pytest.raises(ConfigError, match="is no time zone"):
            open_import(tmp_path / "x.csv", timezone=zone)


def test_a_server_may_be_behind(tmp_path: Path) -> None:
    local_file(tmp_path, "UTC", "2024-01-01 00:00", 10, "1min")
    assert read(tmp_path / "x.csv", timezone="UTC-3h").times[0] == "2024-01-01 03:00"


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_numbers_since_1970_are_read_in_the_unit_of_their_size(
    unit: str, ending: str, tmp_path: Path
) -> None:
    truth = pd.date_range("2024-01-01", periods=5, freq="1h", tz="UTC")
    bars = pd.DataFrame({"time": truth.as_unit(unit).asi8, "open": 1.0})
    bars = bars.assign(high=bars.open, low=bars.open, close=bars.open)
    path = tmp_path / f"x.{ending}"
    bars.to_csv(path, index=False) if ending == "csv" else bars.to_parquet(path)
    assert read(path).stamps == truth.as_unit("us").asi8.tolist()


def test_parts_of_a_second_are_kept_to_the_microsecond() -> None:
    values = np.array([1_559_347_203.7998, 1_700_000_000.000001, -86_400.5])
    stamps, finer = since_epoch(values)
    assert stamps.tolist() == [1_559_347_203_799_800, 1_700_000_000_000_001, -86_400_500_000]
    assert not finer


def test_digits_finer_than_a_microsecond_are_dropped_and_said(tmp_path: Path) -> None:
    text(HEADER, "1704067200000000123,1,1,1,1,1", "1704067260000000123,1,1,1,1,1")(
        tmp_path / "x.csv"
    )
    bars = read(tmp_path / "x.csv")
    assert bars.stamps[0] == 1_704_067_200_000_000
    assert "finer than a microsecond are truncated" in bars.chunks[0].raw.notes[0]


def test_a_number_that_is_no_time_is_named(tmp_path: Path) -> None:
    text(HEADER, "1704067200.5,1,1,1,1,1", "inf,1,1,1,1,1")(tmp_path / "x.csv")
    with pytest.raises(DataError, match=r"row 3: inf is no time"):
        open_import(tmp_path / "x.csv")
    text(HEADER, "1704067200,1,1,1,1,1", "soon,1,1,1,1,1")(tmp_path / "x.csv")
    with pytest.raises(DataError, match=r"row 3: time is 'soon', which is no whole number"):
        open_import(tmp_path / "x.csv")
