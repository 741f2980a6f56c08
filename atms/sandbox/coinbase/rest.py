"""Coinbase's REST wire: paths, tokens, rates."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from atms.sandbox.coinbase import private, public
from atms.sandbox.coinbase.asking import Asked
from atms.sandbox.coinbase.refusals import Refused, invalid, too_many
from atms.sandbox.coinbase.venue import CoinbaseVenue
from atms.sandbox.venue.http import web
from atms.sandbox.venue.rest import Reply, Rest

_V3 = "/api/v3/brokerage"
_NAME = "([^/]+)"
_ROUTES: tuple[tuple[str, str, bool, Callable[[Asked], Any]], ...] = (
    ("GET", "/v2/time", False, public.old_time),
    ("GET", "/v2/currencies", False, public.currencies),
    ("GET", "/v2/currencies/crypto", False, public.crypto),
    ("GET", "/v2/exchange-rates", False, public.rates),
    ("GET", "/v2/accounts", True, private.old_wallets),
    ("GET", f"{_V3}/time", False, public.time),
    ("GET", f"{_V3}/market/products", False, public.products),
    ("GET", f"{_V3}/market/products/{_NAME}", False, public.product),
    ("GET", f"{_V3}/market/products/{_NAME}/candles", False, public.candles),
    ("GET", f"{_V3}/market/products/{_NAME}/ticker", False, public.trades),
    ("GET", f"{_V3}/market/product_book", False, public.book),
    ("GET", f"{_V3}/products", True, public.products),
    ("GET", f"{_V3}/products/{_NAME}", True, public.product),
    ("GET", f"{_V3}/products/{_NAME}/candles", True, public.candles),
    ("GET", f"{_V3}/products/{_NAME}/ticker", True, public.trades),
    ("GET", f"{_V3}/product_book", True, public.book),
    ("GET", f"{_V3}/key_permissions", True, private.permissions),
    ("GET", f"{_V3}/accounts", True, private.wallets),
    ("GET", f"{_V3}/transaction_summary", True, private.summary),
    ("POST", f"{_V3}/orders", True, private.place),
    ("POST", f"{_V3}/orders/batch_cancel", True, private.cancel),
    ("GET", f"{_V3}/orders/historical/batch", True, private.orders),
    ("GET", f"{_V3}/orders/historical/fills", True, private.fills),
    ("GET", f"{_V3}/orders/historical/{_NAME}", True, private.order),
)
_BAN = 5000  # milliseconds that a ban lasts


class CoinbaseRest(Rest):
    """Answers requests."""

    venue: CoinbaseVenue

    def places(self, request: web.Request) -> bool:
        """Return whether a request places orders."""
        return request.method == "POST" and request.path == f"{_V3}/orders"

    def before(self, request: web.Request) -> None:
        """Turn everything away for a while, by a fault."""
        if self.venue.faults.happens("ban"):
            self.venue.banned_until = self.venue.clock.now() + _BAN
            self.venue.truth.note("ban", until=self.venue.banned_until)

    def closed(self) -> Reply:
        """Return what every request is answered while the venue is in maintenance."""
        return Reply(status=503, body="<html><body>503 Service Unavailable</body></html>")

    def unknown_outcome(self) -> Reply:
        """Return the answer that leaves open what became of an order."""
        text = "internal error"
        body = {"error": "INTERNAL", "error_details": text, "message": text}
        return Reply(status=500, body=body)

    def answer(self, request: web.Request, body: str) -> Reply:
        """Return what the venue answers."""
        try:
            return Reply(body=self._answered(request, body))
        except Refused as refusal:
            return Reply(status=refusal.status, body=refusal.body)

    def _answered(self, request: web.Request, body: str) -> Any:
        venue, key = self.venue, None
        if venue.clock.now() < venue.banned_until:
            raise too_many()
        endpoint, place, signed = _found(request.method, request.path)
        if signed:
            header = request.headers.get("Authorization", "")
            key = venue.tokens.of_request(header, request.method, request.path)
        rate = venue.private_rate if signed else venue.public_rate
        if not rate.take(key.key if key is not None else request.remote or ""):
            raise too_many()
        query: dict[str, Sequence[str]] = {
            name: request.query.getall(name) for name in request.query
        }
        return endpoint(Asked(venue=venue, place=place, query=query, body=_read(body), key=key))


def _found(method: str, path: str) -> tuple[Callable[[Asked], Any], tuple[str, ...], bool]:
    for verb, pattern, signed, endpoint in _ROUTES:
        match = re.fullmatch(pattern, path)
        if verb == method and match is not None:
            return endpoint, match.groups(), signed
    raise Refused(404, "404 page not found")


def _read(body: str) -> Mapping[str, Any]:
    if not body:
        return {}
    try:
        told = json.loads(body)
    except ValueError:
        raise invalid("proto: syntax error") from None
    if not isinstance(told, dict):
        raise invalid("proto: syntax error")
    return told
