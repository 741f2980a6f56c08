"""Where a strategy reads what differs from run to run: the wall clock, unseeded chance."""

from __future__ import annotations

import datetime
import functools
import os
import random
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from atms.usercode import is_theirs

_CALLS: dict[Any, str] = {
    time.time: "time.time", time.time_ns: "time.time_ns", time.monotonic: "time.monotonic",
    time.perf_counter: "time.perf_counter", time.localtime: "time.localtime",
    time.gmtime: "time.gmtime", time.ctime: "time.ctime", os.urandom: "os.urandom",
}  # fmt: skip
_NOW = {"now", "utcnow", "today"}
_CHANCE: Any = random._inst  # what random.random() draws from
_FILES = {random.__file__: "random", uuid.__file__: "uuid"}


@contextmanager
def noted_reads() -> Iterator[dict[str, None]]:
    """Yield what takes each read of the user's code in the with block: place and call, once."""
    found: dict[str, None] = {}

    def look(frame: FrameType, event: str, what: Any) -> None:
        if event == "c_call":
            name = _of_builtin(what)
            if name is not None and _theirs(frame.f_code.co_filename):
                found[f"{frame.f_code.co_filename}:{frame.f_lineno}: {name}"] = None
        elif event == "call" and frame.f_code.co_filename in _FILES:
            caller = frame.f_back
            if caller is None or not _theirs(caller.f_code.co_filename) or _is_seeded(frame):
                return
            name = f"{_FILES[frame.f_code.co_filename]}.{frame.f_code.co_name}"
            found[f"{caller.f_code.co_filename}:{caller.f_lineno}: {name}"] = None

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(before)


def _of_builtin(what: Any) -> str | None:
    """Return what a function in C reads, if it reads what differs from run to run."""
    owner, name = getattr(what, "__self__", None), getattr(what, "__name__", "")
    if owner is _CHANCE and name in ("random", "getrandbits"):
        return f"random.{name}"
    if isinstance(owner, type) and issubclass(owner, datetime.date) and name in _NOW:
        return f"{owner.__name__}.{name}"
    try:
        return _CALLS.get(what)
    except TypeError:  # a bound method of what cannot be hashed
        return None


def _is_seeded(frame: FrameType) -> bool:
    """Return whether a method of `random` is one of a generator that the user made."""
    owner = frame.f_locals.get("self")
    return frame.f_code.co_filename == random.__file__ and owner is not _CHANCE


@functools.cache
def _theirs(file: str) -> bool:
    return is_theirs(file)
