"""Stamps become the moments and the periods that Backtrader makes of them, to the microsecond."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

import backtrader as bt
import numpy as np
import pytest

from atms.engine.watching import moments, periods
from atms.engine.watching.periods import Calendar

_RNG = np.random.default_rng(5)
_STAMPS = {
    "any": np.sort(_RNG.uniform(700_000, 760_000, 4000)),
    "minutes": 738_000 + np.arange(4000) / 1440,
    "thirds of a second": 738_000 + np.arange(4000) / 259_200,
    "microseconds": np.array(
        [
            bt.date2num(datetime.datetime(2024, 5, 5) + datetime.timedelta(microseconds=int(micro)))
            for micro in np.sort(_RNG.integers(0, 10**11, 4000))
        ]
    ),
    "around midnight": np.sort(
        np.nextafter(
            np.repeat(738_000.0 + np.arange(40), 100) + 0.0,
            np.tile([0.0, 1e9], 2000),
        )
        + np.tile(np.arange(-10, 10) * 1.2e-10, 200)
    ),
    "years": 400_000 + np.arange(4000) * 1.37,
}
_ZONES = [None, datetime.UTC, zoneinfo.ZoneInfo("Europe/Berlin")]
_ZONES.append(zoneinfo.ZoneInfo("Australia/Lord_Howe"))


@pytest.mark.parametrize("zone", _ZONES, ids=str)
@pytest.mark.parametrize("kind", _STAMPS)
def test_moments_are_those_of_num2date(kind: str, zone: Any) -> None:
    stamps = _STAMPS[kind]
    found = moments.as_datetimes(moments.microseconds(stamps, zone))
    assert found == [bt.num2date(stamp, zone) for stamp in stamps.tolist()]


def stock_periods(
    stamps: np.ndarray, zone: Any, timeframe: int, compression: int
) -> tuple[list[int], list[Any]]:
    """Return the steps after the first at which a period begins, and their keys."""
    clock: Any = object.__new__(bt.analyzer.TimeFrameAnalyzerBase)
    clock.timeframe, clock.compression = timeframe, compression
    clock.dtcmp, clock.dtkey = clock._get_dt_cmpkey(datetime.datetime.min)
    now: list[datetime.datetime] = []
    line = type("Line", (), {"datetime": lambda self: now[-1]})()
    clock.strategy = type("Strategy", (), {"datetime": line})()
    steps, keys = [], []
    for step, stamp in enumerate(stamps.tolist()):
        now.append(bt.num2date(stamp, zone))
        if clock._dt_over() and step:
            steps.append(step)
            keys.append(clock.dtkey)
    return steps, keys


@pytest.mark.parametrize("compression", [1, 7, 60, 1439, 2000])
@pytest.mark.parametrize("timeframe", range(bt.TimeFrame.Seconds, bt.TimeFrame.NoTimeFrame + 1))
@pytest.mark.parametrize("kind", ["minutes", "thirds of a second", "around midnight", "years"])
def test_periods_begin_where_backtraders_do(kind: str, timeframe: int, compression: int) -> None:
    stamps = _STAMPS[kind]
    found = Calendar(stamps, None).periods(timeframe, compression)
    steps, keys = stock_periods(stamps, None, timeframe, compression)
    assert found.starts(0, len(stamps)).tolist() == steps
    assert found.keys(0, len(stamps)) == keys
    assert [type(key) for key in found.keys(0, len(stamps))] == [type(key) for key in keys]


@pytest.mark.parametrize("timeframe", [3, 4, 5, 6])
@pytest.mark.parametrize("chunk", [64, moments.CHUNK])
def test_a_clock_that_is_put_back_begins_no_period_twice(
    timeframe: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(periods, "CHUNK", chunk)
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    stamps = bt.date2num(datetime.datetime(2024, 10, 26, 20)) + np.arange(2000) / 1440
    found = Calendar(stamps, zone).periods(timeframe, 1)
    assert found.starts(0, 2000).tolist() == stock_periods(stamps, zone, timeframe, 1)[0]


def test_more_stamps_than_one_chunk() -> None:
    stamps = 738_000 + np.arange(moments.CHUNK + 3000) / 1440
    found = Calendar(stamps, None).periods(bt.TimeFrame.Days, 1)
    assert found.starts(0, len(stamps)).tolist() == list(range(1440, len(stamps), 1440))
