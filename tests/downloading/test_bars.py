"""A venue's bars in the ledger: each once and exact, none that still grows, nothing asked twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from atms import ledger
from atms.feeds.exporting import about_file
from atms.feeds.reading import read_raw
from atms.ledger.bars import Series
from atms.model import Timeframe
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


def test_a_mark_is_as_long_as_the_bars_that_are_there(past: Past, cli: Cli) -> None:
    assert cli(*DOWNLOAD, *SINCE)[0] == 0
    ((begun, reached),) = rows("SELECT fingerprint, rows FROM imports")
    assert begun == f"download from {stored()[0][0]}"
    assert reached == stored()[-1][0] + HOUR
