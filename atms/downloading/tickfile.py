"""Public trades in one Parquet file, written in parts: each is there whole or not at all.

Parquet cannot be added to. What comes is written beside the file as numbered parts, and in the end
all of them become the file, a part at a time, so that memory stays flat. A part knows at which row
of the file it begins: one that is in the file already is not put in again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from atms.errors import DataError, OutputError
from atms.feeds.bars import micros
from atms.feeds.exporting import about_file, replaced
from atms.ledger.types import moment
from atms.stores.market import Print

_SCHEMA = pa.schema(
    [
        ("datetime", pa.timestamp("us", tz="UTC")), ("id", pa.string()), ("price", pa.float64()),
        ("volume", pa.float64()), ("side", pa.string()),
    ]
)  # fmt: skip
_SIDES = {1: "buy", -1: "sell", None: None}
_KIND = "trades"


@dataclass
class _Piece:
    """The file, or a part of it."""

    path: Path
    first: int  # row of the whole
    rows: int


class TickFile:
    """The trades of one symbol.

    Args:
        path: the file, ``.parquet``.
        about: venue, symbol and since: of which trades it is.
        force: whether what is there may be of others, and go.

    Attributes:
        parts: the folder of the parts.
        rows: how many trades are on the disk.
        last: id and time of the last of them; None: there is none.

    Raises:
        OutputError: something else is there.
        DataError: it cannot be read, or a part is missing.
    """

    def __init__(self, path: Path, about: Mapping[str, str], *, force: bool = False) -> None:
        self.path = path
        self.parts = path.with_name(f"{path.name}.parts")
        self.about = {"kind": _KIND, **about}
        if force:
            path.unlink(missing_ok=True)
            shutil.rmtree(self.parts, ignore_errors=True)
        self._pieces = list(self._found())
        self.rows = sum(one.rows for one in self._pieces)
        self.last = _last(self._pieces[-1].path) if self._pieces else None
        self._waiting: list[Print] = []

    def __len__(self) -> int:
        return self.rows + len(self._waiting)

    def add(self, one: Print) -> None:
        """Take a trade; it is on the disk with the next :meth:`keep`."""
        self._waiting.append(one)

    @property
    def waiting(self) -> int:
        """How many trades are not on the disk yet."""
        return len(self._waiting)

    def keep(self) -> None:
        """Write what waits as a part.

        Raises:
            OutputError: the disk refuses.
        """
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        target = self.parts / f"{len(self._pieces):06}.parquet"
        try:
            self.parts.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.parts}: cannot be made: {error.strerror}") from error
        with replaced(target) as stream, self._writer(stream, first=self.rows) as writer:
            writer.write_table(_table(waiting))
        self._pieces.append(_Piece(target, self.rows, len(waiting)))
        self.rows += len(waiting)
        self.last = (waiting[-1].id, waiting[-1].at)

    def finish(self) -> None:
        """Make the file of all parts, and take them away.

        Raises:
            OutputError: the disk refuses; the parts stay.
        """
        self.keep()
        if any(one.path != self.path for one in self._pieces):
            with replaced(self.path) as stream, self._writer(stream, first=0) as writer:
                for one in self._pieces:
                    for number in range(pq.read_metadata(one.path).num_row_groups):
                        writer.write_table(_group(one.path, number))
            self._pieces = [_Piece(self.path, 0, self.rows)]
        shutil.rmtree(self.parts, ignore_errors=True)  # again, where it was ended in between

    def _writer(self, stream: IO[bytes], *, first: int) -> Any:
        facts = {**self.about, "first_row": str(first)}
        schema = _SCHEMA.with_metadata({f"atms.{key}": value for key, value in facts.items()})
        return pq.ParquetWriter(
            stream, schema, compression="zstd", use_dictionary=["side"],
            column_encoding={"id": "DELTA_BYTE_ARRAY"},
        )  # fmt: skip

    def _found(self) -> Iterator[_Piece]:
        """Yield the file and its parts as they follow each other."""
        rows = 0
        files = [self.path] if self.path.exists() else []
        for path in [*files, *sorted(self.parts.glob("[0-9]*.parquet"))]:
            about = about_file(path)
            self._check(path, about)
            piece = _Piece(path, int(about["first_row"]), pq.read_metadata(path).num_rows)
            if piece.first + piece.rows <= rows:
                continue  # it became the file, and the end came before it was taken away
            if piece.first != rows:
                raise DataError(
                    f"{path}: a part before it is missing; --force takes what is there away, and "
                    "begins anew"
                )
            rows += piece.rows
            yield piece

    def _check(self, path: Path, about: Mapping[str, str]) -> None:
        if any(about.get(name) != self.about[name] for name in ("kind", "venue", "symbol")):
            raise OutputError(
                f"{path}: is there already, and has no trades of {self.about['symbol']} from "
                f"{self.about['venue']}; choose another name, or --force"
            )
        if about["since"] > self.about["since"]:
            raise OutputError(
                f"{path}: has trades since {about['since']}; for those before, choose another "
                "name, or --force"
            )
        self.about["since"] = about["since"]


def _table(prints: list[Print]) -> pa.Table:
    columns: list[list[Any]] = [
        [micros(one.at) for one in prints], [one.id for one in prints],
        [float(one.price) for one in prints], [float(one.qty) for one in prints],
        [_SIDES[one.taker] for one in prints],
    ]  # fmt: skip
    arrays = [pa.array(values, kind) for values, kind in zip(columns, _SCHEMA.types, strict=True)]
    return pa.table(arrays, schema=_SCHEMA)


def _group(path: Path, number: int) -> pa.Table:
    with pq.ParquetFile(path) as file:
        table: pa.Table = file.read_row_group(number)
    return table.replace_schema_metadata(None)


def _last(path: Path) -> tuple[str, datetime]:
    table = _group(path, pq.read_metadata(path).num_row_groups - 1)
    at = table["datetime"].cast(pa.int64())[-1].as_py()
    return table["id"][-1].as_py(), moment(at)
