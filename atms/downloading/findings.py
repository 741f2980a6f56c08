"""What was downloaded, looked over: the audit, and the venue's gaps with their times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from atms.feeds.audit import Audit, examine
from atms.feeds.raw import RawBars
from atms.ledger.types import moment

ALWAYS_OPEN = "24/7"


@dataclass(frozen=True)
class Looked:
    """Bars after a download.

    Attributes:
        gaps: (from, to) of intervals in which the venue has no bar.
    """

    audit: Audit
    gaps: tuple[tuple[datetime, datetime], ...]


def look_over(raw: RawBars) -> Looked:
    """Audit bars that are stamped at their start, and find the gaps between them.

    Gaps of months are not looked for: they are of no one length.
    """
    audit = examine(raw, calendar=ALWAYS_OPEN, stamp="start")
    assert raw.timeframe is not None
    if raw.timeframe.unit == "M":
        return Looked(audit, ())
    length = raw.timeframe.seconds * 1_000_000
    before = np.flatnonzero(np.diff(raw.stamps) > length)
    gaps = [(moment(raw.stamps[row] + length), moment(raw.stamps[row + 1])) for row in before]
    return Looked(audit, tuple(gaps))
