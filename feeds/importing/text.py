"""Separated text as tables; a line that cannot be read is named."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from atms.errors import DataError
from atms.feeds.importing.files import SourceFile
from atms.feeds.importing.lines import Block, blocks
from atms.feeds.importing.tables import Table

# What stands for a missing value; the same words as pandas takes for one.
MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
NUMBER, WHOLE, WORDS = pa.float64(), pa.int64(), pa.string()


@dataclass(frozen=True)
class TextSource:
    """A text whose columns are separated by one character.

    Attributes:
        file: the text.
        header: what stands before the data, a line or nothing.
        names: the columns, in order.
        types: those that are read, as NUMBER (exactly as Python's float reads it), WHOLE or WORDS.
        separator: what stands between them.
        further: those that the file could be read without.
    """

    file: SourceFile
    header: str
    names: tuple[str, ...]
    types: Mapping[str, Any]
    separator: str = ","
    further: frozenset[str] = frozenset()

    @property
    def where(self) -> str:
        """The file, for messages."""
        return self.file.where

    @property
    def first_row(self) -> int:
        """The line of row 0, counted from 1."""
        return 2 if self.header else 1

    def tables(self, skip: int, rows: int) -> Iterator[Table]:
        """Yield the rows after the first *skip*, at most *rows* at a time.

        Raises:
            DataError: with file and line, for what cannot be read.
        """
        lines = self.first_row - 1
        for block in blocks(self.file, skip=skip + lines, rows=rows):
            first = block.first - lines
            if block.text.strip():
                data = self._parsed(block)
                numbers = _numbers(block, data.num_rows) + first
                yield Table(data, numbers, first + block.count, block.done)

    def _parsed(self, block: Block) -> Any:
        try:
            return arrow_csv.read_csv(
                pa.py_buffer(block.text),
                read_options=arrow_csv.ReadOptions(column_names=list(self.names)),
                parse_options=arrow_csv.ParseOptions(delimiter=self.separator),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=self.types,
                    include_columns=list(self.types),
                    null_values=MISSING,
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            raise self._explained(block, str(error).splitlines()[0]) from error

    def _explained(self, block: Block, reason: str) -> DataError:
        """Return the error that names the first line that cannot be read, and why."""
        lines = block.text.decode("utf-8", "replace").split("\n")
        for number, line in enumerate(lines, block.first + 1):
            line = line.rstrip("\r")
            if line and (flaw := self._flaw(line, last=number == block.first + len(lines))):
                return DataError(f"{self.where}: row {number}: {flaw}")
        last = block.first + block.count
        return DataError(f"{self.where}: rows {block.first + 1} to {last}: {reason}")

    def _flaw(self, line: str, *, last: bool) -> str | None:
        if self.header and line == self.header:
            return "the header stands there again, as where files are joined; drop the line"
        fields = split(line, self.separator)
        if len(fields) != len(self.names):
            cut = last and len(fields) < len(self.names)
            way_out = "the file is cut short: fetch it again" if cut else "mend the line"
            return f"has {len(fields)} fields instead of {len(self.names)}; {way_out}"
        for name, field in zip(self.names, fields, strict=True):
            if "\ufffd" in field and name in self.types:
                return f"{name} is {field!r}, which is not UTF-8; save the file as UTF-8"
            if self.types.get(name) in (NUMBER, WHOLE) and field not in MISSING:
                flaw = _no_number(field, whole=self.types[name] == WHOLE)
                if flaw:
                    without = ", or leave such columns out: extras: false"
                    way_out = f"mend the line{without if name in self.further else ''}"
                    return f"{name} is {field!r}, which is no {flaw}; {way_out}"
        return None


def split(line: str, separator: str) -> list[str]:
    """Return the fields of a line, without their quotes."""
    return next(csv.reader([line], delimiter=separator), [])


def _numbers(block: Block, rows: int) -> NDArray[np.int64]:
    """Return which lines are not blank, by position; int64, shape (rows,)."""
    if rows == block.count:
        return np.arange(rows, dtype=np.int64)
    lines = block.text.split(b"\n")
    return np.array([at for at, line in enumerate(lines) if line.rstrip(b"\r")], dtype=np.int64)


def _no_number(field: str, *, whole: bool) -> str | None:
    """Return what *field* should be and is not."""
    if whole:
        return None if re.fullmatch(r"\s*-?\d+\s*", field) else "whole number"
    try:
        float(field)
    except ValueError:
        return "number"
    return "number" if "_" in field else None
