"""Bars into a file that is read back to the last bit."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from atms.errors import DataError, OutputError
from atms.feeds.bars import PRICES, Bars
from atms.feeds.raw import RawBars, raw_of
from atms.feeds.times import commonest_step

_PREFIX = "atms."
_ROWS = 100_000  # made into text at a time, so that a million bars need little memory
_UNITS = (("s", 1_000_000), ("ms", 1_000), ("us", 1))


def write_bars(
    bars: Bars | RawBars,
    path: str | Path,
    *,
    about: Mapping[str, str] | None = None,
    force: bool = False,
) -> None:
    """Write bars as they stand there; :func:`reading.read_raw` reads every bit of them back.

    The ending says how: ``.csv`` and ``.csv.gz`` (times as ISO 8601 with a Z, numbers in the
    shortest text that is the same number, nothing where there is none), or ``.parquet`` (times in
    microseconds UTC, numbers as they are). The same bars give the same bytes. The file appears
    whole or not at all.

    Args:
        bars: at least one.
        path: the file; its folder must be there.
        about: what Parquet is to hold beside the timeframe and the stamp, if these are known: a
            symbol, a venue ...; read it with :func:`about_file`.
        force: whether a file that is there may be replaced.

    Raises:
        DataError: an ending that is not known, or no bars.
        OutputError: the file is there already, or cannot be written.
    """
    raw = _in_order(bars if isinstance(bars, RawBars) else raw_of(bars))
    target = Path(path).expanduser()
    write = _writer(target)
    if not len(raw):
        raise DataError(f"{raw.where}: has no bars to write")
    if target.is_dir():
        raise OutputError(f"{target}: is a folder; name a file in it")
    if os.path.lexists(target) and not force:
        raise OutputError(f"{target}: is there already; choose another name, or overwrite it")
    with replaced(target) as stream:
        write(raw, stream, dict(about or {}))


def about_file(path: str | Path) -> dict[str, str]:
    """Return what a Parquet file that atms wrote says of itself: timeframe, stamp, symbol ...

    Raises:
        DataError: the file is no Parquet, or cannot be read.
    """
    try:
        found = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: cannot be read as Parquet: {reason}") from error
    texts = {
        key.decode(errors="replace"): value.decode(errors="replace") for key, value in found.items()
    }
    return {
        key.removeprefix(_PREFIX): value for key, value in texts.items() if key.startswith(_PREFIX)
    }


def _in_order(raw: RawBars) -> RawBars:
    """Return the bars with open, high, low, close and volume before all other columns."""
    first = [name for name in (*PRICES, "volume") if name in raw.columns]
    return replace(raw, columns={name: raw.columns[name] for name in (*first, *raw.columns)})


_Writer = Callable[[RawBars, IO[bytes], dict[str, str]], None]


def _writer(target: Path) -> _Writer:
    writers: dict[str, _Writer] = {
        ".csv": _write_csv, ".csv.gz": _write_packed, ".parquet": _write_parquet,
    }  # fmt: skip
    for ending, write in writers.items():
        if target.name.lower().endswith(ending):
            return write
    raise DataError(f"{target}: has no known ending; write {', '.join(writers)}")


@contextlib.contextmanager
def replaced(target: Path) -> Iterator[IO[bytes]]:
    """Give a stream whose bytes become *target* at once, when all are on the disk.

    Raises:
        OutputError: it cannot be written; nothing half-written is left.
    """
    real = target.resolve()  # a link stays a link
    # Beside the target, so that the last step is one rename on one file system.
    partial = real.with_name(f".{real.name}.partial-{os.getpid()}")
    try:
        with partial.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())  # a full disk may say so only now
        partial.replace(real)
    except BaseException as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise OutputError(
                f"{target}: cannot be written: {reason}; nothing half-written is left"
            ) from error
        raise


def _write_parquet(raw: RawBars, stream: IO[bytes], about: dict[str, str]) -> None:
    known = {"timeframe": _timeframe(raw), "stamp": raw.stamp}
    about = {key: value for key, value in known.items() if value} | about
    times = pa.array(raw.stamps, pa.timestamp("us", tz="UTC"))
    table = pa.table({"datetime": times, **raw.columns})
    metadata = {f"{_PREFIX}{key}": value for key, value in about.items()}
    pq.write_table(table.replace_schema_metadata(metadata), stream, compression="zstd")


def _timeframe(raw: RawBars) -> str | None:
    if raw.timeframe is not None:
        return str(raw.timeframe)
    rising = len(raw) > 1 and bool((np.diff(raw.stamps) > 0).all())
    return str(commonest_step(raw.stamps)) if rising else None


def _write_packed(raw: RawBars, stream: IO[bytes], about: dict[str, str]) -> None:
    # Neither name nor time go in: the same bars give the same bytes.
    with gzip.GzipFile("", "wb", 6, stream, mtime=0) as packed:
        _write_csv(raw, packed, about)


def _write_csv(raw: RawBars, stream: IO[bytes] | gzip.GzipFile, _: dict[str, str]) -> None:
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow(["datetime", *raw.columns])
    stream.write(header.getvalue().encode())
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    unit = next(name for name, size in _UNITS if not (raw.stamps % size).any())
    signed = {name for name, values in raw.columns.items() if _has_negative_zero(values)}
    for first in range(0, len(raw), _ROWS):
        rows = slice(first, first + _ROWS)
        columns = [
            _texts(values[rows]) if name in signed else pa.array(values[rows], from_pandas=True)
            for name, values in raw.columns.items()
        ]
        arrays = [_times(raw.stamps[rows], unit), *columns]
        table = pa.table(arrays, names=[str(number) for number in range(len(arrays))])
        pyarrow.csv.write_csv(table, stream, options)


def _times(stamps: NDArray[np.int64], unit: str) -> pa.Array:
    moments = pa.array(stamps, pa.timestamp("us", tz="UTC")).cast(pa.timestamp(unit, tz="UTC"))
    return pc.utf8_replace_slice(moments.cast(pa.string()), start=10, stop=11, replacement="T")


def _has_negative_zero(values: NDArray[np.float64]) -> bool:
    """Return whether *values* hold a zero below zero, which among whole numbers reads as 0."""
    return bool((np.signbit(values) & (values == 0)).any())


def _texts(values: NDArray[np.float64]) -> pa.Array:
    return pa.array([None if np.isnan(value) else repr(value) for value in values.tolist()])
