"""The venue's own record, and a sandbox in a thread."""

from __future__ import annotations

import errno
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atms.errors import ConfigError, OutputError
from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.server import Sandbox
from atms.sandbox.binance.threads import SandboxThread
from atms.sandbox.venue.truth import Truth
from tests.sandbox.binance.bench import SYMBOL, client, played


def test_the_log_has_every_happening_before_the_answer(tmp_path: Path) -> None:
    log = tmp_path / "truth.jsonl"

    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, 49_000)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        placed = next(line for line in lines if line["what"] == "order")
        assert (str(placed["order"]), placed["price"]) == (made["id"], "49000")
        sandbox.market.print(49_000, "0.004")
        await exchange.cancel_order(made["id"], SYMBOL)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        kinds = [line["what"] for line in lines if line["what"] not in ("request", "balances")]
        assert kinds == ["server", "order", "fill", "cancel"]
        last = [line for line in lines if line["what"] == "balances"][-1]
        assert last["USDT"] == ["9804.00000000", "0.00000000"]
        asked = [line for line in lines if line["what"] == "request"]
        assert asked[-1]["name"] == "DELETE /api/v3/order"
        assert asked[-1]["key"] == exchange.apiKey[:8]
        assert exchange.secret not in log.read_text()

    played(body, SandboxConfig(log=log))


def test_fills_less_fees_are_the_balances() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        for k in range(20):
            side = "buy" if k % 3 else "sell"
            await exchange.create_order(SYMBOL, "market", side, 0.01 + k / 1000)
            sandbox.market.print(50_000 + k * 10, 1)
        quote, base = Decimal(10_000), Decimal(1)
        for fill in sandbox.truth.of("fill"):
            qty, price, fee = (Decimal(fill[name]) for name in ("qty", "price", "fee"))
            sign = 1 if fill["side"] == "BUY" else -1
            base += sign * qty - (fee if fill["fee_asset"] == "BTC" else 0)
            quote -= sign * qty * price + (fee if fill["fee_asset"] == "USDT" else 0)
        wallet = sandbox.venue.desk.wallet
        assert (wallet.free["USDT"], wallet.free["BTC"]) == (quote, base)
        assert set(wallet.locked.values()) == {0}

    played(body)


def test_a_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        Sandbox(SandboxConfig(log=tmp_path / "nowhere" / "truth.jsonl"))


def test_a_sandbox_serves_from_a_thread() -> None:
    import ccxt

    from atms.sandbox.binance.pointing import loopback_urls

    with SandboxThread() as thread:
        thread.call(thread.sandbox.market.print, 50_000, 5)
        exchange = ccxt.binance({"apiKey": thread.sandbox.key, "secret": thread.sandbox.secret})
        exchange.urls["api"] = loopback_urls(exchange.urls["api"], thread.sandbox.url)
        with exchange.session:
            made = exchange.create_order(SYMBOL, "market", "buy", 0.01)
        assert made["status"] == "closed"
        with pytest.raises(ZeroDivisionError):
            thread.call(lambda: 1 / 0)


class Full(io.StringIO):
    """A file on a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def fill_the_disk(truth: Truth) -> None:
    truth.close()
    truth._file = Full()


def test_what_fails_when_a_thread_ends_is_raised_where_it_was_started(tmp_path: Path) -> None:
    config = SandboxConfig(log=tmp_path / "truth.jsonl")
    with pytest.raises(OSError, match="No space left"), SandboxThread(config) as thread:
        thread.call(fill_the_disk, thread.sandbox.truth)


def test_and_hides_nothing_that_was_raised_before_it(tmp_path: Path) -> None:
    config = SandboxConfig(log=tmp_path / "truth.jsonl")
    with pytest.raises(ZeroDivisionError) as caught, SandboxThread(config) as thread:
        thread.call(fill_the_disk, thread.sandbox.truth)
        1 / 0  # noqa: B018
    assert any("No space left" in note for note in caught.value.__notes__)


def test_a_port_that_is_taken_is_refused() -> None:
    with SandboxThread() as thread:
        config = SandboxConfig(port=thread.sandbox.port)
        with pytest.raises(ConfigError, match="choose another"), SandboxThread(config):
            pass


def test_a_sandbox_can_be_pointed_at_by_every_address_of_ccxt() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        other = client(sandbox)
        try:
            texts = [other.urls["api"]]
            while texts:
                found = texts.pop()
                if isinstance(found, dict):
                    texts += found.values()
                else:
                    assert f"://127.0.0.1:{sandbox.port}" in found
        finally:
            await other.close()

    played(body)
