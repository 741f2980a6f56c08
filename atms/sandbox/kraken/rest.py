"""Kraken's REST wire: which path answers what, and what each question costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atms.sandbox.kraken.account import Account
from atms.sandbox.kraken.public import Public
from atms.sandbox.kraken.refusals import KrakenError
from atms.sandbox.kraken.security import parameters
from atms.sandbox.kraken.trading import Trading
from atms.sandbox.kraken.venue import KrakenVenue
from atms.sandbox.venue.http import web
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.rest import Reply, Rest

Told = Callable[[Mapping[str, str]], Any]
Done = Callable[[Mapping[str, str], ApiKey], Any]
_PRIVATE = "/0/private/"
_PUBLIC = "/0/public/"


class KrakenRest(Rest):
    """Answers requests."""

    venue: KrakenVenue

    def __init__(self, venue: KrakenVenue) -> None:
        super().__init__(venue)
        public, account, trading = Public(venue), Account(venue), Trading(venue)
        self._public: Mapping[str, Told] = {
            "Time": public.time, "SystemStatus": public.status, "Assets": public.assets,
            "AssetPairs": public.pairs, "Ticker": public.ticker, "OHLC": public.bars,
            "Depth": public.depth, "Trades": public.trades,
        }  # fmt: skip
        # what the counter of questions rises by: orders have a counter of their own
        self._private: Mapping[str, tuple[float, Done]] = {
            "GetApiKeyInfo": (1, account.key_info), "GetWebSocketsToken": (1, account.token),
            "Balance": (1, account.balance), "BalanceEx": (1, account.balance_ex),
            "OpenOrders": (1, account.open_orders), "ClosedOrders": (1, account.closed_orders),
            "QueryOrders": (1, account.query_orders), "QueryTrades": (2, account.query_trades),
            "TradesHistory": (2, account.trades_history), "AddOrder": (0, trading.add),
            "CancelOrder": (0, trading.cancel), "CancelAll": (0, trading.cancel_all),
        }  # fmt: skip

    def answer(self, request: web.Request, body: str) -> Reply:
        """Return what the venue answers; errors come with HTTP 200."""
        try:
            return Reply(body={"error": [], "result": self._result(request, body)})
        except KrakenError as error:
            self.venue.truth.note("reject", path=request.path, error=error.words)
            return Reply(body={"error": [error.words]})

    def _result(self, request: web.Request, body: str) -> Any:
        path = request.path
        told = self._public.get(path.removeprefix(_PUBLIC)) if path.startswith(_PUBLIC) else None
        if told is not None:
            return told({**request.query, **parameters(body, request.content_type)})
        found = (
            self._private.get(path.removeprefix(_PRIVATE)) if path.startswith(_PRIVATE) else None
        )
        if found is None or request.method != "POST":
            raise KrakenError("EGeneral:Unknown method")
        given = parameters(body, request.content_type)
        key = self.venue.security.check(path, request.headers, body, given)
        cost, done = found
        if cost and not self.venue.counters.calls.take(cost):
            raise KrakenError("EAPI:Rate limit exceeded")
        return done(given, key)

    def places(self, request: web.Request) -> bool:
        """Return whether a request places an order."""
        return request.path == f"{_PRIVATE}AddOrder"

    def closed(self) -> Reply:
        """Return what every request is answered in maintenance."""
        return Reply(body={"error": ["EService:Unavailable"]})

    def unknown_outcome(self) -> Reply:
        """Return the answer that leaves open what became of an order."""
        return Reply(body={"error": ["EGeneral:Internal error"]})

    def before(self, request: web.Request) -> None:
        """Let a fault fill the counter of questions: what is asked next is too much."""
        if self.venue.faults.happens("ban"):
            calls = self.venue.counters.calls
            calls.take(calls.highest - calls.level())
