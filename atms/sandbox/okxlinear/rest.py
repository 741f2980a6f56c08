"""The REST wire of OKX's swaps: what they have beside what every kind of market has."""

from __future__ import annotations

from atms.sandbox.okx.grounds import OkxGrounds
from atms.sandbox.okx.rest import PLACES, ROOT, Endpoint, OkxRest, Table, reading, writing
from atms.sandbox.okxlinear.private import SwapPrivate
from atms.sandbox.okxlinear.public import SwapPublic
from atms.sandbox.okxlinear.trading import SwapTrading
from atms.sandbox.venue.http import web

_STOP = "trade/order-algo"


class SwapRest(OkxRest):
    """Answers requests."""

    def _endpoints(self, venue: OkxGrounds) -> tuple[Table, Table]:
        public, private = SwapPublic(venue), SwapPrivate(venue)
        self._trading = trading = SwapTrading(venue, private)
        read: Table = {
            **reading(public, private),
            "public/position-tiers": Endpoint(public.tiers, 10),
            "public/mark-price": Endpoint(public.mark_price, 10),
            "public/funding-rate": Endpoint(public.funding_rate, 10),
            "account/positions": Endpoint(private.positions, 10, signed=True),
            "account/leverage-info": Endpoint(private.leverage, 20, signed=True),
            "account/bills": Endpoint(private.bills, 10, signed=True),
            "account/bills-archive": Endpoint(private.old_bills, 5, signed=True),
            "trade/orders-algo-pending": Endpoint(private.waiting, 20, signed=True),
            _STOP: Endpoint(private.stop, 20, signed=True),
        }
        write: Table = {
            **writing(trading),
            _STOP: Endpoint(trading.place_stop, 20, signed=True),
            "trade/cancel-algos": Endpoint(trading.cancel_stop, 20, signed=True),
            "account/set-leverage": Endpoint(trading.set_leverage, 20, signed=True),
        }
        return read, write

    def places(self, request: web.Request) -> bool:
        """Return whether a request places an order, or a stop."""
        name = request.path.removeprefix(ROOT)
        return request.method == "POST" and name in (*PLACES, _STOP)
