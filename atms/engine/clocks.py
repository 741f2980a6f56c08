"""Which ticker each of a strategy's indicators moves with."""

from __future__ import annotations

from typing import Any

import backtrader as bt
from backtrader.linebuffer import LineBuffer
from backtrader.lineiterator import LineIterator
from backtrader.lineseries import LineSeriesStub

from atms.engine.lines import is_plain_line, is_plain_series
from atms.engine.timeline import Ticker, Tickers


class Clocks:
    """The indicators that Backtrader moves on each bar, each with the ticker of its clock.

    A clock is a feed, a line of it, or an indicator (or its line) that is moved before. Indicators
    inside of others are not moved: Backtrader leaves them at home.

    Args:
        strategy: with its indicators declared.
        datas: the run's feeds.
        tickers: the strategy's own.

    Attributes:
        moved: (indicator, its ticker) for those that can ask a ticker.
        others: those that cannot.
    """

    def __init__(self, strategy: Any, datas: list[Any], tickers: Tickers) -> None:
        self._known: dict[int, Ticker] = {}
        self.moved: list[tuple[Any, Ticker]] = []
        self.others: list[Any] = []
        for data in datas:
            self._know(data, tickers.of(data))
        for indicator in strategy._lineiterators[LineIterator.IndType]:
            ticker = self.of(indicator._clock)
            if ticker is None or not _is_plain(indicator):
                self.others.append(indicator)
                continue
            self.moved.append((indicator, ticker))
            self._know(indicator, ticker)

    def of(self, clock: Any) -> Ticker | None:
        """Return the ticker of a feed, an indicator or a line of one; None: there is none."""
        while isinstance(clock, LineSeriesStub) and id(clock) not in self._known:
            clock = clock.lines.lines[0]
        return self._known.get(id(clock))

    def _know(self, owner: Any, ticker: Ticker) -> None:
        lines = [] if isinstance(owner, LineBuffer) else owner.lines.lines
        self._known |= dict.fromkeys(map(id, [owner, *lines]), ticker)


def _is_plain(indicator: Any) -> bool:
    if isinstance(indicator, LineBuffer):
        return is_plain_line(indicator)
    return type(indicator).advance is bt.Indicator.advance and is_plain_series(indicator)
