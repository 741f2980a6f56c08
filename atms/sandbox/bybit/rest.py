"""The REST wire: which paths there are, and what stands around an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from atms.sandbox.bybit import private, public
from atms.sandbox.bybit.asked import Asked
from atms.sandbox.bybit.gate import authenticate
from atms.sandbox.bybit.refusals import Refused
from atms.sandbox.bybit.venue import BybitGrounds
from atms.sandbox.venue.http import web
from atms.sandbox.venue.rest import Reply, Rest


@dataclass(frozen=True)
class Endpoint:
    """One thing that can be asked."""

    call: Callable[[Asked], dict[str, Any]]
    signed: bool = True


ROUTES = {
    ("GET", "/v5/market/time"): Endpoint(public.time, signed=False),
    ("GET", "/v5/market/instruments-info"): Endpoint(public.instruments, signed=False),
    ("GET", "/v5/market/kline"): Endpoint(public.kline, signed=False),
    ("GET", "/v5/market/tickers"): Endpoint(public.tickers, signed=False),
    ("GET", "/v5/market/orderbook"): Endpoint(public.orderbook, signed=False),
    ("GET", "/v5/market/recent-trade"): Endpoint(public.trades, signed=False),
    ("POST", "/v5/order/create"): Endpoint(private.create),
    ("POST", "/v5/order/cancel"): Endpoint(private.cancel),
    ("GET", "/v5/order/realtime"): Endpoint(private.realtime),
    ("GET", "/v5/order/history"): Endpoint(private.history),
    ("GET", "/v5/execution/list"): Endpoint(private.executions),
    ("GET", "/v5/account/wallet-balance"): Endpoint(private.wallet),
    ("GET", "/v5/account/info"): Endpoint(private.account_info),
    ("GET", "/v5/user/query-api"): Endpoint(private.query_api),
    ("GET", "/v5/asset/coin/query-info"): Endpoint(private.coins),
}


class BybitRest(Rest):
    """Answers requests; refusals are answers with HTTP 200 mostly.

    Attributes:
        routes: method and path -> what can be asked.
    """

    venue: BybitGrounds
    routes = ROUTES

    def places(self, request: web.Request) -> bool:
        """Return whether a request places an order."""
        return request.path == "/v5/order/create"

    def before(self, request: web.Request) -> None:
        """Bar an address that asks too often, or by a fault."""
        often = not self.venue.addresses.take(_address(request))
        if often or self.venue.faults.happens("ban"):
            self.venue.bar(_address(request))

    def closed(self) -> Reply:
        """Return what every request is answered while the venue is in maintenance."""
        return self._reply(Refused(10016, "Server error.", status=503))

    def unknown_outcome(self) -> Reply:
        """Return the answer that leaves open what became of an order."""
        return self._reply(Refused(170007, "Timeout waiting for response from backend server."))

    def answer(self, request: web.Request, body: str) -> Reply:
        """Return what the venue answers."""
        if self.venue.barred_until.get(_address(request), 0) > self.venue.clock.now():
            return Reply(status=403, body="403, access too frequent")
        endpoint = self.routes.get((request.method, request.path))
        if endpoint is None:
            return Reply(status=404, body="404 page not found")
        headers: dict[str, str] = {}
        query, posts = request.rel_url.raw_query_string, request.method == "POST"
        try:
            key = None
            if endpoint.signed:
                key = authenticate(self.venue, request.headers, body if posts else query)
                taken = self.venue.limit_of(request.path).take("account")
                headers = self._limits(request.path)
                if not taken:
                    raise Refused(10006, "Too many visits. Exceeded the API Rate Limit.")
            given = _read(body) if posts else dict(parse_qsl(query))
            return self._reply(endpoint.call(Asked(self.venue, given, key)), headers)
        except Refused as refusal:
            self.venue.truth.note("reject", path=request.path, code=refusal.code)
            return self._reply(refusal, headers)

    def _limits(self, path: str) -> dict[str, str]:
        limit, now = self.venue.limit_of(path), self.venue.clock.now()
        left = limit.left("account")
        return {
            "X-Bapi-Limit": str(limit.limit), "X-Bapi-Limit-Status": str(left),
            "X-Bapi-Limit-Reset-Timestamp": str(now if left else now + limit.again()),
        }  # fmt: skip

    def _reply(
        self, said: dict[str, Any] | Refused, headers: Mapping[str, str] | None = None
    ) -> Reply:
        code, text, status, result = 0, "OK", 200, said
        if isinstance(said, Refused):
            code, text, status, result = said.code, said.text, said.status, {}
        body = {"retCode": code, "retMsg": text, "result": result, "retExtInfo": {},
                "time": self.venue.clock.now()}  # fmt: skip
        return Reply(status=status, body=body, headers=headers or {})


def _read(body: str) -> dict[str, Any]:
    """Return the parameters of a body.

    Raises:
        Refused: it is no JSON of the right form.
    """
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refused(10001, "Request parameter error.")
    return given


def _address(request: web.Request) -> str:
    return request.remote or "127.0.0.1"
