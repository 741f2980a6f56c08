"""A bench on the sandbox of Kraken: the real ccxt, over real sockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

from atms.sandbox.kraken.config import KrakenConfig
from atms.sandbox.kraken.server import KrakenSandbox
from atms.sandbox.venue.config import MarketConfig
from atms.stores.ccxt.store import CCXTStore
from tests.stores.ccxt.bench import SandboxBench, play
from tests.stores.ccxt.between import Words

# Several connections of a test sign with one key, as fast as they can.
CONFIG = KrakenConfig(
    balances={"USDT": Decimal(40_000), "BTC": Decimal(20)},
    markets=(MarketConfig(step=Decimal("0.001"), depth=Decimal(500)),),
    limits_times=1000, nonce_window=10_000,
)  # fmt: skip
WIDE = {"limits_times": 1000}
KRAKEN = Words(
    writes=lambda method, path: path.endswith(("/AddOrder", "/CancelOrder")),
    open_orders="/OpenOrders",
    rate_limited=(200, {"error": ["EAPI:Rate limit exceeded"]}, {}),
    auth_failed=(200, {"error": ["EAPI:Invalid key"]}, {}),
    failed=(503, {"error": ["EService:Unavailable"]}, {}),
)


class KrakenBench(SandboxBench):
    """One account of the sandbox."""

    exchange, symbol = "kraken", "BTC/USDT"
    words = KRAKEN
    sandbox: KrakenSandbox

    def connection(self) -> CCXTStore:
        return self.joined()

    def joined(self, **more: object) -> CCXTStore:
        """Return a connection with arguments of its own."""
        given = {
            "key": self.sandbox.key, "secret": self.sandbox.secret, "url": self.front.url,
            "market_clock": "stream", "timeout": 5, "options": WIDE,
        }  # fmt: skip
        store = CCXTStore(self.exchange, **{**given, **more})  # type: ignore[arg-type]
        store.page = 3
        self.stores.append(store)
        return store


def run(body: Callable[[KrakenBench], Awaitable[None]], config: KrakenConfig = CONFIG) -> None:
    """Run a coroutine with a bench, and leave nothing open."""
    play(body, lambda: KrakenSandbox(config), KrakenBench)
