"""Lets this process die, or stop in its tracks, at a call of its own code.

The environment says where: ``DIES_AT``, JSON: ``point`` and ``hit``, the how-manieth such call;
``mark``, a file that tells that it came by; ``signal``, KILL where none is named. ``bound``,
seconds: a venue of the sandbox shows an order at once, and what it does not show so long after it
was sent was never placed. Binance's own 75 s would be most of a test.

``python -m tests.live.kills.dying ARGUMENTS`` is ``python -m atms ARGUMENTS`` that does so.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import os
import runpy
import signal
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.live.kills.points import BY_NAME, Point

VARIABLE = "DIES_AT"


class Watched(sqlite3.Connection):
    """A connection whose statements can be died at."""

    def execute(self, *args: Any) -> sqlite3.Cursor:
        """Carry out a statement."""
        return super().execute(*args)


def prepare() -> None:
    """Do what the environment says; nothing if it says nothing."""
    told = json.loads(os.environ.pop(VARIABLE, "{}"))
    if told.get("bound"):
        _show_at_once(timedelta(seconds=told["bound"]))
    if told.get("point"):
        point = BY_NAME[told["point"]]
        number = signal.Signals[f"SIG{told.get('signal', 'KILL')}"]
        die = functools.partial(_die, Path(told["mark"]), number)
        install(point, Counted(told["hit"], die))


def install(point: Point, hit: Callable[[], None]) -> None:
    """Have *hit* called whenever the process comes by."""
    if point.place.startswith(__name__):
        connect = sqlite3.connect
        sqlite3.connect = functools.partial(connect, factory=Watched)
    owner, name = found(point.place)
    usual = inspect.getattr_static(owner, name)
    kind = type(usual) if isinstance(usual, classmethod | staticmethod) else None
    function = usual.__func__ if kind else usual
    made = _wrapped(function, point, hit)
    setattr(owner, name, kind(made) if kind else made)


def found(place: str) -> tuple[Any, str]:
    """Return what holds a place's function, and the function's name."""
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *parts, name = path.split(".")
    for part in parts:
        owner = getattr(owner, part)
    getattr(owner, name)
    return owner, name


class Counted:
    """Calls something at the how-manieth call of itself."""

    def __init__(self, number: int, call: Callable[[], None]) -> None:
        self._left = number
        self._call = call
        self._lock = threading.Lock()

    def __call__(self) -> None:
        """Count."""
        with self._lock:
            self._left -= 1
            due = self._left == 0
        if due:
            self._call()


def _wrapped(function: Callable[..., Any], point: Point, hit: Callable[[], None]) -> Any:
    def before(*args: Any, **kwargs: Any) -> bool:
        counts = point.of(*args, **kwargs)
        if counts and not point.after:
            hit()
        return counts and point.after

    @functools.wraps(function)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        afterwards = before(*args, **kwargs)
        result = await function(*args, **kwargs)
        if afterwards:
            hit()
        return result

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        afterwards = before(*args, **kwargs)
        result = function(*args, **kwargs)
        if afterwards:
            hit()
        return result

    return awaited if inspect.iscoroutinefunction(function) else called


def _die(mark: Path, number: signal.Signals) -> None:
    mark.write_text(str(os.getpid()))
    # To this thread: one that is sent to the process may reach another thread a while later.
    signal.pthread_kill(threading.get_ident(), number)


def _show_at_once(bound: timedelta) -> None:
    from atms.stores.ccxt.store import CCXTStore

    usual = CCXTStore.connect

    async def connect(self: CCXTStore) -> Any:
        return replace(await usual(self), read_lag=bound / 4, outcome_bound=bound)

    CCXTStore.connect = connect  # type: ignore[method-assign]


if __name__ == "__main__":
    prepare()
    runpy.run_module("atms", run_name="__main__", alter_sys=True)
