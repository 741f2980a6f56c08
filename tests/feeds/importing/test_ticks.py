"""Trades become bars: exactly, in one pass, whole bars alone."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from atms.errors import DataError
from atms.feeds.importing import open_import
from atms.model import Timeframe
from tests.feeds.importing.vendors import START, Read, read, text

FIVE = ("open", "high", "low", "close", "volume")
HEADER = "time,price,amount"


def made(folder: Path, *ticks: tuple[float, float, float], rows: int = 1000, length: str = "1m",
         ) -> Read:  # fmt: skip
    """Return the bars of ticks: seconds after the start, price, amount."""
    text(HEADER, *(f"{START + s!r},{p!r},{q!r}" for s, p, q in ticks))(folder / "t.csv")
    return read(folder / "t.csv", rows=rows, timeframe=Timeframe.parse(length))


@pytest.mark.parametrize("rows", [100, 777, 200_000])
def test_the_ticks_of_xrpeth_are_its_minutes_to_the_last_bit(rows: int, shared_data: Path) -> None:
    bars = read(
        shared_data / "ticks" / "XRPETH_trades_2019-10.parquet",
        timeframe=Timeframe(1, "m"),
        rows=rows,
    )
    truth = pd.read_parquet(shared_data / "crypto_spot" / "XRPETH_1m_2019-10.parquet")
    stamps = truth["datetime"].astype("datetime64[us, UTC]").astype("int64")
    assert len(bars.stamps) == 2469
    assert bars.stamps == stamps.tolist()
    for name in FIVE:
        assert bars.columns[name] == truth[name].tolist()


def test_open_is_the_first_in_the_file_and_close_the_last(tmp_path: Path) -> None:
    bars = made(tmp_path, (1, 5.0, 1.0), (1, 7.0, 2.0), (1, 3.0, 4.0), (59, 4.0, 8.0))
    assert [bars.columns[name][0] for name in FIVE] == [5, 7, 3, 4, 15]


def test_where_there_was_no_trade_there_is_no_bar(tmp_path: Path) -> None:
    bars = made(tmp_path, (0, 1.0, 1.0), (600, 1.0, 1.0))
    assert bars.times == ["2024-01-01 00:00", "2024-01-01 00:10"]


@pytest.mark.parametrize("rows", [1, 2, 3, 50, 1000])
def test_volume_is_the_sum_from_left_to_right_however_the_file_is_cut(
    rows: int, tmp_path: Path
) -> None:
    amounts = np.random.default_rng(5).lognormal(0, 12, 300).tolist()
    bars = made(tmp_path, *((at, 1.0, q) for at, q in enumerate(amounts)), rows=rows, length="1h")
    total = 0.0
    for amount in amounts:
        total += amount
    assert bars.columns["volume"] == [total]
    assert total != math.fsum(amounts)


@pytest.mark.parametrize("length", ["45s", "7m", "4h", "1d", "1w", "1M"])
def test_bars_of_any_length_begin_where_resampled_ones_do(length: str, tmp_path: Path) -> None:
    ticks = [(at * 40_000.0, 1.0 + at % 7, 1.0) for at in range(150)]
    bars = made(tmp_path, *ticks, length=length, rows=31)
    stamps = pd.to_datetime([START + t for t, _, _ in ticks], unit="s")
    if length == "1M":
        starts = stamps.to_period("M").start_time
    elif length == "1w":
        starts = stamps.to_period("W").start_time  # a week begins on Monday
    else:
        midnight = stamps.normalize()
        step = pd.Timedelta(seconds=Timeframe.parse(length).seconds)
        starts = midnight + (stamps - midnight) // step * step
    assert bars.stamps == sorted(set(starts.as_unit("us").asi8.tolist()))


def test_trades_a_little_out_of_order_inside_a_bar_keep_the_files_order(tmp_path: Path) -> None:
    bars = made(tmp_path, (5, 1.0, 1.0), (4.999, 2.0, 1.0))
    assert (bars.columns["open"], bars.columns["close"]) == ([1], [2])


@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_a_trade_of_an_earlier_bar_is_an_error(rows: int, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 4: out of order: a trade at 2024-01-01 00:00:50"):
        made(tmp_path, (5, 1.0, 1.0), (65, 1.0, 1.0), (50, 1.0, 1.0), rows=rows)


def test_a_trade_of_an_earlier_bar_is_an_error_after_a_break(tmp_path: Path) -> None:
    text(HEADER, *(f"{START + s},1,1" for s in (5, 65, 125, 70)))(tmp_path / "t.csv")
    found = open_import(tmp_path / "t.csv", timeframe=Timeframe(1, "m"))
    with pytest.raises(DataError, match="row 5: out of order"):
        list(found.chunks(skip_rows=3))


@pytest.mark.parametrize("bad", ["", "nan", "inf"])
@pytest.mark.parametrize("column", ["price", "volume"])
def test_a_trade_without_price_or_amount_is_an_error(column: str, bad: str, tmp_path: Path) -> None:
    line = f"{START},{bad},1" if column == "price" else f"{START},1,{bad}"
    text(HEADER, f"{START},1,1", line)(tmp_path / "t.csv")
    with pytest.raises(DataError, match=f"row 3: {column} is missing or infinite"):
        read(tmp_path / "t.csv", timeframe=Timeframe(1, "m"))


def test_a_column_under_another_name_can_be_said(tmp_path: Path) -> None:
    text("when,px,n", f"{START},2.5,3")(tmp_path / "t.csv")
    names = {"datetime": "when", "price": "px", "volume": "n"}
    bars = read(tmp_path / "t.csv", columns=names, timeframe=Timeframe(1, "m"))
    assert [bars.columns[name][0] for name in FIVE] == [2.5, 2.5, 2.5, 2.5, 3]
    with pytest.raises(DataError, match=r"columns\.price names 'pxx'.*did you mean 'px'"):
        open_import(tmp_path / "t.csv", columns={**names, "price": "pxx"})


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    text("time,price,side", f"{START},2.5,buy")(tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"has no column volume.*columns: \{volume: THEIR_NAME\}"):
        open_import(tmp_path / "t.csv", preset="trades", timeframe=Timeframe(1, "m"))
