"""A sandbox in a process of its own, in an empty folder, and runs on it."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt

from atms.config import load_config
from atms.running.live import LiveRun
from atms.sandbox.binance.config import Limits, SandboxConfig
from atms.sandbox.binance.server import Sandbox
from atms.sandbox.binance_usdm.config import UsdmConfig
from atms.sandbox.binance_usdm.server import UsdmSandbox
from atms.sandbox.kraken.config import KrakenConfig
from atms.sandbox.kraken.names import exec_id
from atms.sandbox.kraken.server import KrakenSandbox
from atms.sandbox.venue.config import MarketConfig, VenueConfig

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.live import checking

VENUES = {
    "binance": "BTC/USDT",
    "binanceusdm": "BTC/USDT:USDT",
    "bybit": "BTC/USDT",
    "bybitlinear": "BTC/USDT:USDT",
    "coinbase": "BTC/USDT",
    "kraken": "BTC/USDT",
    "kucoin": "BTC/USDT",
    "okx": "BTC/USDT",
    "okxlinear": "BTC/USDT:USDT",
}
# exchanges whose own limits are what their store keeps to: --only latencies
SANDBOXES = {
    "bybit": ("atms.sandbox.bybit.server", "BybitSandbox"),
    "bybitlinear": ("atms.sandbox.bybitlinear.server", "BybitLinearSandbox"),
    "coinbase": ("atms.sandbox.coinbase.server", "CoinbaseSandbox"),
    "kucoin": ("atms.sandbox.kucoin.server", "KucoinSandbox"),
    "okx": ("atms.sandbox.okx.server", "OkxSandbox"),
    "okxlinear": ("atms.sandbox.okxlinear.server", "OkxLinearSandbox"),
}
# seconds of a bar: ten questions for bars a second; ten orders a second
LEAST = {"coinbase": 0.3, "bybitlinear": 0.2}
OPTIONS = {"kraken": "limits_times: 100000"}  # its limits are no part of what is measured
# how a store calls the execution that a line of the log tells, where not as Binance's does
EXECUTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "coinbase": lambda line: f"{line['trade']:064x}",
    "kraken": lambda line: exec_id(line["trade"]),
    "kucoin": lambda line: f"BTC-USDT:{line['trade']}:{line['side'].lower()}",
    "okx": lambda line: f"BTC-USDT:{line['trade']}",
    "okxlinear": lambda line: f"BTC-USDT-SWAP:{line['trade']}",
}
CONFIG = """
strategy: {name: "strategies.py:Many"}
stores:
  sandbox: {venue: VENUE, url: "${ATMS_SANDBOX_URL}", key: "${ATMS_SANDBOX_KEY}",
            secret: "${ATMS_SANDBOX_SECRET}", PASSPHRASE market_clock: stream,
            options: {OPTIONS}}
data:
  warmup: 5
  feeds: [{name: btc, store: sandbox, symbol: "SYMBOL", timeframe: 1h, currency: USDT}]
risk: {max_order_notional: 1000000, max_position: 1000, max_orders_per_minute: 1000000}
execution: {state_dir: state}
ledger: {url: "sqlite:///ledger.db"}
"""
KEY, SECRET = "k" * 64, "s" * 64
HELD = {"USDT": Decimal(10**8)}
MILLION = 10**6
WIDE = {
    "weight": MILLION,
    "raw": MILLION,
    "orders_10s": MILLION,
    "orders_day": MILLION,
    "open_orders": 5000,
}
Row = tuple[str, str, str]
_chosen = ["binance"]


def choose(venue: str) -> None:
    """Let the sandboxes from now on be of this venue."""
    _chosen[:] = [venue]


def _made(options: dict[str, Any]) -> Any:
    """Return a sandbox."""
    made: dict[str, Any] = {
        "markets": (MarketConfig(source="sample:BTCUSD_1h"),), "key": KEY, "secret": SECRET,
        "speed": 3600 / options["bar"], "balances": HELD, "log": Path(options["log"]),
    }  # fmt: skip
    if options["venue"] == "coinbase":  # its keys are private ones of a curve
        del made["key"], made["secret"]
    if options["venue"] in SANDBOXES:
        module, name = SANDBOXES[options["venue"]]
        return getattr(importlib.import_module(module), name)(VenueConfig(**made))
    if options["venue"] == "kraken":
        return KrakenSandbox(KrakenConfig(**made, limits_times=100_000, nonce_window=60_000))
    made["limits"] = Limits(**options["limits"])
    futures = options["venue"] == "binanceusdm"
    return UsdmSandbox(UsdmConfig(**made)) if futures else Sandbox(SandboxConfig(**made))


async def serve(options: dict[str, Any]) -> None:
    """Serve a sandbox until standard input ends."""
    async with _made(options) as sandbox:
        told = (sandbox.url, sandbox.key, sandbox.secret, sandbox.passphrase)
        print(json.dumps(told), flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def sandbox(bar: float, limits: dict[str, int] | None = None) -> Iterator[Path]:
    """Serve one, a bar each *bar* seconds; yield the path of its log."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        (venue,) = _chosen
        options = {
            "bar": max(bar, LEAST.get(venue, bar)), "log": str(Path(folder) / "venue.jsonl"),
            "limits": limits or {}, "venue": venue,
        }  # fmt: skip
        command = [sys.executable, __file__, json.dumps(options)]
        process = subprocess.Popen(  # noqa: S603 - this file
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None and process.stdin is not None
        try:
            url, key, secret, phrase = json.loads(process.stdout.readline())
            os.environ.update(
                ATMS_SANDBOX_URL=url, ATMS_SANDBOX_KEY=key, ATMS_SANDBOX_SECRET=secret,
                ATMS_SANDBOX_PASSPHRASE=phrase,
            )  # fmt: skip
            named = CONFIG.replace("VENUE", venue).replace("SYMBOL", VENUES[venue])
            given = 'passphrase: "${ATMS_SANDBOX_PASSPHRASE}",' if phrase else ""
            named = named.replace("PASSPHRASE market", f"{given} market")
            named = named.replace("{OPTIONS}", f"{{{OPTIONS.get(venue, '')}}}")
            Path("live.yaml").write_text(named)
            yield Path(options["log"])
        finally:
            os.chdir(before)
            process.communicate()


def log_of(path: Path) -> list[dict[str, Any]]:
    """Return the venue's log."""
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def lost_or_doubled(log: Path, *, ledger: bool = False) -> list[str]:
    """Return what journal, and ledger if it is looked at, tell otherwise than the venue.

    Of contracts without their cash: funding of the last moment is booked by the next start.
    """
    path = Path("ledger.db") if ledger else None
    settle = "USDT" if VENUES[_chosen[0]].endswith(":USDT") else ""
    named = EXECUTIONS.get(_chosen[0])
    found = checking.differences(log_of(log), HELD, Path("state"), path, settle, exec_of=named)
    return [one for one in found if not (settle and "balance: " in one)]


def run(strategy: type[bt.Strategy]) -> None:
    """Run a strategy on the sandbox to its end."""
    made = LiveRun(load_config("live.yaml").config, "live", strategy=strategy)
    made.look()
    made.run()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
