"""Trades of the past of other exchanges: each once, though many share a moment and a kill comes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from atms.sandbox.binance_usdm.config import UsdmConfig
from atms.sandbox.binance_usdm.server import UsdmThread
from atms.sandbox.bybit.config import BybitConfig
from atms.sandbox.bybit.server import BybitThread
from atms.sandbox.bybitlinear.config import BybitLinearConfig
from atms.sandbox.bybitlinear.server import BybitLinearThread
from atms.sandbox.coinbase.config import CoinbaseConfig
from atms.sandbox.coinbase.rest import CoinbaseRest
from atms.sandbox.coinbase.server import CoinbaseThread
from atms.sandbox.kraken.config import KrakenConfig
from atms.sandbox.kraken.rest import KrakenRest
from atms.sandbox.kraken.server import KrakenThread
from atms.sandbox.kucoin.config import KucoinConfig
from atms.sandbox.kucoin.server import KucoinThread
from atms.sandbox.okx.config import OkxConfig
from atms.sandbox.okx.server import OkxThread
from atms.sandbox.okxlinear.config import OkxLinearConfig
from atms.sandbox.okxlinear.server import OkxLinearThread
from tests.downloading.past import Cli, Past, write_config
from tests.live.processes import Starter
from tests.live.venue import WIDE, serving_exchange

START = datetime(2024, 3, 1, tzinfo=UTC)
AT_ONCE = 30  # trades share a moment: pages of a hundred or a thousand end inside one
MADE = 2500
TICKS = ("data", "download", "-c", "venue.yaml", "--store", "mine", "--ticks", "--out", "t.parquet")
Serve = Callable[[str], Past]


@dataclass(frozen=True)
class Exchange:
    """One exchange's sandbox, what it calls its trades, and the question at which it is stopped."""

    thread: Any
    config: Any
    path: str = ""
    stop_at: int = 2
    rest: Any = None  # what answers, where its questions are not in its log
    symbol: str = "BTC/USDT"
    options: dict[str, Any] = field(default_factory=dict)
    store: dict[str, Any] = field(default_factory=dict)


EXCHANGES = {
    "binanceusdm": Exchange(
        UsdmThread, UsdmConfig, "aggTrades", 16, symbol="BTC/USDT:USDT", options={"limits": WIDE}
    ),
    "coinbase": Exchange(
        CoinbaseThread, CoinbaseConfig, "ticker", 5, CoinbaseRest,
        options={"private_limit": 1000, "public_limit": 1000},
    ),
    "kraken": Exchange(
        KrakenThread, KrakenConfig, "Trades", 3, KrakenRest, options={"limits_times": 1000},
        store={"options": {"limits_times": 1000}},
    ),
    "okx": Exchange(OkxThread, OkxConfig, "history-trades", 10, options={"limits_times": 100}),
    "okxlinear": Exchange(
        OkxLinearThread, OkxLinearConfig, "history-trades", 10, symbol="BTC/USDT:USDT",
        options={"limits_times": 100},
    ),
    "bybit": Exchange(BybitThread, BybitConfig),
    "bybitlinear": Exchange(BybitLinearThread, BybitLinearConfig, symbol="BTC/USDT:USDT"),
    "kucoin": Exchange(KucoinThread, KucoinConfig),
}  # fmt: skip
TELLING = [name for name, exchange in EXCHANGES.items() if exchange.path]


@pytest.fixture
def serve(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve an exchange with a past of trades."""
    with ExitStack() as stack:

        def call(name: str) -> Past:
            exchange = EXCHANGES[name]
            made = serving_exchange(
                exchange.thread, exchange.config, seconds_a_bar=3_600_000, **exchange.options
            )
            venue = stack.enter_context(made)
            monkeypatch.setenv("ATMS_SANDBOX_URL", venue.sandbox.url)
            write_config(venue=name, **exchange.store)
            if exchange.rest is not None:
                monkeypatch.setattr(exchange.rest, "answer", noting(exchange.rest.answer))
            venue.call(trade, next(iter(venue.sandbox.venue.markets.values())))
            return Past(venue, pd.DataFrame())

        yield call


def noting(answer: Any) -> Any:
    """Return what answers, and notes the question first."""

    def noted(self: Any, request: Any, body: str) -> Any:
        self.venue.truth.note("request", name=request.path)
        return answer(self, request, body)

    return noted


def trade(market: Any) -> None:
    """Let trades happen; the last one tells that those before it are over."""
    market.trades.clear()
    for n in range(MADE + 1):
        price = Decimal(50_000 + (n * 7) % 100) / 10
        market.print(price, Decimal(n + 1) / 1000, buyer_took=n % 3 > 0, time=stamp(n))


def moment(n: int) -> datetime:
    return START + timedelta(seconds=10 * (n // AT_ONCE), milliseconds=250)


def stamp(n: int) -> int:
    return int(moment(n).timestamp() * 1000)


def expected(first: int) -> list[tuple[Any, ...]]:
    """Return what a file should hold from a trade on: time, price, volume, side."""
    return [
        (
            moment(n), (50_000 + (n * 7) % 100) / 10, (n + 1) / 1000, "buy" if n % 3 else "sell",
        )
        for n in range(first, MADE // AT_ONCE * AT_ONCE)
    ]  # fmt: skip


def held() -> list[tuple[Any, ...]]:
    frame = pd.read_parquet("t.parquet")
    assert (frame["id"].astype("int64").diff().dropna() == 1).all()
    columns = (frame[name].tolist() for name in ("datetime", "price", "volume", "side"))
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize("name", TELLING)
def test_each_trade_is_there_once_though_it_was_stopped_and_killed(
    name: str, serve: Serve, cli: Cli, starter: Starter
) -> None:
    market, exchange = serve(name), EXCHANGES[name]
    # since a moment that many share: of each all are in
    options = (*TICKS, "--symbol", exchange.symbol, "--since", "2024-03-01T00:00:10.250")
    until = ("--until", (START + timedelta(seconds=10 * (MADE // AT_ONCE))).isoformat()[:19])
    process = starter.start(*options, *until)
    market.at_question(exchange.stop_at, lambda: process.send(signal.SIGINT), exchange.path)
    assert process.wait() == 130, process.err
    assert "the same command goes on there" in process.err
    assert list(Path("t.parquet.parts").iterdir())
    again = starter.start(*options, *until)
    market.at_question(1, lambda: again.send(signal.SIGKILL), exchange.path)
    assert again.wait() == -signal.SIGKILL, again.err
    code, _, err = cli(*options, *until)
    assert code == 0, err
    assert held() == expected(AT_ONCE)
    assert "left" not in err  # no id in between


@pytest.mark.parametrize("name", [name for name in EXCHANGES if name not in TELLING])
def test_who_tells_the_newest_trades_alone_is_refused_with_their_number(
    name: str, serve: Serve, cli: Cli
) -> None:
    serve(name)
    code, _, err = cli(*TICKS, "--symbol", EXCHANGES[name].symbol, "--since", "2024-03-01")
    place, number = {
        "bybit": ("bybit-spot", 60), "bybitlinear": ("bybit-linear", 1000),
        "kucoin": ("kucoin-spot", 100),
    }[name]  # fmt: skip
    assert code == 4
    assert f"{place}: tells the newest {number} public trades alone" in err
