"""Bars as a source has them, and what makes them fit to be run: checks, or mending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from atms.errors import DataError
from atms.feeds.bars import PRICES, Bars, micros
from atms.feeds.times import bar_ends, check_order, commonest_step
from atms.model import Timeframe, TimeRange


@dataclass(frozen=True)
class RawBars:
    """Columns of equal length n, in the source's own order, nothing checked.

    Attributes:
        name: how errors call them.
        where: the name and the source, for messages.
        first_row: the number that messages give to row 0; a text's rows are its lines.
        stamps: the source's own stamps, microseconds since 1970 UTC, int64, shape (n,).
        columns: open, high, low, close, volume (NaN where the source has none), then every
            extra column; float64, shape (n,).
        timeframe: the length of a bar, as stated; None: the commonest step.
        notes: what was left out or changed on the way in.
        stamp: ``start`` or ``end``, if the source says which its stamps are.
    """

    name: str
    where: str
    first_row: int
    stamps: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]
    timeframe: Timeframe | None = None
    notes: tuple[str, ...] = field(default=())
    stamp: str | None = None

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def step(self) -> Timeframe:
        """The length of a bar: as stated, or the commonest step between stamps."""
        return self.timeframe or commonest_step(np.sort(self.stamps))

    def take(self, rows: NDArray[np.int64]) -> RawBars:
        """Return the bars at positions *rows*, in that order."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return replace(self, stamps=self.stamps[rows], columns=columns)


def within(raw: RawBars, timerange: TimeRange | None) -> RawBars:
    """Return the bars with stamps inside *timerange*; all, if these do not stand together."""
    if timerange is None:
        return raw
    inside = np.ones(len(raw), dtype=bool)
    if timerange.start is not None:
        inside &= raw.stamps >= micros(timerange.start)
    if timerange.end is not None:
        inside &= raw.stamps < micros(timerange.end)
    rows = np.flatnonzero(inside)
    first = int(rows[0]) if len(rows) else 0
    if len(rows) and len(rows) != int(rows[-1]) - first + 1:
        return raw  # not in order of time, and a part would not know its rows' numbers
    return replace(raw.take(rows), first_row=raw.first_row + first)


def raw_of(bars: Bars) -> RawBars:
    """Return bars that were finished as they were before."""
    return RawBars(bars.name, bars.name, 0, bars.stamps, bars.columns, bars.timeframe)


def mended(raw: RawBars) -> RawBars:
    """Return the bars sorted by time, the last of each stamp, none without a price."""
    priced = np.logical_and.reduce([np.isfinite(raw.columns[name]) for name in PRICES])
    kept = np.flatnonzero(priced)
    notes = []
    if len(kept) < len(raw):
        notes.append(f"{raw.name}: bars without a price are left out: {len(raw) - len(kept)}")
    if (np.diff(raw.stamps[kept]) < 0).any():
        notes.append(f"{raw.name}: the bars are sorted by time")
        kept = kept[np.argsort(raw.stamps[kept], kind="stable")]
    last = np.append(np.diff(raw.stamps[kept]) != 0, True)[: len(kept)]
    if not last.all():
        notes.append(
            f"{raw.name}: of stamps that stood there twice the later bar is taken: "
            f"{int((~last).sum())}"
        )
        kept = kept[last]
    return replace(raw.take(kept), notes=(*raw.notes, *notes)) if notes else raw


def finished(
    raw: RawBars, *, stamp: str | None = None, adjust: str | None = None, zone: str = "UTC"
) -> Bars:
    """Return the bars ready to be run; the arguments are those of :func:`reading.read_bars`.

    A stamp that is stated goes before what the source says of itself.

    Raises:
        DataError: with the row, for what is out of order, missing or too short.
    """
    where, stamp = raw.where, stamp or raw.stamp
    check_order(raw.stamps, where, raw.first_row)
    _check_prices(raw.columns, where, raw.first_row)
    if len(raw) < 2:
        raise DataError(
            f"{where}: has one bar; a backtest needs at least two, because an order made on one "
            "bar fills on the next"
        )
    values = _adjusted(raw.columns, where) if adjust else raw.columns
    step = commonest_step(raw.stamps)
    if raw.timeframe is not None and step.seconds < 0.9 * raw.timeframe.seconds:
        raise DataError(
            f"{where}: timeframe is {raw.timeframe}, and its bars are {step} apart; say what the "
            "source holds, and resample: for longer bars"
        )
    length = raw.timeframe or step
    seen = bar_ends(raw.stamps, length, stamp, zone, where)
    return Bars(raw.name, raw.stamps, seen, values, length, ends=stamp is not None, notes=raw.notes)


def _check_prices(values: Mapping[str, NDArray[np.float64]], where: str, first_row: int) -> None:
    for name in PRICES:
        bad = ~np.isfinite(values[name])
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            more = int(bad.sum()) - 1
            raise DataError(
                f"{where}: row {row + first_row}: {name} is missing or infinite"
                + (f" (and in {more} more rows)" if more else "")
                + "; drop or mend the row, or say data.audit: warn"
            )


def _adjusted(
    values: Mapping[str, NDArray[np.float64]], where: str
) -> dict[str, NDArray[np.float64]]:
    """Scale open, high and low by adj_close / close; the close becomes adj_close itself."""
    adjusted = values.get("adj_close")
    if adjusted is None:
        raise DataError(
            f"{where}: adjust: adj_close, but there is no such column; "
            "name it: columns: {adj_close: THEIR_NAME}"
        )
    if not (np.isfinite(adjusted).all() and (values["close"] != 0).all()):
        raise DataError(f"{where}: adj_close has gaps, or a close is zero: cannot adjust")
    factor = adjusted / values["close"]
    scaled = {name: values[name] * factor for name in ("open", "high", "low")}
    return {**values, **scaled, "close": adjusted.copy()}
