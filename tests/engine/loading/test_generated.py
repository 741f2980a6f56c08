"""Feeds of every shape that can be drawn are left as Backtrader leaves them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.loading.same import compare

# The folder a test stands in is the same for all its examples; each writes its file anew.
often = settings(
    max_examples=150, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip

LINES = ("open", "high", "low", "close", "volume", "openinterest")
MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(2060, 1, 1))
NUMBERS = st.one_of(
    st.floats(width=64),
    st.integers(-(2**62), 2**62),
    st.floats(-1e3, 1e3).map(lambda x: round(x, 2)),
)
ZONES = st.sampled_from([None, None, None, "UTC", "Europe/Berlin", "America/New_York"])


@st.composite
def feeds(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what all feeds have in common: dates, zones, sessions, a time frame."""
    end = draw(st.sampled_from([None, time(16, 30), time(0, 0, 1, 7)]))
    wanted = {
        "timeframe": draw(st.sampled_from([bt.TimeFrame.Minutes, bt.TimeFrame.Days])),
        "sessionend": end,
        "tz": draw(ZONES),
        "tzinput": draw(ZONES),
    }
    first, last = draw(st.none() | MOMENTS), draw(st.none() | MOMENTS)
    return {**wanted, "fromdate": first, "todate": last}


@st.composite
def moments(draw: st.DrawFn) -> list[datetime]:
    """Draw stamps: at random, or in steps, with a repetition and a step back now and then."""
    count = draw(st.integers(0, 25))
    if draw(st.booleans()):
        return draw(st.lists(MOMENTS, min_size=count, max_size=count))
    start = draw(MOMENTS)
    step = draw(st.sampled_from([1, 60, 3600, 86_400, 0.001])) * draw(st.integers(-1, 9))
    return [start + timedelta(seconds=step * n) for n in range(count)]


@often
@given(feed=feeds(), stamps=moments(), lookahead=st.integers(0, 2), data=st.data())
def test_any_frame(
    feed: dict[str, Any], stamps: list[datetime], lookahead: int, data: st.DataObject
) -> None:
    columns = data.draw(st.lists(st.sampled_from([*LINES, "Open", "x"]), unique=True))
    unit = data.draw(st.sampled_from(["s", "ms", "us", "ns"]))
    zone = data.draw(ZONES)
    index = pd.DatetimeIndex(stamps).as_unit(unit)
    index = index.tz_localize("UTC").tz_convert(zone) if zone else index
    frame = pd.DataFrame(index=index)
    for column in columns:
        dtype = data.draw(st.sampled_from(["float64", "float32", "int64", "object", "Float64"]))
        cells = data.draw(st.lists(NUMBERS, min_size=len(stamps), max_size=len(stamps)))
        whole = [int(c) if abs(c) < 2**62 else 0 for c in cells] if dtype == "int64" else cells
        with np.errstate(over="ignore"):
            frame[column] = pd.array(whole, dtype=dtype)
    at = st.sampled_from([-1, -1, None, 0, 1, "x", "OPEN"])
    params = {**feed, **{line: data.draw(at) for line in LINES}}
    params["nocase"] = data.draw(st.booleans())
    compare(lambda: bt.feeds.PandasData(dataname=frame, **params), lookahead=lookahead)


FORMS = ["%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M", "%d.%m.%Y %H:%M:%S.%f", "%Y-%m-%d", "%m/%d/%y %I%p"]
FIELDS = st.one_of(
    NUMBERS.map(repr), st.sampled_from(["", " 1", "1_0", "1e5", "nan", "-inf", "007", ".5", "5."])
)


@often
@given(feed=feeds(), stamps=moments(), lookahead=st.integers(0, 2), data=st.data())
def test_any_text(
    workdir: Path, feed: dict[str, Any], stamps: list[datetime], lookahead: int, data: st.DataObject
) -> None:
    form = data.draw(st.sampled_from(FORMS))
    width = data.draw(st.integers(1, 7))
    rows = [[stamp.strftime(form), *(data.draw(FIELDS) for _ in range(width))] for stamp in stamps]
    if rows and data.draw(st.integers(0, 9)) == 0:
        data.draw(st.sampled_from(rows))[data.draw(st.integers(0, width))] = data.draw(
            st.sampled_from(["x", "", "2024-02-30", "1,2"])
        )
    text = "\n".join(",".join(row) for row in rows) + data.draw(st.sampled_from(["", "\n"]))
    file = workdir / "any.csv"
    file.write_text(text)
    at = st.integers(-1, width) if data.draw(st.booleans()) else st.integers(-1, 7)
    params = {**feed, **{line: data.draw(at) for line in LINES}}
    params["nullvalue"] = data.draw(st.sampled_from([float("nan"), 0.0, 1]))
    compare(
        lambda: bt.feeds.GenericCSVData(dataname=str(file), headers=False, dtformat=form, **params),
        lookahead=lookahead,
    )
