"""A file's rows -> bars in chunks, the same bars however it is cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from atms.errors import DataError
from atms.feeds.importing.plan import Plan, Rows, priced, read_rows, settled
from atms.feeds.importing.tables import Table
from atms.feeds.importing.ticks import TradeBars
from atms.feeds.raw import RawBars
from atms.feeds.times import check_order
from atms.model import Timeframe


@dataclass(frozen=True)
class Chunk:
    """Some of a file's bars.

    Attributes:
        raw: the bars; ``first_row`` is the line, or the row, of the first one.
        rows: how many of the file's rows are read, up to and including these; blank lines count,
            a header does not.
        done: which part of the file that is, 0 to 1: of bytes for text, of rows for tables.
    """

    raw: RawBars
    rows: int
    done: float


def chunks_of(
    plan: Plan, name: str, timeframe: Timeframe, skip: int, rows: int, *, rising: bool
) -> Iterator[Chunk]:
    """Yield the bars after the first *skip* rows; see :meth:`opening.Import.chunks`."""
    empty = RawBars(name, plan.source.where, plan.source.first_row, np.empty(0, np.int64), {},
                    timeframe, stamp=plan.stamp)  # fmt: skip
    if plan.trades:
        yield from _trade_chunks(plan, empty, skip, rows)
    else:
        yield from _bar_chunks(plan, empty, skip, rows, rising=rising)


def _whole_tables(plan: Plan, skip: int, rows: int) -> Iterator[Table]:
    """Yield the rows from the one before *skip* on, cut only where each part can be read alone.

    The first table is the row before alone, if there is one and it is no blank line.
    """
    held: Table | None = None
    for table in plan.source.tables(max(0, skip - 1), rows):
        if table.rows[0] < skip:
            yield table.part(0, 1)
            table = table.part(1, len(table))
        table = table if held is None else held.then(table)
        cut = settled(plan, table)
        held = table.part(cut, len(table)) if cut < len(table) else None
        if cut:
            yield table.part(0, cut)
    if held is not None:
        yield held


def _bar_chunks(
    plan: Plan, empty: RawBars, skip: int, rows: int, *, rising: bool
) -> Iterator[Chunk]:
    latest: int | None = None
    for table in _whole_tables(plan, skip, rows):
        kept = priced(plan, table)
        bars = read_rows(plan, kept)
        if rising:
            _check_rising(bars, latest, empty)
        if len(kept):
            latest = int(bars.stamps[-1])
        if table.rows[0] < skip:
            continue
        notes = []
        if len(kept) < len(table):
            notes.append(
                f"{empty.name}: {len(table) - len(kept)} rows without a price are left out"
            )
        if bars.finer:
            notes.append(f"{empty.name}: stamps finer than a microsecond are truncated")
        first = kept if len(kept) else table
        yield Chunk(
            replace(
                empty,
                first_row=empty.first_row + int(first.rows[0]),
                stamps=bars.stamps,
                columns=_with_volume(bars),
                notes=tuple(notes),
            ),
            table.stop,
            table.done,
        )


def _with_volume(bars: Rows) -> dict[str, np.ndarray]:
    """Return the columns, open, high, low, close, volume before the others."""
    columns = dict(bars.columns)
    standard = {name: columns.pop(name) for name in ("open", "high", "low", "close")}
    standard["volume"] = columns.pop("volume", np.full(len(bars.stamps), np.nan))
    return {**standard, **columns}


def _check_rising(bars: Rows, latest: int | None, empty: RawBars) -> None:
    """Refuse a bar that is not later than the one before, in the chunk before too."""
    steps = np.diff(bars.stamps, prepend=bars.stamps[:1] - 1 if latest is None else latest)
    late = np.flatnonzero(steps <= 0)
    if not len(late):
        return
    at = int(late[0])
    before = latest if at == 0 else bars.stamps[at - 1]
    try:
        pair = np.array([before, bars.stamps[at]], dtype=np.int64)
        check_order(pair, empty.where, empty.first_row + int(bars.rows[at]) - 1)
    except DataError as error:
        raise DataError(f"{error}; or take them as they stand: order: any") from None


def _trade_chunks(plan: Plan, empty: RawBars, skip: int, rows: int) -> Iterator[Chunk]:
    assert empty.timeframe is not None
    growing = TradeBars(empty.where, empty.first_row, empty.timeframe)
    table: Table | None = None
    for table in _whole_tables(plan, skip, rows):
        context = bool(table.rows[0] < skip)
        bars = growing.add(read_rows(plan, table), context=context)
        if bars is not None:
            raw = replace(empty, first_row=empty.first_row + int(bars.rows[0]),
                          stamps=bars.starts, columns=bars.columns)  # fmt: skip
            yield Chunk(raw, growing.open_row, table.done)
    last = growing.finish()
    if last is not None and table is not None:
        raw = replace(empty, first_row=empty.first_row + int(last.rows[0]),
                      stamps=last.starts, columns=last.columns)  # fmt: skip
        yield Chunk(raw, table.stop, 1.0)
