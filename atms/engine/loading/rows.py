"""Backtrader's loop over rows, for feeds that read their own: fewer calls, nothing else."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.engine.loading.filling import Finish

_NAN = float("nan")


def read_rows(data: Any) -> Finish:
    """Return what loads a started feed by its own ``_load``."""
    return lambda: load_rows(data)


def load_rows(data: Any) -> None:
    """Load a started feed by its own ``_load``, row by row, until it has no more.

    Raises:
        Exception: whatever the feed raises.
    """
    lines = data.lines.lines
    stamps = data.lines.datetime
    while True:
        if data._filters or data._barstack or data._barstash:
            loaded = data.load()
            if not loaded:
                break
            continue
        for line in lines:
            line._idx += 1
            line.lencount += 1
            line.array.append(_NAN)
        if not data._load():
            data.backwards(force=True)
            break
        if data._filters:  # added by the row just read
            _hand_over(data)
            continue
        stamp = stamps.array[stamps._idx]
        if data._tzinput:
            moment = data._tzinput.localize(bt.num2date(stamp))
            stamps[0] = stamp = bt.date2num(moment)
        if stamp < data.fromdate:
            data.backwards()
        elif stamp > data.todate:
            data.backwards(force=True)
            break
    data._last()
    data.home()


def _hand_over(data: Any) -> None:
    """Let the row just read be read again, by ``load``, whose filters it must pass."""
    bt.feed.AbstractDataBase._save2stack(data, erase=True, force=True, stash=True)
