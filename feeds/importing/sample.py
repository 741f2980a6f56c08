"""The first rows of a file, by which its format is told."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from atms.errors import DataError
from atms.feeds.importing.columnar import ColumnarSource
from atms.feeds.importing.files import SourceFile
from atms.feeds.importing.jsonrows import first_json_row
from atms.feeds.importing.text import split

ROWS = 1000
_SIZE = 1 << 18


@dataclass(frozen=True)
class Sample:
    """What a file begins with.

    Attributes:
        file: the file.
        lines: of a text, up to 1000 lines that are not blank.
        columns: of Parquet or feather, the names of the columns.
        row: of JSON, the first row.
    """

    file: SourceFile
    lines: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    row: tuple[Any, ...] = ()

    def fields(self, separator: str, count: int = ROWS) -> list[list[str]]:
        """Return the fields of the first *count* lines."""
        return [split(line, separator) for line in islice(self.lines, count)]

    def header(self, separator: str = ",") -> tuple[str, ...]:
        """Return the names of the columns: of a text, the fields of its first line."""
        if self.columns:
            return self.columns
        return tuple(self.fields(separator, 1)[0]) if self.lines else ()


def take_sample(file: SourceFile) -> Sample:
    """Return what *file* begins with.

    Raises:
        DataError: it cannot be read, or holds nothing.
    """
    if file.kind in ("parquet", "feather"):
        return Sample(file, columns=tuple(ColumnarSource(file).schema().names))
    head = file.head(_SIZE)
    if file.kind == "json":
        return Sample(file, row=tuple(first_json_row(head) or ()))
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{file.where}: is written as UTF-16; save it as UTF-8")
    if b"\0" in head:
        raise DataError(f"{file.where}: is neither a text nor Parquet, feather, JSON, gzip or zip")
    lines = head.decode("utf-8-sig", "replace").split("\n")
    if len(head) == _SIZE and len(lines) > 1:
        lines.pop()  # cut in the middle
    found = [line for line in (line.rstrip("\r") for line in lines) if line]
    if not found:
        raise DataError(f"{file.where}: the file is empty")
    if not lines[0].rstrip("\r"):
        raise DataError(f"{file.where}: row 1: begins with a blank line; drop it")
    return Sample(file, lines=tuple(found[:ROWS]))
