"""Files and their identity; memory that does not grow with them; floats to the last bit."""

from __future__ import annotations

import gzip
import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pytest

from atms.feeds.importing import open_import
from atms.feeds.reading import read_raw
from tests.feeds.importing.vendors import CASES, read, text, written


def test_a_fingerprint_goes_with_the_content_not_with_the_name(tmp_path: Path) -> None:
    path = written(CASES["kraken"], tmp_path)
    copy = tmp_path / "ETHUSD_1.csv"
    copy.write_bytes(path.read_bytes())
    assert open_import(path).fingerprint == open_import(copy).fingerprint


@pytest.mark.parametrize("at", [0, 900, -2])
def test_any_change_in_a_small_file_changes_its_fingerprint(at: int, tmp_path: Path) -> None:
    path = written(CASES["kraken"], tmp_path)
    before = open_import(path).fingerprint
    content = bytearray(path.read_bytes())
    at %= len(content)
    while not 48 <= content[at] <= 56:
        at += 1
    content[at] += 1
    path.write_bytes(content)
    assert open_import(path, order="any").fingerprint != before


def test_a_large_file_that_grows_or_changes_at_an_end_is_another(tmp_path: Path) -> None:
    lines = [f"{1_500_000_000 + 60 * at},1,1,1,1,5,3" for at in range(60_000)]
    path = tmp_path / "XBTUSD_1.csv"

    def mark(changed: list[str]) -> str:
        text(*changed)(path)
        return open_import(path).fingerprint

    marks = {mark(lines), mark(lines[:-1]), mark([*lines[:-1], lines[-1][:-1] + "4"]),
             mark([lines[0][:-1] + "4", *lines[1:]])}  # fmt: skip
    assert len(marks) == 4


def test_members_of_one_zip_are_different_files(tmp_path: Path) -> None:
    path = tmp_path / "k.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("A_1.csv", "B_1.csv"):
            archive.writestr(name, "1500000000,1,1,1,1,1,1\n")
    marks = {open_import(path, member=name).fingerprint for name in ("A_1.csv", "B_1.csv")}
    assert len(marks) == 2


def test_a_gzip_under_another_name_is_read(tmp_path: Path) -> None:
    path = written(CASES["kraken"], tmp_path)
    expected = read(path).columns
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert read(path).columns == expected


def test_a_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(CASES["kraken"], tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_import("~/XBTUSD_1.csv").path == tmp_path / "XBTUSD_1.csv"


def test_numbers_are_those_that_python_reads(tmp_path: Path) -> None:
    rng = random.Random(11)
    words = [repr(struct.unpack("d", struct.pack("Q", rng.getrandbits(62)))[0])
             for _ in range(3000)]  # fmt: skip
    words += [f"{rng.uniform(0, 1e6):.{rng.randint(0, 22)}f}" for _ in range(3000)]
    words += [f"{rng.randint(0, 10**24)}.{rng.randint(0, 10**24)}" for _ in range(3000)]
    path = tmp_path / "x.csv"
    text("time,open,high,low,close", *(f"{at * 60},1,1,1,{w}" for at, w in enumerate(words)))(path)
    found = np.array(read(path).columns["close"])
    assert np.array_equal(
        found.view(np.uint64), np.array([float(w) for w in words]).view(np.uint64)
    )


def test_real_bars_are_those_that_reading_reads(shared_data: Path) -> None:
    """Each file with prices, whole by reading and in parts by importing."""
    seen = 0
    for path in sorted(shared_data.glob("*/*.*")):
        if path.parent.name == "ticks" or "funding.p" in path.name or "GMXV2" in path.name:
            continue
        expected, found = read_raw(path, name="x"), read(path, rows=1999)
        assert found.stamps == expected.stamps.tolist(), path
        assert list(found.columns) == list(expected.columns), path
        for name, values in expected.columns.items():
            assert np.array_equal(found.columns[name], values, equal_nan=True), (path, name)
        seen += 1
    assert seen > 20


def test_real_freqtrade_candles_come_back_from_feather(shared_data: Path, tmp_path: Path) -> None:
    bars = pd.read_parquet(shared_data / "crypto_spot" / "ETHBTC_5m_2018-01.parquet")
    path = tmp_path / "ETH_BTC-5m.feather"
    bars.rename(columns={"datetime": "date"}).to_feather(path)
    found = open_import(path)
    assert (found.preset, str(found.timeframe), found.symbol_hint) == ("freqtrade", "5m", "ETH/BTC")
    assert read(found, rows=700).columns["close"] == bars["close"].tolist()


# Linux's own figure, where there is one: getrusage counts what the process that started this one
# had in memory, too.
MEASURE = """
import resource, sys
from pathlib import Path
from atms.feeds.importing import open_import
bars = sum(len(chunk.raw) for chunk in open_import(sys.argv[1]).chunks(rows=50_000))
status = Path("/proc/self/status")
if status.exists():
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    kilobytes = int(line.split()[1])
else:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kilobytes //= 1024 if sys.platform == "darwin" else 1
print(bars, kilobytes)
"""


def peak(path: Path) -> tuple[int, float]:
    """Return how many bars a process of its own reads, and its peak of memory in MB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], check=True, capture_output=True, text=True
    )
    bars, kilobytes = done.stdout.split()
    return int(bars), int(kilobytes) / 1024


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_memory_does_not_grow_with_the_file(ending: str, tmp_path: Path) -> None:
    n = 1_400_000
    rng = np.random.default_rng(3)
    bars = pd.DataFrame({"time": 1_500_000_000 + 60 * np.arange(n)})
    for name in ("open", "high", "low", "close", "volume"):
        bars[name] = rng.random(n)
    found = {}
    for count in (n // 7, n):
        path = tmp_path / f"{count}.{ending}"
        if ending == "csv":
            arrow_csv.write_csv(pa.Table.from_pandas(bars[:count]), path)
        else:
            bars[:count].to_parquet(path, row_group_size=n)
        found[count] = peak(path)
    (few, less), (many, more) = found[n // 7], found[n]
    assert (few, many) == (n // 7, n)
    # Megabytes; the larger file has 140 MB of text, or 60 MB of Parquet in one row group, and its
    # bars are 67 MB in memory. Arrow's threads keep some 50 at hand when others are busy.
    assert more - less < 60
