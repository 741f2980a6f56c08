"""How long a file's bars are."""

from __future__ import annotations

import numpy as np

from atms.errors import DataError
from atms.feeds.importing.clock import Instants
from atms.feeds.importing.plan import Plan, priced, read_rows, settled
from atms.feeds.importing.sample import ROWS
from atms.feeds.importing.tables import Table
from atms.feeds.times import commonest_step
from atms.model import Timeframe

_DAY = 86_400_000_000


def bar_length(plan: Plan, stated: Timeframe | None) -> Timeframe:
    """Return the length of a bar: as stated, as the file says, or as its first rows stand.

    Raises:
        DataError: the file holds no rows, rows that cannot be read, or bars closer to each other
            than they are said to be long; or one bar that does not tell how long it is.
    """
    where = plan.source.where
    table = next(plan.source.tables(0, ROWS), None)
    if table is None:
        raise DataError(f"{where}: holds no rows")
    if plan.trades and stated is not None:
        return stated
    table = priced(plan, table)
    kept = table if table.done >= 1 else table.part(0, settled(plan, table))
    stamps = np.unique(read_rows(plan, kept).stamps) if len(kept) else np.empty(0, np.int64)
    said = stated or (plan.hints.timeframe if plan.named else None) or _closing(plan, table)
    found = said or _step(stamps) or plan.hints.timeframe
    if found is None:
        raise DataError(f"{where}: one bar does not say how long it is; say so: timeframe: 1d")
    _check(found, stamps, where)
    return found


def _step(stamps: Instants) -> Timeframe | None:
    """Return the commonest step between stamps that rise; None for fewer than two."""
    steps = np.diff(stamps)
    if not len(steps):
        return None
    if (steps >= 28 * _DAY).all() and np.median(steps) <= 31 * _DAY:
        return Timeframe(1, "M")
    return commonest_step(stamps)


def _closing(plan: Plan, table: Table) -> Timeframe | None:
    """Return the time from a bar's beginning to its end, where the file has both."""
    if plan.ends is None or not len(table):
        return None
    first = table.part(0, 1).data
    opens, closes = (int(first.column(n)[0].as_py()) for n in (plan.clock.columns[0], plan.ends))
    seconds = (closes - opens + 1) / (1_000_000 if opens >= 1e14 else 1000)
    return Timeframe(1, "M") if seconds >= 28 * 86_400 else Timeframe.from_seconds(seconds)


def _check(length: Timeframe, stamps: Instants, where: str) -> None:
    """Refuse bars that are closer to each other than they are long."""
    steps = np.diff(stamps)
    shortest = 28 * 86_400 * length.count if length.unit == "M" else length.seconds
    if len(steps) and np.median(steps) < 0.9e6 * shortest:
        between = commonest_step(stamps)
        raise DataError(
            f"{where}: timeframe is {length}, and its bars are {between} apart; say what the file "
            f"holds: timeframe: {between}"
        )
