"""A market of recorded bars, played at a speed: for demonstrations and tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import ConfigError, DataError
from atms.model import Timeframe
from atms.stores.base import Unreachable
from atms.stores.capabilities import Capabilities, KeyRule
from atms.stores.market import Bar, BarFact, FeedLink, Instrument, Quote

_COLUMNS = ("open", "high", "low", "close", "volume")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tape:
    """One instrument's bars in the order of time.

    Attributes:
        ends: microseconds since 1970 UTC, shape (n,).
        prices: open, high, low, close, volume, shape (n, 5); a volume may be NaN.
        length: of a bar, microseconds.
    """

    ends: NDArray[np.int64]
    prices: NDArray[np.float64]
    length: int

    @classmethod
    def of(cls, frame: pd.DataFrame, timeframe: str) -> Tape:
        """Read a frame: open, high, low, close and perhaps volume, its index each bar's end.

        Raises:
            DataError: the index is no time with a zone or does not rise; a price is missing.
        """
        index = frame.index
        if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
            raise DataError("recorded bars: the index must be each bar's end, with a time zone")
        ends = index.tz_convert("UTC").as_unit("us").asi8
        if not len(ends) or (np.diff(ends) <= 0).any():
            raise DataError("recorded bars: needs bars in the order of time, none twice; sort them")
        missing = [name for name in _COLUMNS[:4] if name not in frame]
        if missing:
            raise DataError(f"recorded bars: no column {', '.join(missing)}; name them so")
        prices = frame.reindex(columns=list(_COLUMNS)).to_numpy(dtype=np.float64)
        if not np.isfinite(prices[:, :4]).all():
            raise DataError("recorded bars: a price is missing; drop the bar or mend it")
        return cls(ends, prices, Timeframe.parse(timeframe).seconds * 1_000_000)

    def bar(self, place: int, instrument: str) -> Bar:
        """Return one bar."""
        end = int(self.ends[place])
        start = end - self.length
        if place:  # a bar does not begin before the one before it has ended
            start = max(start, int(self.ends[place - 1]))
        *prices, volume = (float(value) for value in self.prices[place])
        open_, high, low, close = (Decimal(repr(price)) for price in prices)
        return Bar(
            instrument=instrument, open_at=_moment(start), close_at=_moment(end), open=open_,
            high=high, low=low, close=close, final=True,
            volume=None if np.isnan(volume) else Decimal(repr(volume)),
        )  # fmt: skip


class Recorded:
    """Plays bars on the event loop's clock; it trades nothing.

    The market stands at *start* when it is connected to first, and goes on *speed* times as fast
    as the loop. Bars that ended before are history. When the recording is over, the streams say
    that the link is down, and wait.

    Args:
        bars: by symbol, see :meth:`Tape.of`.
        timeframe: of all bars.
        instruments: what is traded, by symbol; what is not given is an asset of its own in *base*,
            without a filter but the smallest steps.
        speed: seconds of the market for one of the loop's.
        start: the market's time at the beginning; None: the end of the first bar of all.
        base: the currency that prices are in.
        account: its name.
        margin: whether a fill moves only profit, of what is not given.

    Raises:
        ConfigError: a speed that is not above 0.
        DataError: bars that cannot be played.
    """

    def __init__(
        self,
        bars: Mapping[str, pd.DataFrame],
        timeframe: str,
        *,
        instruments: Mapping[str, Instrument] | None = None,
        speed: float = 1.0,
        start: datetime | None = None,
        base: str = "USD",
        account: str = "recorded",
        margin: bool = False,
    ) -> None:
        if not speed > 0:
            raise ConfigError(f"speed: is {speed:g}, and must be above 0")
        if not bars:
            raise DataError("recorded bars: there are none; name a file or a frame")
        self.account, self.base = account, base
        self.timeframe = timeframe
        self._tapes = {symbol: Tape.of(frame, timeframe) for symbol, frame in bars.items()}
        first = min(int(tape.ends[0]) for tape in self._tapes.values())
        self._start = _moment(first) if start is None else start.astimezone(UTC)
        self._speed = speed
        self._began: float | None = None
        self._instruments = {
            symbol: replace(_instrument(symbol, base, margin), id=f"{account}:{symbol}")
            for symbol in bars
        }
        for symbol, one in (instruments or {}).items():
            self._instruments[symbol] = replace(one, id=f"{account}:{symbol}")
        self._closed = asyncio.Event()

    @classmethod
    def read(cls, files: Mapping[str, Path], timeframe: str, **options: object) -> Recorded:
        """Return one of files: CSV or Parquet, with a column ``datetime`` of each bar's end.

        Args:
            options: as those of the class.

        Raises:
            DataError: a file cannot be read.
        """
        frames = {symbol: _frame(path) for symbol, path in files.items()}
        return cls(frames, timeframe, **options)  # type: ignore[arg-type]

    def now(self) -> datetime:
        """Return the market's time."""
        if self._began is None:
            return self._start
        seconds = (asyncio.get_running_loop().time() - self._began) * self._speed
        return self._start + timedelta(microseconds=round(seconds * 1e6))

    @property
    def over(self) -> bool:
        """Whether every bar was played."""
        return self.now() >= _moment(max(int(tape.ends[-1]) for tape in self._tapes.values()))

    async def connect(self) -> Capabilities:
        """Let the market begin, if it has not."""
        if self._closed.is_set():
            self._closed = asyncio.Event()
        if self._began is None:
            self._began = asyncio.get_running_loop().time()
        keys = KeyRule(max_len=0, alphabet="", unique="none", kinds=frozenset(), lookup=False)
        return Capabilities(
            keys=keys, kinds=frozenset(), tifs=frozenset(), read_lag=timedelta(0),
            outcome_bound=timedelta(seconds=1), log="contiguous", bar_stamp="close",
            bar_end="flag", bars_omit_empty=True, timeframes=frozenset({self.timeframe}),
        )  # fmt: skip

    async def instruments(self, symbols: Sequence[str]) -> tuple[Instrument, ...]:
        """Return what is recorded of *symbols*."""
        return tuple(self._instruments[one] for one in symbols if one in self._instruments)

    async def history(
        self, instrument: str, timeframe: str, start: datetime, end: datetime
    ) -> AsyncIterator[Bar]:
        """Yield bars that lie whole between two times and are over, the oldest first."""
        tape = self._tape(instrument, timeframe)
        last = _micros(min(end, self.now()))
        for place in range(int(np.searchsorted(tape.ends, _micros(start))), len(tape.ends)):
            if tape.ends[place] > last:
                return
            bar = tape.bar(place, instrument)
            if bar.open_at >= start:
                yield bar

    def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        """Yield bars when they end, those from now on."""
        tape = self._tape(instrument, timeframe)
        place = int(np.searchsorted(tape.ends, _micros(self.now()), side="right"))
        return self._played(tape, place, instrument)

    async def _played(
        self, tape: Tape, place: int, instrument: str
    ) -> AsyncGenerator[BarFact, None]:
        yield FeedLink(at=self.now(), up=True)
        for at in range(place, len(tape.ends)):
            bar = tape.bar(at, instrument)
            await self._wait_until(bar.close_at)
            if self._closed.is_set():
                return
            yield bar
        yield FeedLink(at=self.now(), up=False)
        await self._closed.wait()

    async def quotes(
        self, instrument: str, qty: Decimal | None = None
    ) -> AsyncIterator[Quote]:  # fmt: skip
        """Yield each close as both prices."""
        async for fact in self.bars(instrument, self.timeframe):
            if isinstance(fact, Bar):
                yield Quote(
                    at=fact.close_at, instrument=instrument, bid=fact.close, ask=fact.close,
                    qty=None,
                )  # fmt: skip

    async def close(self) -> None:
        """End the streams."""
        self._closed.set()

    async def _wait_until(self, moment: datetime) -> None:
        while not self._closed.is_set() and (ahead := moment - self.now()) > timedelta(0):
            try:
                seconds = ahead.total_seconds() / self._speed
                await asyncio.wait_for(self._closed.wait(), max(seconds, 1e-6))
            except TimeoutError:
                pass

    def _tape(self, instrument: str, timeframe: str) -> Tape:
        symbol = instrument.removeprefix(f"{self.account}:")
        if symbol not in self._tapes or timeframe != self.timeframe:
            raise Unreachable(
                f"{self.account}: {symbol} {timeframe} was not recorded; there are "
                f"{', '.join(self._tapes)} in {self.timeframe}"
            )
        return self._tapes[symbol]


def _instrument(symbol: str, base: str, margin: bool) -> Instrument:
    return Instrument(
        id=symbol, base=symbol.partition("/")[0], quote=base, settle=base,
        qty_step=Decimal("0.00000001"), min_qty=Decimal("0.00000001"),
        price_steps=((Decimal(0), Decimal("0.00000001")),), cash="margin" if margin else "exchange",
    )  # fmt: skip


def _frame(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        ends = pd.to_datetime(frame["datetime"], utc=True)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read as bars: {error}; give CSV or Parquet") from error
    return frame.set_index(pd.DatetimeIndex(ends))


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
