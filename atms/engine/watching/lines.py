"""Lines of observers, written for many steps at once and left as if each had come by itself."""

from __future__ import annotations

import math
from array import array
from typing import Any

import numpy as np
from backtrader.linebuffer import LineBuffer

from atms.engine.watching.equity import Column

_NAN = array("d", [math.nan])


def plain(observer: Any) -> bool:
    """Return whether an observer's lines are Backtrader's own and nobody is bound to them."""
    return all(
        type(line) is LineBuffer and line.mode == LineBuffer.UnBounded and not line.bindings
        for line in observer.lines.lines
    )


def home(observer: Any) -> int:
    """Return how many values the lines had before the first step."""
    line = observer.lines.lines[0]
    return len(line.array) - int(line.lencount)


def grow(observer: Any, count: int) -> None:
    """Make room for *count* more steps; where the lines stand does not change."""
    for line in observer.lines.lines:
        line.array.extend(_NAN * count)


def go_to(observer: Any, length: int) -> None:
    """Let the lines stand after *length* steps."""
    for line in observer.lines.lines:
        line._idx = length - 1
        line.lencount = length


def cut(observer: Any, length: int, home: int) -> None:
    """Leave lines as they are after *length* steps; before the first they had *home* values."""
    for line in observer.lines.lines:
        del line.array[home + length :]
        line.array.extend(_NAN * (home + length - len(line.array)))
        write(line, length, np.full(home, np.nan))
    go_to(observer, length)


def write(line: Any, first: int, values: Column) -> None:
    """Set the values of a line from step *first* on."""
    with memoryview(line.array) as view:
        np.frombuffer(view, dtype=np.float64)[first : first + len(values)] = values
