"""What an audit looks for in bars one by one: order, values, prices, volume, jumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atms.feeds.bars import PRICES
from atms.feeds.calendars import Ints
from atms.feeds.raw import RawBars
from atms.model import Timeframe

# What each check comes to where it finds something, and what it looks for; docs/data.md has both.
CHECKS: dict[str, tuple[str, str]] = {
    "unsorted": ("fail", "bars stamped before the bar above them"),
    "duplicates": ("fail", "bars whose stamp stood there before"),
    "missing_values": ("fail", "bars with a price that is missing or infinite"),
    "zero_price": ("fail", "bars with a price of zero"),
    "negative_price": ("warn", "bars with a price below zero"),
    "high_below_low": ("fail", "bars whose high is below their low"),
    "open_outside": ("warn", "bars that open above their high or below their low"),
    "close_outside": ("warn", "bars that close above their high or below their low"),
    "zero_volume": ("warn", "bars with a volume of zero"),
    "missing_volume": ("warn", "bars whose volume is missing, infinite or below zero"),
    "jumps": ("warn", "closes too far from the close before"),
    "flat_bars": ("info", "bars whose high is their low"),
    "calendar": ("warn", "bars at times that the calendar does not know"),
    "gaps": ("warn", "bars that the calendar expects and that are missing"),
    "closed_days": ("warn", "bars on dates on which the exchange is closed"),
    "outside_hours": ("info", "bars before or after the exchange's sessions"),
    "time_zone": ("warn", "bars whose clock seems to be another zone's"),
    "bar_stamp": ("warn", "bars stamped at the other end than stated"),
    "sources": ("warn", "closes that differ from another source's by more than 1 bp"),
}
RANKS = ("pass", "info", "warn", "fail")  # from the best to the worst
# From which length of a bar, in seconds, how far a close may be from the one before, as a ratio.
JUMPS = ((604_800, 1.8), (86_400, 1.4), (3_600, 1.3), (0, 1.2))
_SPLITS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 50, 100)
_SPLIT_WIDTH = 0.05  # how near to such a ratio the price opens after a split
_SPLIT_RANGE = 1.2  # the most that high may be of low in the bar after one
_SECOND = 1_000_000


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: its name, a key of CHECKS.
        verdict: pass, info, warn or fail.
        count: how many bars, or missing bars; 0 if none.
        first: the stamp and the row of the first; None if there is none.
        detail: the same in words, with the figures, one line.
    """

    check: str
    verdict: str
    count: int
    first: str | None
    detail: str


def found(check: str, count: int, first: str | None, detail: str) -> Finding:
    """Return a finding with the verdict that CHECKS has for *check*, or a pass if *count* is 0."""
    return Finding(check, CHECKS[check][0] if count else "pass", count, first, detail)


def unseen(check: str, why: str) -> Finding:
    """Return a finding that says why *check* had nothing to look at."""
    return Finding(check, "info", 0, None, why)


def iso(stamp: int) -> str:
    """Return microseconds since 1970 as ``2018-01-15T11:55:00Z``."""
    text = str(np.datetime64(stamp, "us"))
    return (text if stamp % _SECOND else text.split(".")[0]) + "Z"


def place(raw: RawBars, row: int) -> str:
    """Return where bar *row* stands, as ``2018-01-15T11:55:00Z, row 1234``."""
    return f"{iso(int(raw.stamps[row]))}, row {row + raw.first_row}"


def check_rows(raw: RawBars) -> list[Finding]:
    """Return what is wrong with bars one by one, in the source's order: order, prices, volume."""
    prices = {name: raw.columns[name] for name in PRICES}
    return [
        _order(raw),
        _duplicates(raw),
        *_prices(raw, prices),
        *_ranges(raw, prices),
        *_volume(raw),
        _rows(raw, "flat_bars", prices["high"] == prices["low"], ""),
    ]


def _rows(raw: RawBars, check: str, wrong: NDArray[np.bool_], more: str) -> Finding:
    """Return a finding of the bars that are *wrong*; *more* is said of them if there are any."""
    rows = np.flatnonzero(wrong)
    what = CHECKS[check][1]
    if not len(rows):
        return found(check, 0, None, f"no {what}")
    detail = f"{len(rows)} of {len(raw)} {what}"
    return found(check, len(rows), place(raw, int(rows[0])), f"{detail}{more}")


def _order(raw: RawBars) -> Finding:
    wrong = np.append(False, raw.stamps[1:] < raw.stamps[:-1])[: len(raw)]
    backwards = len(raw) > 2 and bool((raw.stamps[1:] <= raw.stamps[:-1]).all())
    return _rows(raw, "unsorted", wrong, "; the newest bar stands first" if backwards else "")


def _duplicates(raw: RawBars) -> Finding:
    order = np.argsort(raw.stamps, kind="stable")
    again = np.append(False, raw.stamps[order][1:] == raw.stamps[order][:-1])[: len(raw)]
    wrong = np.zeros(len(raw), dtype=bool)
    wrong[order[again]] = True
    later = np.flatnonzero(again)
    close = raw.columns["close"]
    other = int((close[order[later]] != close[order[later - 1]]).sum())
    return _rows(raw, "duplicates", wrong, f"; {other} of them with another close")


def _prices(raw: RawBars, prices: dict[str, NDArray[np.float64]]) -> list[Finding]:
    each = list(prices.values())
    missing = np.logical_or.reduce([~np.isfinite(values) for values in each])
    zero = np.logical_or.reduce([values == 0 for values in each])
    negative = np.logical_or.reduce([values < 0 for values in each])
    most = max(prices, key=lambda name: int((~np.isfinite(prices[name])).sum()))
    return [
        _rows(raw, "missing_values", missing, f"; most often the {most}"),
        _rows(raw, "zero_price", zero, ""),
        _rows(raw, "negative_price", negative, "; spreads and some futures have them"),
    ]


def _ranges(raw: RawBars, prices: dict[str, NDArray[np.float64]]) -> list[Finding]:
    """Compare exactly: a source that rounds, rounds all four prices of a bar alike.

    Where the high is below the low nothing can lie between them, and only that is counted.
    """
    high, low = prices["high"], prices["low"]
    some = [_rows(raw, "high_below_low", high < low, "")]
    for name in ("open", "close"):
        price = prices[name]
        wrong = (high >= low) & np.isfinite(price) & ((price > high) | (price < low))
        with np.errstate(all="ignore"):  # prices of zero and infinite ones have a line of their own
            beyond = np.maximum(price[wrong] - high[wrong], low[wrong] - price[wrong])
            share = 1e4 * beyond / np.abs(price[wrong])
        by = f", by up to {share.max():.3g} bp" if wrong.any() else ""
        some.append(_rows(raw, f"{name}_outside", wrong, by))
    return some


def _volume(raw: RawBars) -> list[Finding]:
    volume = raw.columns.get("volume")
    if volume is None or not len(volume) or np.isnan(volume).all():
        return [
            unseen(name, "the source has no volume") for name in ("zero_volume", "missing_volume")
        ]
    return [
        _rows(raw, "zero_volume", volume == 0, ""),
        _rows(raw, "missing_volume", ~np.isfinite(volume) | (volume < 0), ""),
    ]


def check_jumps(
    raw: RawBars, rows: Ints, adjacent: NDArray[np.bool_], timeframe: Timeframe
) -> Finding:
    """Return closes that are too far from the close before, by the table JUMPS.

    Args:
        raw: the bars.
        rows: their rows in order of time, none twice, shape (n,).
        adjacent: whether no bar is missing between each of these and the next, shape (n-1,); a
            move over a gap is not one bar's.
        timeframe: the length of a bar.
    """
    limit = next(ratio for seconds, ratio in JUMPS if timeframe.seconds >= seconds)
    opened, high, low, close = (raw.columns[name][rows] for name in PRICES)
    with np.errstate(all="ignore"):  # prices of zero and infinite ones are found elsewhere
        ratio, over_night = close[1:] / close[:-1], opened[1:] / close[:-1]
        far = (ratio > limit) | (ratio < 1 / limit)
        # A split moves the price over night; a real crash or rally goes on within the bar.
        calm = high[1:] < low[1:] * _SPLIT_RANGE
    real = (close[1:] > 0) & (ratio > 0) & np.isfinite(ratio) & adjacent
    jumps = np.flatnonzero(far & real)
    if not len(jumps):
        return found("jumps", 0, None, f"no close is {limit - 1:.0%} from the one before")
    most = jumps[int(np.argmax(np.abs(np.log(ratio[jumps]))))]
    detail = (
        f"{len(jumps)} closes are more than {limit - 1:.0%} from the one before, the farthest "
        f"{ratio[most] - 1:+.1%} at {place(raw, int(rows[most + 1]))}"
    )
    splits = [jump for jump in jumps if calm[jump] and _split(float(over_night[jump]))]
    if splits:
        detail += (
            f"; {len(splits)} look like a split that is not adjusted for, the first "
            f"{_split(float(over_night[splits[0]]))} at {place(raw, int(rows[splits[0] + 1]))}"
        )
    return found("jumps", len(jumps), place(raw, int(rows[jumps[0] + 1])), detail)


def _split(ratio: float) -> str:
    """Return ``2:1`` where a price halves over night; empty if *ratio* is near no usual one."""
    for parts in _SPLITS:
        for each in (parts, 1 / parts):
            if abs(ratio / each - 1) < _SPLIT_WIDTH:
                whole = (f"{parts:g}", "1") if parts != 1.5 else ("3", "2")
                return ":".join(whole if each < 1 else whole[::-1])
    return ""
