"""What is asked for: symbols in either form, lengths that there are, times that were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atms.sandbox.venue.config import MarketConfig
from tests.downloading.past import DOWNLOAD, SINCE, Cli, Past, stored
from tests.live.venue import serving


def refused(cli: Cli, code: int, *args: str) -> str:
    """Return the error of a download that comes to nothing."""
    found, out, err = cli(*args)
    assert (found, out) == (code, ""), err
    assert "bug in atms" not in err
    assert "Traceback" not in err
    assert stored() == []
    return err


def test_a_symbol_may_be_written_as_the_venue_does(past: Past, cli: Cli) -> None:
    code, out, _ = cli(
        *DOWNLOAD, "--symbol", "btcusdt", "--symbol", "BTC/USDT", "--since", "2024-04", "--json"
    )
    assert code == 0
    assert [row["series"] for row in json.loads(out)] == ["ledger:binance-loopback:BTC/USDT:1h"]


def test_several_symbols_come_one_after_the_other_and_into_a_folder(
    past: Past, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    markets = tuple(
        MarketConfig(symbol=name, source="past.parquet", history=1200)
        for name in ("BTCUSDT", "ETHUSDT")
    )
    with serving(seconds_a_bar=3600, markets=markets) as venue:
        monkeypatch.setenv("ATMS_SANDBOX_URL", venue.sandbox.url)
        symbols = ("--symbol", "BTC/USDT", "--symbol", "ETHUSDT")
        code, out, err = cli(*DOWNLOAD, *symbols, "--since", "2024", "--out", "bars/", "--json")
    assert code == 0, err
    assert [row["bars"] for row in json.loads(out)] == [1200, 1200]
    assert sorted(path.name for path in Path("bars").iterdir()) == [
        "binance-loopback-BTC-USDT-1h.parquet", "binance-loopback-ETH-USDT-1h.parquet",
    ]  # fmt: skip


@pytest.mark.parametrize("written", ["BTC/USDX", "btc/usdtt"])
def test_an_unknown_symbol_is_refused_with_the_nearest(written: str, past: Past, cli: Cli) -> None:
    err = refused(cli, 4, *DOWNLOAD, "--symbol", written, "--since", "2024")
    assert "did you mean 'BTC/USDT'?" in err


def test_a_length_that_the_venue_has_not_is_refused_with_those_that_it_has(
    past: Past, cli: Cli
) -> None:
    err = refused(cli, 2, *DOWNLOAD, *SINCE, "--timeframe", "7m")
    assert "no bars of 7m; it has: 1s 1m 3m 5m 15m 30m 1h" in err


def test_a_length_may_be_written_in_another_unit(past: Past, cli: Cli) -> None:
    code, out, _ = cli(*DOWNLOAD, *SINCE, "--timeframe", "240m", "--json")
    assert code == 0
    assert json.loads(out)[0]["series"] == "ledger:binance-loopback:BTC/USDT:4h"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--since", "2037-01-01"], 2, "lies in the future: at the venue it is 2024-04-05"),
        (["--since", "2024-02-01", "--until", "2024-01-01"], 2, "ends before it starts"),
        (["--since", "yesterday"], 2, "'yesterday' is no date"),
        (["--since", ""], 2, "--since"),
        (["--since", "2024", "--wait", "long"], 2, "--wait: 'long' is no timeframe"),
        (["--since", "2024", "--out", "past.parquet"], 1, "is there already"),
        (["--since", "2024", "--out", "no/where/x.parquet"], 1, "there is no folder"),
        (["--since", "2024", "--out", "x.csv", "--symbol", "ETH/USDT"], 2, "go into a folder"),
        (["--since", "2024", "--store", "binanse"], 2, "did you mean 'binance'?"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_kept(
    options: list[str], code: int, words: str, past: Past, cli: Cli
) -> None:
    assert words in refused(cli, code, *DOWNLOAD, "--symbol", "BTC/USDT", *options)


def test_a_database_that_is_not_there_is_told(
    past: Past, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all/atms.db")
    assert "nowhere" in refused(cli, 4, *DOWNLOAD, *SINCE)


def test_a_venue_that_does_not_answer_is_told(
    past: Past, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATMS_SANDBOX_URL", "http://127.0.0.1:9")
    assert "no connection" in refused(cli, 4, *DOWNLOAD, *SINCE)
