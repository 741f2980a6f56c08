"""The REST wire: paths, query and body, headers, and the faults that strike a reply."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from atms.sandbox.binance.endpoints import Endpoint
from atms.sandbox.binance.gate import serve
from atms.sandbox.binance.grounds import BinanceGrounds
from atms.sandbox.binance.refusals import Refused
from atms.sandbox.venue.http import web

_SLOW = 3.0
_ACK_LAG = 0.5
_NEVER = 600.0


class Rest:
    """Answers requests.

    Args:
        routes: method and path -> what is asked.
    """

    def __init__(self, venue: BinanceGrounds, routes: Mapping[tuple[str, str], Endpoint]) -> None:
        self._venue = venue
        self._routes = routes

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        endpoint = self._routes.get((request.method, request.path))
        if endpoint is None:
            return web.Response(status=404, text="<html><body>404 Not Found</body></html>",
                                content_type="text/html")  # fmt: skip
        address = request.remote or "127.0.0.1"
        faults = self._venue.faults
        if (down := self._venue.maintenance_reply()) is not None:
            return _json(503, down)
        if faults.happens("ban"):
            self._venue.meter.ban(address)
        if faults.happens("drop_request"):
            return _hang_up(request)
        if faults.happens("slow_reply"):
            await asyncio.sleep(faults.seconds(_SLOW))
        status, body, headers = await self._answer(request, endpoint, address)
        if endpoint.places and status == 200:
            struck = await self._strike(request)
            if struck is not None:
                return struck
        return _json(status, body, headers)

    async def _answer(
        self, request: web.Request, endpoint: Endpoint, address: str
    ) -> tuple[int, Any, dict[str, str]]:
        query = request.rel_url.raw_query_string
        body = (await request.read()).decode() if request.can_read_body else ""
        status, retry, early = 200, None, False
        if endpoint.places:
            early = self._venue.faults.happens("fill_before_ack")
        try:
            sent, payload = _read(query, body)
            reply = serve(
                self._venue, endpoint, sent, address=address,
                key=request.headers.get("X-MBX-APIKEY"), payload=payload,
                name=f"{request.method} {request.path}",
            )  # fmt: skip
        except Refused as refusal:
            reply, status, retry = refusal.body(), refusal.status, refusal.retry_after
        if early:
            await asyncio.sleep(self._venue.faults.seconds(_ACK_LAG))
        headers = self._headers(address, endpoint)
        if retry is not None:
            headers["Retry-After"] = str(retry)
        return status, reply, headers

    def _headers(self, address: str, endpoint: Endpoint) -> dict[str, str]:
        used = str(self._venue.meter.used(address))
        headers = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        if endpoint.places:
            short, day = self._venue.meter.counts()
            longer = self._venue.meter.longer.header
            headers |= {
                "X-MBX-ORDER-COUNT-10S": str(short),
                f"X-MBX-ORDER-COUNT-{longer}": str(day),
            }
        return headers

    async def _strike(self, request: web.Request) -> web.StreamResponse | None:
        """Draw the faults that strike the answer to an order that was taken."""
        faults = self._venue.faults
        if faults.happens("timeout_after_order"):
            await asyncio.sleep(_NEVER)
            return _hang_up(request)
        if faults.happens("http_503_after_order"):
            return web.Response(status=503, text="<html><body>503</body></html>",
                                content_type="text/html")  # fmt: skip
        if faults.happens("error_1007_after_order"):
            return _json(504, TIMEOUT)
        return None


TIMEOUT = {
    "code": -1007,
    "msg": "Timeout waiting for response from backend server. Send status unknown; execution "
    "status unknown.",
}


def _read(query: str, body: str) -> tuple[dict[str, str], str]:
    """Return the parameters, those of the query first, and the text that was signed.

    Raises:
        Refused: -1101, a parameter is there twice.
    """
    sent: dict[str, str] = {}
    for part in (query, body):
        pairs = parse_qsl(part, keep_blank_values=True)
        if len(dict(pairs)) < len(pairs):
            raise Refused(-1101, "Duplicate values for a parameter detected.")
        for name, value in pairs:
            sent.setdefault(name, value)
    return sent, _unsigned(query) + _unsigned(body)


def _unsigned(part: str) -> str:
    """Return the text of *part* without its signature."""
    at = part.find("signature=")
    if at < 0 or (at > 0 and part[at - 1] != "&"):
        return part
    end = part.find("&", at)
    return part[: max(0, at - 1)] if end < 0 else part[:at] + part[end + 1 :]


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps(body, separators=(",", ":")),
        content_type="application/json",
        headers=headers,
    )


def _hang_up(request: web.Request) -> web.StreamResponse:
    """Cut the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
