"""OKX's REST wire: which path answers what, and how often it may be asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from atms.sandbox.okx.grounds import OkxGrounds
from atms.sandbox.okx.private import Private
from atms.sandbox.okx.public import Public
from atms.sandbox.okx.refusals import TEXTS, Refused
from atms.sandbox.okx.security import check_request
from atms.sandbox.okx.trading import Trading
from atms.sandbox.venue.http import web
from atms.sandbox.venue.rest import Reply, Rest

ROOT = "/api/v5/"
PLACES = ("trade/order", "trade/batch-orders")
_DONE = {"0": "", "1": "All operations failed", "2": "Bulk operation partially succeeded"}


@dataclass(frozen=True)
class Endpoint:
    """What answers a path.

    Attributes:
        call: with the parameters, and with the key where it is signed.
        limit: requests in 2 s; of an address, or of the account and what it trades.
    """

    call: Callable[..., Any]
    limit: int
    signed: bool = False


Table = dict[str, Endpoint]


def reading(public: Public, private: Private) -> Table:
    """Return what answers a GET of every kind of market."""
    return {
        "public/time": Endpoint(public.time, 10),
        "public/instruments": Endpoint(public.instruments, 20),
        "market/candles": Endpoint(public.candles, 40),
        "market/history-candles": Endpoint(public.candles, 20),
        "market/ticker": Endpoint(public.ticker, 20),
        "market/books": Endpoint(public.books, 40),
        "market/trades": Endpoint(public.trades, 100),
        "market/history-trades": Endpoint(public.history_trades, 20),
        "account/config": Endpoint(private.config, 5, signed=True),
        "account/balance": Endpoint(private.balance, 10, signed=True),
        "asset/currencies": Endpoint(private.currencies, 12, signed=True),
        "trade/order": Endpoint(private.order, 60, signed=True),
        "trade/orders-pending": Endpoint(private.pending, 60, signed=True),
        "trade/orders-history": Endpoint(private.history, 40, signed=True),
        "trade/fills": Endpoint(private.fills, 60, signed=True),
        "trade/fills-history": Endpoint(private.old_fills, 10, signed=True),
    }


def writing(trading: Trading) -> Table:
    """Return what answers a POST of every kind of market."""
    return {
        "trade/order": Endpoint(trading.place, 60, signed=True),
        "trade/batch-orders": Endpoint(trading.place, 300, signed=True),
        "trade/cancel-order": Endpoint(trading.cancel, 60, signed=True),
    }


class OkxRest(Rest):
    """Answers requests."""

    venue: OkxGrounds

    def __init__(self, venue: OkxGrounds) -> None:
        super().__init__(venue)
        self._trading: Trading
        self._read, self._write = self._endpoints(venue)

    def _endpoints(self, venue: OkxGrounds) -> tuple[Table, Table]:
        """Return what answers a GET and what a POST."""
        public, private = Public(venue), Private(venue)
        self._trading = trading = Trading(venue, private)
        return reading(public, private), writing(trading)

    def answer(self, request: web.Request, body: str) -> Reply:
        """Return what the venue answers."""
        code = "0"
        try:
            reply = self._answered(request, body)
            code = str(reply.body["code"])
        except Refused as refused:
            code, reply = refused.code, _reply(refused.code, refused.text, [], refused.status)
        self.venue.truth.note("request", name=f"{request.method} {request.path}", code=code)
        return reply

    def _answered(self, request: web.Request, body: str) -> Reply:
        name = request.path.removeprefix(ROOT)
        table = {"GET": self._read, "POST": self._write}.get(request.method, {})
        endpoint = table.get(name)
        if endpoint is None:
            if name in self._read or name in self._write:
                raise Refused("50115")
            words = {"code": "404", "data": {}, "msg": "Not Found", "error_message": "Not Found"}
            return Reply(status=404, body=words)
        key = None
        if endpoint.signed:
            key = check_request(
                self.venue.keys, self.venue.clock, request.method, request.raw_path, body,
                request.headers,
            )  # fmt: skip
        given = _given(request, body)
        first: Any = given[0] if isinstance(given, list) else given
        whose = str(first.get("instId", "")) if endpoint.signed else request.remote or ""
        self.venue.take(f"{request.method} {name}", endpoint.limit, whose)
        if request.method == "POST":
            wishes = given if isinstance(given, list) else [given]
            told, done = self._trading.each(endpoint.call, wishes)
            return _reply(told, _DONE[told], done)
        return _reply(
            "0", "", endpoint.call(given, key) if endpoint.signed else endpoint.call(given)
        )

    def places(self, request: web.Request) -> bool:
        """Return whether a request places an order."""
        return request.method == "POST" and request.path.removeprefix(ROOT) in PLACES

    def closed(self) -> Reply:
        """Return what every request is answered in maintenance."""
        return _reply("50001", TEXTS["50001"][1], [], 503)

    def unknown_outcome(self) -> Reply:
        """Return the answer that leaves open what became of an order."""
        return _reply("50004", TEXTS["50004"][1], [], 400)


def _given(request: web.Request, body: str) -> Any:
    """Return the parameters: of the address, or a body of JSON.

    Raises:
        Refused: the body is none.
    """
    if request.method == "GET":
        return dict(request.query)
    if request.content_type != "application/json":
        raise Refused("50006")
    try:
        given = json.loads(body)
    except ValueError:
        raise Refused("50002") from None
    rows = given if isinstance(given, list) else [given]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise Refused("50002")
    return given


def _reply(code: str, text: str, data: Any, status: int = 200) -> Reply:
    return Reply(status=status, body={"code": code, "msg": text, "data": data})
