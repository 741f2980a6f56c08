"""A store whose feeds begin with bars from elsewhere: history of one venue, trading on another.

The seam between the two is checked as the store connects: bars that begin at other times are
refused, and prices that disagree are told.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.errors import DataError
from atms.stores.base import Store
from atms.stores.capabilities import Capabilities
from atms.stores.market import Bar

COMPARED = 50  # bars before the seam that both sides are asked for
_CLOSER = 5  # so much nearer must a shifted source be to look stamped at the other end

Prices = tuple[float, float, float, float, float | None]  # open, high, low, close, volume


@dataclass(frozen=True, kw_only=True)
class Past:
    """One symbol's bars from elsewhere.

    Attributes:
        feed: what messages call it.
        source: where they are from.
        symbol, timeframe: whose history they begin, as the store writes them.
        step: the length of a bar.
        opens: when each begins, rising.
        prices: of each bar.
        limit: share by which closes may differ before it is told.
    """

    feed: str
    source: str
    symbol: str
    timeframe: str
    step: timedelta
    opens: Sequence[datetime]
    prices: Sequence[Prices]
    limit: float

    def between(self, start: datetime, end: datetime, instrument: str) -> Iterator[Bar]:
        """Yield the bars that lie whole between two times."""
        for place in range(bisect_left(self.opens, start), len(self.opens)):
            opened = self.opens[place]
            if opened + self.step > end:
                return
            *prices, volume = self.prices[place]
            first, high, low, close = (Decimal(repr(price)) for price in prices)
            yield Bar(
                instrument=instrument, open_at=opened, close_at=opened + self.step, open=first,
                high=high, low=low, close=close, final=True,
                volume=None if volume is None else Decimal(repr(volume)),
            )  # fmt: skip

    def until(self, present: datetime) -> datetime | None:
        """Return the end of the last bar that is over; None: there is none."""
        last = bisect_left(self.opens, present - self.step + timedelta(microseconds=1)) - 1
        return None if last < 0 else self.opens[last] + self.step


class HistoryElsewhere:
    """A store, with the pasts of some of its feeds.

    As far as a past goes it is given in place of the store's own history; then comes the store's.

    Args:
        store: where orders go and later bars come from.
        pasts: at most one a symbol and timeframe.
        told: hears how the two sides disagree, once.
    """

    def __init__(self, store: Store, pasts: Sequence[Past], told: Callable[[str], None]) -> None:
        self._store = store
        self._pasts = {(one.symbol, one.timeframe): one for one in pasts}
        self._told = told
        self._checked = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def connect(self) -> Capabilities:
        """Connect; the first time the seams are checked.

        Raises:
            DataError: the bars of a past and of the store never begin at one time.
        """
        can = await self._store.connect()
        if not self._checked:
            await self._store.instruments([one.symbol for one in self._pasts.values()])
            for past in self._pasts.values():
                for line in await self._differences(past):
                    self._told(f"data.feeds.{past.feed}: {line}")
            self._checked = True
        return can

    async def history(
        self, instrument: str, timeframe: str, start: datetime, end: datetime
    ) -> AsyncIterator[Bar]:
        """Yield final bars, the oldest first: those of the past, then the store's."""
        symbol = instrument.removeprefix(f"{self._store.account}:")
        past, at = self._pasts.get((symbol, timeframe)), start
        if past is not None:
            present = min(end, await self._present(symbol))
            for bar in past.between(start, present, instrument):
                yield bar
                at = bar.close_at
        async for bar in self._store.history(instrument, timeframe, at, end):
            yield bar

    async def _present(self, symbol: str) -> datetime:
        """Return the time of the market: what a source has of later is the future."""
        lag = getattr(self._store, "lag", None)
        return datetime.now(UTC) - (timedelta(0) if lag is None else await lag(symbol))

    # ---- the seam -----------------------------------------------------------------------------
    async def _differences(self, past: Past) -> list[str]:
        """Return how a past and the store's own history disagree before the seam."""
        present = await self._present(past.symbol)
        end = past.until(present)
        if end is None:
            return [f"{past.source} has no bar of the past; the history is the store's alone"]
        instrument = f"{self._store.account}:{past.symbol}"
        start = end - COMPARED * past.step
        # one more is asked for: that what follows is there is seen too
        after = end + 2 * past.step
        found = [b async for b in self._store.history(instrument, past.timeframe, start, after)]
        theirs = {bar.open_at: float(bar.close) for bar in found if bar.close_at <= end}
        ours = {bar.open_at: float(bar.close) for bar in past.between(start, end, instrument)}
        told = _hole(found, end, present, past)
        if not theirs:
            return [
                *told,
                f"the store has no bars before {_text(end)} to compare {past.source} with",
            ]
        return [*told, *_compared(past, ours, theirs)]


def _hole(found: list[Bar], end: datetime, present: datetime, past: Past) -> list[str]:
    """Return that the store's history does not go on where a past ends."""
    if any(bar.open_at == end for bar in found) or present < end + 2 * past.step:
        return []
    return [
        f"{past.source} ends at {_text(end)}, and the store has no bar from there on: what lies "
        "between is missing; bring the source up to date"
    ]


def _compared(
    past: Past, ours: dict[datetime, float], theirs: dict[datetime, float]
) -> Iterator[str]:
    common = sorted(ours.keys() & theirs.keys())
    if not common:
        raise DataError(
            f"data.feeds.{past.feed}: not one of the last {len(ours)} bars of {past.source} begins "
            f"when one of the store's does: {_text(max(ours))} here, {_text(max(theirs))} there; "
            "say where its stamps stand (stamp, timezone), or history: store"
        )
    if 2 * len(common) < len(theirs):
        yield (
            f"{past.source} has only {len(common)} of the store's {len(theirs)} bars before "
            f"{_text(max(theirs) + past.step)}"
        )
    differing = [abs(ours[at] / theirs[at] - 1) for at in common]
    if max(differing) > past.limit:
        yield (
            f"closes of {past.source} differ from the store's by up to {max(differing):.2%}, in "
            f"the middle {statistics.median(differing):.2%}, over {len(common)} bars before "
            f"{_text(common[-1] + past.step)}; the limit is {past.limit:.2%} (history_tolerance)"
        )
        if _looks_shifted(past, ours, theirs, statistics.median(differing)):
            yield f"{past.source} looks stamped at the other end of its bars: see stamp"


def _looks_shifted(
    past: Past, ours: dict[datetime, float], theirs: dict[datetime, float], plain: float
) -> bool:
    """Return whether closes fit much better one bar earlier or later."""
    for shift in (past.step, -past.step):
        pairs = [(ours[at], theirs[at + shift]) for at in ours if at + shift in theirs]
        moved = [abs(one / other - 1) for one, other in pairs]
        if moved and statistics.median(moved) * _CLOSER < plain:
            return True
    return False


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
