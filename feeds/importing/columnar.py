"""Parquet and feather as tables: one batch of rows after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from atms.feeds.importing.files import SourceFile, readable
from atms.feeds.importing.tables import Table, numbered

_PIECE = 1 << 20


@dataclass(frozen=True)
class ColumnarSource:
    """A Parquet or feather file.

    Attributes:
        file: the file.
        columns: the columns that are read; None reads all.
    """

    file: SourceFile
    columns: tuple[str, ...] | None = None

    @property
    def where(self) -> str:
        """The file, for messages."""
        return self.file.where

    @property
    def first_row(self) -> int:
        """Rows of tables are counted from 0."""
        return 0

    def schema(self) -> Any:
        """Return the Arrow schema.

        Raises:
            DataError: the file cannot be read.
        """
        with _reading(self.where):
            if self.file.kind == "parquet":
                return parquet.read_schema(self.file.path)
            with pa.OSFile(str(self.file.path)) as raw, pa.ipc.open_file(raw) as reader:
                return reader.schema

    def tables(self, skip: int, rows: int) -> Iterator[Table]:
        """Yield the rows after the first *skip*, at most *rows* at a time.

        Raises:
            DataError: the file cannot be read.
        """
        pieces = self._row_groups if self.file.kind == "parquet" else self._batches
        batches = pieces(skip, rows)
        while True:
            with _reading(self.where):
                found = next(batches, None)
            if found is None:
                return
            data, first, done = found
            if first + data.num_rows <= skip:
                continue
            if first < skip:
                data, first = data.slice(skip - first), skip
            for at in range(0, data.num_rows, rows):
                yield numbered(data.slice(at, rows), first + at, done)

    def _row_groups(self, skip: int, rows: int) -> Iterator[tuple[Any, int, float]]:
        """Yield a Parquet file's rows with the number of the first, and the part that is read."""
        columns = list(self.columns) if self.columns is not None else None
        # Piece by piece: otherwise a row group, and it may be the whole file, lies in memory.
        with parquet.ParquetFile(self.file.path, pre_buffer=False, buffer_size=_PIECE) as reader:
            total = reader.metadata.num_rows
            first, groups = 0, list(range(reader.num_row_groups))
            while groups and first + reader.metadata.row_group(groups[0]).num_rows <= skip:
                first += reader.metadata.row_group(groups.pop(0)).num_rows
            if not groups:
                return
            for batch in reader.iter_batches(rows, row_groups=groups, columns=columns):
                done = (first + batch.num_rows) / total
                yield pa.Table.from_batches([batch]), first, done
                first += batch.num_rows

    def _batches(self, skip: int, rows: int) -> Iterator[tuple[Any, int, float]]:
        """Yield a feather file's batches with the number of the first row, and the part read."""
        with pa.OSFile(str(self.file.path)) as raw, pa.ipc.open_file(raw) as reader:
            first = 0
            for number in range(reader.num_record_batches):
                data = pa.Table.from_batches([reader.get_batch(number)])
                if self.columns is not None:
                    data = data.select(list(self.columns))
                yield data, first, (number + 1) / reader.num_record_batches
                first += data.num_rows


@contextmanager
def _reading(where: str) -> Iterator[None]:
    """Turn what reading and Arrow raise into a DataError that begins with *where*."""
    with readable(where):
        try:
            yield
        except pa.ArrowException as error:
            raise OSError(str(error)) from error
