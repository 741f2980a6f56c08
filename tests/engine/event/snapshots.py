"""What a finished run looks like: every line's bits, every plain attribute with its type."""

from __future__ import annotations

import datetime
import re
from typing import Any

import backtrader as bt
import numpy as np
from backtrader.linebuffer import LineBuffer

_PLAIN = (int, float, str, bool, bytes, type(None), datetime.datetime, datetime.date)


def bits(values: Any) -> bytes:
    """Return the bytes of floats; every NaN is the same."""
    numbers = np.array(list(values), dtype=np.float64)
    return np.where(np.isnan(numbers), np.nan, numbers).tobytes()


def kind_of(thing: Any) -> Any:
    """Return the class; the text of its name where Backtrader makes one anew for each run."""
    kind = type(thing)
    name = kind.__name__
    if "DataTrades" in name or name.startswith("LinesCoupler"):
        return re.sub("_[0-9a-f]{32}|_[0-9]+$", "", name)
    return kind


def plain(thing: Any) -> str:
    """Return the plain attributes of an object, and the names of all, as text."""
    own = vars(thing)
    shown = [
        f"{name}={value!r}" if isinstance(value, _PLAIN) else name
        for name, value in own.items()
        if name not in ("ref", "_id")
    ]
    return f"{kind_of(thing)} {sorted(shown)}"


def of_line(line: Any) -> tuple[Any, ...]:
    """Return how a line stands."""
    return (
        kind_of(line), type(line.array), bits(line.array), line._idx, line.lencount, line.extension,
        len(line), plain(line),
    )  # fmt: skip


def of_lines(thing: Any) -> list[Any]:
    """Return how an object with lines stands: its own, those of its indicators and observers."""
    if isinstance(thing, LineBuffer):
        return [of_line(thing)]
    found: list[Any] = [kind_of(thing), kind_of(thing.lines), plain(thing), plain(thing.lines)]
    found += [of_line(line) for line in thing.lines.lines]
    found.append(plain(thing.p))
    for children in getattr(thing, "_lineiterators", {}).values():
        for child in children:
            found += of_lines(child)
    return found


def of_run(cerebro: bt.Cerebro, strategies: list[Any]) -> list[Any]:
    """Return how everything in a run stands."""
    found: list[Any] = []
    for data in cerebro.datas:
        found += of_lines(data)
    for strategy in strategies:
        found += of_lines(strategy)
        found += [plain(one) for one in strategy.analyzers]
        found += [repr(one.get_analysis()) for one in strategy.analyzers]
    broker = cerebro.broker
    found += [plain(broker), repr(broker.getvalue()), repr(broker.getcash())]
    found += [(repr(vars(position))) for position in broker.positions.values()]
    found.append(sorted(k for k in vars(cerebro) if k not in ("before_bars",)))
    return found
