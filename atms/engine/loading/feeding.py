"""Rows read in bulk and given to a feed one by one, for filters that want to see each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from atms.engine.loading.filling import Column
from atms.engine.loading.rows import load_rows

_AT_ONCE = 4096


class Feeding:
    """Takes a feed's rows as a ``Filling`` does; :meth:`finish` is Backtrader's loop over them.

    Args:
        data: a started feed with empty lines.
        setters: the line that each column is for, in the order in which they are set.
        asked: called each time that a row is asked for.

    Attributes:
        taken: rows that were asked for and were there.
    """

    def __init__(
        self, data: Any, setters: Sequence[Any], asked: Callable[[], None] = lambda: None
    ) -> None:
        self.taken = 0
        self._data = data
        self._asked = asked
        self._lines = [*setters, data.lines.datetime]
        self._rows: Iterator[tuple[float, ...]] = iter(())

    def add(self, stamps: Column, columns: Sequence[Column]) -> None:
        """Take the rows: their *stamps* as ``_load`` gives them and their *columns*."""
        self._rows = _rows([*columns, stamps])

    def finish(self) -> None:
        """Put the rows into the lines, through the feed's filters.

        Raises:
            Exception: what a filter raises.
        """
        vars(self._data)["_load"] = self._load
        try:
            load_rows(self._data)
        finally:
            del vars(self._data)["_load"]

    def _load(self) -> bool:
        self._asked()
        row = next(self._rows, None)
        if row is None:
            return False
        self.taken += 1
        for line, value in zip(self._lines, row, strict=True):
            line.array[line._idx] = value
        return True


def _rows(columns: Sequence[Column]) -> Iterator[tuple[float, ...]]:
    for start in range(0, len(columns[-1]), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        yield from zip(*(column[part].tolist() for column in columns), strict=True)
