"""Bars into files: every bit comes back, and a file is there whole or not at all."""

from __future__ import annotations

import gzip
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from atms.errors import DataError, OutputError
from atms.feeds.exporting import about_file, write_bars
from atms.feeds.raw import RawBars
from atms.feeds.reading import read_bars, read_raw
from atms.feeds.sources import sample_names
from atms.model import Timeframe

ENDINGS = (".csv", ".csv.gz", ".parquet")
EXTREMES = [
    0.1 + 0.2, 1 / 3, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e22, 1e16,
    123456789012345680.0, 9007199254740993.0, 1e-7, 100.0, 0.0, -0.0, -1.5,
]  # fmt: skip


def made(stamps: Any, **columns: Any) -> RawBars:
    stamps = np.asarray(stamps, dtype=np.int64)
    given = {"open": 1, "high": 2, "low": 0.5, "close": 1.5, "volume": 10, **columns}
    full = {
        name: np.broadcast_to(np.asarray(values, dtype=np.float64), len(stamps)).copy()
        for name, values in given.items()
    }
    return RawBars("x", "x (made)", 0, stamps, full)


def minutes(n: int) -> np.ndarray:
    return 1_514_764_800_000_000 + np.arange(n) * 60_000_000


def assert_same(found: RawBars, expected: RawBars) -> None:
    assert found.stamps.tobytes() == expected.stamps.tobytes()
    assert list(found.columns) == list(expected.columns)
    for name, values in expected.columns.items():
        assert found.columns[name].tobytes() == values.tobytes(), name


def listing() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


# ---- what is written is read back ----------------------------------------------------------------
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("sample", sample_names())
def test_every_sample_comes_back_to_the_last_bit(sample: str, ending: str) -> None:
    raw = read_raw(f"sample:{sample}", name="x")
    write_bars(raw, f"out{ending}")
    assert_same(read_raw(f"out{ending}", name="x"), raw)


@pytest.mark.parametrize("ending", ENDINGS)
def test_numbers_of_every_size_come_back_to_the_last_bit(ending: str) -> None:
    bits = np.random.default_rng(4).integers(0, 2**64, 50_000, dtype=np.uint64, endpoint=False)
    values = bits.view(np.float64)
    values = np.concatenate([values[np.isfinite(values)], EXTREMES])
    raw = made(minutes(len(values)), close=values, other=values[::-1])
    write_bars(raw, f"out{ending}")
    assert_same(read_raw(f"out{ending}", name="x"), raw)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_not_there_stays_away_and_a_zero_keeps_its_sign(ending: str) -> None:
    raw = made(minutes(3), volume=np.nan, some=[1.0, np.nan, 3.0], zero=[-0.0, 0.0, np.nan],
               whole=[-0.0, 0.0, 7.0], endless=[np.inf, -np.inf, 1.0])  # fmt: skip
    write_bars(raw, f"out{ending}")
    assert_same(read_raw(f"out{ending}", name="x"), raw)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("step", [1_000_000, 1_000, 1])
def test_stamps_come_back_to_the_microsecond(step: int, ending: str) -> None:
    first = {1_000_000: 0, 1_000: 17_000, 1: 17_001}[step]
    raw = made([first, -step, 253_402_300_799_000_000 // step * step, first])  # as they stand there
    write_bars(raw, f"out{ending}")
    assert_same(read_raw(f"out{ending}", name="x"), raw)


def test_more_rows_than_are_written_at_a_time_come_back() -> None:
    raw = made(minutes(250_001), close=np.random.default_rng(1).random(250_001))
    write_bars(raw, "out.csv")
    assert_same(read_raw("out.csv", name="x"), raw)


def test_bars_that_are_fit_to_run_are_written_with_the_stamps_of_their_source() -> None:
    bars = read_bars("sample:BTCUSD_1h", name="x", stamp="start")
    write_bars(bars, "out.parquet")
    assert_same(read_raw("out.parquet", name="x"), read_raw("sample:BTCUSD_1h", name="x"))


def test_prices_and_volume_come_before_all_other_columns() -> None:
    raw = made(minutes(2), other=1)
    turned = replace(raw, columns=dict(reversed(raw.columns.items())))
    write_bars(turned, "out.csv")
    assert_same(read_raw("out.csv", name="x"), raw)


# ---- the files -----------------------------------------------------------------------------------
def test_a_csv_holds_times_with_a_z_and_the_shortest_numbers() -> None:
    raw = made(minutes(2), close=[0.1, 1e-7], volume=[np.nan, 12.0])
    write_bars(raw, "out.csv")
    assert Path("out.csv").read_text() == (
        "datetime,open,high,low,close,volume\n"
        "2018-01-01T00:00:00Z,1,2,0.5,0.1,\n"
        "2018-01-01T00:01:00Z,1,2,0.5,1e-7,12\n"
    )
    write_bars(replace(raw, stamps=raw.stamps + 500_000), "later.csv")
    assert "\n2018-01-01T00:00:00.500Z,1," in Path("later.csv").read_text()


def test_a_parquet_has_the_types_of_the_samples_and_says_what_it_holds() -> None:
    raw = replace(made(minutes(3)), timeframe=Timeframe(1, "m"), stamp="start")
    write_bars(raw, "out.parquet", about={"symbol": "BTC/USD", "venue": "kraken"})
    schema = pq.read_schema("out.parquet")
    assert str(schema.field("datetime").type) == "timestamp[us, tz=UTC]"
    assert {str(schema.field(name).type) for name in raw.columns} == {"double"}
    assert about_file("out.parquet") == {
        "timeframe": "1m", "stamp": "start", "symbol": "BTC/USD", "venue": "kraken",
    }  # fmt: skip
    assert list(pd.read_parquet("out.parquet")["close"]) == [1.5] * 3


def test_a_timeframe_that_is_not_stated_is_the_commonest_step_and_of_a_heap_none() -> None:
    write_bars(made(minutes(3)), "out.parquet")
    assert about_file("out.parquet") == {"timeframe": "1m"}
    write_bars(made(minutes(3)[::-1]), "heap.parquet")
    assert about_file("heap.parquet") == {}


def test_a_file_of_others_says_nothing_and_no_parquet_is_refused() -> None:
    pd.DataFrame({"a": [1]}).to_parquet("other.parquet")
    assert about_file("other.parquet") == {}
    Path("no.parquet").write_text("no")
    for path in ("no.parquet", "nowhere.parquet"):
        with pytest.raises(DataError, match=rf"^{path}: cannot be read as Parquet: "):
            about_file(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_bars_give_the_same_bytes(ending: str) -> None:
    raw = made(minutes(100), close=np.random.default_rng(1).random(100))
    for name in ("one", "other"):
        write_bars(raw, f"{name}{ending}")
    assert Path(f"one{ending}").read_bytes() == Path(f"other{ending}").read_bytes()


def test_a_packed_csv_is_the_csv_packed() -> None:
    raw = made(minutes(100), close=np.random.default_rng(1).random(100))
    write_bars(raw, "out.csv")
    write_bars(raw, "out.csv.gz")
    packed = Path("out.csv.gz").read_bytes()
    assert gzip.decompress(packed) == Path("out.csv").read_bytes()
    assert packed[3:8] == bytes(5)  # it holds no name and no time


# ---- whole or not at all -------------------------------------------------------------------------
def test_a_file_that_is_there_is_replaced_only_if_that_is_wanted() -> None:
    Path("out.csv").write_text("mine")
    with pytest.raises(OutputError) as caught:
        write_bars(made(minutes(2)), "out.csv")
    assert str(caught.value) == ("out.csv: is there already; choose another name, or overwrite it")
    assert Path("out.csv").read_text() == "mine"
    write_bars(made(minutes(2)), "out.csv", force=True)
    assert len(read_raw("out.csv", name="x")) == 2
    assert listing() == ["out.csv"]


def test_a_link_stays_a_link() -> None:
    Path("data").mkdir()
    Path("data/real.csv").write_text("mine")
    Path("out.csv").symlink_to("data/real.csv")
    write_bars(made(minutes(2)), "out.csv", force=True)
    assert Path("out.csv").is_symlink()
    assert len(read_raw("data/real.csv", name="x")) == 2


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_fails_half_way_leaves_nothing_and_the_old_file(ending: str) -> None:
    raw = made(minutes(250_000))
    raw.columns["late"] = np.zeros(249_999)  # one value short
    Path(f"out{ending}").write_text("mine")
    with pytest.raises(ValueError, match="length"):
        write_bars(raw, f"out{ending}", force=True)
    assert listing() == [f"out{ending}"]
    assert Path(f"out{ending}").read_text() == "mine"


FULL = """
import resource, signal, sys
import numpy as np
from atms.errors import OutputError
from atms.feeds.exporting import write_bars
from atms.feeds.raw import RawBars
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
n = 100_000
values = np.random.default_rng(1).random(n)
raw = RawBars("x", "x", 0, np.arange(n) * 60_000_000, {"close": values})
try:
    write_bars(raw, sys.argv[1])
except OutputError as error:
    print(error)
"""


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_disk_without_room_is_said_and_leaves_nothing(ending: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, f"out{ending}"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.startswith(f"out{ending}: cannot be written: "), done.stderr
    assert done.stdout.endswith("; nothing half-written is left\n")
    assert listing() == []


def test_what_cannot_be_written_to_is_said() -> None:
    raw = made(minutes(2))
    Path("file").write_text("")
    Path("folder.csv").mkdir()
    for path, reason in (
        ("nowhere/out.csv", "nowhere/out.csv: cannot be written: No such file or directory; "),
        ("file/out.csv", "file/out.csv: cannot be written: Not a directory; "),
        ("folder.csv", "folder.csv: is a folder; name a file in it"),
    ):
        with pytest.raises(OutputError) as caught:
            write_bars(raw, path, force=True)
        assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("path", ["out.txt", "out", "out.csv.zip", "out.feather"])
def test_an_unknown_ending_is_refused_with_the_known_ones(path: str) -> None:
    with pytest.raises(DataError) as caught:
        write_bars(made(minutes(2)), path)
    assert str(caught.value) == (f"{path}: has no known ending; write .csv, .csv.gz, .parquet")


def test_no_bars_are_refused() -> None:
    with pytest.raises(DataError, match=r"^x \(made\): has no bars to write$"):
        write_bars(made([]), "out.csv")
    assert listing() == []
