"""One live feed: its history and its stream as one, its statuses, and what goes wrong."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.errors import ConfigError, VenueError
from atms.feeds.lanes import CROWD, Ready
from atms.feeds.live import LiveFeed
from atms.feeds.roots import is_live, root_of
from atms.stores.base import AuthFailed, RateLimited, Unreachable
from atms.stores.market import Bar, Empty
from tests.feeds.live_world import (
    MINUTE,
    NAMES,
    START,
    Seen,
    World,
    backtest_feed,
    bar,
    bars,
    longer,
)


def world_of(count: int, **options: Any) -> World:
    """Return a world with one feed that has so many bars behind it."""
    feeding = {name: options.pop(name) for name in ("omits_empty", "probe") if name in options}
    world = World(now=count, **options)
    world.store.keep(bars(count))
    world.add(**feeding)
    return world


def numbers(seen: Seen) -> list[int]:
    """Return the numbers of the bars that a strategy saw."""
    days = bt.date2num(START.replace(tzinfo=None))
    return [round((step[0][1] - days) * 1440) for step in seen.steps]


def told(seen: Seen) -> list[str]:
    return [notice.what for notice in seen.notices]


# ---- one stream ---------------------------------------------------------------------------------
def test_statuses_come_once_and_in_their_place_between_the_bars() -> None:
    world = world_of(3)
    world.trade([bar(4), bar(5)])
    seen = world.run(6)
    assert seen.words == ["CONNECTED", "DELAYED", 1, 2, 3, "LIVE", 4, 5]
    assert seen.lives == [(False,)] * 3 + [(True,)] * 2


def test_a_bar_is_what_the_store_said() -> None:
    world = world_of(0)
    world.trade([bar(1), replace(bar(2), volume=None)])
    seen = world.run(3)
    one = bar(1)
    prices = [float(price) for price in (one.open, one.high, one.low, one.close)]
    assert list(seen.steps[0][0][2:]) == prices
    assert seen.data.volume[-1] == float(one.volume or 0)
    assert seen.data.volume[0] != seen.data.volume[0]
    assert seen.data.datetime.datetime(0) == bar(2).close_at.replace(tzinfo=None)


def test_without_a_start_only_what_comes_is_delivered() -> None:
    world = World(now=5)
    world.store.keep(bars(5))
    world.add(start=None)
    world.trade([bar(6)])
    assert numbers(world.run(7)) == [6]


def test_a_first_bar_that_the_stream_lost_is_read_once_the_clock_says_it_is_due() -> None:
    world = World(now=0.5)
    world.add(start=None)
    world.at(1, world.store.keep, [bar(1)])
    for tenth in range(6, 20):  # never silent
        world.at(tenth / 10, world.store.tell, bar(2, final=False), "X")
    world.trade([bar(2)])
    seen = world.run(3)
    assert numbers(seen) == [1, 2]
    assert seen.lives == [(False,), (True,)]
    assert not told(seen)


def test_one_that_is_not_made_is_asked_for_once() -> None:
    world = World(now=0.5)
    world.add(start=None, probe=10.0)
    for tenth in range(6, 40):
        world.at(tenth / 10, world.store.tell, bar(9, final=False), "X")
    world.run(4)
    assert len(world.store.reads) == 2


def test_a_bar_that_still_grows_is_not_delivered() -> None:
    world = world_of(1)
    world.at(1.5, world.store.tell, replace(bar(2), final=False), "X")
    world.trade([bar(2)])
    assert numbers(world.run(3)) == [1, 2]


def test_the_feed_is_called_by_its_symbol_unless_it_has_a_name() -> None:
    world = World()
    assert world.feed("BTC/USDT:USDT")._name == "BTC/USDT:USDT"
    assert world.feed("X", name="mine")._name == "mine"
    assert world.feed("X", "2h").p.compression == 120
    world.host.close()


def test_the_store_is_asked_for_the_timeframe_in_its_own_words() -> None:
    world = World()
    world.add("X", "4h")
    world.add("Y", "1d")
    world.add("Z", "90m")
    world.run(1)
    assert {read[1] for read in world.store.reads} == {"4h", "1d", "90m"}


# ---- breaks -------------------------------------------------------------------------------------
def test_after_a_break_it_is_filled_before_it_is_live_again() -> None:
    world = world_of(2)
    world.trade([bar(3)])
    world.at(3.5, world.store.link, False)
    world.at(4.1, world.store.keep, [bar(4), bar(5)])
    world.at(5.5, world.store.link, True)
    world.trade([bar(6)])
    seen = world.run(7)
    assert seen.words == [
        "CONNECTED", "DELAYED", 1, 2, "LIVE", 3, "DISCONNECTED", "DELAYED", 4, 5, "LIVE", 6,
    ]  # fmt: skip
    assert numbers(seen) == [1, 2, 3, 4, 5, 6]
    assert [live for (live,) in seen.lives] == [False, False, True, False, False, True]


@pytest.mark.parametrize("error", [Unreachable("gone"), RateLimited("slow", timedelta(seconds=3))])
def test_a_stream_that_breaks_is_asked_for_again(error: Exception) -> None:
    world = world_of(2)
    world.at(2.5, world.store.tell, error, "X")
    world.trade([bar(3), bar(4)])
    seen = world.run(5)
    assert numbers(seen) == [1, 2, 3, 4]
    assert seen.words[5:7] == ["DISCONNECTED", "DELAYED"]
    assert seen.words[-3:] == ["LIVE", 3, 4]


def test_a_stream_that_cannot_be_had_at_first_is_no_end() -> None:
    world = world_of(2)
    world.store.breaks.extend([Unreachable("gone")] * 3)
    seen = world.run(4)
    assert seen.words == ["DISCONNECTED", "CONNECTED", "DELAYED", 1, 2, "LIVE"]


def test_history_that_cannot_be_read_is_asked_for_until_it_is_there() -> None:
    world = world_of(2)
    world.store.troubles.extend([Unreachable("gone"), TimeoutError(), RateLimited("slow")])
    seen = world.run(4)
    assert seen.words == ["CONNECTED", "DELAYED", 1, 2, "LIVE"]


@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [([Unreachable("gone")] * 3, 0.5 + 1 + 2), ([RateLimited("slow", timedelta(seconds=9))], 9)],
)
def test_history_waits_as_long_as_it_should(trouble: list[Exception], seconds: float) -> None:
    world = world_of(2)
    world.store.troubles.extend(trouble)
    went: list[float] = []

    def look(seen: Seen) -> None:
        went.append((world.loop.now() - START).total_seconds() - 120)

    world.cerebro.addstrategy(Seen, on_next=look)
    world.run(4)
    assert went[0] == pytest.approx(seconds + world.store.lag * (len(trouble) + 1), abs=0.01)


def test_a_ban_that_one_feed_hears_of_is_kept_by_all_of_its_store() -> None:
    world = world_of(2)
    world.add("Y")
    world.store.keep(bars(2, "Y"))
    world.at(2.5, world.store.link, False, "X")
    world.at(2.5, world.store.link, False, "Y")
    world.at(2.5, world.store.troubles.append, RateLimited("slow", timedelta(seconds=30)))
    world.at(2.6, world.store.link, True, "X")
    world.at(2.7, world.store.link, True, "Y")
    reads: list[int] = []
    for minute in (2.65, 2.75, 3.05, 3.15):
        world.at(minute, lambda: reads.append(len(world.store.reads) - 2))
    world.run(4)
    assert reads == [1, 1, 1, 3]


def test_a_key_that_is_not_taken_ends_the_feed_and_the_run() -> None:
    world = world_of(2)
    world.store.troubles.append(AuthFailed("bad key"))
    seen = world.run(1000)
    assert seen.words == ["CONNECTED", "DELAYED", "DISCONNECTED", "NOTSUBSCRIBED"]
    assert isinstance(world.feeds[0].error, AuthFailed)
    assert told(seen) == ["ended"]
    assert "bad key" in str(seen.notices[0])
    assert world.loop.now() < START + 10 * MINUTE


def test_one_feed_that_ends_leaves_the_others_alone() -> None:
    world = world_of(2)
    other = world.add("Y")
    world.store.keep(bars(2, "Y"))
    world.at(2.5, world.store.tell, AuthFailed("bad key"), "X")
    world.trade([bar(n, "Y") for n in (3, 4)])
    seen = world.run(5)
    assert len(seen.datas[1]) == 4
    assert other.late == 0
    assert ("X", "NOTSUBSCRIBED") in seen.words


def test_a_store_that_is_closed_ends_the_run() -> None:
    world = world_of(2)
    world.at(2.5, world.store.tell, None, "X")
    seen = world.run(1000)
    assert seen.words[-1] == "DISCONNECTED"
    assert world.feeds[0].error is None
    assert world.loop.now() < START + 10 * MINUTE


def test_another_error_of_a_store_is_raised_by_the_run() -> None:
    world = world_of(2)
    world.at(2.5, world.store.tell, VenueError("no such thing"), "X")
    with pytest.raises(VenueError, match="no such thing"):
        world.run(5)


# ---- wrong bars ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "wrong",
    [{"close": Decimal("NaN")}, {"low": Decimal(0)}, {"low": Decimal(-1)}, {"high": Decimal(1)},
     {"volume": Decimal(-1)}, {"open": Decimal("Infinity")}],
)  # fmt: skip
def test_what_cannot_be_a_bar_is_told_and_history_is_asked_for_it(wrong: dict[str, Any]) -> None:
    world = world_of(2)
    world.store.keep([bar(3)])
    world.at(3, world.store.tell, replace(bar(3), **wrong), "X")
    world.trade([bar(4)])
    seen = world.run(5)
    assert numbers(seen) == [1, 2, 3, 4]
    assert seen.data.close[-1] == float(bar(3).close)
    assert told(seen) == ["malformed"]
    assert str(seen.notices[0]) == "X: malformed: 2024-03-04 09:03:00+00:00"


def test_a_bar_that_is_wrong_in_history_too_is_left_out() -> None:
    world = World(now=4)
    world.store.keep([bar(1), replace(bar(2), high=Decimal(1)), bar(3), bar(4)])
    world.add()
    seen = world.run(5)
    assert numbers(seen) == [1, 3, 4]
    assert told(seen) == ["malformed", "gap"]


def test_late_revised_and_doubled_bars_are_counted_and_not_delivered() -> None:
    world = world_of(2)
    world.trade([bar(3)])
    world.at(3.1, world.store.tell, bar(3), "X")
    world.at(3.2, world.store.tell, replace(bar(3), close=bar(3).open, revision=1), "X")
    world.at(3.3, world.store.tell, bar(1), "X")
    seen = world.run(5)
    assert numbers(seen) == [1, 2, 3]
    assert told(seen) == ["revised", "late"]
    assert world.feeds[0].lane.told == {"duplicate": 1, "revised": 1, "late": 1}


def test_a_stream_that_is_silent_though_bars_are_made_is_given_up() -> None:
    world = world_of(2)
    world.at(3, world.store.keep, [bar(3)])
    world.trade([bar(4), bar(5)])
    dead = world.store.streams
    world.at(3.1, dead.__setitem__, ("t:1:X", "1m"), asyncio.Queue())  # nobody hears this one
    seen = world.run(6)
    assert numbers(seen) == [1, 2, 3, 4, 5]
    assert seen.words[5:] == [3, "DISCONNECTED", "DELAYED", "LIVE", 4, 5]


def test_a_stream_that_is_silent_because_nothing_happens_is_asked_ever_more_rarely() -> None:
    world = world_of(2)
    seen = world.run(62)
    assert seen.words == ["CONNECTED", "DELAYED", 1, 2, "LIVE"]
    assert 10 < len(world.store.reads) < 16


# ---- empty intervals ----------------------------------------------------------------------------
def test_a_hole_where_empty_bars_are_left_out_is_looked_up_and_the_bar_stays_live() -> None:
    world = world_of(2, omits_empty=True, probe=None)
    world.at(3, world.store.keep, [bar(3)])  # the stream has lost it
    world.trade([bar(4), bar(7)])
    seen = world.run(8)
    assert numbers(seen) == [1, 2, 3, 4, 7]
    assert [live for (live,) in seen.lives] == [False, False, False, True, True]
    assert seen.words.count("DELAYED") == 1
    assert told(seen) == []


def test_empty_intervals_are_filled_where_that_is_wanted_in_history_and_live() -> None:
    world = World(now=5)
    world.store.keep([bar(1), bar(4), bar(5)])
    world.add(omits_empty=True, fills=True)
    six = bar(6)
    empty = Empty(instrument=six.instrument, open_at=six.open_at, close_at=six.close_at)
    world.at(6, world.store.tell, empty, "X")
    world.trade([bar(7), bar(9)])
    seen = world.run(10)
    assert numbers(seen) == list(range(1, 10))
    closes = [step[0][5] for step in seen.steps]
    assert closes[1] == closes[2] == closes[0]
    assert closes[5] == closes[4]
    assert closes[7] == closes[6]


# ---- resampled, replayed, copied ----------------------------------------------------------------
def test_a_copy_of_a_live_feed_is_live_when_the_feed_is() -> None:
    world = world_of(8)
    feed = world.feeds[0]
    five = world.cerebro.resampledata(feed, name="five", **longer("5m"))
    ten = world.cerebro.resampledata(five, name="ten", **longer("10m"))
    again = feed.copyas("again")
    world.cerebro.adddata(again)
    lives: list[list[bool]] = []
    world.cerebro.addstrategy(Seen, on_next=lambda seen: lives.append([*map(is_live, seen.datas)]))
    world.trade([bar(9), bar(10)])
    seen = world.run(11)
    assert lives == [[False] * 4] * 8 + [[True] * 4] * 2
    assert {root_of(data) for data in seen.datas} == {feed}
    assert (len(five), len(ten), len(again), again._name) == (2, 1, 10, "again")
    assert not is_live(backtest_feed(bars(2), "1m"))


@pytest.mark.parametrize("make", ["resampledata", "replaydata"])
def test_a_feed_that_is_itself_made_longer_is_live_when_its_last_bar_is(make: str) -> None:
    world = World(now=8)
    world.store.keep(bars(8))
    feed = world.feed()
    getattr(world.cerebro, make)(feed, **longer("5m"))
    lives: list[bool] = []
    world.cerebro.addstrategy(Seen, on_next=lambda seen: lives.append(is_live(seen.data)))
    world.trade([bar(9), bar(10)])
    world.run(11)
    assert lives == ([False, True] if make == "resampledata" else [False] * 8 + [True] * 2)


def test_live_is_told_after_a_bar_of_the_past_that_a_filter_has_put_by() -> None:
    world = World(now=6)
    world.store.keep([*bars(4), bar(6)])
    feed = world.feed(omits_empty=True)
    # The bar of minute 6 first gives the longer one its time, and is delivered in the next pass.
    world.cerebro.replaydata(feed, **longer("5m"), adjbartime=True)
    seen = world.run(7)
    assert len(seen.steps) == 6
    assert seen.words[-1] == "LIVE"


@pytest.mark.parametrize("clone", [True, False])
def test_no_wake_up_ends_a_resampled_bar_before_its_last_bar_came(clone: bool) -> None:
    world = World(now=3)
    world.store.keep(bars(3))
    feed = world.feed()
    if clone:
        world.cerebro.adddata(feed)
    five = world.cerebro.resampledata(feed, **longer("5m"))
    world.trade([bar(4), bar(6)])
    for second in range(1, 20):  # of these each makes an idle pass after the end of the bar
        world.at(5 + second / 60, world.passes.wake)
    world.at(5.5, world.store.trade, bar(5))
    world.run(7)
    assert five.close.array[0] == float(bar(5).close)
    assert five.volume.array[0] == sum(float(one.volume or 0) for one in bars(5))


# ---- Cerebro's ways -----------------------------------------------------------------------------
class Timed(Seen):
    """Writes down timers and openings too."""

    def __init__(self) -> None:
        super().__init__()
        self.add_timer(when=bt.timer.SESSION_START, repeat=timedelta(minutes=2))

    def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
        self.words.append(when.time().isoformat())

    def next_open(self) -> None:
        self.words.append("open")


def test_openings_and_timers_come_with_bars_as_in_a_backtest() -> None:
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True)
    cerebro.adddata(backtest_feed(bars(6), "1m"))
    cerebro.addstrategy(Timed)
    (there,) = cerebro.run()
    world = world_of(3, cerebro=bt.Cerebro(stdstats=False, cheat_on_open=True))
    world.trade([bar(4), bar(5), bar(6)])
    here = world.run(7, strategy=Timed)
    assert [word for word in here.words if word not in NAMES] == there.words
    assert "open" in there.words
    assert any(":" in str(word) for word in there.words)


def test_oldsync_and_optimizing_are_refused() -> None:
    with pytest.raises(ConfigError, match="oldsync"):
        world_of(1, cerebro=bt.Cerebro(oldsync=True)).run(2)
    world = world_of(1)
    world.cerebro.optstrategy(Seen, on_next=[None, None])
    with pytest.raises(ConfigError, match="runs once"):
        world.run(2, maxcpus=1)


def test_a_timeframe_that_no_store_has_is_refused() -> None:
    world = World()
    feed = LiveFeed(
        store=world.store, passes=world.passes, instrument="t:1:X", timeframe=bt.TimeFrame.Ticks
    )  # type: ignore[call-arg]
    world.cerebro.adddata(feed)
    with pytest.raises(ConfigError, match="bars of 1 Tick"):
        world.run(1)


def test_todate_ends_the_feed() -> None:
    world = World(now=3)
    world.store.keep(bars(3))
    world.add(todate=(START + 5 * MINUTE).replace(tzinfo=None))
    world.trade([bar(n) for n in range(4, 9)])
    assert numbers(world.run(1000)) == [1, 2, 3, 4, 5]
    assert world.loop.now() < START + 10 * MINUTE


def test_todate_of_one_feed_leaves_the_others_alone() -> None:
    world = world_of(3)
    world.add("Y", todate=(START + 3 * MINUTE).replace(tzinfo=None))
    world.store.keep(bars(3, "Y"))
    world.trade([bar(4), bar(5), bar(6), bar(4, "Y")])
    seen = world.run(7)
    assert [len(data) for data in seen.datas] == [6, 3]
    assert world.feeds[1].late == 0


def test_a_stop_from_a_strategy_or_elsewhere_is_seen_in_an_idle_pass() -> None:
    world = world_of(1, idle=0.5)
    world.at(20, world.cerebro.runstop)
    world.run(1000)
    assert world.loop.now() <= START + 20 * MINUTE + timedelta(seconds=1)


# ---- memory -------------------------------------------------------------------------------------
class Quiet(bt.Strategy):
    """Keeps nothing; looks how many objects of ours there are."""

    params = (("most", None), ("lane", None))

    def __init__(self) -> None:
        super().__init__()
        self.average = bt.ind.SMA(period=20)

    def next(self) -> None:
        if len(self) % 500 == 0:
            kept = Counter(type(one) for one in gc.get_objects())
            self.p.most.append((kept[Ready], len(self.p.lane()), len(self.data.close.array)))


def test_a_long_history_is_read_no_faster_than_it_is_taken() -> None:
    count = 12_000
    world = world_of(count)
    most: list[tuple[int, int, int]] = []
    world.cerebro.addstrategy(Quiet, most=most, lane=lambda: world.feeds[0].lane)
    world.trade(bars(count + 3)[count:])
    seen = world.run(count + 4, exactbars=1)
    assert len(seen.data) == count + 3
    queued, items, lines = (max(column) for column in zip(*most, strict=True))
    assert queued <= CROWD + 1100
    assert items <= CROWD + 1000
    assert lines <= 21


def test_what_a_stopped_run_leaves_is_nothing() -> None:
    world = world_of(5)
    world.trade([bar(6)])
    world.run(7)
    assert world.loop.living() == []
    assert [one for one in gc.get_objects() if type(one) is Ready] == []


def test_bars_that_come_while_history_cannot_be_read_do_not_pile_up() -> None:
    world = World(now=1)
    world.store.troubles.extend([Unreachable("gone")] * 60)
    world.add()
    made = bars(2500)
    world.trade(made)
    kept: list[int] = []
    world.at(1800, lambda: kept.append(sum(type(one) is Bar for one in gc.get_objects())))
    seen = world.run(2501)
    assert numbers(seen) == list(range(1, 2501))
    assert kept
