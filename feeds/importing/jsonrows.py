"""A JSON list of rows as tables. The file is read whole: it takes memory by its size."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa

from atms.errors import DataError
from atms.feeds.importing.files import SourceFile, readable
from atms.feeds.importing.tables import Table, numbered

_FIRST_ROW = re.compile(rb"\s*\[\s*(\[[^\[\]]*\])")


@dataclass(frozen=True)
class JsonSource:
    """A list of lists of numbers.

    Attributes:
        file: the file.
        width: how many values a row has.
        columns: name -> position in a row, of those that are read.
    """

    file: SourceFile
    width: int
    columns: dict[str, int]

    @property
    def where(self) -> str:
        """The file, for messages."""
        return self.file.where

    @property
    def first_row(self) -> int:
        """Rows of lists are counted from 0."""
        return 0

    def tables(self, skip: int, rows: int) -> Iterator[Table]:
        """Yield the rows after the first *skip*, at most *rows* at a time.

        Raises:
            DataError: with file and row, for what cannot be read.
        """
        found = self._rows()
        values = self._numbers(found)
        data = pa.table({name: values[:, at] for at, name in enumerate(self.columns)})
        for first in range(skip, len(found), rows):
            part = data.slice(first, rows)
            yield numbered(part, first, (first + part.num_rows) / len(found))

    def _rows(self) -> list[Any]:
        file, path = self.file, self.file.path
        try:
            with readable(file.where):
                text = path.read_bytes()
                text = gzip.decompress(text) if file.packing else text
            found = json.loads(text)
        except ValueError as error:  # no JSON, or no UTF-8
            raise DataError(f"{file.where}: is no JSON: {error}; fetch it again") from error
        if not isinstance(found, list):
            raise DataError(f"{file.where}: is no list of rows")
        return found

    def _numbers(self, found: list[Any]) -> Any:
        """Return the columns that are read, float64, shape (rows, columns); null is NaN."""
        positions = list(self.columns.values())
        try:
            if not all(len(row) == self.width for row in found):
                raise ValueError
            return np.array(list(map(itemgetter(*positions), found)), dtype=np.float64)
        except (TypeError, ValueError, KeyError):
            raise self._explained(found) from None

    def _explained(self, found: list[Any]) -> DataError:
        for number, row in enumerate(found):
            if not isinstance(row, list) or len(row) != self.width:
                return DataError(
                    f"{self.where}: row {number}: {row!r} is no list of {self.width} values"
                )
            for name, at in self.columns.items():
                if not isinstance(row[at], int | float | None):
                    return DataError(
                        f"{self.where}: row {number}: {name} is {row[at]!r}, which is no number"
                    )
        return DataError(f"{self.where}: its rows cannot be read")


def first_json_row(head: bytes) -> list[Any] | None:
    """Return the first row of a list of rows, or None if *head* begins with none."""
    found = _FIRST_ROW.match(head)
    if not found:
        return None
    try:
        row = json.loads(found[1])
    except ValueError:
        return None
    return row if isinstance(row, list) else None
