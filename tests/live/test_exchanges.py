"""Live runs on each exchange's sandbox, killed with -9 on a bad day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from atms.sandbox.bybit.config import BybitConfig
from atms.sandbox.bybit.server import BybitThread
from atms.sandbox.bybitlinear.config import BybitLinearConfig
from atms.sandbox.bybitlinear.server import BybitLinearThread
from atms.sandbox.coinbase.config import CoinbaseConfig
from atms.sandbox.coinbase.server import CoinbaseThread
from atms.sandbox.kraken.config import KrakenConfig
from atms.sandbox.kraken.names import exec_id
from atms.sandbox.kraken.server import KrakenThread
from atms.sandbox.kucoin.config import KucoinConfig
from atms.sandbox.kucoin.server import KucoinThread
from atms.sandbox.okx.config import OkxConfig
from atms.sandbox.okx.server import OkxThread
from atms.sandbox.okxlinear.config import OkxLinearConfig
from atms.sandbox.okxlinear.server import OkxLinearThread
from atms.sandbox.venue.config import VenueConfig
from atms.sandbox.venue.threads import ServingThread
from tests.live.exchanges import SEED, ExecOf, killed
from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.venue import Venue, serving_exchange

TROUBLE = {
    "drop_event": 0.2, "duplicate_event": 0.2, "fill_before_ack": 0.2, "disconnect_stream": 0.005,
    "timeout_after_order": 0.02,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One exchange's sandbox, and how a run uses it.

    Attributes:
        exec_of: a fill's line of the sandbox's log -> how the store calls the execution.
        wide: limits of the sandbox: runs that are killed again and again share them.
        store: what the config says of it besides its address and key.
        settle: of contracts, the asset that profits are paid in.
        emulated: stops stand here only as long as the process does, and the config agrees.
        trouble: what befalls it besides what befalls all.
    """

    thread: type[ServingThread]
    config: type[VenueConfig]
    exec_of: ExecOf
    wide: Mapping[str, Any] = field(default_factory=dict)
    store: Mapping[str, Any] = field(default_factory=dict)
    settle: str = ""
    emulated: bool = False
    trouble: Mapping[str, float] = field(default_factory=dict)


FEED_OF_CONTRACTS = {
    "name": "btc", "store": "venue", "symbol": "BTC/USDT:USDT", "timeframe": "1h",
    "currency": "USDT",
}  # fmt: skip
PASSPHRASE = {"passphrase": "${ATMS_SANDBOX_PASSPHRASE}"}
EXCHANGES = {
    "bybit": Exchange(
        thread=BybitThread, config=BybitConfig, emulated=True,
        exec_of=lambda line: f"{line['symbol']}:{line['trade']}",
    ),
    "bybitlinear": Exchange(
        thread=BybitLinearThread, config=BybitLinearConfig, settle="USDT",
        store={"options": {"leverage": 20}},
        trouble={"read_lag": 0.05, "http_503_after_order": 0.03},
        exec_of=lambda line: f"{line['symbol']}:{line['trade']}",
    ),
    "coinbase": Exchange(
        thread=CoinbaseThread, config=CoinbaseConfig,
        wide={"private_limit": 1000, "public_limit": 1000},
        exec_of=lambda line: f"{line['trade']:064x}",
    ),
    "kraken": Exchange(
        thread=KrakenThread, config=KrakenConfig, wide={"limits_times": 1000},
        store={"options": {"limits_times": 1000}}, exec_of=lambda line: exec_id(line["trade"]),
    ),
    "kucoin": Exchange(
        thread=KucoinThread, config=KucoinConfig, emulated=True, store=PASSPHRASE,
        wide={"spot": 10**6, "public": 10**6, "management": 10**6},
        trouble={"read_lag": 0.05, "http_503_after_order": 0.03},
        exec_of=lambda line: f"BTC-USDT:{line['trade']}:{line['side'].lower()}",
    ),
    "okx": Exchange(
        thread=OkxThread, config=OkxConfig, emulated=True, store=PASSPHRASE,
        wide={"limits_times": 100}, trouble={"read_lag": 0.05, "error_1007_after_order": 0.02},
        exec_of=lambda line: f"BTC-USDT:{line['trade']}",
    ),
    "okxlinear": Exchange(
        thread=OkxLinearThread, config=OkxLinearConfig, settle="USDT",
        store={**PASSPHRASE, "options": {"leverage": 20}}, wide={"limits_times": 100},
        trouble={"read_lag": 0.05, "error_1007_after_order": 0.02},
        exec_of=lambda line: f"BTC-USDT-SWAP:{line['trade']}",
    ),
}  # fmt: skip


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Venue]]:
    """Serve an exchange until the test is over, and point the environment at it."""
    with ExitStack() as stack:

        def call(exchange: Exchange, **options: Any) -> Venue:
            made = serving_exchange(exchange.thread, exchange.config, **options)
            venue = stack.enter_context(made)
            for name, value in venue.env.items():
                monkeypatch.setenv(name, value)
            return venue

        yield call


def store_of(name: str) -> dict[str, Any]:
    """Return what the config says of an exchange."""
    return {
        "venue": name, "url": "${ATMS_SANDBOX_URL}", "key": "${ATMS_SANDBOX_KEY}",
        "secret": "${ATMS_SANDBOX_SECRET}", "market_clock": "stream", **EXCHANGES[name].store,
    }  # fmt: skip


@pytest.mark.parametrize("name", EXCHANGES)
def test_killed_at_random_instants_of_a_bad_day_it_loses_and_doubles_nothing(
    name: str, starter: Starter, serve: Callable[..., Venue]
) -> None:
    exchange = EXCHANGES[name]
    faults = {**TROUBLE, **exchange.trouble}
    venue = serve(exchange, faults=faults, seed=SEED, **exchange.wide)
    more: dict[str, Any] = {}
    if exchange.emulated:
        more["execution"] = {"emulated_protection": True}
    if exchange.settle:
        more["data"] = {"feeds": [FEED_OF_CONTRACTS]}
    kind = "Turn" if exchange.settle else "Busy"
    write_run(kind, stores={"venue": store_of(name)}, **more)
    killed(starter, venue, exchange.exec_of, exchange.settle)


@pytest.mark.parametrize(
    "name", [name for name in EXCHANGES if "passphrase" in EXCHANGES[name].store]
)
def test_a_key_without_its_passphrase_is_told_by_the_name_of_what_is_missing(
    name: str, starter: Starter, serve: Callable[..., Venue]
) -> None:
    serve(EXCHANGES[name])
    store = {key: value for key, value in store_of(name).items() if key != "passphrase"}
    write_run("Hold", stores={"venue": store})
    process = starter.run("live", "-c", "live.yaml", "--yes")
    assert process.code not in (0, None)
    assert f"stores.venue.passphrase: a key of {name} has one" in process.err
    assert Path("state").exists() is False
