"""Rows of a source, as columns, each with its number there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Table:
    """Some rows, n of them.

    Attributes:
        data: an Arrow table of n rows.
        rows: the number of each in its source, from 0, int64, shape (n,); blank lines have one too.
        stop: how many rows of the source are read, up to and including these.
        done: which part of the source that is, 0 to 1.
    """

    data: Any
    rows: NDArray[np.int64]
    stop: int
    done: float

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, first: int, last: int) -> Table:
        """Return rows *first* to *last* (not included), by position."""
        stop = int(self.rows[last]) if last < len(self) else self.stop
        return Table(self.data.slice(first, last - first), self.rows[first:last], stop, self.done)

    def take(self, kept: NDArray[np.bool_]) -> Table:
        """Return the rows where *kept* is true."""
        return Table(self.data.filter(pa.array(kept)), self.rows[kept], self.stop, self.done)

    def then(self, later: Table) -> Table:
        """Return these rows and the *later* ones."""
        data = pa.concat_tables([self.data, later.data])
        return Table(data, np.concatenate([self.rows, later.rows]), later.stop, later.done)

    def runs(self) -> Iterator[Table]:
        """Yield the rows in parts whose numbers have no gaps."""
        edges = [0, *(np.flatnonzero(np.diff(self.rows) != 1) + 1).tolist(), len(self)]
        for first, last in itertools.pairwise(edges):
            yield self.part(first, last)


class Source(Protocol):
    """Something that yields tables."""

    @property
    def where(self) -> str:
        """The file, for messages."""

    @property
    def first_row(self) -> int:
        """The number that messages give to row 0: a text's rows are its lines."""

    def tables(self, skip: int, rows: int) -> Iterator[Table]:
        """Yield the rows after the first *skip*, at most *rows* at a time, none empty.

        Raises:
            DataError: with file and row, for what cannot be read.
        """


def numbered(data: Any, first: int, done: float) -> Table:
    """Return *data* as the rows of its source from number *first* on."""
    stop = first + data.num_rows
    return Table(data, np.arange(first, stop, dtype=np.int64), stop, done)
