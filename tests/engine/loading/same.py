"""Loads a feed twice, by Backtrader and by ours, and compares all that is left in it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import backtrader as bt
import pandas as pd

from atms.engine.explaining import Part
from atms.engine.loading import Loading

Make = Callable[[], Any]


def load(data: Any, lookahead: int = 0) -> BaseException | None:
    """Take *data* through what ``Cerebro.runstrategies`` does with it before the strategies."""
    if getattr(data, "_env", None) is None:
        data._env = bt.Cerebro()
    data.reset()
    data.extend(size=lookahead)
    try:
        data._start()
        data.preload()
    except Exception as error:  # noqa: BLE001 - it is compared
        return error
    return None


def left(data: Any) -> dict[str, Any]:
    """Return everything that a run, or a user behind it, can see of a loaded feed."""
    seen: dict[str, Any] = {
        f"line {n}": (type(line), type(line.array), line.array.typecode, line.array.tobytes(),
                      line.idx, line.lencount, line.extension, line.mode)
        for n, line in enumerate(data.lines.lines)
    }  # fmt: skip
    for name, value in vars(data).items():
        if isinstance(value, (int, float, str, bool, datetime, type(None))):
            seen[name] = (type(value), repr(value))
    seen["names"] = sorted(vars(data))
    seen["class"] = type(data)
    seen["stacks"] = repr((data._barstack, data._barstash, data.notifs))
    if hasattr(data, "_colmapping"):
        seen["mapping"] = dict(data._colmapping)
    stream = getattr(data, "f", None)
    if stream is not None:
        seen["stream"] = stream.closed or stream.tell()
    if hasattr(data, "_rows"):
        seen["rows"] = len(list(data._rows))
    return seen


def compare(make: Make, *, lookahead: int = 0, again: int = 0) -> Part:
    """Load what *make* makes both ways and *again*; fail where a bit or an exception differs."""
    theirs, ours = make(), make()
    for _ in range(again + 1):
        with warnings.catch_warnings(record=True) as told_theirs:
            warnings.simplefilter("always")
            error = load(theirs, lookahead)
        loading = Loading()
        loading.begin([ours])
        with warnings.catch_warnings(record=True) as told_ours:
            warnings.simplefilter("always")
            own_error = load(ours, lookahead)
        loading.end()
        assert (type(own_error), str(own_error)) == (type(error), str(error))
        assert messages(told_ours) == messages(told_theirs)
        assert left(ours) == left(theirs)
        theirs.stop()
        ours.stop()
    (part,) = loading.parts
    return part


def messages(told: Sequence[Any]) -> set[str]:
    """Return the texts of warnings, but for those of files left open, which wait for the collector.

    How often one is told is not compared.
    """
    return {str(one.message) for one in told if one.category is not ResourceWarning}


def bars(n: int = 50, *, start: str = "2024-01-01", step: str = "1h", **index: Any) -> pd.DataFrame:
    """Return n bars whose numbers use all their bits."""
    stamps = pd.date_range(start, periods=n, freq=step, **index)
    base = pd.Series(range(n), index=stamps, dtype="float64") * 0.1 + 100 / 3
    return pd.DataFrame(
        {"open": base, "high": base + 1 / 7, "low": base - 1 / 7, "close": base + 1 / 11,
         "volume": range(1, n + 1), "openinterest": 0.5}
    )  # fmt: skip
