"""No connection: the message says to which host, what failed and what to look at."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from atms.errors import VenueError
from atms.stores.base import Unreachable
from atms.stores.ccxt import wire
from atms.stores.ccxt.store import CCXTStore
from atms.stores.ccxt.unconnected import no_connection
from tests.stores.ccxt.bench import SandboxBench, run


def refused(url: str, exchange: str = "binance") -> str:
    """Return what a store without a key says when it cannot be connected."""

    async def connected() -> None:
        await CCXTStore(exchange, url=url, timeout=2).connect()

    with pytest.raises(Unreachable) as caught:
        asyncio.run(connected())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize("exchange", ["binance", "kraken", "okx"])
def test_where_nothing_listens_it_says_where_and_how_a_sandbox_is_started(exchange: str) -> None:
    port = free_port()
    told = refused(f"http://127.0.0.1:{port}", exchange)
    assert told == (
        f"{exchange}-spot-loopback: no connection to 127.0.0.1:{port}: it is refused; nothing "
        "listens there: start what should (a sandbox: python -m atms sandbox --help), or give the "
        "store's url its port"
    )


def test_https_where_there_is_none_names_clock_certificates_and_https_itself() -> None:
    async def body(bench: SandboxBench) -> None:
        store = CCXTStore("binance", url=bench.front.url.replace("http:", "https:"), timeout=2)
        bench.stores.append(store)
        with pytest.raises(VenueError) as caught:
            await store.connect()
        told = str(caught.value)
        assert "no connection to 127.0.0.1:" in told
        assert "clock and certificates" in told
        assert "whether it is https at all" in told

    run(body)


def test_a_name_that_cannot_be_resolved_is_told_as_one() -> None:
    key = ConnectionKey("api.nosuch.invalid", 443, True, True, None, None, None)
    cause = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert no_connection(aiohttp.ClientConnectorDNSError(key, cause), 2) == (
        "no connection: api.nosuch.invalid is not known here (Name or service not known); look at "
        "the network and its name server (DNS), and at how the name is written"
    )


def test_a_host_that_is_silent_is_told_without_what_was_to_be_sent() -> None:
    error = aiohttp.ConnectionTimeoutError(
        "Connection timeout to host https://api.venue.example:8443/v3/order?signature=abc"
    )
    assert no_connection(error, 2) == (
        "no connection to api.venue.example:8443 within 2 s; look at the network and at what "
        "stands between: firewall, VPN, proxy"
    )


def test_what_is_cut_short_while_ccxt_is_loaded_leaves_no_session_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[dict[str, Any]] = []

    def cut(exchange: str) -> Any:
        raise Unreachable("cut short")  # as by a second Ctrl-C, which no test may raise in a loop

    async def connected() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
        with pytest.raises(Unreachable, match="cut short"):
            await CCXTStore("binance", url="http://127.0.0.1:1").connect()
        gc.collect()

    monkeypatch.setattr(wire, "class_of", cut)
    asyncio.run(connected())
    assert [one["message"] for one in heard] == []
