"""A bench on the sandbox of Bybit: the real ccxt, over real sockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

from atms.sandbox.bybit.config import BybitConfig
from atms.sandbox.bybit.server import BybitSandbox
from atms.sandbox.venue.config import MarketConfig
from tests.stores.ccxt.bench import SandboxBench, play
from tests.stores.ccxt.between import Words

CONFIG = BybitConfig(
    balances={"USDT": Decimal(40_000), "BTC": Decimal(20)},
    markets=(MarketConfig(step=Decimal("0.001"), depth=Decimal(500)),),
)
WORDS = Words(
    writes=lambda method, path: method == "POST",
    open_orders="/v5/order/realtime",
    rate_limited=(
        200, {"retCode": 10006, "retMsg": "Too many visits!", "result": {}, "time": 1000},
        {"X-Bapi-Limit-Reset-Timestamp": "3000"},
    ),
    auth_failed=(200, {"retCode": 10003, "retMsg": "API key is invalid.", "result": {}}, {}),
    failed=(200, {"retCode": 10016, "retMsg": "Server error.", "result": {}}, {}),
)  # fmt: skip


class BybitBench(SandboxBench):
    """One account of the sandbox."""

    exchange, words = "bybit", WORDS
    sandbox: BybitSandbox


def run(body: Callable[[BybitBench], Awaitable[None]], config: BybitConfig = CONFIG) -> None:
    """Run a coroutine with a bench, and leave nothing open."""
    play(body, lambda: BybitSandbox(config), BybitBench)
