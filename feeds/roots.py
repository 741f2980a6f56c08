"""Of which live feed a data is, and whether the bar that it shows is live."""

from __future__ import annotations

from typing import Any

from atms.feeds.copies import source_of
from atms.feeds.live import LiveFeed


def root_of(data: Any) -> LiveFeed | None:
    """Return the live feed that a data is, or is made from; None: it is none."""
    source = source_of(data)
    return source if isinstance(source, LiveFeed) else None


def is_live(data: Any) -> bool:
    """Return whether the bar that *data* shows was delivered live, clones and resampled ones too.

    One of past bars, and any data that is no live feed's, is not.
    """
    root = root_of(data)
    return root is not None and root.live
