"""What Python's garbage collector looks through in a run and in its saving, and how often."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator

_AT_ONCE = 50_000  # new objects between two looks; Python's own are 700 (2,000 from 3.13 on)


@contextlib.contextmanager
def rare_collections() -> Iterator[None]:
    """Look for garbage less often while this lasts: what a run makes mostly stays.

    What a strategy has set itself, or sets meanwhile, is left alone.
    """
    before = gc.get_threshold()
    rare = (max(_AT_ONCE, before[0]), *before[1:])
    if before[0]:
        gc.set_threshold(*rare)
    try:
        yield
    finally:
        if gc.get_threshold() == rare:
            gc.set_threshold(*before)


@contextlib.contextmanager
def settling() -> Iterator[Callable[[], None]]:
    """Yield what settles the objects made until it is called: no look goes through them again.

    A look through all that a live run has loaded takes as long as 0.2 s, and no order leaves
    meanwhile. When this ends, all are looked through as before. Where objects are frozen already,
    they stay so.
    """
    frozen = gc.get_freeze_count()

    def settle() -> None:
        gc.collect()
        gc.freeze()

    try:
        yield settle
    finally:
        if not frozen:
            gc.unfreeze()
