"""The schedule of a run over resampled feeds, beside what Backtrader's loop really does."""

from __future__ import annotations

import datetime
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from atms.engine.resampling.planning import plan
from atms.engine.resampling.schedule import Schedule
from tests.engine.resampling.feeds import add_case, frame
from tests.engine.resampling.runs import Planned, Recorder, bits

T = bt.TimeFrame
MINUTES = 700


class NotComparedError(Exception):
    """A case without a schedule; the message says why."""


def compare(cerebro: Any) -> Schedule:
    """Run, and require that each step shows what the schedule says."""
    cerebro.addstrategy(Recorder)
    try:
        cerebro.run()
    except (ArithmeticError, ValueError) as error:
        if isinstance(cerebro.schedule, str):
            raise NotComparedError(cerebro.schedule) from error
        assert "empty" in str(error), "a resampled bar waits for feeds that ended"
    schedule = cerebro.schedule
    if isinstance(schedule, str):
        raise NotComparedError(schedule)
    seen = cerebro.runningstrats[0].seen
    assert len(seen) - schedule.steps in (0, 1)
    stamps = schedule.stamps()
    for step, (stamp, feeds) in enumerate(seen[: schedule.steps]):
        assert stamp == bits(stamps[step])
        for course, (length, held, values) in zip(schedule.courses, feeds, strict=True):
            at = course.at[step]
            assert (at + 1, course.held[step]) == (length, held)
            assert [bits(one[at]) for one in course.values if length] == values
    return schedule


def minutes(count: int = MINUTES, start: str = "2024-01-02 09:31") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq="1min")


def case(stamps: Any, *targets: dict[str, Any], **options: Any) -> Schedule:
    """Run minutes at *stamps* and a clone a target."""
    cerebro = Planned(stdstats=False)
    options = {"timeframe": T.Minutes, **options}
    feed = bt.feeds.PandasData(dataname=frame(stamps), **options)
    cerebro.adddata(feed)
    for target in targets:
        cerebro.resampledata(feed, **{"timeframe": T.Minutes, **target})
    return compare(cerebro)


HOURS = ({"compression": 15}, {"compression": 60})


@pytest.mark.parametrize("start", ["2024-01-02 09:31", "2024-01-02 00:00", "2024-01-02 09:37:30"])
def test_contiguous_minutes_into_quarters_and_hours(start: str) -> None:
    case(minutes(start=start), *HOURS)


def test_minutes_with_holes() -> None:
    case(minutes()[np.random.default_rng(1).random(MINUTES) > 0.3], *HOURS)


@pytest.mark.parametrize("end", [None, datetime.time(12, 0), datetime.time(11, 59)])
def test_days_of_a_session(end: datetime.time | None) -> None:
    stamps = minutes(5000)
    inside = stamps[(stamps.hour >= 9) & (stamps.hour < 12)]
    case(inside, *HOURS, {"timeframe": T.Days}, sessionend=end)


def test_weeks_months_and_years() -> None:
    stamps = pd.date_range("2023-11-20 10:00", periods=400, freq="4h")
    targets = [{"timeframe": one} for one in (T.Days, T.Weeks, T.Months, T.Years)]
    case(stamps, *targets, timeframe=T.Minutes, compression=240)


def test_days_into_days_lose_the_bars_that_backtrader_loses() -> None:
    stamps = pd.date_range("2023-11-20", periods=60, freq="1D")
    schedule = case(stamps, {"timeframe": T.Days, "compression": 5}, timeframe=T.Days)
    assert len(schedule.courses[1].stamps) < 60 // 5


@pytest.mark.parametrize(
    "option",
    [
        {"adjbartime": False},
        {"bar2edge": False},
        {"rightedge": False},
        {"boundoff": 3},
        {"takelate": False},
        {"timeframe": T.Seconds, "compression": 90},
    ],
)
def test_parameters_of_the_resampler(option: dict[str, Any]) -> None:
    stamps = minutes()[np.random.default_rng(2).random(MINUTES) > 0.1]
    case(stamps, {"compression": 15, **option}, {"compression": 7, **option})


def test_a_feed_that_calls_its_minutes_days_is_asked_after_its_clone() -> None:
    case(minutes(), *HOURS, timeframe=T.Days)


@pytest.mark.parametrize("block", range(12))
def test_random_feeds(block: int) -> None:
    compared = 0
    for seed in range(10 * block, 10 * block + 10):
        cerebro = Planned(stdstats=False)
        add_case(cerebro, seed, most=200)
        try:
            compare(cerebro)
        except NotComparedError:
            continue
        compared += 1
    assert compared >= 7


def test_what_is_resampled_otherwise_has_no_schedule() -> None:
    reasons = []
    for change in (_replay, _filter, _tzinput, _stamps_fall, _own_load):
        cerebro = Planned(stdstats=False)
        change(cerebro)
        cerebro.addstrategy(bt.Strategy)
        cerebro.run()
        assert isinstance(cerebro.schedule, str)
        reasons.append(cerebro.schedule)
    assert len(set(reasons)) == len(reasons)


def _feed(bars: pd.DataFrame | None = None, **options: Any) -> Any:
    bars = frame(minutes(40)) if bars is None else bars
    return bt.feeds.PandasData(dataname=bars, timeframe=T.Minutes, **options)


def _replay(cerebro: Any) -> None:
    feed = _feed()
    cerebro.adddata(feed)
    cerebro.replaydata(feed, timeframe=T.Minutes, compression=5)


def _filter(cerebro: Any) -> None:
    feed = _feed()
    feed.addfilter(lambda data: False)
    cerebro.adddata(feed)
    cerebro.resampledata(feed, timeframe=T.Minutes, compression=5)


def _tzinput(cerebro: Any) -> None:
    feed = _feed(tzinput="Europe/Berlin")
    cerebro.adddata(feed)
    cerebro.resampledata(feed, timeframe=T.Minutes, compression=5)


def _stamps_fall(cerebro: Any) -> None:
    feed = _feed(frame(minutes(40)).sort_index(ascending=False))
    cerebro.adddata(feed)
    cerebro.resampledata(feed, timeframe=T.Minutes, compression=5)


def _own_load(cerebro: Any) -> None:
    class Doubled(bt.feeds.PandasData):
        def _load(self) -> bool:
            return bool(super()._load())

    feed = Doubled(dataname=frame(minutes(40)), timeframe=T.Minutes)
    cerebro.adddata(feed)
    cerebro.resampledata(feed, timeframe=T.Minutes, compression=5)


def test_a_plan_changes_nothing() -> None:
    cerebro = Planned(stdstats=False)
    feed = _feed()
    cerebro.adddata(feed)
    clone = cerebro.resampledata(feed, timeframe=T.Minutes, compression=5)
    before = {name: repr(value) for name, value in vars(clone._filters[0][0]).items()}
    lengths: list[int] = []

    class Looks(bt.Strategy):
        def start(self) -> None:
            assert isinstance(plan(cerebro), Schedule)
            lengths.extend([len(feed), feed.buflen(), len(clone), clone._dlen])
            after = {name: repr(value) for name, value in vars(clone._filters[0][0]).items()}
            assert after == before

    cerebro.addstrategy(Looks)
    cerebro.run()
    assert lengths == [0, 0, 0, 0]
