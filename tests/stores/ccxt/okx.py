"""A bench on the sandbox of OKX: the real ccxt, over real sockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

from atms.sandbox.okx.config import OkxConfig
from atms.sandbox.okx.server import OkxSandbox
from atms.sandbox.venue.config import MarketConfig
from atms.stores.ccxt.store import CCXTStore
from tests.stores.ccxt.bench import SandboxBench, play
from tests.stores.ccxt.between import Words

# Several connections of a test ask with one key, as fast as they can.
CONFIG = OkxConfig(
    balances={"USDT": Decimal(40_000), "BTC": Decimal(20)},
    markets=(MarketConfig(step=Decimal("0.001"), depth=Decimal(500)),), limits_times=100,
)  # fmt: skip
OKX = Words(
    writes=lambda method, path: method == "POST",
    open_orders="/orders-pending",
    rate_limited=(429, {"code": "50011", "msg": "Too Many Requests", "data": []}, {}),
    auth_failed=(401, {"code": "50113", "msg": "Invalid signature.", "data": []}, {}),
    failed=(503, {"code": "50001", "msg": "Service temporarily unavailable.", "data": []}, {}),
)


class OkxBench(SandboxBench):
    """One account of the sandbox."""

    exchange, symbol = "okx", "BTC/USDT"
    words = OKX
    sandbox: OkxSandbox

    def connection(self) -> CCXTStore:
        return self.joined()

    def joined(self, **more: object) -> CCXTStore:
        """Return a connection with arguments of its own."""
        given = {
            "key": self.sandbox.key, "secret": self.sandbox.secret,
            "password": self.sandbox.passphrase, "url": self.front.url, "market_clock": "stream",
            "timeout": 5,
        }  # fmt: skip
        store = CCXTStore(self.exchange, **{**given, **more})  # type: ignore[arg-type]
        store.page = 3
        self.stores.append(store)
        return store


def run(body: Callable[[OkxBench], Awaitable[None]], config: OkxConfig = CONFIG) -> None:
    """Run a coroutine with a bench, and leave nothing open."""
    play(body, lambda: OkxSandbox(config), OkxBench)
