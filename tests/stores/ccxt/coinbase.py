"""The bench on the sandbox of Coinbase."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from atms.sandbox.coinbase.config import CoinbaseConfig
from atms.sandbox.coinbase.server import CoinbaseSandbox
from atms.sandbox.coinbase.tokens import new_key
from atms.sandbox.venue.config import MarketConfig
from tests.stores.ccxt.bench import SandboxBench, play
from tests.stores.ccxt.between import Words

KEY = new_key(None, None, may_withdraw=False, created=0)  # one for all tests: making it takes time
WORDS = Words(
    writes=lambda method, path: method == "POST",
    open_orders="/orders/historical/batch",
    rate_limited=(
        429, {"errors": [{"id": "rate_limit_exceeded", "message": "Too many requests"}]}, {}
    ),
    auth_failed=(401, "Unauthorized", {}),
    failed=(503, {"error": "UNAVAILABLE", "message": "upstream connect error"}, {}),
)  # fmt: skip


def config(**options: Any) -> CoinbaseConfig:
    """Return what a sandbox of a test is made with."""
    given: dict[str, Any] = {
        "balances": {"USDT": Decimal(40_000), "BTC": Decimal(20)}, "key": KEY.key,
        "secret": KEY.secret, "private_limit": 1000, "public_limit": 1000,
        "markets": (MarketConfig(step=Decimal("0.001"), depth=Decimal(500)),), **options,
    }  # fmt: skip
    return CoinbaseConfig(**given)


class CoinbaseBench(SandboxBench):
    """One account of the sandbox."""

    exchange, symbol, words = "coinbase", "BTC/USDT", WORDS


def run(body: Callable[[CoinbaseBench], Awaitable[None]], **options: Any) -> None:
    """Run a coroutine with a bench, and leave nothing open."""
    play(body, lambda: CoinbaseSandbox(config(**options)), CoinbaseBench)
