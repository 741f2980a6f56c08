"""What a recorder wrote, read back in its order: see :mod:`atms.execution.disk.recorder`."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from atms.errors import DataError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A process began to record; again after a restart.

    Attributes:
        about: what the run is: its id, strategies with their parameters, datas in their order.
    """

    at: datetime
    about: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class BarGiven:
    """A bar that a data was given.

    Attributes:
        data: its name.
        live: whether orders could be made on it.
        values: line -> value, ``datetime`` the bar's end in microseconds since 1970 UTC.
    """

    at: datetime
    data: str
    live: bool
    values: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something that strategies heard; *what*: see the recorder."""

    at: datetime
    what: str
    about: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Something that a strategy wanted; *what*: see the recorder."""

    at: datetime
    what: str
    about: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Entries are missing here: the disk did not take them."""

    at: datetime
    count: int


Entry = Begun | BarGiven | Told | Decided | Lost


def read_recording(path: Path) -> Iterator[Entry]:
    """Yield what was recorded, in order; a last line that was torn is left out.

    Args:
        path: ``inputs.jsonl``, or the same compressed by gzip: ``inputs.jsonl.gz``.

    Raises:
        DataError: the file cannot be read, or a line before the last is no entry.
    """
    try:
        with _opened(path) as stream:
            yield from _entries(path, stream)
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _entries(path: Path, stream: BinaryIO) -> Iterator[Entry]:
    for number, line in enumerate(stream, start=1):
        if not line.endswith(b"\n"):
            return  # its writer was killed in the middle
        try:
            yield _entry(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path}: line {number} is no entry of a recording: {line[:60]!r}; "
                "take the line out, or the rest of the file with it"
            ) from error


def _entry(values: dict[str, Any]) -> Entry:
    at = moment(values["at"])
    match values["is"]:
        case "bar":
            lines = {name: _number(value) for name, value in values["values"].items()}
            return BarGiven(at=at, data=values["data"], live=values["live"], values=lines)
        case "told":
            return Told(at=at, what=values["what"], about=values["about"])
        case "decided":
            return Decided(at=at, what=values["what"], about=values["about"])
        case "lost":
            return Lost(at=at, count=values["count"])
        case "begun":
            return Begun(at=at, about=values["about"])
        case other:
            raise ValueError(f"no kind of entry: {other!r}")


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def moment(micros: int) -> datetime:
    """Return the aware time that *micros* since 1970 UTC are."""
    return _EPOCH + micros * _MICRO


def micros(at: datetime) -> int:
    """Return an aware time as microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICRO
