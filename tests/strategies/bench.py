"""What strategies are tested with: bars made by hand, and the fills on them.

Entries and exits::

    run = play(ZScoreReversion, hand_bars([100, 100, 97, 99, 100]), period=3, entry=1.2)
    assert run.fills == [(3, "buy", 1, 97), (5, "sell", 1, 100)]

Several feeds, each a frame or a feed's config section with a frame as its ``source``::

    run = play(PairTrading, {"gld": gld, "gdx": gdx}, period=10)
    assert run.of("gdx") == [(12, "sell", 2, 50.5)]
    play(Trend, [{"name": "m", "source": frame, "stamp": "end"},
                 {"name": "h", "of": "m", "resample": "1h"}])

Packaged configs and no look ahead: ``noise.py``, beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import backtrader as bt
import numpy as np
import pandas as pd

import atms

CASH = 1e6
ONE_UNIT = {"name": "backtrader.sizers:FixedSize", "params": {"stake": 1}}


# ---- entries and exits by hand -------------------------------------------------------------------
class Fill(NamedTuple):
    """One fill; compares with a plain tuple.

    Attributes:
        bar: place of the bar on which it filled in its feed's frame, from 0; a market order that
            is decided at the close of bar n fills on bar n + 1, at its open.
        side: "buy" or "sell".
        size: units, above 0.
        price: rounded to 9 decimals.
    """

    bar: int
    side: str
    size: float
    price: float


@dataclass(frozen=True)
class Played:
    """A run on bars made by hand.

    Attributes:
        result: the run's Result; ``result.strategy`` is the strategy as it ended.
        frames: feed -> the bars that its fills are numbered by; of a feed that is made of
            another, those of the other.
    """

    result: atms.Result
    frames: dict[str, pd.DataFrame]

    @property
    def fills(self) -> list[Fill]:
        """The fills on the first feed, in the order of booking."""
        return self.of(next(iter(self.frames)))

    def of(self, feed: str) -> list[Fill]:
        """Return the fills on a feed, in the order of booking."""
        info = next(info for info in self.result.feeds if info.name == feed)
        rows = self.result.fills
        rows = rows[(rows["symbol"] == info.symbol) & (rows["venue"] == info.venue)]
        places = self.frames[feed].index.searchsorted(pd.DatetimeIndex(rows["ts"]))
        facts = zip(places, rows["side"], rows["size"], rows["price"], strict=True)
        return [
            Fill(int(place), side, float(size), round(float(price), 9))
            for place, side, size, price in facts
        ]


def hand_bars(
    closes: Sequence[float],
    *,
    opens: Sequence[float] | None = None,
    highs: Sequence[float] | None = None,
    lows: Sequence[float] | None = None,
    volumes: Sequence[float] | float = 100.0,
    start: str = "2024-01-01",
    step: str = "1h",
) -> pd.DataFrame:
    """Return bars: columns open, high, low, close, volume, shape (n, 5); the index are UTC stamps.

    A bar opens at the close before it (the first at its own), and its high and low are those of
    open and close, where nothing else is given.
    """
    close = np.array(closes, dtype=float)
    opened = np.append(close[0], close[:-1]) if opens is None else np.array(opens, dtype=float)
    high = np.maximum(opened, close) if highs is None else np.array(highs, dtype=float)
    low = np.minimum(opened, close) if lows is None else np.array(lows, dtype=float)
    return pd.DataFrame(
        {"open": opened, "high": high, "low": low, "close": close}
        | {"volume": np.broadcast_to(np.array(volumes, dtype=float), close.shape)},
        index=pd.date_range(start, periods=len(close), freq=step, tz="UTC", name="datetime"),
    )


def play(
    strategy: type[bt.Strategy],
    data: pd.DataFrame | Mapping[str, Any] | Sequence[Any],
    *,
    options: Mapping[str, Any] | None = None,
    **params: Any,
) -> Played:
    """Run a strategy through ``atms.backtest``: a million in cash, one unit an order, no costs.

    Args:
        strategy: the class.
        data: as ``atms.backtest``'s; a frame, frames by feed's name, or feeds' config sections.
        options: of ``atms.backtest``, over those defaults: cash, sizer, commission ...
        params: the strategy's parameters.
    """
    chosen: dict[str, Any] = {"cash": CASH, "sizer": ONE_UNIT, "params": params, **(options or {})}
    given = {"data": data} if isinstance(data, pd.DataFrame) else data
    result = atms.backtest(strategy, data=given, **chosen)
    frames: dict[str, pd.DataFrame] = {}
    entries = given.values() if isinstance(given, Mapping) else given
    for info, entry in zip(result.feeds, entries, strict=True):
        if isinstance(entry, pd.DataFrame):
            frames[info.name] = entry
        else:
            frames[info.name] = frames[entry["of"]] if "of" in entry else entry["source"]
    return Played(result, frames)
