"""The REST wire: paths, query and body, headers, and the faults that strike a reply."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from atms.sandbox.binance.endpoints import Endpoint
from atms.sandbox.binance.gate import serve
from atms.sandbox.binance.grounds import BinanceGrounds
from atms.sandbox.binance.refusals import Refused, maintenance
from atms.sandbox.venue.http import web
from atms.sandbox.venue.rest import Reply, Rest


class BinanceRest(Rest):
    """Answers requests.

    Args:
        routes: method and path -> what is asked.
    """

    venue: BinanceGrounds

    def __init__(self, venue: BinanceGrounds, routes: Mapping[tuple[str, str], Endpoint]) -> None:
        super().__init__(venue)
        self._routes = routes

    def _endpoint(self, request: web.Request) -> Endpoint | None:
        return self._routes.get((request.method, request.path))

    def places(self, request: web.Request) -> bool:
        """Return whether a request places orders."""
        endpoint = self._endpoint(request)
        return endpoint is not None and bool(endpoint.places)

    def before(self, request: web.Request) -> None:
        """Ban the address, by a fault."""
        if self.venue.faults.happens("ban"):
            self.venue.meter.ban(_address(request))

    def closed(self) -> Reply:
        """Return what every request is answered while the venue is in maintenance."""
        return Reply(status=503, body=maintenance().body())

    def unknown_outcome(self) -> Reply:
        """Return the answer that leaves open what became of an order."""
        return Reply(status=504, body=TIMEOUT)

    def answer(self, request: web.Request, body: str) -> Reply:
        """Return what the venue answers."""
        endpoint = self._endpoint(request)
        if endpoint is None:
            return Reply(status=404, body="<html><body>404 Not Found</body></html>")
        status, retry = 200, None
        try:
            sent, payload = _read(request.rel_url.raw_query_string, body)
            reply = serve(
                self.venue, endpoint, sent, address=_address(request),
                key=request.headers.get("X-MBX-APIKEY"), payload=payload,
                name=f"{request.method} {request.path}",
            )  # fmt: skip
        except Refused as refusal:
            reply, status, retry = refusal.body(), refusal.status, refusal.retry_after
        headers = self._headers(_address(request), endpoint)
        if retry is not None:
            headers["Retry-After"] = str(retry)
        return Reply(status=status, body=reply, headers=headers)

    def _headers(self, address: str, endpoint: Endpoint) -> dict[str, str]:
        used = str(self.venue.meter.used(address))
        headers = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        if endpoint.places:
            short, day = self.venue.meter.counts()
            longer = self.venue.meter.longer.header
            headers |= {
                "X-MBX-ORDER-COUNT-10S": str(short),
                f"X-MBX-ORDER-COUNT-{longer}": str(day),
            }
        return headers


def _address(request: web.Request) -> str:
    return request.remote or "127.0.0.1"


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
