"""When bytes of orders leave, when their answers are there, when closed bars come in."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np
from live_figures.venue import Row

# what orders go to, of every exchange; and where a POST takes one back
_ORDERS = ("/order", "/orders", "/order/create", "/orders/sync", "/AddOrder", "/batchOrders")
_SEVERAL = b"newClientOrderId"  # is there once for each order of a request of several
_CANCELS = ("/cancel", "/batch_cancel", "/CancelOrder")
_CANDLE = re.compile(r'"candles":\["(\d+)"')  # of a stream that does not say when a bar is over


@dataclass
class Times:
    """When what happened, by one clock; *sent* and *answered* by method, POST or DELETE."""

    decided: list[float] = field(default_factory=list)
    undone: list[float] = field(default_factory=list)
    sent: dict[str, list[float]] = field(default_factory=lambda: {"POST": [], "DELETE": []})
    answered: dict[str, list[float]] = field(default_factory=lambda: {"POST": [], "DELETE": []})
    accepted: list[float] = field(default_factory=list)
    canceled: list[float] = field(default_factory=list)
    closed: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)


_CLOSED = ('"x":true', '"confirm":true', ',"1"]]}')  # how a venue says that a bar is over


@contextmanager
def watched(times: Times) -> Iterator[None]:
    """Note it for as long as this lasts."""

    starts: list[str] = []

    def note(kept: dict[str, list[float]], about: Any, orders: int) -> None:
        path = about.url.path
        method = "DELETE" if path.endswith(_CANCELS) else about.method
        if path.endswith((*_ORDERS, *_CANCELS)) and method in kept:
            kept[method] += [time.perf_counter()] * orders

    async def sent(_: Any, request: Any, about: Any) -> None:
        request.orders = about.chunk.count(_SEVERAL) or 1
        note(times.sent, about, request.orders)

    async def answered(_: Any, request: Any, about: Any) -> None:
        note(times.answered, about, getattr(request, "orders", 1))

    made, received = aiohttp.ClientSession.__init__, aiohttp.ClientWebSocketResponse.receive

    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        trace = aiohttp.TraceConfig()
        trace.on_request_chunk_sent.append(sent)
        trace.on_request_end.append(answered)
        made(self, *args, **{**kwargs, "trace_configs": [trace]})

    async def receive(self: Any, *args: Any, **kwargs: Any) -> Any:
        message = await received(self, *args, **kwargs)
        text = message.data.replace(" ", "") if isinstance(message.data, str) else ""
        candle = _CANDLE.search(text)
        begins = candle is not None and starts[-1:] != [candle[1]]
        if begins and candle is not None:
            starts.append(candle[1])
        if begins or any(one in text for one in _CLOSED):
            times.closed.append(time.perf_counter())
        return message

    aiohttp.ClientSession.__init__ = make  # type: ignore[method-assign]
    aiohttp.ClientWebSocketResponse.receive = receive  # type: ignore[method-assign]
    try:
        yield
    finally:
        aiohttp.ClientSession.__init__ = made  # type: ignore[method-assign]
        aiohttp.ClientWebSocketResponse.receive = received  # type: ignore[method-assign]


def spread(name: str, goal: str, later: list[float], earlier: list[float]) -> Row:
    """Return the row of a duration, in milliseconds."""
    waits = (np.array(later) - np.array(earlier)) * 1000
    half, most = np.percentile(waits, [50, 99])
    return f"{name} (n={len(waits)})", goal, f"p50 {half:.2f} ms, p99 {most:.2f} ms"
