"""The websocket API: requests that are signed one by one, and the account's events."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from atms.sandbox.binance.endpoints import Endpoint, Request
from atms.sandbox.binance.gate import serve
from atms.sandbox.binance.private import order_counts
from atms.sandbox.binance.refusals import Refused, maintenance
from atms.sandbox.binance.rest import TIMEOUT
from atms.sandbox.binance.routes import WEBSOCKET
from atms.sandbox.binance.userdata import UserData
from atms.sandbox.binance.venue import Venue
from atms.sandbox.venue.http import web
from atms.sandbox.venue.wires import Wire

_SLOW = 3.0
_ACK_LAG = 0.5
_CONNECT_WEIGHT = 2
_VERSION = re.compile(r"^v[0-9]+/")


class Session:
    """One connection to the websocket API."""

    def __init__(self, venue: Venue, users: UserData, wire: Wire, request: web.Request) -> None:
        self._venue = venue
        self._users = users
        self._wire = wire
        self._address = request.remote or "127.0.0.1"
        self._tells_limits = request.query.get("returnRateLimits", "true").lower() != "false"
        self._own = {
            "userDataStream.subscribe.signature": Endpoint(self._subscribe, 2, signed=True),
            "userDataStream.unsubscribe": Endpoint(self._unsubscribe, 2),
            "session.subscriptions": Endpoint(self._subscriptions, 2),
        }

    def connect(self) -> None:
        """Count the connection.

        Raises:
            Refused: the address is banned, or over its limit.
        """
        self._venue.meter.charge(self._address, _CONNECT_WEIGHT)

    def hear(self, text: str) -> None:
        """Answer one request."""
        try:
            asked = json.loads(text, parse_float=str)
        except ValueError:
            asked = None
        if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
            error = {"code": -1135, "msg": "Invalid JSON Request"}
            self._wire.say({"id": None, "status": 400, "error": error})
            return
        params = asked.get("params")
        self._answer(asked.get("id"), asked["method"], params if isinstance(params, dict) else {})

    def _answer(self, number: Any, method: str, params: dict[str, Any]) -> None:
        name = _VERSION.sub("", method)
        endpoint = self._own.get(name) or WEBSOCKET.get(name)
        faults = self._venue.faults
        if faults.happens("drop_request"):
            return
        reply: dict[str, Any] = {"id": number, "status": 200}
        early = bool(endpoint and endpoint.places) and faults.happens("fill_before_ack")
        try:
            reply["result"] = self._serve(name, endpoint, params)
        except Refused as refusal:
            reply |= self._error(refusal)
        if endpoint is not None and endpoint.places and reply["status"] == 200:
            struck = self._strike(number)
            if struck is None:
                return
            reply = struck or reply
        if _flag(params.get("returnRateLimits"), self._tells_limits):
            reply["rateLimits"] = self._rates(endpoint)
        self._reply(reply, early)

    def _reply(self, reply: dict[str, Any], early: bool) -> None:
        faults, late = self._venue.faults, 0.0
        if faults.happens("slow_reply"):
            late = faults.seconds(_SLOW)
        elif early:
            late = faults.seconds(_ACK_LAG)
        if late:
            self._wire.loop.call_later(late, self._wire.say, reply)
        else:
            self._wire.say(reply)

    def _serve(self, name: str, endpoint: Endpoint | None, params: dict[str, Any]) -> Any:
        if self._venue.is_down():
            raise maintenance()
        if self._venue.faults.happens("ban"):
            self._venue.meter.ban(self._address)
        if endpoint is None:
            raise Refused(-1020, "This operation is not supported.")
        sent = {key: _text(value) for key, value in params.items()}
        payload = "&".join(f"{key}={sent[key]}" for key in sorted(sent) if key != "signature")
        return serve(
            self._venue, endpoint, sent, address=self._address, key=sent.get("apiKey"),
            payload=payload, name=name,
        )  # fmt: skip

    def _strike(self, number: Any) -> dict[str, Any] | None:
        """Draw the faults on the answer to an order: an error, nothing at all, or none: {}."""
        faults = self._venue.faults
        if faults.happens("timeout_after_order"):
            return None
        if faults.happens("http_503_after_order"):
            error = {"code": -1000,
                     "msg": "An unknown error occurred while processing the request."}  # fmt: skip
            return {"id": number, "status": 503, "error": error}
        if faults.happens("error_1007_after_order"):
            return {"id": number, "status": 504, "error": TIMEOUT}
        return {}

    def _error(self, refusal: Refused) -> dict[str, Any]:
        error = refusal.body()
        if refusal.retry_after is not None:
            now = self._venue.clock.now()
            error["data"] = {"serverTime": now, "retryAfter": now + refusal.retry_after * 1000}
        if refusal.status == 418:  # after the reply
            self._wire.loop.call_soon(self._wire.close)
        return {"status": refusal.status, "error": error}

    def _rates(self, endpoint: Endpoint | None) -> list[dict[str, Any]]:
        meter, limits = self._venue.meter, self._venue.config.limits
        weight = {
            "rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1,
            "limit": limits.weight, "count": meter.used(self._address),
        }  # fmt: skip
        if endpoint is not None and endpoint.places:
            return [*order_counts(meter.counts(), limits), weight]
        return [weight]

    # ---- subscriptions ----------------------------------------------------------------------
    def _subscribe(self, request: Request) -> dict[str, int]:
        request.params.done()
        return {"subscriptionId": self._users.subscribe(self._wire)}

    def _unsubscribe(self, request: Request) -> dict[str, Any]:
        number = request.params.integer("subscriptionId")
        request.params.done()
        self._users.unsubscribe(self._wire, number)
        return {}

    def _subscriptions(self, request: Request) -> list[dict[str, int]]:
        request.params.done()
        return [{"subscriptionId": number} for number in self._users.listening(self._wire)]


def _text(value: Any) -> str:
    """Return a parameter's value as the signed text has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | Mapping):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def _flag(value: Any, usual: bool) -> bool:
    return usual if value is None else str(value).lower() != "false"
