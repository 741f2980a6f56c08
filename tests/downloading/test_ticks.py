"""A venue's trades in a Parquet file: each once, whatever happens on the way."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from atms.downloading import ticks
from atms.downloading.tickfile import TickFile
from atms.errors import DataError
from atms.stores.ccxt.profiles.binance.profile import BinanceSpot
from atms.stores.market import Print
from tests.downloading.past import Cli, Past, stored, write_config
from tests.live.processes import Starter
from tests.live.venue import serving

START = datetime(2024, 3, 1, tzinfo=UTC)
TICKS = ("data", "download", "-c", "venue.yaml", "--store", "mine", "--ticks")
WANTED = ("--symbol", "BTC/USDT", "--since", "2024-03-01", "--out", "t.parquet")
MADE = 2501  # the last tells the time, and is not over
Row = tuple[Any, ...]


@pytest.fixture
def market(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Past]:
    """A venue with a trade every ten seconds since the first of March."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{workdir}/atms.db")
    write_config()
    with serving(seconds_a_bar=0) as venue:
        monkeypatch.setenv("ATMS_SANDBOX_URL", venue.sandbox.url)
        venue.call(trade, venue.sandbox.market, 0, MADE)
        yield Past(venue, pd.DataFrame())


def trade(market: Any, first: int, number: int) -> None:
    """Let trades happen: the price goes up and down, the quantity tells the number."""
    for n in range(first, first + number):
        at = int((START + timedelta(seconds=10 * n)).timestamp() * 1000)
        price = Decimal(50_000 + (n * 7) % 100) / 100
        market.print(price, Decimal(n + 1) / 1000, buyer_took=n % 3 > 0, time=at)


def expected(number: int) -> list[Row]:
    """Return what a file should hold of the first trades: time, price, volume, side."""
    return [
        (
            START + timedelta(seconds=10 * n), (50_000 + (n * 7) % 100) / 100, (n + 1) / 1000,
            "buy" if n % 3 else "sell",
        )
        for n in range(number)
    ]  # fmt: skip


def held(path: str = "t.parquet") -> list[Row]:
    """Return a file's rows without their ids, which must rise."""
    frame = pd.read_parquet(path)
    assert (frame["id"].astype("int64").diff().dropna() > 0).all()
    columns = (frame[name].tolist() for name in ("datetime", "price", "volume", "side"))
    return list(zip(*columns, strict=True))


def test_every_trade_is_in_the_file_once_and_the_ledger_has_none(market: Past, cli: Cli) -> None:
    code, out, err = cli(*TICKS, *WANTED)
    assert (code, out) == (0, ""), err
    assert held() == expected(MADE - 1)
    assert not Path("t.parquet.parts").exists()
    assert not Path("atms.db").exists()
    assert "2,500 trades in t.parquet, 2024-03-01 00:00:00 to 2024-03-01 06:56:30 UTC" in err


@pytest.mark.parametrize(
    ("since", "until", "first", "end"),
    [
        ("2024-03-01T01:00", "2024-03-01T02:00", 360, 720),
        ("2024-03-01T01:00:05", "2024-03-01T01:00:10", None, None),  # between two trades
        ("2024-02-01", "2024-02-02", None, None),
        ("2024-02-01", "2024-03-01T00:00:01", 0, 1),
        ("2024-03-01T06:56:30", None, 2499, 2500),
    ],
)
def test_trades_are_those_from_a_time_to_a_time(
    since: str, until: str | None, first: int | None, end: int, market: Past, cli: Cli
) -> None:
    options = ["--symbol", "BTCUSDT", "--since", since, "--out", "t.parquet"]
    code, _, err = cli(*TICKS, *options, *(["--until", until] if until else []))
    if first is None:
        assert code == 3
        assert "no trades of that time" in err
        assert not Path("t.parquet").exists()
    else:
        assert code == 0, err
        assert held() == expected(end)[first:]


def test_later_only_what_is_new_is_asked_for_and_added(market: Past, cli: Cli) -> None:
    assert cli(*TICKS, *WANTED)[0] == 0
    asked = market.asked("aggTrades")
    market.venue.call(trade, market.venue.sandbox.market, MADE, 300)
    code, out, _ = cli(*TICKS, *WANTED, "--json")
    assert code == 0
    assert json.loads(out)[0]["rows"] == MADE + 300 - 1
    assert market.asked("aggTrades") - asked == 1
    assert held() == expected(MADE + 300 - 1)


def pages_begin(market: Past, cli: Cli) -> int:
    """Return which question asks for the first page of 1,000; there are three."""
    asked = market.asked("aggTrades")
    assert cli(*TICKS, *WANTED, "--out", "other.parquet")[0] == 0
    return market.asked("aggTrades") - asked - 2


def test_a_ban_keeps_what_came_and_a_kill_takes_nothing_of_it(
    market: Past, cli: Cli, starter: Starter
) -> None:
    market.at_question(pages_begin(market, cli), lambda: market.ban(7200), "aggTrades")
    code, _, err = cli(*TICKS, *WANTED)
    assert code == 4
    assert "1,000 trades, up to 2024-03-01 02:46 UTC, are in t.parquet.parts" in err
    assert "the same command goes on there, in 2.0 h" in err
    market.pardon()
    process = starter.start(*TICKS, *WANTED)
    market.at_question(2, lambda: process.send(signal.SIGKILL), "aggTrades")
    assert process.wait() == -signal.SIGKILL
    assert not Path("t.parquet").exists()
    asked = market.asked("aggTrades")
    assert starter.run(*TICKS, *WANTED).code == 0
    assert market.asked("aggTrades") - asked == 2  # 1,500 trades by a thousand
    assert held() == expected(MADE - 1)


def test_after_ctrl_c_what_came_is_kept_and_told(market: Past, cli: Cli, starter: Starter) -> None:
    second = pages_begin(market, cli) + 1
    process = starter.start(*TICKS, *WANTED)
    market.at_question(second, lambda: process.send(signal.SIGINT), "aggTrades")
    assert process.wait() == 130
    assert "interrupted; kept: 1,000 trades, up to 2024-03-01 02:46 UTC, are in" in process.err
    assert "t.parquet.parts; the same command goes on there" in process.err
    assert held("t.parquet.parts/000000.parquet") == expected(1000)
    assert starter.run(*TICKS, *WANTED).code == 0
    assert held() == expected(MADE - 1)


def test_bars_made_of_the_trades_are_the_venues_bars(market: Past, cli: Cli) -> None:
    assert cli(*TICKS, *WANTED)[0] == 0
    of = ("--venue", "v", "--symbol", "X", "--timeframe", "1m")
    assert cli("data", "import", "t.parquet", "--preset", "trades", *of)[0] == 0
    download = ("data", "download", "-c", "venue.yaml", "--store", "mine", "--timeframe", "1m")
    assert cli(*download, "--symbol", "BTC/USDT", "--since", "2024-03-01")[0] == 0
    ours = stored("ledger:v:X:1m")
    venues = stored("ledger:binance-loopback:BTC/USDT:1m")
    assert len(venues) == 416  # 2,500 trades, six a minute; the 417th grows
    assert [row[:5] for row in ours[:416]] == [row[:5] for row in venues]
    assert [row[5] for row in ours[:416]] == pytest.approx([row[5] for row in venues])


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--timeframe", "1m"], 2, "trades have no --timeframe"),
        (["--replace"], 2, "--force begins the file anew"),
        (["--out", "t.csv"], 2, "written as .parquet"),
        (["--symbol", "ETH/USDT"], 2, "go into a folder"),
        (["--since", "2037-01-01"], 2, "lies in the future"),
        (["--out", "venue.yaml/t.parquet"], 1, "there is no folder"),
    ],
)
def test_what_cannot_be_is_refused(
    options: list[str], code: int, words: str, market: Past, cli: Cli
) -> None:
    found, out, err = cli(*TICKS, *WANTED, *options)
    assert (found, out) == (code, "")
    assert words in err


def test_trades_need_a_file(market: Past, cli: Cli) -> None:
    code, _, err = cli(*TICKS, "--symbol", "BTC/USDT", "--since", "2024-03-01")
    assert code == 2
    assert "the ledger has bars and no trades" in err


def test_a_market_without_trades_of_the_past_is_refused(
    market: Past, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        BinanceSpot, "capabilities", replace(BinanceSpot.capabilities, trade_history=False)
    )
    code, _, err = cli(*TICKS, *WANTED)
    assert (code, err) == (4, "error: binance-spot: tells no public trades of the past\n")


def test_a_file_of_something_else_stays(market: Past, cli: Cli) -> None:
    pd.DataFrame({"a": [1]}).to_parquet("t.parquet")
    code, _, err = cli(*TICKS, *WANTED)
    assert code == 1
    assert "choose another name, or --force" in err
    assert list(pd.read_parquet("t.parquet")) == ["a"]
    assert cli(*TICKS, *WANTED, "--force")[0] == 0
    assert held() == expected(MADE - 1)


def test_trades_before_those_of_a_file_need_another_one(market: Past, cli: Cli) -> None:
    assert cli(*TICKS, *WANTED)[0] == 0
    code, _, err = cli(*TICKS, *WANTED, "--since", "2024-02-01")
    assert code == 1
    assert "has trades since 2024-03-01T00:00:00Z" in err


# ---- the file's parts, at every point at which a kill may come ----------------------------------
ABOUT = {"venue": "v", "symbol": "A/B", "since": "2024-01-01T00:00:00Z"}


def printed(first: int, number: int) -> list[Print]:
    return [
        Print(
            at=START + timedelta(seconds=n), instrument="v:A/B", id=str(n), price=Decimal(n),
            qty=Decimal(1), taker=None,
        )
        for n in range(first, first + number)
    ]  # fmt: skip


def filled(*parts: tuple[int, int]) -> TickFile:
    file = TickFile(Path("t.parquet"), ABOUT)
    for first, number in parts:
        for one in printed(first, number):
            file.add(one)
        file.keep()
    return file


def ids(path: str = "t.parquet") -> list[int]:
    return [int(one) for one in pq.read_table(path)["id"].to_pylist()]


def test_a_part_that_is_in_the_file_already_is_not_put_in_again() -> None:
    filled((1, 3), (4, 3)).finish()
    kept = filled((7, 2), (9, 2))
    spare = {path.name: path.read_bytes() for path in kept.parts.iterdir()}
    kept.finish()
    kept.parts.mkdir()  # as if it had been ended before they were taken away
    for name, content in spare.items():
        (kept.parts / name).write_bytes(content)
    again = TickFile(Path("t.parquet"), ABOUT)
    assert (again.rows, again.last) == (10, ("10", START + timedelta(seconds=10)))
    for one in printed(11, 2):
        again.add(one)
    again.finish()
    assert ids() == list(range(1, 13))
    assert not again.parts.exists()


def test_a_part_that_was_half_written_does_not_count() -> None:
    file = filled((1, 3))
    (file.parts / ".000001.parquet.partial-7").write_bytes(b"half")
    assert TickFile(Path("t.parquet"), ABOUT).rows == 3


def test_a_part_that_is_gone_is_noticed() -> None:
    file = filled((1, 3), (4, 3), (7, 3))
    (file.parts / "000001.parquet").unlink()
    with pytest.raises(DataError, match="a part before it is missing; --force"):
        TickFile(Path("t.parquet"), ABOUT)


def test_a_file_is_looked_over() -> None:
    filled((1, 3), (7, 2)).finish()
    found = ticks.look_over_ticks(Path("t.parquet"))
    assert (found.rows, found.missing, found.doubled, found.back) == (5, 3, 0, 0)
    filled((8, 2)).finish()
    found = ticks.look_over_ticks(Path("t.parquet"))
    assert (found.rows, found.missing, found.doubled, found.back) == (7, 3, 1, 0)
