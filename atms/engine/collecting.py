"""How often Python's garbage collector looks through the objects of a run and of its saving."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

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
