"""History from elsewhere before a store's own: which bars are given, what is told of the seam."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from atms.errors import DataError
from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.server import Sandbox
from atms.sandbox.venue.config import MarketConfig
from atms.stores.ccxt.store import CCXTStore
from atms.stores.elsewhere import HistoryElsewhere, Past
from atms.stores.market import Bar

HOUR = timedelta(hours=1)
BARS = 200  # are over; the next one grows
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def hours(frame: Callable[..., pd.DataFrame], workdir: Path) -> pd.DataFrame:
    """The venue's bars: those that are over, and some that are its future."""
    made = frame(BARS + 20).round(2)
    made.to_parquet("venue.parquet")
    return made


def past_of(bars: pd.DataFrame, **more: Any) -> Past:
    """Return bars as the past of the venue's BTC/USDT."""
    prices = list(bars[["open", "high", "low", "close", "volume"]].itertuples(index=False))
    values: dict[str, Any] = {
        "feed": "btc", "source": "mine.csv", "symbol": "BTC/USDT", "timeframe": "1h", "step": HOUR,
        "opens": [stamp.to_pydatetime() for stamp in bars.index], "limit": 0.01,
        "prices": [tuple(float(one) for one in row) for row in prices],
    }  # fmt: skip
    return Past(**{**values, **more})


def joined(past: Past, start: datetime = FIRST) -> tuple[list[Bar], list[str]]:
    """Return the bars that a feed begins with, and what was told."""
    told: list[str] = []

    async def read() -> list[Bar]:
        market = MarketConfig(symbol="BTCUSDT", source="venue.parquet", history=BARS)
        async with Sandbox(SandboxConfig(markets=(market,))) as sandbox:
            store = CCXTStore("binance", url=sandbox.url, market_clock="stream")
            both = HistoryElsewhere(store, [past], told.append)
            try:
                await both.connect()
                await both.connect()  # as when the account is taken: what was told is told once
                name, now = f"{store.account}:BTC/USDT", datetime.now(UTC)
                return [bar async for bar in both.history(name, "1h", start, now)]
            finally:
                await both.close()

    return asyncio.run(read()), told


def closes(bars: list[Bar]) -> list[float]:
    return [float(bar.close) for bar in bars]


def test_the_past_is_given_as_far_as_it_goes_and_then_the_stores_own_bars(
    hours: pd.DataFrame,
) -> None:
    past = hours[20:150] * 1.005
    bars, told = joined(past_of(past), FIRST + 30 * HOUR)
    assert [bar.open_at for bar in bars] == [FIRST + n * HOUR for n in range(30, BARS)]
    assert closes(bars)[:120] == past["close"][10:].tolist()
    assert closes(bars)[120:] == hours["close"][150:BARS].tolist()
    assert {bar.instrument for bar in bars} == {"binance-spot-loopback-public:BTC/USDT"}
    assert told == []


def test_what_a_source_has_of_the_markets_future_is_not_given(hours: pd.DataFrame) -> None:
    bars, told = joined(past_of(hours))
    assert bars[-1].close_at <= FIRST + BARS * HOUR
    assert closes(bars) == hours["close"][: len(bars)].tolist()
    assert len(bars) == BARS
    assert told == []


def test_a_past_that_is_not_of_this_length_or_symbol_is_left_out(hours: pd.DataFrame) -> None:
    bars, _ = joined(past_of(hours[:150] * 1.005, timeframe="5m", step=timedelta(minutes=5)))
    assert closes(bars) == hours["close"][:BARS].tolist()


def test_prices_that_disagree_are_told_with_by_how_much(hours: pd.DataFrame) -> None:
    _, (line,) = joined(past_of(hours[:150] * 1.02))
    assert line == (
        "data.feeds.btc: closes of mine.csv differ from the store's by up to 2.00%, in the middle "
        "2.00%, over 50 bars before 2024-01-07 06:00 UTC; the limit is 1.00% (history_tolerance)"
    )


@pytest.mark.parametrize(("factor", "lines"), [(1.019, 0), (1.021, 1)])
def test_the_limit_is_the_configs(factor: float, lines: int, hours: pd.DataFrame) -> None:
    assert len(joined(past_of(hours[:150] * factor, limit=0.02))[1]) == lines


def test_bars_that_begin_at_other_times_are_refused(hours: pd.DataFrame) -> None:
    moved = hours[:150].set_axis(hours.index[:150] + pd.Timedelta(minutes=30))
    with pytest.raises(DataError) as caught:
        joined(past_of(moved))
    assert "not one of the last 50 bars of mine.csv begins when one of the store's" in str(
        caught.value
    )
    assert "2024-01-07 05:30 UTC here, 2024-01-07 05:00 UTC there" in str(caught.value)


def test_bars_that_are_stamped_at_the_other_end_are_told(
    frame: Callable[..., pd.DataFrame], workdir: Path
) -> None:
    wild = frame(BARS + 20, closes=[100 + 10 * (n % 7) for n in range(BARS + 20)])
    wild.to_parquet("venue.parquet")
    ends = wild[:150].set_axis(wild.index[:150] + pd.Timedelta(hours=1))
    _, told = joined(past_of(ends))
    assert len(told) == 2
    assert told[1].endswith("mine.csv looks stamped at the other end of its bars: see stamp")


def test_a_past_of_which_bars_are_missing_is_told(hours: pd.DataFrame) -> None:
    _, (line,) = joined(past_of(hours[:150:3]))
    # every third of 150 bars: the last is 147; of the 50 from 98 on these are 99, 102 ... 147
    assert line == "data.feeds.btc: mine.csv has only 17 of the store's 50 bars before " + (
        "2024-01-07 04:00 UTC"
    )


def test_a_hole_between_the_past_and_the_store_is_told(hours: pd.DataFrame) -> None:
    later = hours.set_axis(hours.index + pd.Timedelta(days=30))
    later.to_parquet("venue.parquet")
    _, told = joined(past_of(hours[:150]))
    hole, nothing = told
    assert "mine.csv ends at 2024-01-07 06:00 UTC, and the store has no bar from there on" in hole
    assert "the store has no bars before 2024-01-07 06:00 UTC to compare mine.csv with" in nothing


def test_a_past_of_the_future_alone_is_told(hours: pd.DataFrame) -> None:
    later = hours[:5].set_axis(hours.index[:5] + pd.Timedelta(days=99))
    bars, (line,) = joined(past_of(later))
    assert "has no bar of the past" in line
    assert closes(bars) == hours["close"][:BARS].tolist()
