"""KuCoin's REST wire: paths, pools of rate limits, signatures, envelopes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from atms.sandbox.kucoin import account, market_data
from atms.sandbox.kucoin.config import SECONDS
from atms.sandbox.kucoin.refusals import Refused
from atms.sandbox.kucoin.security import checked
from atms.sandbox.kucoin.tokens import Tokens
from atms.sandbox.kucoin.venue import KucoinVenue
from atms.sandbox.venue.http import web
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.rest import Reply, Rest

Json = dict[str, Any]
_HF = "/api/v1/hf/orders"
_PLACES = (_HF, f"{_HF}/sync")
_BUSY = {"code": "500000", "msg": "Internal Server Error"}
_DOWN = {"code": "503", "msg": "Service Unavailable"}


@dataclass(frozen=True)
class Endpoint:
    """What is served at a path: the pool that pays, its weight, and who answers."""

    path: re.Pattern[str]
    pool: str
    weight: int
    answer: Callable[..., Any]
    private: bool = True


def _public(path: str, weight: int, answer: Callable[..., Any]) -> Endpoint:
    return Endpoint(_pattern(path), "public", weight, answer, private=False)


def _own(path: str, pool: str, weight: int, answer: Callable[..., Any]) -> Endpoint:
    return Endpoint(_pattern(path), pool, weight, answer)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


ROUTES: dict[str, tuple[Endpoint, ...]] = {
    "GET": (
        _public("/api/v1/timestamp", 3, market_data.time),
        _public("/api/v1/status", 3, market_data.status),
        _public("/api/v2/symbols", 4, market_data.symbols),
        _public("/api/v2/symbols/{symbol}", 4, market_data.symbol),
        _public("/api/v3/currencies", 3, market_data.currencies),
        _public("/api/v1/market/allTickers", 15, market_data.all_tickers),
        _public("/api/v1/market/stats", 15, market_data.stats),
        _public("/api/v1/market/orderbook/level1", 2, market_data.level1),
        _public(r"/api/v1/market/orderbook/level2_(?P<depth>20|100)", 4, market_data.book),
        _public("/api/v1/market/histories", 3, market_data.trades),
        _public("/api/v1/market/candles", 3, market_data.candles),
        _public("/api/v1/contracts/active", 3, market_data.nothing),
        _own("/api/v3/market/orderbook/level2", "spot", 3, lambda v, a, k: market_data.book(v, a)),
        _own("/api/v3/margin/symbols", "spot", 3, lambda v, a, k: market_data.no_items(v, a)),
        _own("/api/v1/isolated/symbols", "spot", 3, lambda v, a, k: market_data.nothing(v, a)),
        _own("/api/v1/user/api-key", "management", 20, account.key_info),
        _own("/api/ua/v1/account/mode", "management", 30, account.mode),
        _own("/api/v1/hf/accounts/opened", "management", 30, account.has_pro),
        _own("/api/v1/accounts", "management", 5, account.accounts),
        _own(f"{_HF}/active", "spot", 2, account.open_orders),
        _own(f"{_HF}/active/symbols", "spot", 2, account.open_symbols),
        _own(f"{_HF}/done", "spot", 2, account.done_orders),
        _own(f"{_HF}/client-order/{{clientOid}}", "spot", 2, account.order),
        _own(f"{_HF}/{{orderId}}", "spot", 2, account.order),
        _own("/api/v1/hf/fills", "spot", 2, account.fills),
    ),
    "POST": (
        _own(_HF, "spot", 1, account.place),
        _own(f"{_HF}/sync", "spot", 1, account.place_and_wait),
    ),
    "DELETE": (
        _own(_HF, "spot", 2, account.cancel_all),
        _own(f"{_HF}/sync/client-order/{{clientOid}}", "spot", 1, account.cancel_and_wait),
        _own(f"{_HF}/client-order/{{clientOid}}", "spot", 1, account.cancel),
        _own(f"{_HF}/sync/{{orderId}}", "spot", 1, account.cancel_and_wait),
        _own(f"{_HF}/{{orderId}}", "spot", 1, account.cancel),
    ),
}


class KucoinRest(Rest):
    """Answers requests.

    Args:
        tokens: what streams are opened with; it is asked for here.
    """

    venue: KucoinVenue

    def __init__(self, venue: KucoinVenue, tokens: Tokens) -> None:
        super().__init__(venue)
        bullet = "/api/v1/bullet-"
        self._routes = ROUTES | {
            "POST": (
                *ROUTES["POST"],
                _public(f"{bullet}public", 10, lambda v, a: tokens.bullet(private=False)),
                _own(f"{bullet}private", "spot", 10, lambda v, a, k: tokens.bullet(private=True)),
            )
        }
        self._banned_until: dict[str, int] = {}

    def places(self, request: web.Request) -> bool:
        """Return whether a request places an order."""
        return request.method == "POST" and request.path in _PLACES

    def closed(self) -> Reply:
        """Return what is answered while the venue is in maintenance."""
        return Reply(status=503, body=_DOWN)

    def before(self, request: web.Request) -> None:
        """Shut an address out for half a minute, by a fault."""
        if self.venue.faults.happens("ban"):
            self._banned_until[_address(request)] = self.venue.clock.now() + SECONDS * 1000

    def unknown_outcome(self) -> Reply:
        """Return the answer that leaves open what became of an order."""
        return Reply(status=500, body=_BUSY)

    def answer(self, request: web.Request, body: str) -> Reply:
        """Return what the venue answers."""
        if self._banned_until.get(_address(request), 0) > self.venue.clock.now():
            return Reply(status=403, body="error code: 1015")
        headers: dict[str, str] = {}
        try:
            data = self._answered(request, body, headers)
            return Reply(body={"code": "200000", "data": data}, headers=headers)
        except Refused as refusal:
            return Reply(status=refusal.status, body=refusal.body(), headers=headers)

    def _answered(self, request: web.Request, body: str, headers: dict[str, str]) -> Any:
        """Return the data of an answer; what is left of the rate limit goes into *headers*.

        Raises:
            Refused: the venue answers otherwise.
        """
        endpoint, named = self._found(request)
        key = None
        if endpoint.private:
            asked = request.method + request.raw_path + body
            key = checked(self.venue, request.headers, asked)
        self._pay(endpoint, key.key if key else _address(request), headers)
        given = {**request.query, **_read(body), **named}
        self.venue.truth.note("request", name=f"{request.method} {request.path}")
        if "symbol" not in given and "symbol" in _NEEDED.get(endpoint.answer, ()):
            raise Refused("400100", "symbol can not be empty")
        who: tuple[ApiKey, ...] = (key,) if key else ()
        return endpoint.answer(self.venue, given, *who)

    def _found(self, request: web.Request) -> tuple[Endpoint, dict[str, str]]:
        for endpoint in self._routes.get(request.method, ()):
            if met := endpoint.path.fullmatch(request.path):
                return endpoint, met.groupdict()
        raise Refused("404000", "Url Not Found", 404)

    def _pay(self, endpoint: Endpoint, who: str, headers: dict[str, str]) -> None:
        pool = self.venue.pools[endpoint.pool]
        paid = pool.take(who, endpoint.weight)
        headers |= {
            "gw-ratelimit-limit": str(pool.limit), "gw-ratelimit-remaining": str(pool.left(who)),
            "gw-ratelimit-reset": str(pool.again()),
        }  # fmt: skip
        if not paid:
            raise Refused("429000", "Too many requests in a short period of time, please retry "
                          "later", 429)  # fmt: skip


_SYMBOL = ("symbol",)
_NEEDED: dict[Callable[..., Any], tuple[str, ...]] = dict.fromkeys(
    (
        market_data.stats, market_data.level1, market_data.book, market_data.trades,
        market_data.candles, account.open_orders, account.done_orders, account.order,
        account.fills, account.cancel, account.cancel_and_wait, account.cancel_all,
    ),
    _SYMBOL,
)  # fmt: skip


def _address(request: web.Request) -> str:
    return request.remote or "127.0.0.1"


def _read(body: str) -> Json:
    """Return what a body holds.

    Raises:
        Refused: it is no JSON object.
    """
    if not body:
        return {}
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused("400100", "Parameter Error")
    return found
