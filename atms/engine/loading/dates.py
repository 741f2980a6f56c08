"""Dates and times written in a fixed form, read in whole columns as ``strptime`` reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from atms.engine.loading.refusing import NotInBulkError

Micros = NDArray[np.int64]

_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "f": 6}
_LIMITS = {"Y": (1, 9999), "m": (1, 12), "d": (1, 31), "H": (0, 23), "M": (0, 59), "S": (0, 59),
           "f": (0, 999_999)}  # fmt: skip
_FACTORS = {"H": 3_600_000_000, "M": 60_000_000, "S": 1_000_000, "f": 1}
_DAY = 86_400_000_000


class Form:
    """A format of ``strptime`` whose texts all have the same length.

    A text of digits in the places of the directives and of the format's own characters between
    them, each number within its bounds, is read by ``strptime`` just so; any other is refused.

    Args:
        formats: the format of each column; read as if they were joined.

    Raises:
        NotInBulkError: another directive, one twice, or no whole date.
    """

    def __init__(self, *formats: str) -> None:
        self._parts = [list(_pieces(form)) for form in formats]
        seen = [name for part in self._parts for name, _ in part if len(name) == 1]
        if len(seen) != len(set(seen)) or not {"Y", "m", "d"} <= set(seen):
            raise NotInBulkError("a format of dates that is read one by one")

    def read(self, *columns: Sequence[str]) -> Micros:
        """Return the microseconds since 1970 of each row's texts, shape (n,).

        Raises:
            NotInBulkError: a text is not in this form.
        """
        numbers: dict[str, Micros] = {}
        for part, column in zip(self._parts, columns, strict=True):
            _read_part(part, column, numbers)
        for name, values in numbers.items():
            low, high = _LIMITS[name]
            if values.min() < low or values.max() > high:
                raise NotInBulkError(f"%{name} out of its bounds")
        return _joined(numbers)


def _pieces(form: str) -> Iterator[tuple[str, str]]:
    """Yield each directive's letter and "", and each literal character after an empty name."""
    for directive, literal in re.findall(r"%(.)|(.)", form, flags=re.DOTALL):
        if directive and directive not in _WIDTHS:
            raise NotInBulkError(f"%{directive} in a format of dates")
        if literal == "%" or not literal.isascii():
            raise NotInBulkError("a format of dates with other characters")
        yield directive, literal


def _read_part(
    pieces: list[tuple[str, str]], column: Sequence[str], numbers: dict[str, Micros]
) -> None:
    codes = _codes(column, sum(_WIDTHS.get(name, 1) for name, _ in pieces))
    at = 0
    for name, literal in pieces:
        if not name:
            if (codes[:, at] != ord(literal)).any():
                raise NotInBulkError("a date in another form")
            at += 1
            continue
        digits = codes[:, at : at + _WIDTHS[name]] - np.uint8(48)  # below "0" it wraps beyond 9
        if (digits > 9).any():
            raise NotInBulkError("a date with something else than digits")
        value = np.zeros(len(codes), dtype=np.int64)
        for place in range(_WIDTHS[name]):
            value = value * 10 + digits[:, place]
        numbers[name] = value
        at += _WIDTHS[name]


def _codes(column: Sequence[str], width: int) -> NDArray[np.uint8]:
    text = "".join(column)
    if not text.isascii() or set(map(len, column)) != {width}:
        raise NotInBulkError("a date of another length")
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8).reshape(-1, width)


def _joined(numbers: dict[str, Micros]) -> Micros:
    months = (numbers["Y"] - 1970) * 12 + numbers["m"] - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    days = first.astype(np.int64) + numbers["d"] - 1
    if (days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) != months).any():
        raise NotInBulkError("a day that its month does not have")
    micros = days * _DAY
    for name, factor in _FACTORS.items():
        if name in numbers:
            micros += numbers[name] * factor
    return micros
