"""Backtrader's own TA-Lib indicators: its call, without walking through the arrays that it gave."""

from __future__ import annotations

import array
from typing import Any

import numpy as np

from atms.engine.once.columns import NotExactError


def ta_lib(node: Any, start: int, end: int) -> None:
    """Give the indicator's lines the arrays that TA-Lib computes, as Backtrader does."""
    given = [_plain(data.lines[0].array) for data in node.datas]
    size = node.size()
    outputs = size - node._iscandle
    found = node._tafunc(*given, **node.p._getkwargs())
    columns = [found] if outputs == 1 else list(found)
    if outputs == 1 and size > outputs:
        columns.append(given[node.CANDLEREF] * node.CANDLEOVER)
        columns[1] = columns[1] * (found / 100.0)
    if len(columns) > size or not all(map(_is_column, columns)):
        raise NotExactError("TA-Lib gives something else than columns")
    for line, column in zip(node.lines, columns, strict=False):
        line.array = _line_array(column)


def _plain(values: Any) -> Any:
    if type(values) is not array.array or values.typecode != "d":
        raise NotExactError(f"values in a {type(values).__name__}")
    return np.array(values)


def _is_column(column: Any) -> bool:
    return type(column) is np.ndarray and column.ndim == 1 and column.dtype.kind in "fi"


def _line_array(column: Any) -> Any:
    values = array.array("d")
    values.frombytes(np.ascontiguousarray(column, np.float64).view(np.uint8).data)
    return values
