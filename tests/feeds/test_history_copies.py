"""A history feed once more, in a longer timeframe: no bar is lost, whatever stands beside it."""

from __future__ import annotations

import itertools
from typing import Any

import backtrader as bt
import pytest

from atms.engine import Cerebro
from tests.feeds.live_world import Seen, backtest_feed, bars, longer
from tests.feeds.test_live_parity import backtest, given, plain, resampled


def told(seen: Seen, place: int) -> list[Any]:
    """Return each bar of a data, once, with its length: (1, time, open, high, low, close)."""
    found = [step[place] for step in seen.steps if step[place] is not None]
    return [one for one, _ in itertools.groupby(found)]


@pytest.mark.parametrize(
    ("own", "beside", "to"),
    [("5m", "1m", "15m"), ("5m", "1m", "10m"), ("15m", "1m", "1h"), ("2m", "1m", "30m"),
     ("5m", "2m", "15m"), ("5m", "1m", "7m"), ("3m", "5m", "15m"), ("1m", "1m", "5m")],
)  # fmt: skip
def test_a_resampled_copy_beside_another_feed_has_the_bars_that_it_has_alone(
    own: str, beside: str, to: str
) -> None:
    feeds = given(("A", beside), ("B", own), minutes=360)
    alone = backtest(feeds[1:], resampled(to), None)
    both = backtest(feeds, resampled(to, place=1), None)
    assert len(told(alone, 1)) > 5
    assert told(both, 2) == told(alone, 1)
    assert told(both, 1) == told(alone, 0)


def test_a_copy_comes_with_the_bar_that_ends_it_and_not_before() -> None:
    both = backtest(given(("A", "1m"), ("B", "5m")), resampled("15m", place=1), None)
    for _, own, longer_one in both.steps:
        assert (longer_one[0] if longer_one else 0) == (own[0] if own else 0) // 3


def test_a_replayed_copy_beside_a_shorter_feed_grows_with_its_feed_as_alone() -> None:
    """Between two bars of its feed Backtrader shows the bar before, copy or not."""
    feeds = given(("A", "1m"), ("B", "5m"))
    alone = backtest(feeds[1:], resampled("15m", replay=True), None)
    both = backtest(feeds, resampled("15m", replay=True, place=1), None)
    grown = [step[2] for step in both.steps if step[0][0] % 5 == 0]
    assert grown == [step[1] for step in alone.steps]


def test_a_copy_of_a_copy_loses_none_either() -> None:
    def add(cerebro: Any, datas: list[Any]) -> None:
        plain(cerebro, datas)
        again = datas[-1].copyas("again")
        cerebro.adddata(again)
        cerebro.resampledata(again, **longer("15m"))

    feeds = given(("A", "1m"), ("B", "5m"))
    alone, both = backtest(feeds[1:], add, None), backtest(feeds, add, None)
    assert told(both, 3) == told(alone, 2)
    assert len(told(both, 3)) == 10


@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"preload": False}])
@pytest.mark.parametrize("kind", [bt.Cerebro, Cerebro])
def test_a_plain_copy_has_the_bars_of_its_feed(kind: Any, options: dict[str, Any]) -> None:
    cerebro = kind(stdstats=False)
    for made, timeframe in ((bars(60), "1m"), (bars(30), "1m")):
        feed = backtest_feed(made, timeframe)
        cerebro.adddata(feed)
        cerebro.adddata(feed.copyas(f"again{len(made)}"))
    cerebro.addstrategy(Seen)
    (seen,) = cerebro.run(**options)
    assert [len(data) for data in seen.datas] == [60, 60, 30, 30]
    assert told(seen, 0) == told(seen, 1)
    assert told(seen, 2) == told(seen, 3)
