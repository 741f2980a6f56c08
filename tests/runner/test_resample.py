"""Longer bars out of shorter ones: the right bars in each, and none before it is over."""

from __future__ import annotations

import backtrader as bt
import pandas as pd
import pytest

import atms
from atms.feeds.sources import SAMPLES

UNTIL = "..2017-11-05"  # a Sunday: the last week is whole
HOURLY = {"name": "h", "source": "sample:BTCUSD_1h", "stamp": "start"}


class BuyOnThirdLongBar(bt.Strategy):
    def next(self) -> None:
        if len(self.datas[-1]) == 3 and not self.position:
            self.buy()


def by_pandas(rule: str) -> pd.DataFrame:
    """Return the same bars by pandas, which groups by the bars' starts."""
    hours = pd.read_parquet(SAMPLES / "BTCUSD_1h.parquet").set_index("datetime")[:"2017-11-05"]
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    return hours.resample(rule).agg(how)


@pytest.mark.parametrize(
    ("timeframe", "rule"), [("4h", "4h"), ("1d", "1D"), ("1w", "W-SUN"), ("1M", "MS")]
)
@pytest.mark.parametrize("how", ["resample", "replay"])
def test_bars_stamped_at_their_start_fall_into_the_right_longer_bar(
    timeframe: str, rule: str, how: str
) -> None:
    feeds = [HOURLY, {"name": "long", "of": "h", how: timeframe}]
    bars = atms.backtest(BuyOnThirdLongBar, data=feeds, timerange=UNTIL).bars
    longer = bars[bars["feed"] == "long"].reset_index(drop=True)
    expected = by_pandas(rule)
    assert len(longer) == len(expected)
    for column in ("open", "high", "low", "close"):
        assert list(longer[column]) == list(expected[column])
    # Backtrader adds up volumes in another order.
    assert longer["volume"].to_numpy() == pytest.approx(expected["volume"].to_numpy())


@pytest.mark.parametrize(
    ("timeframe", "fills_at"),
    [
        # The bars begin on 2017-07-01 11:00, so the third bar of four hours ends at 20:00 and the
        # third day at midnight; an order made then fills at the open of the hour that follows.
        ("4h", "2017-07-01 20:00"),
        ("1d", "2017-07-04 00:00"),
        # Without a calendar Backtrader knows that a week (Monday to Sunday) or a month is over
        # when it sees the first bar of the next: one bar late, never early.
        ("1w", "2017-07-17 01:00"),
        ("1M", "2017-10-01 01:00"),
    ],
)
def test_a_longer_bar_is_seen_when_it_is_over(timeframe: str, fills_at: str) -> None:
    feeds = [HOURLY, {"name": "long", "of": "h", "resample": timeframe}]
    result = atms.backtest(BuyOnThirdLongBar, data=feeds, timerange=UNTIL)
    assert result.fills["ts"].iloc[0] == pd.Timestamp(fills_at, tz="UTC")


def test_a_day_ends_at_midnight_of_the_runs_time_zone() -> None:
    feeds = [HOURLY, {"name": "long", "of": "h", "resample": "1d"}]
    result = atms.backtest(
        BuyOnThirdLongBar, data=feeds, timezone="America/New_York", timerange=UNTIL
    )
    # 2017-07-01 11:00 UTC is 07:00 in New York; the third day there ends at 04:00 UTC.
    assert result.fills["ts"].iloc[0] == pd.Timestamp("2017-07-04 04:00", tz="UTC")


def test_a_daily_file_beside_an_hourly_one_is_seen_at_the_days_end(tmp_path) -> None:
    by_pandas("1D").to_parquet(tmp_path / "daily.parquet")
    seen: dict[pd.Timestamp, float] = {}

    class Look(bt.Strategy):
        def next(self) -> None:
            moment = pd.Timestamp(bt.num2date(self.data0.datetime[0]), tz="UTC")
            seen[moment] = self.data1.close[0]

    daily = {"name": "d", "source": str(tmp_path / "daily.parquet"), "stamp": "start"}
    atms.backtest(Look, data=[HOURLY, daily], timerange="2017-07-02..2017-07-03", warmup=30)
    closes = by_pandas("1D")["close"]
    noon = pd.Timestamp("2017-07-03 12:00", tz="UTC")
    assert seen[noon] == closes[pd.Timestamp("2017-07-02", tz="UTC")]
    midnight = max(moment for moment in seen if moment < pd.Timestamp("2017-07-04", tz="UTC"))
    assert seen[midnight] == closes[pd.Timestamp("2017-07-03", tz="UTC")]


def test_files_of_different_lengths_must_say_what_their_stamps_are(tmp_path) -> None:
    by_pandas("1D").to_parquet(tmp_path / "daily.parquet")
    daily = {"name": "d", "source": str(tmp_path / "daily.parquet")}
    with pytest.raises(atms.ConfigError, match=r"data\.feeds\.d: .*stamp: start, or stamp: end"):
        atms.backtest(BuyOnThirdLongBar, data=[HOURLY, daily])


def test_resampling_bars_whose_stamps_are_not_explained_warns() -> None:
    feeds = [{**HOURLY, "stamp": None}, {"name": "long", "of": "h", "resample": "4h"}]
    _, warning = atms.backtest(BuyOnThirdLongBar, data=feeds, timerange=UNTIL).warnings
    assert "stamp: start" in warning
