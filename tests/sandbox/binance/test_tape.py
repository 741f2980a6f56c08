"""A market from bars in a file: prints, klines, speed, and what a file may look like."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from atms.errors import ConfigError, DataError
from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.server import Sandbox
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.paths import path
from tests.sandbox.binance.bench import SYMBOL, played

Frames = Callable[..., pd.DataFrame]


def bars(frame: Frames, folder: Path, n: int = 60, step: str = "1min") -> str:
    """Write *n* bars to a file, and return its path."""
    made = frame(n, step=step)
    made.to_csv(folder / "bars.csv")
    return str(folder / "bars.csv")


def playing(source: str, history: int, speed: float = 1e9) -> SandboxConfig:
    return SandboxConfig(markets=(MarketConfig(source=source, history=history),), speed=speed)


def test_klines_are_the_bars_of_the_file(frame: Frames, tmp_path: Path) -> None:
    source = bars(frame, tmp_path)
    want = pd.read_csv(source)

    async def body(sandbox: Sandbox, exchange: Any) -> None:
        before = await exchange.fetch_ohlcv(SYMBOL, "1m", limit=1000)
        assert len(before) >= 20
        await sandbox.finished()
        rows = await exchange.fetch_ohlcv(SYMBOL, "1m", limit=1000)
        found = pd.DataFrame(rows, columns=["t", "open", "high", "low", "close", "volume"])
        names = ["open", "high", "low", "close", "volume"]
        pd.testing.assert_frame_equal(found[names], want[names].round(8), check_dtype=False)
        stamps = pd.to_datetime(want["datetime"], utc=True)
        assert pd.to_datetime(found["t"], unit="ms", utc=True).tolist() == stamps.tolist()

    played(body, playing(source, 20), last=None)


def test_longer_klines_are_made_of_the_bars(frame: Frames, tmp_path: Path) -> None:
    source = bars(frame, tmp_path)
    want = pd.read_csv(source, parse_dates=["datetime"]).set_index("datetime")
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    longer = want.resample("15min").agg(how)

    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await sandbox.finished()
        rows = await exchange.fetch_ohlcv(SYMBOL, "15m")
        found = pd.DataFrame([row[1:] for row in rows], columns=list(how), index=longer.index)
        pd.testing.assert_frame_equal(found, longer, check_freq=False)

    played(body, playing(source, 7), last=None)


def test_klines_are_had_in_pages(frame: Frames, tmp_path: Path) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await sandbox.finished()
        start = int(sandbox.venue.tapes["BTCUSDT"].starts[0])
        ask = {"symbol": "BTCUSDT", "interval": "1m", "limit": 25}
        page = await exchange.public_get_klines(ask | {"startTime": start})
        assert [row[0] for row in page] == [start + 60_000 * k for k in range(25)]
        end = start + 60_000 * 9
        page = await exchange.public_get_klines(ask | {"endTime": end})
        assert [row[0] for row in page] == [start + 60_000 * k for k in range(10)]
        page = await exchange.public_get_klines(ask | {"startTime": end, "endTime": end})
        assert len(page) == 1
        ask["interval"] = "1h"
        assert len(await exchange.public_get_klines(ask | {"startTime": start})) == 1

    played(body, playing(bars(frame, tmp_path), 30), last=None)


def test_a_gap_of_the_file_hides_no_later_kline(frame: Frames, tmp_path: Path) -> None:
    made = frame(60, step="1min")
    made.drop(made.index[10:50]).to_csv(tmp_path / "gap.csv")

    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await sandbox.finished()
        start = int(sandbox.venue.tapes["BTCUSDT"].starts[9]) + 60_000
        ask = {"symbol": "BTCUSDT", "interval": "1m", "limit": 3, "startTime": start}
        page = await exchange.public_get_klines(ask)
        assert [row[0] for row in page] == [start + 60_000 * k for k in (40, 41, 42)]

    played(body, playing(str(tmp_path / "gap.csv"), 5), last=None)


def test_the_speed_moves_the_market_and_not_the_clock(frame: Frames, tmp_path: Path) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        began = sandbox.market.time
        clock = (await exchange.public_get_time())["serverTime"]
        await asyncio.sleep(0.5)
        moved = sandbox.market.time - began
        assert 200_000 < moved < 900_000  # half a second at 1,200
        assert (await exchange.public_get_time())["serverTime"] - clock < 5000

    played(body, playing(bars(frame, tmp_path), 5, speed=1200), last=None)


def test_a_market_whose_file_is_over_stands_still(frame: Frames, tmp_path: Path) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await sandbox.finished()
        last = sandbox.market.last
        assert sandbox.truth.of("market")[-1]["state"] == "stands still: the file is over"
        made = await exchange.create_order(SYMBOL, "market", "buy", 1)
        assert made["status"] == "closed"
        assert sandbox.market.last == last

    played(body, playing(bars(frame, tmp_path), 5), last=None)


def test_a_resting_order_fills_as_bars_pass_through_its_price(
    frame: Frames, tmp_path: Path
) -> None:
    frame(closes=[100.0] * 10 + [100.0, 90.0, 95.0]).assign(volume=10.0).to_csv(
        tmp_path / "fall.csv"
    )

    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.create_order(SYMBOL, "limit", "buy", 5, 95)
        await sandbox.finished()
        done = await exchange.fetch_order(made["id"], SYMBOL)
        assert (done["status"], done["average"]) == ("closed", 95)
        assert len(sandbox.truth.of("fill")) > 1

    played(body, playing(str(tmp_path / "fall.csv"), 10, speed=36_000), last=None)


@pytest.mark.parametrize(
    ("prices", "corners"),
    [((10, 14, 8, 12), [10, 8, 14, 12]), ((12, 14, 8, 10), [12, 14, 8, 10])],
)
def test_a_bar_goes_by_its_direction(prices: tuple[int, int, int, int], corners: list[int]) -> None:
    opened, high, low, close = (Decimal(one) for one in prices)
    steps = path((opened, high, low, close), Decimal("100.00000007"), Decimal("0.01"))
    found = [step.price for step in steps]
    at = [found.index(Decimal(corner)) for corner in corners]
    assert at == sorted(at)
    assert (found[0], found[-1]) == (opened, close)
    assert sum(step.qty for step in steps) == Decimal("100.00000007")
    assert (max(found), min(found)) == (high, low)


def trades(folder: Path, **columns: list[object]) -> str:
    """Write ten trades, seven seconds apart, and return the file's path."""
    usual = {
        "time": [1_700_000_040_000 + 7000 * k for k in range(10)],
        "price": [100.0, 100.5, 100.5, 99.5, 99.5, 101.0, 102.5, 102.0, 101.5, 103.0],
        "qty": [0.5 + k for k in range(10)],
    }
    pd.DataFrame({**usual, **columns}).to_csv(folder / "trades.csv", index=False)
    return str(folder / "trades.csv")


def test_a_file_of_trades_is_played_trade_by_trade(tmp_path: Path) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await sandbox.finished()
        found = await exchange.fetch_trades(SYMBOL)
        assert [(one["price"], one["amount"]) for one in found][:3] == [
            (100, 0.5), (100.5, 1.5), (100.5, 2.5),
        ]  # fmt: skip
        assert found[1]["timestamp"] - found[0]["timestamp"] == 7000
        assert [one["side"] for one in found[:5]] == ["buy", "buy", "buy", "sell", "sell"]
        rows = await exchange.fetch_ohlcv(SYMBOL, "1m")
        assert [row[1:] for row in rows] == [
            [100, 102.5, 99.5, 101.5, 40.5], [103, 103, 103, 103, 9.5],
        ]  # fmt: skip

    played(body, playing(trades(tmp_path), 0), last=None)


def test_real_trades_make_the_real_minutes(shared_data: Path) -> None:
    source = shared_data / "ticks" / "XRPETH_trades_2019-10.parquet"
    want = pd.read_parquet(shared_data / "crypto_spot" / "XRPETH_1m_2019-10.parquet")
    names = ["open", "high", "low", "close", "volume"]

    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await sandbox.finished()
        rows = sandbox.market.klines.rows("1m", 0, None, 10**6)
        found = pd.DataFrame([row[:1] + row[2:7] for row in rows], columns=["t", *names])
        traded = want[want["volume"] > 0].reset_index(drop=True)
        pd.testing.assert_frame_equal(found[names], traded[names], check_dtype=False, rtol=1e-9)

    market = MarketConfig(symbol="XRP/ETH", source=str(source), history=100)
    played(body, SandboxConfig(markets=(market,), speed=1e9), last=None)


def test_trades_that_tell_the_taker_are_believed(tmp_path: Path) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await sandbox.finished()
        assert {one["side"] for one in await exchange.fetch_trades(SYMBOL)} == {"sell"}

    played(body, playing(trades(tmp_path, is_buyer_maker=[True] * 10), 0), last=None)


def test_trades_without_a_quantity_are_refused(tmp_path: Path) -> None:
    source = trades(tmp_path, qty=[0.0] * 10)
    with pytest.raises(DataError, match="10 trades have no price or no quantity"):
        Sandbox(playing(source, 0))


def test_bars_of_a_length_that_the_venue_has_not_are_refused(frame: Frames, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="7m long, and the venue has no such klines"):
        Sandbox(playing(bars(frame, tmp_path, step="7min"), 5))


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(DataError, match="no such file"):
        Sandbox(playing("nowhere.csv", 5))


def test_a_symbol_without_a_known_quote_asset_is_refused() -> None:
    with pytest.raises(ConfigError, match="write it with a slash"):
        Sandbox(SandboxConfig(markets=(MarketConfig(symbol="ABCXYZ"),)))


def test_several_symbols_are_served_at_once() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        sandbox.market_of("ETHUSDT").print(3000, 2)
        assert (await exchange.fetch_ticker("ETH/USDT"))["last"] == 3000
        assert (await exchange.fetch_ticker("BTC/USDT"))["last"] == 50_000
        made = await exchange.create_order("ETH/USDT", "market", "buy", 1)
        assert made["average"] == 3000

    markets = (MarketConfig(symbol="BTCUSDT"), MarketConfig(symbol="ETH/USDT"))
    played(body, SandboxConfig(markets=markets))
