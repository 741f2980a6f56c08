"""A venue's bars in the ledger: each once and exact, none that still grows, nothing asked twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pandas as pd
import pytest

from atms import ledger
from atms.downloading.bars import BarDownload
from atms.downloading.patience import Patience
from atms.downloading.stretches import Stretch
from atms.downloading.venue import HistoryStore
from atms.feeds.exporting import about_file
from atms.feeds.reading import read_raw
from atms.ledger.bars import Series
from atms.model import Timeframe
from atms.stores.market import Bar
from tests.downloading.past import (
    DOWNLOAD,
    SERIES,
    SINCE,
    Cli,
    Past,
    rows,
    rows_of,
    serving_past,
    stored,
    write_config,
)

HOUR = 3600 * 10**6
HOURS = timedelta(hours=1)


@pytest.fixture
def url(workdir: Path) -> str:
    return f"sqlite:///{workdir}/atms.db"


def test_every_bar_that_is_over_is_in_the_ledger_and_in_the_file_exactly(
    past: Past, cli: Cli
) -> None:
    code, out, err = cli(*DOWNLOAD, *SINCE, "--out", "bars.parquet")
    assert (code, out) == (0, ""), err
    assert stored() == rows_of(past.bars)
    raw = read_raw("bars.parquet", name="x")
    assert raw.stamps.tolist() == [row[0] for row in stored()]
    assert raw.columns["close"].tolist() == past.bars["close"].tolist()
    about = about_file("bars.parquet")
    assert (about["stamp"], about["timeframe"], about["symbol"]) == ("start", "1h", "BTC/USDT")
    assert "bars added: 2,300" in err
    assert f"source: {SERIES}" in err


def test_a_backtest_runs_on_what_was_downloaded_from_the_ledger_and_from_the_file(
    past: Past, cli: Cli
) -> None:
    assert cli(*DOWNLOAD, *SINCE, "--out", "bars.parquet")[0] == 0
    values = []
    for source in (SERIES, "bars.parquet"):
        feed = f'data.feeds=[{{"name": "btc", "source": "{source}"}}]'
        code, out, err = cli("backtest", "-c", "venue.yaml", "--set", feed, "--json")
        assert code == 0, err
        values.append(json.loads(out)["final_value"])
    assert values[0] == values[1]


def test_what_was_downloaded_is_not_asked_for_again_and_what_is_new_is_brought(
    past: Past, cli: Cli
) -> None:
    assert cli(*DOWNLOAD, *SINCE, "--until", "2024-02-29")[0] == 0
    asked = past.asked()
    assert cli(*DOWNLOAD, *SINCE, "--until", "2024-01-31")[0] == 0
    assert past.asked() == asked
    code, out, _ = cli(*DOWNLOAD, *SINCE, "--json")
    assert code == 0
    # 60 days of 24 hours were there: January's 31 and February's 29
    assert json.loads(out)[0]["added"] == 2300 - 60 * 24
    assert stored() == rows_of(past.bars)


def test_an_earlier_start_asks_for_what_lies_before_and_for_nothing_else(
    past: Past, cli: Cli
) -> None:
    assert cli(*DOWNLOAD, "--symbol", "BTC/USDT", "--since", "2024-03")[0] == 0
    asked = past.asked()
    code, out, _ = cli(*DOWNLOAD, *SINCE, "--until", "2024-03-15", "--json")
    assert code == 0
    assert past.asked() - asked == 2  # 1,440 bars by a thousand
    assert json.loads(out)[0]["added"] == 60 * 24
    assert stored() == rows_of(past.bars)


def test_a_bar_that_grows_by_the_computers_clock_is_left_out(
    frame: Callable[..., pd.DataFrame], workdir: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{workdir}/atms.db")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = frame(7, step="1D", start=f"{today - timedelta(days=5):%Y-%m-%d}")
    with serving_past(days) as past:
        assert past.bars.index[-1] + timedelta(days=1) == today  # the growing one is today's
        write_config(url=past.venue.sandbox.url, market_clock="wall")
        since = f"{today - timedelta(days=5):%Y-%m-%d}"
        code, _, err = cli(
            "data", "download", "-c", "venue.yaml", "--store", "mine", "--timeframe", "1d",
            "--symbol", "BTC/USDT", "--since", since,
        )  # fmt: skip
        assert code == 0, err
        assert stored("ledger:binance-loopback:BTC/USDT:1d") == rows_of(past.bars)
        # up to the last bar, and not to now: a bar that is published late is asked for again
        assert rows("SELECT rows FROM imports") == [(int(today.timestamp()) * 10**6,)]


def test_the_venues_gaps_are_told_and_asked_for_once(
    frame: Callable[..., pd.DataFrame], workdir: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{workdir}/atms.db")
    whole = frame(1502)
    holed = whole.drop(whole.index[700:703])
    with serving_past(holed) as past:
        monkeypatch.setenv("ATMS_SANDBOX_URL", past.venue.sandbox.url)
        code, out, _ = cli(*DOWNLOAD, *SINCE, "--until", "2024-02-15", "--json")
        assert code == 0
        # 700 hours after the first of January: the 30th, 04:00
        gap = ["2024-01-30T04:00:00+00:00", "2024-01-30T07:00:00+00:00"]
        assert json.loads(out)[0]["gaps"] == [gap]
        asked = past.asked()
        err = cli(*DOWNLOAD, *SINCE, "--until", "2024-02-15")[2]
        assert past.asked() == asked
        assert "no bars from 2024-01-30 04:00 to 2024-01-30 07:00 UTC" in err


def test_a_time_without_a_bar_is_told_and_is_no_success(past: Past, cli: Cli) -> None:
    code, _, err = cli(
        *DOWNLOAD, "--symbol", "BTC/USDT", "--since", "2020-01", "--until", "2020-02"
    )
    assert code == 3
    assert "the venue has no bar from 2020-01-01 00:00 to 2020-03-01 00:00 UTC" in err
    asked = past.asked()
    cli(*DOWNLOAD, "--symbol", "BTC/USDT", "--since", "2020-01", "--until", "2020-02")
    assert past.asked() == asked  # the venue said so once


def test_bars_with_other_figures_stay_until_the_venues_are_asked_for(past: Past, cli: Cli) -> None:
    other = past.bars[:10].assign(close=past.bars["low"][:10])
    of = Series("binance-loopback", "BTC/USDT", Timeframe(1, "h"), "start")
    ledger.write_bars("sqlite:///atms.db", of, replace(read_raw(other, name="x"), stamp="start"))
    code, out, _ = cli(*DOWNLOAD, *SINCE, "--until", "2024-01-31", "--json")
    differing = int((other["close"] != past.bars["close"][:10]).sum())
    assert (code, json.loads(out)[0]["different"]) == (0, differing)
    assert stored()[:10] == rows_of(other)
    assert cli(*DOWNLOAD, *SINCE, "--until", "2024-01-31", "--replace")[0] == 0
    assert stored() == rows_of(past.bars[: 31 * 24])


def test_bars_of_that_name_that_say_no_start_are_not_mixed_with_the_venues(
    past: Past, cli: Cli
) -> None:
    past.bars[:10].to_csv("mine.csv")
    where = ("--venue", "binance-loopback", "--symbol", "BTC/USDT", "--timeframe", "1h")
    assert cli("data", "import", "mine.csv", *where)[0] == 0
    code, _, err = cli(*DOWNLOAD, *SINCE)
    assert code == 3
    assert "start or end, unknown which, and these at their start" in err
    assert stored() == rows_of(past.bars[:10])


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("middle", ["12:30", "12:00", "12:59:59"])
def test_no_bar_is_lost_where_two_downloads_meet_inside_one(
    middle: str, order: int, past: Past, cli: Cli
) -> None:
    middle = f"2024-01-15T{middle}"
    symbol = ("--symbol", "BTC/USDT")
    early = (*symbol, "--since", "2024-01-10", "--until", middle)
    late = (*symbol, "--since", middle, "--until", "2024-01-20")
    for download in (early, late)[::order]:
        code, out, _ = cli(*DOWNLOAD, *download, "--json")
        assert code == 0
        side, hour = ("first", 12) if download is late else ("last", 12 - middle.endswith(":00"))
        assert json.loads(out)[0][side] == f"2024-01-15T{hour}:00:00+00:00"
    assert stored() == rows_of(past.bars["2024-01-10":"2024-01-20"])
    asked = past.asked()
    whole = (*symbol, "--since", "2024-01-10", "--until", "2024-01-20")
    assert cli(*DOWNLOAD, *whole)[0] == 0
    assert past.asked() == asked


def test_a_bar_of_which_a_part_is_wanted_and_that_grows_is_asked_for_again(
    past: Past, cli: Cli
) -> None:
    # it is the fifth of April, 20:00: the day's bar grows
    days = [*DOWNLOAD, *SINCE, "--timeframe", "1d", "--until", "2024-04-05T12:00", "--json"]
    assert json.loads(cli(*days)[1])[0]["last"] == "2024-04-04T00:00:00+00:00"
    past.venue.freeze()
    market = past.venue.sandbox.market
    after = int(datetime(2024, 4, 6, 1, tzinfo=UTC).timestamp() * 1000)
    past.venue.call(lambda: market.print(45, 1, time=after))
    assert json.loads(cli(*days)[1])[0]["last"] == "2024-04-05T00:00:00+00:00"


class Repeating:
    """A store that tells bars twice, and those that grow."""

    page = 2

    def __init__(self, bars: list[Bar]) -> None:
        self.bars = bars

    async def history(self, *_: object) -> AsyncIterator[Bar]:
        for one in [*self.bars[:3], *self.bars]:
            yield one


def test_what_a_store_tells_twice_or_too_early_is_left_out(url: str) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    prices = dict.fromkeys(("open", "high", "low", "close", "volume"), Decimal(1))
    told = [
        Bar(instrument="i", open_at=start + n * HOURS, close_at=start + (n + 1) * HOURS, final=True,
            **prices)
        for n in range(9)
    ]  # fmt: skip
    job = BarDownload(
        cast(HistoryStore, Repeating(told)), "i", url,
        Series("v", "A/B", Timeframe(1, "h"), "start"),
        Stretch(start + HOURS, start + 7 * HOURS), start + 5.5 * HOURS, Patience(HOURS),
    )  # fmt: skip
    asyncio.run(job.run())
    assert [row[0] // HOUR - 473_352 for row in stored("ledger:v:A/B:1h")] == [1, 2, 3, 4]
    assert (job.written.added, job.written.known) == (4, 0)


def test_a_mark_is_as_long_as_the_bars_that_are_there(past: Past, cli: Cli) -> None:
    assert cli(*DOWNLOAD, *SINCE)[0] == 0
    ((begun, reached),) = rows("SELECT fingerprint, rows FROM imports")
    assert begun == f"download from {stored()[0][0]}"
    assert reached == stored()[-1][0] + HOUR
