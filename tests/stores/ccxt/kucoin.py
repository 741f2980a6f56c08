"""A bench on the sandbox of KuCoin."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

from atms.sandbox.kucoin.config import KucoinConfig
from atms.sandbox.kucoin.server import KucoinSandbox
from atms.sandbox.venue.config import MarketConfig
from atms.stores.ccxt.store import CCXTStore
from tests.stores.ccxt.bench import PRICE, SandboxBench, play
from tests.stores.ccxt.between import Words

CONFIG = KucoinConfig(
    balances={"USDT": Decimal(40_000), "BTC": Decimal(20)},
    markets=(MarketConfig(step=Decimal("0.001"), depth=Decimal(500)),),
)
WORDS = Words(
    writes=lambda method, path: method != "GET" and re.search("/hf/orders", path) is not None,
    open_orders="/hf/orders/active",
    rate_limited=(429, {"code": "429000", "msg": "Too many requests"}, {"gw-ratelimit-reset": "3"}),
    auth_failed=(401, {"code": "400003", "msg": "KC-API-KEY not exists"}, {}),
    failed=(503, {"code": "503", "msg": "Service Unavailable"}, {}),
)


class KucoinBench(SandboxBench):
    """The account of a sandbox of KuCoin."""

    exchange, words = "kucoin", WORDS

    def connection(self) -> CCXTStore:
        store = CCXTStore(
            self.exchange, key=self.sandbox.key, secret=self.sandbox.secret,
            password=self.sandbox.passphrase, url=self.front.url, market_clock="stream", timeout=5,
        )  # fmt: skip
        store.page = 3
        self.stores.append(store)
        return store

    async def bar(self, number: int) -> None:
        """Let a bar be made, and the next one begin: nothing else says that it is over."""
        await super().bar(number)
        after = datetime(2100, 3, 2, 9, number + 1, tzinfo=UTC)
        self.sandbox.market.print(PRICE, "0.001", time=int(after.timestamp() * 1000))


def run(body: Callable[[KucoinBench], Awaitable[None]], config: KucoinConfig = CONFIG) -> None:
    """Run a coroutine with a bench, and leave nothing open."""
    play(body, lambda: KucoinSandbox(config), KucoinBench)
