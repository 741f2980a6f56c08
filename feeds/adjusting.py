"""Bars free of the jumps that splits and dividends make."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import ConfigError, DataError, did_you_mean
from atms.feeds.bars import Bars
from atms.feeds.boundaries import (
    DAY,
    WHOLE_DAY,
    Instants,
    Session,
    check_zone,
    inside,
    session_days,
)
from atms.feeds.joining import price_named
from atms.feeds.raw import RawBars, raw_of
from atms.feeds.sources import find_source, read_file
from atms.feeds.times import check_order, commonest_step, session_dates

KINDS = ("split", "dividend")
FACTOR = "adjust_factor"
_COLUMNS = ("date", "kind", "value")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, order=True)
class Action:
    """A split or a dividend.

    Attributes:
        day: the ex-date, the first on which a share is traded without it.
        kind: ``split`` or ``dividend``.
        value: of a split the new shares for an old one (4 for 4:1, 0.1 for 1:10); of a dividend
            the amount a share, in the currency of the price, on the ex-date and not adjusted.
    """

    day: date
    kind: str
    value: float


def read_actions(source: str | Path | pd.DataFrame, *, name: str = "actions") -> list[Action]:
    """Read splits and dividends from a table with the columns date, kind and value, by date.

    Raises:
        DataError: with file and row, for what is missing, unreadable, unknown or twice there.
    """
    where, first_row = name, 0
    if not isinstance(source, pd.DataFrame):
        path = find_source(str(source), name)
        where, first_row = f"{name}: {path}", 2  # a text's rows are its lines
        source = read_file(path, name)
    columns = {str(column).strip().lower(): column for column in source.columns}
    missing = [column for column in _COLUMNS if column not in columns]
    if missing:
        raise DataError(
            f"{where}: has no column {' and no '.join(missing)}; it has: "
            f"{', '.join(map(str, source.columns))}. Write date,kind,value"
        )
    rows = source[[columns[column] for column in _COLUMNS]].itertuples(index=False, name=None)
    found: dict[tuple[date, str], Action] = {}
    for number, row in enumerate(rows, first_row):
        action = _action(row, f"{where}: row {number}")
        if (action.day, action.kind) in found:
            raise DataError(
                f"{where}: row {number}: a second {action.kind} on {action.day}; make them one row"
            )
        found[action.day, action.kind] = action
    if not found:
        raise DataError(f"{where}: holds no split and no dividend")
    return sorted(found.values())


def _action(row: tuple[Any, ...], where: str) -> Action:
    try:
        moment = datetime.fromisoformat(str(row[0]).strip())
    except ValueError:
        raise DataError(f"{where}: {row[0]!r} is no date; write 2020-08-31") from None
    if moment.time() != time(0):
        raise DataError(f"{where}: {row[0]!r} is a time; write the ex-date, {moment.date()}")
    kind = str(row[1]).strip().lower()
    if kind not in KINDS:
        near = did_you_mean(kind, KINDS) or "; write split, or dividend"
        raise DataError(f"{where}: {row[1]!r} is no kind of action{near}")
    try:
        value = float(row[2])
    except (TypeError, ValueError):
        value = math.nan
    if not 0 < value < math.inf:
        raise DataError(f"{where}: {row[2]!r} is no value of a {kind}; write a number above zero")
    return Action(moment.date(), kind, value)


def adjusted(
    bars: Bars | RawBars,
    actions: Sequence[Action],
    *,
    stamp: str | None = None,
    zone: str | None = None,
    session: Session | None = None,
    outside: str = "refuse",
) -> RawBars:
    """Return the bars at the level of the last one: nothing jumps at a split or a dividend.

    A bar before an ex-date has its prices divided by a split's
    ratio, and multiplied by 1 - dividend / the last close before the ex-date; its volume is
    multiplied by a split's ratio. This is how Yahoo computes its adjusted close, after the
    standards of the Center for Research in Security Prices (Yahoo Help, "What is the adjusted
    close?", help.yahoo.com/kb/SLN28256.html). A dividend with the ex-date of a split is taken as
    that of a new share.

    Prices are open, high, low and close, and ask_open, mark_high and the like; adj_close and
    other columns stay as they are. A new column, ``adjust_factor``, holds what each bar's prices
    were multiplied by. The bars must be as they were traded: of bars that are split-adjusted
    already, give the dividends alone, split-adjusted too.

    Args:
        bars: of a day at most, in order of time. Their stamps are taken as dates if they are at
            00:00 UTC and a day apart, else as moments.
        actions: in any order; see :func:`read_actions`.
        stamp: ``"start"`` or ``"end"``, what the bars' stamps are; default: what the source says
            of itself, or else taken as they are.
        zone: the exchange's, whose dates the ex-dates are; needed for bars of less than a day.
        session: hours of trading in *zone*, whose last close counts; default: the last bar's.
        outside: what to do with an action before the second session or after the last one:
            ``"refuse"``, or ``"skip"``.

    Raises:
        ConfigError: an argument that is not as described.
        DataError: an action that is outside the data or twice there, a dividend that is no less
            than the close, bars of more than a day, out of order, or adjusted already.
    """
    raw = bars if isinstance(bars, RawBars) else raw_of(bars)
    if outside not in ("refuse", "skip"):
        raise ConfigError(f"outside: {outside!r}: write refuse, or skip")
    if stamp not in (None, "start", "end"):
        raise ConfigError(f"stamp: {stamp!r}: write start, or end")
    raw = replace(raw, stamp=stamp or raw.stamp)
    days, counting = _days(raw, zone, session)
    within, skipped = _within(raw.where, sorted(actions), days, outside)
    ratios, factors = _factors(raw, within, days, counting)
    # Which actions are still to come, seen from each bar.
    ahead = np.searchsorted([_number(action.day) for action in within], days, side="right")
    prices, volumes = _ahead(factors)[ahead], _ahead(ratios)[ahead]
    columns = {name: _scaled(name, values, prices) for name, values in raw.columns.items()}
    columns["volume"] = raw.columns["volume"] * volumes
    notes = (*raw.notes, *_notes(raw.name, within, skipped))
    return replace(raw, columns={**columns, FACTOR: prices}, notes=notes)


def _days(
    raw: RawBars, zone: str | None, session: Session | None
) -> tuple[Instants, NDArray[np.bool_]]:
    """Return each bar's date, in days since 1970, and whether its close counts."""
    if FACTOR in raw.columns:
        raise DataError(f"{raw.where}: has a column {FACTOR}: it is adjusted already")
    if len(raw) < 2:
        raise DataError(f"{raw.where}: has {len(raw)} bars; nothing comes before an ex-date")
    check_order(raw.stamps, raw.where, raw.first_row)
    length = raw.timeframe or commonest_step(raw.stamps)
    if length.seconds > DAY // 1_000_000:
        raise DataError(
            f"{raw.where}: a bar of {length} may hold the days before an ex-date and after it; "
            "adjust the daily bars, and resample them"
        )
    moments = raw.stamps - (raw.stamp == "end")
    if session_dates(raw.stamps, length):
        return moments // DAY, np.ones(len(raw), dtype=bool)
    if zone is None:
        raise ConfigError(
            f"{raw.where}: say in which zone its days are: zone: America/New_York, say"
        )
    check_zone(zone)
    hours = session or WHOLE_DAY
    return session_days(moments, zone, hours), inside(moments, zone, hours)


def _within(
    where: str, actions: list[Action], days: Instants, outside: str
) -> tuple[list[Action], list[Action]]:
    """Return the actions that the data reach, and the others."""
    first, last = int(days[0]), int(days[-1])
    within, skipped, seen = [], [], set()
    for action in actions:
        text = f"{where}: the {action.kind} of {action.day}"
        if action.kind not in KINDS or not 0 < action.value < math.inf:
            raise DataError(f"{text}: {action.value!r} is no value of a split or a dividend")
        if (action.day, action.kind) in seen:
            raise DataError(f"{text} stands there twice; make them one")
        seen.add((action.day, action.kind))
        if first < _number(action.day) <= last:
            within.append(action)
        elif outside == "skip":
            skipped.append(action)
        else:
            raise DataError(
                f"{text} is outside the data, {_date(first)} .. {_date(last)}; leave it out, or "
                "skip what is outside (outside: skip)"
            )
    return within, skipped


def _factors(
    raw: RawBars, actions: list[Action], days: Instants, counting: NDArray[np.bool_]
) -> tuple[list[float], list[float]]:
    """Return of each action what it multiplies volumes by, and prices."""
    splits: Mapping[date, float] = {a.day: a.value for a in actions if a.kind == "split"}
    rows = np.flatnonzero(counting)
    ratios, factors = [], []
    for action in actions:
        if action.kind == "split":
            ratios.append(action.value)
            factors.append(1 / action.value)
            continue
        before = int(np.searchsorted(days[rows], _number(action.day))) - 1
        where = f"{raw.where}: the dividend of {action.day}, {action.value:g}"
        if before < 0:
            raise DataError(f"{where}: there is no close before it in the session")
        close = float(raw.columns["close"][rows[before]]) / splits.get(action.day, 1)
        if not action.value < close < math.inf:
            raise DataError(f"{where}: is no less than the close before it, {close:g}")
        ratios.append(1.0)
        factors.append(1 - action.value / close)
    return ratios, factors


def _ahead(factors: list[float]) -> NDArray[np.float64]:
    """Return the product of all factors, of all but the first ... of none; shape (n + 1,)."""
    return np.append(np.cumprod(np.array(factors, dtype=np.float64)[::-1])[::-1], 1.0)


def _scaled(
    name: str, values: NDArray[np.float64], factors: NDArray[np.float64]
) -> NDArray[np.float64]:
    return values * factors if price_named(name) and not name.startswith("adj") else values


def _notes(name: str, within: list[Action], skipped: list[Action]) -> list[str]:
    splits = sum(action.kind == "split" for action in within)
    notes = [f"{name}: adjusted for {splits} splits and {len(within) - splits} dividends"]
    if skipped:
        notes.append(f"{name}: {len(skipped)} splits and dividends outside the data are skipped")
    return notes


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _date(number: int) -> str:
    return str(date.fromordinal(_EPOCH.toordinal() + number))
