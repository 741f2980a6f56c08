"""A text file's lines as columns of fields, in portions."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from atms.engine.loading.refusing import NotInBulkError

# Characters read at once: enough that numpy's calls weigh nothing, little beside the columns.
PORTION = 1 << 18


class Table:
    """A portion of a file: each line split at *separator*, all with as many fields as the first.

    Args:
        text: whole lines.
        separator: one character, or a longer string.

    Attributes:
        rows: how many lines.
        width: how many fields each has.

    Raises:
        NotInBulkError: lines have different numbers of fields.
    """

    def __init__(self, text: str, separator: str) -> None:
        if not text.endswith("\n"):
            text += "\n"
        self.rows = text.count("\n")
        delimiters = text.count(separator) + self.rows
        self.width = delimiters // self.rows
        if self.width * self.rows != delimiters or not _regular(text, separator, self.width):
            raise NotInBulkError("lines with different numbers of fields")
        if len(separator) == 1:
            self._fields = text.replace("\n", separator).split(separator)
        else:
            lines = text.split("\n")[:-1]
            self._fields = [field for line in lines for field in line.split(separator)]

    def column(self, at: int) -> list[str]:
        """Return the fields of the column *at*, negative ones counted from the end.

        Raises:
            NotInBulkError: there is none.
        """
        if not -self.width <= at < self.width:
            raise NotInBulkError(f"no column {at}")
        start = at % self.width
        return self._fields[start : self.rows * self.width : self.width]


def _regular(text: str, separator: str, width: int) -> bool:
    """Return whether each line has *width* fields: the last delimiter of each *width* ends it."""
    if len(separator) != 1 or not separator.isascii():
        lines = text.split("\n")
        return all(line.count(separator) == width - 1 for line in lines[:-1])
    codes = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    ends = codes == 10
    delimiters = ends[ends | (codes == ord(separator))]
    return bool(delimiters.reshape(-1, width)[:, -1].all())


def portions(stream: Any, separator: Any) -> Iterator[Table]:
    """Read *stream* from where it stands, a portion at a time.

    Raises:
        NotInBulkError: its lines are not those that ``readline`` would give, or not regular.
    """
    if type(separator) is not str or not separator or "\n" in separator:
        raise NotInBulkError("no separator")
    while text := stream.read(PORTION) + stream.readline():
        if "\r" in text:
            raise NotInBulkError("line ends that are not the usual ones")
        yield Table(text, separator)


def place_of(stream: Any) -> int:
    """Return where *stream* stands, for ``seek``.

    Raises:
        NotInBulkError: it is not known to read as ``readline`` does, or cannot go back.
    """
    if type(stream) not in (io.TextIOWrapper, io.StringIO) or not stream.seekable():
        raise NotInBulkError("not a text file that can be read twice")
    return int(stream.tell())
